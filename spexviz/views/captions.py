"""Captions: sentences from templates over numbers. Never from a language model; plain text, never markup."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from spexviz.indices import Interactions
from spexviz.masks import Interaction, all_but
from spexviz.results import Check, Explanation, Fidelity
from spexviz.views.theme import crosses_zero, interval_text, number, percent
from spexviz.views.words import joined, names

GOOD, FAIR = 0.75, 0.5  # held-out R² from which a picture may be read in detail, or in outline
SLIGHT = 0.01  # share of variance of the strongest set below which the players act mostly one by one
Quality = Literal["good", "fair", "poor"]


def quality(fidelity: Fidelity) -> Quality:
    """How far a figure of this fit may be read: "good" from R² 0.75, "fair" from 0.5, else "poor" (also for NaN)."""
    return "good" if fidelity.r2 >= GOOD else "fair" if fidelity.r2 >= FAIR else "poor"


def shown_quality(explanation: Explanation) -> Quality:
    """`quality` of what the figures of this run show: an exact spectrum is always good."""
    return "good" if explanation.proof.exact else quality(explanation.fidelity)


def honesty(explanation: Explanation) -> str:
    """The strip that stands over every figure: what this is, how good it is, what it cost."""
    point, n = explanation.fidelity, len(explanation.players)
    first = "A surrogate of the masked model, not a cause in the world."
    checks = (
        f" and {explanation.proof.spent_on_checks:,} more to check {len(explanation.checks)} sets"
        if explanation.checks and not explanation.proof.exact
        else ""
    )
    cost = f"{len(explanation.sample.values):,} ablations{checks}; seed {explanation.spec.seed}."
    if explanation.stopped:
        cost += f" {explanation.stopped}"
    if not explanation.complete:
        cost += " Incomplete: this is what the run has so far."
    cost = " ".join((cost, *explanation.subject.remarks))
    if explanation.proof.exact:
        return f"Exact, all {2**n:,} masks: every value was measured, none predicted. About the masked model, not a cause in the world. {cost}"
    held_out = f"Held-out R² {r2_text(point.r2)} {_interval(point.interval)} on {point.held_out:,} masks"
    if point.keep != 0.5:
        held_out += f" that keep {percent(point.keep)} of the {plural(explanation.subject.noun)} (indices look at masks that keep half: an extrapolation)"
    base = explanation.baseline
    text = f"{first} {held_out}; linear baseline {r2_text(base.r2)}; {cost}"
    if math.isfinite(base.r2) and point.r2 < base.r2:
        text += " The linear baseline fits better: the interactions shown add nothing here."
    level = quality(point)
    if level == "poor":
        return f"Do not read details into this picture: the surrogate explains little of what the model does. {text} More ablations may help."
    if level == "fair":
        return f"Read the strongest sets only: part of what the model does is not explained. {text}"
    return text


def finding(explanation: Explanation, interactions: Interactions) -> str:
    """One or two sentences on the strongest interaction: its share, its value, and what removing its members does."""
    members = strongest(interactions)
    head = headline(explanation, interactions)
    return (
        head
        if members is None or _apart(interactions, members)
        else f"{head} {removal(explanation, members)}"
    )


def headline(explanation: Explanation, interactions: Interactions) -> str:
    """The first sentence of the finding: which set is the strongest, its share, and its value."""
    members = strongest(interactions)
    shown = names(explanation.players)
    if members is None:
        singles = [(m, v) for m, v in interactions.top(1) if len(m) == 1]
        if not singles:
            return f"Nothing stands out: no {explanation.subject.noun} or set of {plural(explanation.subject.noun)} moves the value."
        alone, value = singles[0]
        return f"No interaction stands out: the {plural(explanation.subject.noun)} act one by one. The strongest is “{shown[alone[0]]}” with {number(value)} {explanation.unit}."
    value, interval = interactions.values[members], (interactions.intervals or {}).get(members)
    share = interactions.shares.get(members, math.nan)
    head = f"{joined(members, shown)} carries {percent(share)} of the variance"
    if len(members) > 1 and math.isfinite(value):
        range_text = f" {interval_text(interval)}" if interval_text(interval) else ""
        head += f": together they move the {explanation.unit} by {number(value)}{range_text} beyond what they do apart ({interactions.index})"
    if crosses_zero(interval):
        head += ", but the interval crosses 0, so the sign is not certain"
    if alone := _apart(interactions, members):
        head = f"The {plural(explanation.subject.noun)} act mostly one by one: {percent(alone)} of the variance is theirs alone. Of the sets, {head}"
    return f"{head}."


def _apart(interactions: Interactions, members: Interaction) -> float:
    """The share of variance of the players alone, where it is most of it and the strongest set has next to none; else 0."""
    alone = sum(share for term, share in interactions.shares.items() if len(term) == 1)
    return alone if interactions.shares.get(members, 1.0) < SLIGHT and alone > 0.5 else 0.0


def checked(explanation: Explanation, check: Check) -> str:
    """What a check of a set on the real model found: surrogate and model, average and on the full input, and the verdict."""
    return f"{joined(check.members, names(explanation.players))}: {check_text(check, explanation.unit)}"


def check_text(check: Check, unit: str) -> str:
    """The check without the names of its set: "confirmed: the surrogate says +0.70 log-odds on average, measured +0.66 ± 0.12; …"."""
    half = (check.interval[1] - check.interval[0]) / 2
    spread = f" ± {number(half, signed=False)}" if half > 1e-9 else ""
    average = f"the surrogate says {number(check.surrogate_mean)} {unit} on average, measured {number(check.model_mean)}{spread}"
    return f"{check.verdict}: {average}; on the full input {number(check.surrogate_full)}, measured {number(check.model_full)}."


def strongest(interactions: Interactions) -> Interaction | None:
    """The first set of two or more players in rank order, if any has a value other than 0."""
    for members, value in interactions.top(50, include_singletons=False):
        if abs(value) > 1e-9:
            return members
    return None


def removal(explanation: Explanation, members: Interaction) -> str:
    """What happens to the value when the members are removed from the full input: each alone, then all together.

    Real values where these masks were asked, else the surrogate's; the sentence says which.
    """
    shown = names(explanation.players)
    removed = [(i,) for i in members] + ([members] if len(members) > 1 else [])
    changes, measured = removal_changes(explanation, removed)
    source = "measured" if measured else "by the surrogate"
    alone = [f"“{shown[i]}” alone" if k == 0 else f"“{shown[i]}”" for k, i in enumerate(members)]
    parts = [
        f"{who} changes the {explanation.unit} by {number(c)}" if k == 0 else f"{who} by {number(c)}"
        for k, (who, c) in enumerate(zip(alone, changes, strict=False))
    ]
    if len(members) == 1:
        return f"Removing {parts[0]} ({source})."
    both = "both" if len(members) == 2 else f"all {len(members)}"
    return f"Removing {', '.join(parts)}, {both} by {number(changes[-1])} ({source}): {_relation(changes)}."


def removal_changes(explanation: Explanation, removed: list[Interaction]) -> tuple[list[float], bool]:
    """Change of the value when each set is removed from the full input, and whether all of them were measured."""
    n = len(explanation.players)
    masks = all_but(removed, n)
    real = [_asked(explanation, mask) for mask in masks]
    if all(value is not None for value in real):
        return [value - explanation.ends[1] for value in real], True
    full = explanation.spectrum(all_but([()], n))[0]
    return (explanation.spectrum(masks) - full).tolist(), False


def _asked(explanation: Explanation, mask: np.ndarray) -> float | None:
    if not mask.any():
        return explanation.ends[0]
    for masks, values in (
        (explanation.sample.masks, explanation.sample.values),
        (explanation.held_out.masks, explanation.held_out.values),
    ):
        if len(masks):
            row = np.flatnonzero((masks == mask).all(1))
            if len(row):
                return float(values[row[0]])
    return None


def _relation(changes: list[float]) -> str:
    """How the change of all compares with the sum of the changes alone (the last entry is all together)."""
    total, together = sum(changes[:-1]), changes[-1]
    scale = max(map(abs, changes))
    if scale < 1e-9:
        return "none of it changes anything on the full input"
    if abs(together - total) < 0.15 * scale:
        return f"about the sum of the parts ({number(total)}), so on the full input they add up"
    if abs(together) > abs(total) and together * total >= 0:
        return f"more than the sum of the parts ({number(total)}), so they work together"
    if together * total < 0:
        return f"not the sum of the parts ({number(total)}) but the opposite, so they work together"
    return f"less than the sum of the parts ({number(total)}), so they work together: each needs the rest"


def one(noun: str) -> str:
    """ "a head", "an example"."""
    return f"{'an' if noun[:1] in 'aeiou' else 'a'} {noun}"


def plural(noun: str, count: int = 2) -> str:
    """ "head" for 1, "heads" for any other count."""
    return noun if count == 1 else f"{noun}s"


def r2_text(value: float) -> str:
    """ "0.91", "unknown"."""
    return number(value, signed=False) if math.isfinite(value) else "unknown"


def _interval(interval: tuple[float, float]) -> str:
    return f"[{r2_text(interval[0])}, {r2_text(interval[1])}]"
