"""Captions: sentences from templates over numbers. Never from a language model; plain text, never markup."""

from __future__ import annotations

import math

from spexviz.kit.names import names
from spexviz.results import Check, Explanation, Fidelity
from spexviz.views.theme import number, within
from spexviz.views.words import joined, one, plural

__all__ = ["about", "check_text", "checked", "measured_text", "near_text", "one", "plural", "r2_text"]


def about(fit: Fidelity) -> str:
    """R² by folds: "about 0.68, at least 0.61 (95 %)"; the fit that is shown has seen more than these."""
    return f"about {r2_text(fit.r2)}, at least {r2_text(fit.interval[0])} (95 %)"


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
    """The check without the names of its set: its mean effect by the surrogate and by the model.

    "confirmed: the surrogate says +0.70, the model +0.66 ± 0.12 log-odds.".
    """
    said = number(check.surrogate_mean)
    return f"{check.verdict}: the surrogate says {said}, the model {measured_text(check)} {unit}."


def measured_text(check: Check) -> str:
    """The mean effect that the model has shown: "+0.66 ± 0.12"."""
    low, high = check.interval
    return within(check.model_mean, (high - low) / 2)


def r2_text(value: float) -> str:
    """ "0.91", "unknown"."""
    if not math.isfinite(value):
        return "unknown"
    return number(value, signed=False)
