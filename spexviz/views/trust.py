"""Trust: how far a run may be read, as a word, a meter and one line; what it rests on is folded under it."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from spexviz.kit.cached import kept
from spexviz.results import Explanation
from spexviz.results.subject import NUMBER
from spexviz.views.captions import about, near_text, r2_text
from spexviz.views.limits import never_changed, rare, spread
from spexviz.views.story import Words
from spexviz.views.theme import number, percent
from spexviz.views.words import plural

Quality = Literal["good", "fair", "poor"]
WORDS: dict[Quality, str] = {"good": "Good", "fair": "Read the strongest only", "poor": "Do not read"}
HOW = "What this rests on"

# R² from which a picture may be read in detail, or in outline: it then misses a typical mask by at most half
# (√(1 − 0.75)), or seven tenths (√(1 − 0.5)), of the spread of the values. By folds its lower end counts,
# which holds with 95 %: what may be worse is not called good.
GOOD, FAIR = 0.75, 0.5
# What people look at first is the input itself and what leaving out one word does, which random masks hardly
# visit. Where the surrogate misses these, the sets may be right on average and still wrong there, so it is
# not "good": R² below FAIR with one to three players left out, or an error on the untouched input beyond
# what GOOD allows a typical mask: half of the spread of the values, or of the full effect, if that is more.
OFF = math.sqrt(1.0 - GOOD)
# share of the variance that sets must explain beyond single players for it to be more than "little"
LITTLE = 0.03


def trust(explanation: Explanation) -> Words:
    """How far a run may be read: the word and its ground in one line, a meter, and the details folded."""
    lines = (_line(explanation),)
    return Words(lines, "strip", fold=HOW, more=_details(explanation), level=level(explanation))


def honesty(explanation: Explanation) -> str:
    """The same as one text, for where nothing can be folded."""
    told = trust(explanation)
    return " ".join([*told.lines, *told.more])


@kept
def quality(explanation: Explanation) -> Quality:
    """How far a run may be read: in detail, in outline, or not; what fades its figures too.

    An exact spectrum is good; one whose R² is not known is poor.
    """
    if explanation.proof.exact:
        return "good"
    worth = _worth(explanation)
    if worth >= GOOD and not _doubts(explanation):
        return "good"
    if worth >= FAIR:
        return "fair"
    return "poor"


def level(explanation: Explanation) -> float:
    """The meter, from 0 to 1: a third for each word, within it by R²."""
    if explanation.proof.exact:
        return 1.0
    worth = _worth(explanation)
    thirds = np.interp(worth, [0.0, FAIR, GOOD, 1.0], [0.0, 1.0, 2.0, 3.0])
    if not math.isfinite(worth):
        return 0.0
    if quality(explanation) == "fair":
        thirds = min(2.0, thirds)
    return float(thirds) / 3.0


def untouched_share(explanation: Explanation) -> float:
    """The error on the untouched input in shares of the spread of the values, or of the full effect.

    By whichever is more; 0 where nothing varies.
    """
    empty, full = explanation.ends
    values = explanation.sample.values
    spread = float(values.std()) if len(values) else 0.0
    scale = max(spread, abs(full - empty))
    if not scale > 0.0:
        return 0.0
    return abs(explanation.untouched) / scale


def _worth(explanation: Explanation) -> float:
    """The R² that counts: by folds its lower end."""
    fit = explanation.fidelity
    low, _ = fit.interval
    if explanation.folds is not None and math.isfinite(low):
        return min(low, fit.r2)
    return fit.r2


def _doubts(explanation: Explanation) -> list[str]:
    """What keeps a run with a high R² from being good, in words that go on a sentence."""
    nouns = plural(explanation.subject.noun)
    found = []
    local = explanation.fidelity.local
    if local < FAIR:
        worth = "nothing"
        if local > 0.0:
            worth = f"only {percent(local)}"
        found.append(f"it explains {worth} where just one to three {nouns} are left out")
    if untouched_share(explanation) > OFF:
        found.append("it is clearly off where nothing is left out")
    if rare(explanation):
        found.append("all of it rests on a few masks")
    return found


def _line(explanation: Explanation) -> str:
    """The word, and why."""
    if never_changed(explanation):
        return _line_of_none(explanation)
    if explanation.proof.exact:
        count = 2 ** len(explanation.players)
        return f"Good, exact: every possible mask was measured (all {count:,}), none is predicted."
    word = WORDS[quality(explanation)]
    if not math.isfinite(explanation.fidelity.r2):
        return f"{word} yet: how good the picture is has not been measured."
    grounds = [f"{_explained(explanation)}{_alone(explanation)}", *_doubts(explanation)]
    said = f"{word}: {'; '.join(grounds)}."
    if not explanation.complete:
        said += " The run is not complete."
    return said


def _line_of_none(explanation: Explanation) -> str:
    """Of a value that never changed, of which the finding tells."""
    if explanation.proof.exact:
        count = 2 ** len(explanation.players)
        return f"Good, exact: the value never changed in all {count:,} masks that there are."
    count = len(explanation.sample) + len(explanation.held_out)
    return f"Nothing to read: the value never changed in the {count:,} masks that were asked."


def _explained(explanation: Explanation) -> str:
    """How much of what the model does the surrogate explains."""
    varies = "the value varies"
    if explanation.subject.scale.kind != NUMBER:
        varies = "the model's answer varies"
    r2 = explanation.fidelity.r2
    if r2 <= 0.0:
        return f"the picture explains nothing of how {varies}"
    said = f"the picture explains {percent(r2)} of how {varies}"
    worth = _worth(explanation)
    if worth < GOOD <= r2 or worth < FAIR <= r2:  # it is the lower end that the word goes by
        said += f", perhaps only {percent(max(0.0, worth))}"
    return said


def _alone(explanation: Explanation) -> str:
    """How much single players explain, without any sets; nothing where the surrogate explains nothing."""
    r2, base = explanation.fidelity.r2, explanation.baseline.r2
    if r2 <= 0.0 or not math.isfinite(base):
        return ""
    alone = f"single {plural(explanation.subject.noun)} alone"
    if base >= r2:
        return f", but {alone} explain as much ({percent(base)}): the sets add nothing here"
    if r2 - base < LITTLE:
        return f", but {alone} explain nearly as much ({percent(base)}): the sets add little here"
    return f" ({alone}: {percent(max(0.0, base))})"


def _details(explanation: Explanation) -> tuple[str, ...]:
    """What the word rests on, sentence by sentence."""
    subject = explanation.subject
    said = ["What is shown is a surrogate of the masked model, not a cause in the world."]
    if explanation.proof.exact:
        said = ["What is shown is about the masked model, not a cause in the world."]
    elif not never_changed(explanation):
        said += _scores(explanation)
        said += filter(None, [rare(explanation), spread(explanation)])
    said.append(_cost(explanation))
    if quality(explanation) == "poor" and explanation.complete and not never_changed(explanation):
        said.append("More ablations may help.")
    if explanation.stopped:
        said.append(explanation.stopped)
    if not explanation.complete:
        said.append("Incomplete: this is what the run has so far.")
    return (*said, *subject.remarks)


def _scores(explanation: Explanation) -> list[str]:
    """R² with its interval and the masks that it was measured on; near the input; of single players."""
    fit, base = explanation.fidelity, explanation.baseline
    nouns = plural(explanation.subject.noun)
    low, high = map(r2_text, fit.interval)
    text = f"Held-out R² {r2_text(fit.r2)} [{low}, {high}] on {fit.held_out:,} masks"
    if explanation.folds is not None:
        text = f"R² {about(fit)}, on {fit.held_out:,} masks, each predicted by a fit that has not seen it"
    if fit.keep != 0.5:
        text += f"; the masks keep {percent(fit.keep)} of the {nouns}"
    said = [f"{text}."]
    if near := near_text(fit.local, nouns):
        said.append(f"R² {near} ({fit.near:,} masks).")
    if math.isfinite(fit.untouched):
        off = f"{number(fit.untouched)} {explanation.unit}"
        said.append(f"Off by {off} on the untouched input, which that fit has not seen.")
    said.append(f"Linear baseline (single {nouns}, no sets): R² {r2_text(base.r2)}.")
    return said


def _cost(explanation: Explanation) -> str:
    """What the run has cost."""
    asked = [f"{len(explanation.sample):,} ablations"]
    if explanation.checks and not explanation.proof.exact:
        spent = explanation.proof.spent_on_checks
        asked.append(f"{spent:,} more to check {len(explanation.checks)} sets")
    if explanation.measured is not None and explanation.measured.ablations:
        asked.append(f"{explanation.measured.ablations:,} more to measure {explanation.subject.itself}")
    return f"{', '.join(asked)}; seed {explanation.spec.seed}."
