"""Telling: the sentences, numbers and terms in which a finding tells of one player or set."""

from __future__ import annotations

from dataclasses import dataclass, replace

from spexviz.analysis.relations import Estimate, Relations, relations
from spexviz.indices import Interactions
from spexviz.masks import Interaction
from spexviz.results import Check, Explanation
from spexviz.spectrum import Spectrum
from spexviz.views import untouched
from spexviz.views.captions import check_text
from spexviz.views.theme import interval_text, number, percent
from spexviz.views.together import Set
from spexviz.views.voice import Voice
from spexviz.views.words import joined, plural

WEAK = 0.1  # share of the variance below which what leads does not stand out by far
TIE = 0.8  # of the share of what leads, from which the runner-up is about as strong
HARDLY = 0.1  # of a mean effect, below which an effect on the untouched input is next to nothing


@dataclass(frozen=True)
class Part:
    """One player or set of which the finding tells.

    `sentences`: for anyone; `numbers`: its share and mean effect, and what each member does, in the unit;
    `checked`: its order, and its check on the model; `relations`: what each member does, by itself.
    """

    members: Interaction
    sentences: tuple[str, ...]
    numbers: tuple[str, ...]
    checked: str
    relations: Relations

    @property
    def kinds(self) -> tuple[str | None, ...]:
        """ "turned round", "needs", "stands in for" or "add up" for each member of a set; () for a player."""
        if len(self.members) < 2:
            return ()
        return tuple(member.kind for member in self.relations.members)


@dataclass(frozen=True)
class Telling:
    """All that a part is told from: the run, its mean effects, and its voice."""

    explanation: Explanation
    effects: Interactions
    voice: Voice

    @classmethod
    def of(cls, explanation: Explanation) -> Telling:
        order = min(5, len(explanation.players))
        return cls(explanation, explanation.interactions("mean", order), Voice.of(explanation))

    def lead(self, members: Interaction) -> Part:
        """What dominates."""
        sentences = [_sentence(self._leads(members))]
        if though := self._though(members):
            sentences.append(though)
        if beside := self._beside(members):
            sentences.append(beside)
        return self._part(members, sentences)

    def _beside(self, members: Interaction) -> str:
        """What is said where the lead does not stand out, or where something else may carry more."""
        if self._is_outdone(members):
            return "Something else may carry more, but that is not certain."
        if self.effects.shares[members] >= WEAK:
            return ""
        it_does = "It does"
        if len(members) > 1:
            it_does = "They do"
        nouns = plural(self.explanation.subject.noun)
        return f"{it_does} not stand out by far: many {nouns} carry a little each."

    def _is_outdone(self, members: Interaction) -> bool:
        """Whether a set that cannot be trusted has a larger share than what leads."""
        run = self.explanation
        shares = run.spectrum.shares(run.fidelity.keep)
        return max(shares.values()) > shares[members]

    def runner_up(self, members: Interaction, lead: Interaction) -> Part:
        """What comes after it."""
        shares = self.effects.shares
        is_tie = shares[members] >= TIE * shares[lead]
        body = self._body(members)
        if len(members) == 1:
            body = self._next_player(members[0], lead, is_tie)
        elif is_tie:
            body = f"about as strong: {body}"
        else:
            body = f"next, {body}"
        sentences = [_sentence(body)]
        if though := self._though(members):
            sentences.append(though)
        return self._part(members, sentences)

    def _leads(self, members: Interaction) -> str:
        if len(members) > 1:
            return self._body(members)
        moves = self.voice.moves(self.effects.values[members])
        if len(self.explanation.players) == 1:
            return f"the only {self.explanation.subject.noun}, {self.voice.name_all(members)}, {moves}"
        return f"{self.voice.called(members)} matters most: it {moves}"

    def _next_player(self, player: int, lead: Interaction, is_tie: bool) -> str:
        called = self.voice.called((player,))
        value = self.effects.values[player,]
        moves = f"it {self.voice.moves(value)}"
        if len(lead) == 1 and value * self.effects.values[lead] > 0:
            moves += " too"
        body = f"next comes {called}: {moves}"
        if is_tie:
            body = f"about as strong is {called}: {moves}"
        if len(lead) == 1:
            body += self._pair_clause(lead[0], player)
        return body

    def _pair_clause(self, one_player: int, other: int) -> str:
        """How two players act on each other, where they have both been named alone."""
        first, second = sorted((one_player, other))
        pair = (first, second)
        if clause := self._set(pair).clause:
            return f"; {clause}"
        return ""

    def _body(self, members: Interaction) -> str:
        if len(members) == 1:
            return f"{self.voice.called(members)} {self.voice.moves(self.effects.values[members])}"
        return self._set(members).sentence

    def _set(self, members: Interaction) -> Set:
        value = self.effects.values.get(members, 0.0)
        return Set(members, self._relations(members), value, self.voice)

    def _relations(self, members: Interaction) -> Relations:
        """Without a word of what each member does where a check has contradicted some of them."""
        run = self.explanation
        spectrum = run.spectrum
        denied = [check for check in run.checks if check.verdict == "contradicted"]
        if any(set(check.members) <= set(members) for check in denied):
            spectrum = Spectrum(spectrum.n, spectrum.coefficients)
        return relations(spectrum, members, run.fidelity.keep, run.proof.exact)

    def _though(self, members: Interaction) -> str:
        """What is said where the untouched input says otherwise than the average."""
        does = self._otherwise(members)
        if not does:
            return ""
        return f"{_here(self.explanation)}, though, {does}."

    def _otherwise(self, members: Interaction) -> str:
        average = self.effects.values[members]
        here = untouched.effect(self.explanation, members)
        if len(members) == 1:
            if _is_hardly(here, average):
                return "it changes next to nothing"
            if here * average < 0:
                return f"it {self.voice.again().moves(here)}"
            return ""
        if _is_hardly(here, average):
            return "they hardly act on each other"
        said = self._changed_here(self._set(members))
        if here * average < 0:
            return said or "it is the other way round"
        return said

    def _changed_here(self, average: Set) -> str:
        """Whether what is said of the members of a set holds here: "" where it does."""
        found = untouched.measured(self.explanation, average.members)
        if found is None:
            return ""
        here = replace(average, relations=found)
        told = average.kinds_of(average.told)
        if len(average.members) == 2 and not told & {*here.kinds_of(average.told), "add up", None}:
            return here.clause
        if not average.says_all:
            return ""
        change = found.together.value
        if _is_hardly(change, average.relations.together.value):
            return "together they change next to nothing"
        if change * average.relations.together.value < 0:
            return f"together they {self.voice.again().moves(change, many=True)}"
        return ""

    def _check(self, members: Interaction) -> Check | None:
        for check in self.explanation.checks:
            if check.members == members:
                return check
        return None

    def _part(self, members: Interaction, sentences: list[str]) -> Part:
        found = self._relations(members)
        return Part(members, tuple(sentences), self._numbers(members, found), self._checked(members), found)

    def _checked(self, members: Interaction) -> str:
        """The order of a set, and its check on the model."""
        name = joined(members, [self.voice.name(i) for i in range(len(self.explanation.players))])
        check = self._check(members)
        verdict = "not checked on the model."
        if check is not None:
            verdict = check_text(check, self.explanation.unit)
        return f"{name}, order {len(members)}: {verdict}"

    def _numbers(self, members: Interaction, found: Relations) -> tuple[str, ...]:
        unit = self.explanation.unit
        value = number(self.effects.values[members])
        interval = interval_text((self.effects.intervals or {}).get(members))
        share = percent(self.effects.shares[members])
        name = self.voice.name_all(members)
        carry = "carries"
        effect = "mean effect"
        if len(members) > 1:
            carry = "carry"
            effect = "mean effect together, beyond what they do apart,"
        moved = " ".join(filter(None, [value, interval, unit]))
        sentences = [f"{name} {carry} {share} of the variance: {effect} {moved}."]
        if len(members) > 1 and None not in found.kinds:
            sentences.append(_each(found, self.voice, self.explanation.proof.exact))
        return tuple(sentences)


def _each(found: Relations, voice: Voice, exact: bool) -> str:
    """What each member does with the others and without them, in numbers."""
    others = "the others"
    if len(found.members) == 2:
        others = "the other"
    parts = []
    for member in found.members:
        there = _estimate(member.with_others, exact)
        gone = _estimate(member.without_others, exact)
        parts.append(f"{voice.name(member.player)} {there} with {others}, {gone} without")
    return f"{'; '.join(parts)}."


def _estimate(estimate: Estimate, exact: bool) -> str:
    interval = estimate.interval
    if exact:
        interval = None
    return f"{number(estimate.value)} {interval_text(interval)}".rstrip()


def meaning(explanation: Explanation) -> str:
    """What a mean effect is, in the field's words."""
    source = "with 90 % intervals from draws of the fit"
    if explanation.proof.exact:
        source = "exact, as every mask was asked"
    elif explanation.spectrum.draws is None:
        source = "without intervals, as the solver gives no draws"
    keep = percent(explanation.fidelity.keep)
    nouns = plural(explanation.subject.noun)
    return (
        "A mean effect is the mean discrete derivative of a set over the reference distribution, "
        f"masks that keep each of the {nouns} with {keep}; {source}."
    )


def _is_hardly(here: float, average: float) -> bool:
    """Whether an effect, if it is known, is next to nothing beside the average one."""
    return abs(here) < HARDLY * abs(average)


def _here(explanation: Explanation) -> str:
    if explanation.subject.text:
        return "In this text itself"
    return f"With every {explanation.subject.noun} in place"


def _sentence(body: str) -> str:
    return f"{body[:1].upper()}{body[1:]}."
