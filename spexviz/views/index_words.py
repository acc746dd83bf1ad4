"""Index words: how the numbers of an index are called and read, for every view alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spexviz.indices import FIRST_ORDER, INDICES, Interactions
from spexviz.kit.numerals import number
from spexviz.masks import Interaction
from spexviz.results import Check, Explanation
from spexviz.views.words import plural

MEAN = "mean"  # the default: the one that ranks the sets, has the intervals, and is checked
UNSIGNED = frozenset({"influence"})  # never below 0


@dataclass(frozen=True)
class Reading:
    """How an index is read.

    `label`: in a list to choose from; `name`: in a sentence; `formula`: as text, with F the spectrum, M the
    Möbius coefficients, k the order; `low`, `high`: what a single player below and above 0 does; `sets`: what
    the colour of a set says.
    """

    label: str
    name: str
    formula: str
    low: str = "keeping it lowers"
    high: str = "raises"
    sets: str = "Orange + raises, purple − lowers"


READINGS: dict[str, Reading] = {
    MEAN: Reading(
        "Mean effect (default)",
        "mean effect",
        "(−2)^|T| Σ_{S⊇T} F(S) (1 − 2·keep)^|S∖T|, keep: how likely a mask keeps a player",
    ),
    "FBII": Reading("Faithful Banzhaf (FBII)", "FBII", "(−2)^|T| Σ F(S) over S ⊇ T with |S| ≤ k"),
    "BII": Reading("Banzhaf interaction (BII)", "BII", "(−2)^|T| F(T)"),
    "SII": Reading("Shapley interaction (SII)", "SII", "Σ_{R⊇T} M(R) / (|R| − |T| + 1)"),
    "k-SII": Reading(
        "Shapley interaction that sums up (k-SII)",
        "k-SII",
        "Σ_j B_j Σ SII(T ∪ L) over sets L of j ≤ k − |T| others, B_j: Bernoulli numbers",
    ),
    "STII": Reading(
        "Shapley-Taylor (STII)",
        "STII",
        "M(T) where |T| < k; Σ_{R⊇T} M(R) / C(|R|, k) where |T| = k",
    ),
    "FSII": Reading(
        "Faithful Shapley (FSII)",
        "FSII",
        "M(T) + (−1)^(k−|T|) |T|/(k+|T|) C(k, |T|) Σ C(|R|−1, k)/C(|R|+k−1, k+|T|) M(R) "
        "over R ⊇ T with |R| > k",
    ),
    "SV": Reading("Shapley value (SV)", "Shapley value", "Σ_{R∋i} M(R) / |R|"),
    "BV": Reading("Banzhaf value (BV)", "Banzhaf value", "−2 F({i})"),
    "Fourier": Reading(
        "Fourier coefficient (the other sign)",
        "Fourier coefficient",
        "F(T)",
        low="keeping it raises",
        high="lowers",
        sets="Orange +, purple −: the sign of the coefficient, for a single one opposite to its effect",
    ),
    "Moebius": Reading("Möbius coefficient", "Möbius", "M(T) = (−2)^|T| Σ_{S⊇T} F(S)"),
    "OR": Reading("OR form of Möbius", "OR", "−(−2)^|T| Σ_{S⊇T} (−1)^|S| F(S)"),
    "influence": Reading(
        "Influence (in the unit squared)",
        "influence",
        "Σ_{S∋i} F(S)²",
        low="no influence",
        high="most",
        sets="Orange: how much of the variance involves it, whatever its sign; in the unit squared",
    ),
}


def named(index: str) -> str:
    """The index in a sentence: "mean effect", "FBII", "Shapley value"."""
    return READINGS[index].name


def title_of(index: str) -> str:
    """The same at the beginning of a line."""
    name = named(index)
    return name[:1].upper() + name[1:]


def ends(index: str, limit: float) -> dict[str, Any]:
    """What the ends of a scale of colours stand for, as data; without a sign, the low end is 0."""
    reading = READINGS[index]
    signed = index not in UNSIGNED
    low = number(-limit) if signed else "0"
    return {"low": f"{reading.low} {low}", "high": f"{number(limit)} {reading.high}", "signed": signed}


def asks(found: Interactions) -> str:
    """What another index than the default asks, in a line, with what must be known of its values."""
    if found.index == MEAN:
        return ""
    return " ".join([INDICES[found.index], *found.remarks])


def singles(found: Interactions) -> list[float]:
    """The value of each player by itself, in the order of the players."""
    return [found[(i,)] for i in range(len(found.players))]


def checks_of(explanation: Explanation, index: str) -> Mapping[Interaction, Check]:
    """What was checked on the model, by set: none for another index, which a check does not measure."""
    return by_set(explanation.checks, index)


def by_set(checks: Sequence[Check], index: str) -> Mapping[Interaction, Check]:
    """Checks by their sets, where they are of the values of this index."""
    if index != MEAN:
        return {}
    return {check.members: check for check in checks}


def no_sets(found: Interactions, noun: str, larger: bool = False) -> str:
    """Why no set of two or more is shown. `larger`: there are some above the order that was asked."""
    nouns = plural(noun)
    if has_sets(found):
        return "No sets are shown."
    if len(found.players) == 1:
        return f"A single {noun} has no other to act together with."
    if len(found.top(1)) == 0 and not larger:
        return f"Nothing found: no {noun} and no set of {nouns} moves the value."
    if found.index in FIRST_ORDER:
        return f"Only single {nouns} are shown: this is what the {named(found.index)} is of."
    if found.order == 1:
        return f"Only single {nouns} are shown (highest order 1)."
    if larger:
        return f"No set of up to {found.order} {nouns} has a value of its own; this run found larger ones."
    return f"No interactions found: as far as this run can tell, the {nouns} act one by one."


def has_sets(found: Interactions) -> bool:
    """Whether any set of two or more has a value."""
    return len(found.top(1, include_singletons=False)) > 0


def has_larger(explanation: Explanation, order: int) -> bool:
    """Whether the run has found a set above an order, of two or more."""
    spectrum = explanation.spectrum
    sizes = spectrum.orders[spectrum.values != 0.0]
    return bool((sizes > max(1, order)).any())
