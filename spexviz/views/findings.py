"""Findings: what a run found, in plain sentences. From templates over numbers, never from a language model.

It leads with what dominates, one player or a set, and tells of the runner-up; nothing that a check has
contradicted, or whose interval crosses 0, is told. `finding` is the one text that page, card, notebook and
command line show.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from spexviz.analysis.leading import MOST_ORDER, leading
from spexviz.kit.cached import kept
from spexviz.masks import Interaction
from spexviz.results import Explanation
from spexviz.views import untouched
from spexviz.views.limits import never_changed, rare, spread
from spexviz.views.story import Depth
from spexviz.views.telling import Part, Telling, meaning
from spexviz.views.trust import quality
from spexviz.views.words import plural


@dataclass(frozen=True)
class Told:
    """What is told of a run: the part that leads, and the runner-up.

    `instead`: what is said where there is none; `cautions`: what must be known beside it; `details`: what an
    analyst must know beside it; `meaning`: of a mean effect, for a researcher.
    """

    lead: Part | None
    runner_up: Part | None = None
    instead: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()
    details: tuple[str, ...] = ()
    meaning: str = ""

    @property
    def parts(self) -> tuple[Part, ...]:
        """The lead and the runner-up, as far as there are any."""
        return tuple(part for part in (self.lead, self.runner_up) if part is not None)

    @property
    def sets(self) -> tuple[Interaction, ...]:
        """Their members."""
        return tuple(part.members for part in self.parts)

    @property
    def sentences(self) -> tuple[str, ...]:
        """For anyone: without a number of the fit."""
        said = [sentence for part in self.parts for sentence in part.sentences]
        return (*said, *self.instead, *self.cautions)

    @property
    def numbers(self) -> tuple[str, ...]:
        """What an analyst reads besides."""
        return (*(sentence for part in self.parts for sentence in part.numbers), *self.details)

    @property
    def terms(self) -> tuple[str, ...]:
        """What a researcher reads besides."""
        return (*filter(None, [self.meaning]), *(part.checked for part in self.parts))


def finding(explanation: Explanation, depth: Depth = "anyone") -> str:
    """What a run found, in one text.

    For "anyone" plain sentences, the first of at most 25 words; for an "analyst" the numbers besides; for a
    "researcher" the field's words too.
    """
    found = told(explanation)
    sentences = list(found.sentences)
    if depth != "anyone":
        sentences += found.numbers
    if depth == "researcher":
        sentences += found.terms
    return " ".join(sentences)


def usual_order(explanation: Explanation) -> int:
    """The highest order that is listed unless another is chosen: 3, or that of the largest set told."""
    sizes = [len(members) for members in told(explanation).sets]
    return min(MOST_ORDER, len(explanation.players), max([3, *sizes]))


def without_text(explanation: Explanation) -> str:
    """Real values on the untouched input: "positive: 81 %; without “never” 38 %, without “fails” 12 %, …".

    Of the lead and the runner-up; "" where the run has asked none of it.
    """
    return untouched.said(explanation, told(explanation).sets)


@kept
def told(explanation: Explanation) -> Told:
    """What is told of a run, and why nothing is where that is so."""
    if unchanged := never_changed(explanation):
        return Told(None, instead=(unchanged,))
    cautions = tuple(filter(None, [rare(explanation)]))
    if quality(explanation) == "poor":
        return Told(None, instead=_nothing_yet(explanation), cautions=cautions)
    sets = leading(explanation)
    if not sets:
        return Told(None, instead=_nothing_clear(explanation), cautions=cautions)
    telling = Telling.of(explanation)
    lead = sets[0]
    runner_up = None
    for members in sets:
        if not set(members) <= set(lead):  # what is inside the lead has been told with it
            runner_up = replace(telling, voice=telling.voice.again()).runner_up(members, lead)
            break
    details = tuple(filter(None, [spread(explanation)]))
    first = telling.lead(lead)
    return Told(first, runner_up, cautions=cautions, details=details, meaning=meaning(explanation))


def _nothing_yet(explanation: Explanation) -> tuple[str, ...]:
    nouns = plural(explanation.subject.noun)
    return (
        "Nothing can be said yet: the fit explains too little of what happens.",
        f"More ablations may help, or fewer {nouns}.",
    )


def _nothing_clear(explanation: Explanation) -> tuple[str, ...]:
    noun = explanation.subject.noun
    nouns = plural(noun)
    clear = f"Nothing stands out: no {noun} or set of {nouns} clearly moves the value."
    if any(len(members) > MOST_ORDER for members in explanation.spectrum.terms):
        clear = f"Nothing stands out: no {noun} or set of up to {MOST_ORDER} {nouns} clearly moves the value."
    if explanation.proof.exact:
        return (clear,)
    return clear, "More ablations may help."
