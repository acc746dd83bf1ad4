"""Deeper: what is said of going on from a finished run: more ablations, into a part, from farther away."""

from __future__ import annotations

from spexviz.kit.names import plain
from spexviz.masks import Interaction
from spexviz.results import Explanation, Subject
from spexviz.results.subject import NUMBER
from spexviz.views.captions import r2_text
from spexviz.views.theme import percent
from spexviz.views.trust import quality
from spexviz.views.words import plural

LONGEST = 60  # characters of a player in a list
FEW_NAMED = 3
HARDLY = (
    "By the curve of this run more ablations bring little; another question or other parts may bring more."
)


def more(
    budget: int, new: int, time: str, r2: float | None = None, interval: tuple[float, float] = (0.0, 0.0)
) -> str:
    """What a larger run asks, and the R² to expect of it; `time`: how long it takes, in words, or ""."""
    cost = ", ".join(filter(None, [f"{new:,} more", time]))
    said = f"With {budget:,} ablations ({cost})"
    if r2 is None:
        return f"{said}: what that would bring cannot be told from so short a curve."
    low, high = map(r2_text, interval)
    return f"{said} expect R² {r2_text(r2)}, likely between {low} and {high}."


def reused(known: int) -> str:
    """What is not asked again."""
    return f"The {known:,} ablations of this run are re-used, none is asked again."


def all_of_them(budget: int, new: int, time: str) -> str:
    """What is said where the larger run asks for every mask that there is."""
    cost = ", ".join(filter(None, [f"{new:,} more", time]))
    return f"With all {budget:,} ablations that there are ({cost}) nothing is predicted any more: exact."


def now(explanation: Explanation) -> str:
    """Where the run stands."""
    fit = explanation.fidelity
    varies = "the value varies"
    if explanation.subject.scale.kind != NUMBER:
        varies = "the answer varies"
    share = percent(max(0.0, fit.r2))
    return (
        f"Now: {len(explanation.sample):,} ablations explain {share} of how {varies} (R² {r2_text(fit.r2)})."
    )


def part(subject: Subject, i: int, seen: bool = False) -> str:
    """A player in a list: its number, its beginning, and whether it was looked into."""
    mark = " (looked into)" if seen else ""
    return f"{i + 1} · {plain(subject.players[i], LONGEST)}{mark}"


def place(noun: str, count: int, members: Interaction) -> str:
    """ "sentence 3 of 31"; "sentences 3, 5 of 31"."""
    numbers = ", ".join(str(i + 1) for i in members[:FEW_NAMED])
    if len(members) > FEW_NAMED:
        numbers += " …"
    return f"{plural(noun, len(members))} {numbers} of {count}"


def whence(inside: str, noun: str, count: int, members: Interaction) -> str:
    """Where a run stands that was zoomed into.

    `inside`, `noun`: what its players are, and those of the whole.
    """
    where = place(noun, count, members)
    return f"{plural(inside).capitalize()} of {where}; the rest of the text is always kept."


def inside(noun: str) -> str:
    """The same where nothing is known of the whole."""
    return f"{plural(noun).capitalize()} of a part of the text; the rest is always kept."


def zoom(noun: str, count: int, ablations: int, time: str) -> str:
    """What a run inside some players asks: so many smaller ones, with the rest kept."""
    asked = ", ".join(filter(None, [f"{ablations:,} ablations", time]))
    return f"{count} {plural(noun, count)}, with the rest of the text kept: {asked}."


def title(subject: Subject, members: Interaction) -> str:
    """What a run is called that was zoomed into."""
    text = " … ".join(subject.players[i] for i in members)
    return f"{place(subject.noun, len(subject.players), members).capitalize()}: {plain(text, LONGEST)}"


def to_merge(explanation: Explanation, nouns: str, asked: int) -> str:
    """What putting players together does, and what it asks."""
    noun = explanation.subject.noun
    said = f"The {plural(noun)} of each part are put together: what whole {nouns} do follows from this run"
    if explanation.proof.exact:
        return f"{said}, exactly; the model is not asked."
    return f"{said}. How far that can be trusted is measured: {asked:,} ablations of whole {nouns}."


def merged(coarse: Explanation, fine: str) -> tuple[str, ...]:
    """What a run is worth whose players were put together; `fine`: what one of them was.

    Predicted numbers are called so; the R² is measured.
    """
    fit, base = coarse.fidelity, coarse.baseline
    nouns = plural(coarse.subject.noun)
    if coarse.proof.exact:
        return (f"By {nouns}, exact: every possible mask was measured, so nothing is predicted.",)
    low, high = map(r2_text, fit.interval)
    worth = (
        f"{percent(fit.r2)} of how the answer varies" if fit.r2 > 0 else "nothing of how the answer varies"
    )
    found = f"By {nouns}: the picture that was found {fine} by {fine}"
    said = f"{found} explains {worth} where whole {nouns} are removed"
    score = f"R² {r2_text(fit.r2)} [{low}, {high}], measured on {fit.held_out:,} masks of whole {nouns}"
    if fit.interval == (fit.r2, fit.r2):
        score = f"R² {r2_text(fit.r2)}, measured on all {fit.held_out:,} masks of whole {nouns}"
    singles = f"single {nouns} alone, by the linear baseline: {r2_text(base.r2)}"
    lines = [f"{said}.", f"{score}; {singles}. Colours and sets are predicted by the run's fit."]
    if quality(coarse) != "good":
        lines.append(f"A run by {nouns} of its own would tell more.")
    return tuple(lines)
