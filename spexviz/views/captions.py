"""Captions: sentences from templates over numbers. Never from a language model; plain text, never markup."""

from __future__ import annotations

import math
from typing import Literal

from spexviz.kit.names import names
from spexviz.results import Check, Explanation, Fidelity
from spexviz.views.findings import (
    SLIGHT,
    finding,
    headline,
    never_changed,
    rare,
    removal,
    removal_changes,
    spread,
    strongest,
)
from spexviz.views.theme import number, percent
from spexviz.views.words import joined, one, plural

__all__ = [
    "FAIR",
    "GOOD",
    "SLIGHT",
    "Quality",
    "check_text",
    "checked",
    "finding",
    "headline",
    "honesty",
    "near_text",
    "one",
    "plural",
    "quality",
    "r2_text",
    "removal",
    "removal_changes",
    "shown_quality",
    "strongest",
]

GOOD, FAIR = 0.75, 0.5  # held-out R² from which a picture may be read in detail, or in outline
Quality = Literal["good", "fair", "poor"]


def quality(fidelity: Fidelity) -> Quality:
    """How far a figure of this fit may be read.

    "good" from R² 0.75, "fair" from 0.5, else "poor" (also for NaN).
    """
    if fidelity.r2 >= GOOD:
        return "good"
    if fidelity.r2 >= FAIR:
        return "fair"
    return "poor"


def shown_quality(explanation: Explanation) -> Quality:
    """`quality` of what the figures of this run show: an exact spectrum is always good."""
    if explanation.proof.exact:
        return "good"
    return quality(explanation.fidelity)


def honesty(explanation: Explanation) -> str:
    """The strip that stands over every figure: what this is, how good it is, what it cost."""
    cost = _cost(explanation)
    unchanged = never_changed(explanation)
    if unchanged:
        return f"{unchanged} About the masked model, not a cause in the world. {cost}"
    if explanation.proof.exact:
        n = len(explanation.players)
        return (
            f"Exact, all {2**n:,} masks: every value was measured, none predicted. "
            f"About the masked model, not a cause in the world. {cost}"
        )
    fit = explanation.fidelity
    base = explanation.baseline
    text = "A surrogate of the masked model, not a cause in the world. "
    text += f"{_scored(explanation)}; linear baseline {r2_text(base.r2)}; {cost}"
    for further in (rare(explanation), spread(explanation)):
        if further:
            text += f" {further}"
    if math.isfinite(base.r2) and fit.r2 < base.r2:
        text += " The linear baseline fits better: the interactions shown add nothing here."
    level = quality(fit)
    if level == "poor":
        return (
            "Do not read details into this picture: the surrogate explains little of what the model does. "
            f"{text} More ablations may help."
        )
    if level == "fair":
        return f"Read the strongest sets only: part of what the model does is not explained. {text}"
    return text


def _cost(explanation: Explanation) -> str:
    """What the run has cost, and what else must be known of it."""
    asked = [f"{len(explanation.sample):,} ablations"]
    if explanation.checks and not explanation.proof.exact:
        spent = explanation.proof.spent_on_checks
        asked.append(f"{spent:,} more to check {len(explanation.checks)} sets")
    measured = explanation.measured
    if measured is not None and measured.ablations:
        asked.append(f"{measured.ablations:,} more to measure {explanation.subject.itself}")
    *others, last = asked
    said = last
    if others:
        said = f"{', '.join(others)} and {last}"
    sentences = [f"{said}; seed {explanation.spec.seed}."]
    if explanation.stopped:
        sentences.append(explanation.stopped)
    if not explanation.complete:
        sentences.append("Incomplete: this is what the run has so far.")
    sentences += explanation.subject.remarks
    return " ".join(sentences)


def _scored(explanation: Explanation) -> str:
    """R² with its interval, and the masks that it was measured on."""
    fit = explanation.fidelity
    nouns = plural(explanation.subject.noun)
    low, high = map(r2_text, fit.interval)
    text = f"Held-out R² {r2_text(fit.r2)} [{low}, {high}] on {fit.held_out:,} masks"
    if explanation.folds is not None:
        text = f"R² {about(fit)}, on {fit.held_out:,} masks, each predicted by a fit that has not seen it"
    if fit.keep != 0.5:
        text += f" that keep {percent(fit.keep)} of the {nouns}"
        text += " (indices look at masks that keep half: an extrapolation)"
    return text + _near(explanation)


def about(fit: Fidelity) -> str:
    """R² by folds: "about 0.68, at least 0.61 (95 %)"; the fit that is shown has seen more than these."""
    return f"about {r2_text(fit.r2)}, at least {r2_text(fit.interval[0])} (95 %)"


def _near(explanation: Explanation) -> str:
    """How good the surrogate is near the input itself, where that is known; "" where not."""
    fit = explanation.fidelity
    nouns = plural(explanation.subject.noun)
    text = ""
    if near := near_text(fit.local, nouns):
        text += f"; {near} ({fit.near:,} masks)"
    if math.isfinite(fit.untouched):
        off = number(fit.untouched)
        text += f"; off by {off} {explanation.unit} on the untouched input, which that fit has not seen"
    return text


def near_text(local: float, nouns: str) -> str:
    """ "0.40 where one to three words are removed"; "" where that is not known."""
    if not math.isfinite(local):
        return ""
    worth = r2_text(local) if local > 0 else "no better than a guess"
    return f"{worth} where one to three {nouns} are removed"


def checked(explanation: Explanation, check: Check) -> str:
    """What a check of a set found: the verdict, what the surrogate says and what the real model says."""
    name = joined(check.members, names(explanation.players))
    return f"{name}: {check_text(check, explanation.unit)}"


def check_text(check: Check, unit: str) -> str:
    """The check without the names of its set.

    "confirmed: the surrogate says +0.70 log-odds on average, measured +0.66 ± 0.12; on the full input …".
    """
    said = f"the surrogate says {number(check.surrogate_mean)} {unit} on average"
    measured = f"measured {number(check.model_mean)}"
    low, high = check.interval
    half = (high - low) / 2
    if half > 1e-9:
        measured += f" ± {number(half, signed=False)}"
    full = f"on the full input {number(check.surrogate_full)}, measured {number(check.model_full)}"
    return f"{check.verdict}: {said}, {measured}; {full}."


def r2_text(value: float) -> str:
    """ "0.91", "unknown"."""
    if not math.isfinite(value):
        return "unknown"
    return number(value, signed=False)
