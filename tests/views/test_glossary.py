"""The glossary: its words are met in the app, what it says is true, and it explains them where they stand."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import combinations

import numpy as np
import pytest

from spexviz.indices import interactions
from spexviz.kit.paths import ASSETS
from spexviz.kit.registry import offered
from spexviz.masks import all_masks
from spexviz.metrics import r2
from spexviz.results import Explanation
from spexviz.run.folds import FOLDS
from spexviz.spectrum import Spectrum
from spexviz.views import glossary
from spexviz.views.index_words import READINGS
from tests import app_texts

N, SETS = 4, [c for k in range(5) for c in combinations(range(4), k)]
TERMS = [term for group in glossary.groups() for term in group.terms]
NAMED = {term.name: term for term in TERMS}


@pytest.fixture(scope="module")
def some() -> Spectrum:
    """A function of four players with every set in it."""
    rng = np.random.default_rng(7)
    return Spectrum(N, {members: float(v) for members, v in zip(SETS, rng.normal(size=16), strict=True)})


def values(f: Spectrum) -> dict[tuple[int, ...], float]:
    """{players kept: value}."""
    return {tuple(np.flatnonzero(mask)): float(f(mask[None])[0]) for mask in all_masks(N)}


def test_every_word_is_met_in_the_app_or_is_there_on_purpose() -> None:
    met = set(glossary.found(*app_texts.texts()))
    for term in TERMS:
        assert bool(term.forms) != bool(term.only), f"{term.name}: forms, or why it is met nowhere"
        assert not term.forms or met & set(term.forms), f"nothing in the app says {term.name}"


def test_no_two_words_are_spelt_alike_and_each_is_short() -> None:
    forms = [form.casefold() for term in TERMS for form in term.forms]
    assert len(forms) == len(set(forms)) and len(NAMED) == len(TERMS)
    for term in TERMS:
        assert len(term.short) <= 215, term.name
        assert term.short.endswith("."), term.name


def test_every_index_every_solver_and_every_unit_is_explained() -> None:
    for reading in READINGS.values():
        assert glossary.explained(reading.name), reading.name
    for kind in offered("spexviz.solvers").values():
        assert glossary.explained(kind.title), kind.title
    for unit in ("log-odds (nats)", "log-probability (nats)", "margin"):
        assert glossary.explained(unit), unit


def test_words_are_found_whole_the_longest_first_and_never_in_quotes() -> None:
    assert list(glossary.explained("Masks, a mask token, ProxySPEX; k-SII and SII")) == [
        "masks",
        "mask token",
        "ProxySPEX",
        "k-SII",
        "SII",
    ]
    assert glossary.explained("unmasked, masks2, pre-mask, spex, “a mask”, in order") == {}
    assert glossary.explained("about 0.68 R²; the surrogate's")["R²"][0] == "R²"
    assert glossary.help_of("Index", "How it is.") == f"How it is.\n\nIndex: {NAMED['index'].short}"
    assert glossary.help_of("Prompt") is None


# ---- what it says is true ------------------------------------------------------------------------

FORMULAS: dict[str, tuple[str, Callable[[Spectrum, tuple[int, ...]], float]]] = {
    "mean effect": (
        "(−2)^|T| F(T) where masks keep half of the parts; it is then the Banzhaf interaction",
        lambda f, T: (-2) ** len(T) * f.get(T, 0.0),
    ),
    "Banzhaf interaction (BII)": ("(−2)^|T| F(T)", lambda f, T: (-2) ** len(T) * f.get(T, 0.0)),
    "faithful Banzhaf (FBII)": (
        "(−2)^|T| Σ F(S) over S ⊇ T with |S| ≤ k",
        lambda f, T: (-2) ** len(T) * sum(f.get(S, 0.0) for S in above(T) if len(S) <= 2),
    ),
    "Shapley value (SV)": (
        "Σ M(R) / |R| over R ∋ i",
        lambda f, T: sum(moebius(f, R) / len(R) for R in above(T)),
    ),
    "Shapley interaction (SII, k-SII)": (
        "Σ M(R) / (|R| − |T| + 1) over R ⊇ T",
        lambda f, T: sum(moebius(f, R) / (len(R) - len(T) + 1) for R in above(T)),
    ),
    "Fourier coefficient": ("F(T)", lambda f, T: f.get(T, 0.0)),
    "Möbius coefficient": ("M(T) = (−2)^|T| Σ F(S) over S ⊇ T", lambda f, T: moebius(f, T)),
    "OR form": (
        "−(−2)^|T| Σ (−1)^|S| F(S) over S ⊇ T",
        lambda f, T: -((-2) ** len(T)) * sum((-1) ** len(S) * f.get(S, 0.0) for S in above(T)),
    ),
    "influence": ("Σ F(S)² over S ∋ i", lambda f, T: sum(f.get(S, 0.0) ** 2 for S in above(T))),
}
INDEX = {
    "mean effect": "mean",
    "Banzhaf interaction (BII)": "BII",
    "faithful Banzhaf (FBII)": "FBII",
    "Shapley value (SV)": "SV",
    "Shapley interaction (SII, k-SII)": "SII",
    "Fourier coefficient": "Fourier",
    "Möbius coefficient": "Moebius",
    "OR form": "OR",
    "influence": "influence",
}


def above(T: tuple[int, ...]) -> list[tuple[int, ...]]:
    return [S for S in SETS if set(T) <= set(S)]


def moebius(f: Spectrum, T: tuple[int, ...]) -> float:
    return (-2) ** len(T) * sum(f.coefficients.get(S, 0.0) for S in above(T))


@pytest.mark.parametrize("name", FORMULAS)
def test_a_formula_is_what_the_index_computes(some: Spectrum, name: str) -> None:
    written, worked_out = FORMULAS[name]
    assert NAMED[name].formula == written
    found = interactions(some, INDEX[name], 2)
    singles_only = INDEX[name] in ("SV", "influence")
    for T in SETS[1 : 5 if singles_only else 11]:
        f = _Lookup(some)
        assert worked_out(f, T) == pytest.approx(found[T], abs=1e-9), T


class _Lookup(Spectrum):
    """A spectrum that is asked by its sets."""

    def __init__(self, f: Spectrum):
        super().__init__(f.n, dict(f.coefficients))

    def get(self, members: tuple[int, ...], none: float) -> float:
        return self.coefficients.get(members, none)


def test_the_spectrum_the_share_and_r2_are_as_they_are_written(some: Spectrum) -> None:
    assert NAMED["spectrum"].formula == "f(m) = Σ_S F(S) (−1)^|S ∩ m|"
    said = values(some)
    for kept, value in said.items():
        total = sum(F * (-1) ** len(set(S) & set(kept)) for S, F in some.coefficients.items())
        assert total == pytest.approx(value)
    assert NAMED["share of the variance"].formula == "F(S)² / Σ F(R)² over all sets R but the empty one"
    all_values = np.array(list(said.values()))
    found = interactions(some, "mean", 4)
    assert all_values.var() == pytest.approx(sum(F**2 for S, F in some.coefficients.items() if S))
    assert found.shares[0, 1] == pytest.approx(some.coefficients[0, 1] ** 2 / all_values.var())
    assert NAMED["R²"].formula == "1 − Σ(y − ŷ)² / Σ(y − ȳ)²"
    y, guess = all_values, all_values + np.random.default_rng(1).normal(size=16)
    assert r2(y, guess) == pytest.approx(1 - ((y - guess) ** 2).sum() / ((y - y.mean()) ** 2).sum())
    assert r2(y, np.full(16, y.mean())) == pytest.approx(0.0)


def test_a_mean_effect_is_the_average_of_what_it_does_whatever_else_is_kept(some: Spectrum) -> None:
    said = values(some)
    others = [c for k in range(4) for c in combinations((1, 2, 3), k)]
    moved = [said[tuple(sorted((0, *B)))] - said[B] for B in others]
    assert interactions(some, "mean", 2)[0,] == pytest.approx(np.mean(moved))


def test_the_numbers_in_its_sentences_are_right() -> None:
    run = Explanation.from_json((ASSETS / "runs/prompt/never-fails.json").read_text(encoding="utf-8"))
    assert round(math.e, 1) == 2.7 and "2.7 times" in NAMED["log-odds"].short
    assert "+1.45 means that “positive” is 4.3 times" in NAMED["log-odds"].more
    assert f"{math.exp(1.45):.1f}" == "4.3" and f"{1 / (1 + math.exp(-1.45)):.0%}" == "81%"
    assert run.ends[1] == pytest.approx(1.45, abs=0.01)
    shares = run.spectrum.shares(0.5)
    by_order = [sum(share for members, share in shares.items() if len(members) == k) for k in (1, 2)]
    assert "single words have only 16 % of it, pairs 69 %" in NAMED["share of the variance"].more
    assert [f"{share:.0%}" for share in by_order] == ["16%", "69%"]
    assert "have +2.4 as a mean effect" in NAMED["index"].more
    assert run.interactions("mean", 2)[2, 3] == pytest.approx(2.4, abs=0.05)
    assert "one of five heaps" in NAMED["fold"].short.lower() and FOLDS == 5
    assert (
        math.sqrt(1 - 0.75) == 0.5
        and "At 0.75 a prediction misses a typical mask by half" in NAMED["R²"].more
    )
    assert "64 for six words, more than a thousand million for thirty" in NAMED["ablation"].more
    assert 2**6 == 64 and 1e9 < 2**30 < 1.1e9
    # “never” and “fails” each speak against it alone, and together for it
    masks = all_masks(6)
    here = dict(zip(map(tuple, masks.tolist()), run.asked(masks).tolist(), strict=True))
    alone = [here[*m[:2], True, False, *m[4:]] - here[*m[:2], False, False, *m[4:]] for m in here]
    other = [here[*m[:2], False, True, *m[4:]] - here[*m[:2], False, False, *m[4:]] for m in here]
    both = [here[*m[:2], True, True, *m[4:]] - here[*m[:2], False, False, *m[4:]] for m in here]
    assert np.mean(alone) < 0 and np.mean(other) < 0 < np.mean(both)
