"""Text strip with combs: data, script and style of one component; all but clicks stays in the browser.

Tokens stand in reading order on a background of their value (the mean effect, where no other index was
chosen), over a thin track of the share of variance that their interactions carry. Below, the top sets: a comb
each, one tooth a member. The script reports `select` as a trigger: {"members": [positions]}; an empty list
clears the selection.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from spexviz.indices import Interactions
from spexviz.kit.arrays import Floats
from spexviz.kit.names import names, upright
from spexviz.masks import Interaction
from spexviz.results import Explanation, Subject
from spexviz.views import theme
from spexviz.views.component import colours, versioned
from spexviz.views.glossary import explained
from spexviz.views.index_words import (
    asks,
    checks_of,
    ends,
    has_larger,
    has_sets,
    named,
    no_sets,
    singles,
)
from spexviz.views.scale import Scale
from spexviz.views.selected import WORDS
from spexviz.views.theme import interval_text, number, percent
from spexviz.views.trust import quality
from spexviz.views.words import isolated, joined

_COLOURS = ("ink", "muted", "grid", "up", "down", "surface")
MOST_COMBS = 12
BESIDE = 60  # characters of a long kept text that are shown before and after it


def data(
    explanation: Explanation,
    interactions: Interactions,
    *,
    top: int = MOST_COMBS,
    dark: bool = False,
    selection: Sequence[int] = (),
    said: str = "",
    scale: Scale | None = None,
    none: str | None = "",
) -> dict[str, Any]:
    """The component's data, JSON-able: about 17 KB for 500 tokens.

    `version` changes with all of it but `selection`, the positions of the selected set's members, and
    `said`, a sentence about it. `top`: sets of order ≥ 2 shown as combs, at most 12. `scale`: of its colours
    and bars, where another strip beside it has the same; by default its own; `none`: what stands in the place
    of the sets where there is none, by default why, None for nothing.
    """
    label = [isolated(name) for name in names(explanation.players)]
    effects = singles(interactions)
    limit = scale.colour if scale else max(map(abs, effects), default=0.0)
    body = _text(explanation.subject, label)
    body["noun"] = explanation.subject.noun
    body["cells"] = [theme.level(effect, limit) for effect in effects]
    body["colours"] = _colours(dark)
    body["largest"] = scale.bar if scale else 0.0
    body["effects"] = [number(effect) for effect in effects]
    body["mass"] = [round(share, 4) for share in interaction_mass(explanation)]
    body["sets"] = _combs(explanation, interactions, label, top)
    body["none"] = none
    if none == "":
        body["none"] = _why_none(explanation, interactions)
    body["unit"] = interactions.unit
    body["index"] = named(interactions.index)
    body["asks"] = asks(interactions)
    body["legend"] = ends(interactions.index, limit)
    body["terms"] = explained(body["unit"], body["asks"], "interactions", WORDS)
    body["quality"] = quality(explanation)
    return {**versioned(body, selection), "said": said}


def preview(subject: Subject, effects: Floats | None = None, *, dark: bool = False) -> dict[str, Any]:
    """The text alone, without a number, a set or a gesture, as long as a run has too little to say more.

    `effects` (n,): what colours it; None for no colours.
    """
    label = [isolated(name) for name in names(subject.players)]
    shown = np.zeros(len(label)) if effects is None else effects
    limit = float(np.abs(shown).max(initial=0.0))
    body = _text(subject, label)
    body["noun"] = subject.noun
    body["cells"] = [theme.level(effect, limit) for effect in shown.tolist()]
    body["colours"] = _colours(dark)
    return versioned({**body, "preview": True}, ())


def _text(subject: Subject, label: Sequence[str]) -> dict[str, Any]:
    """What stands on the tokens and between them.

    `names`: those that differ from it; `numbers`: the tokens whose name carries a number, because it repeats.
    """
    written, gaps = pieces_of(subject)
    renamed = {str(i): name for i, name in enumerate(label) if name != written[i]}
    if len(renamed) > len(label) // 2:
        renamed = {}
    return {
        "tokens": written,
        "gaps": gaps,
        "names": renamed,
        "numbers": _numbered(names(subject.players)),
    }


def _numbered(label: Sequence[str]) -> list[int]:
    """The players whose name ends in their number because it repeats, such as "never (7)"."""
    same: dict[str, list[int]] = {}
    for i, name in enumerate(label):
        bare = name.removesuffix(f" ({i + 1})")
        if bare != name:
            same.setdefault(bare, []).append(i)
    return sorted(i for repeated in same.values() if len(repeated) > 1 for i in repeated)


def _why_none(explanation: Explanation, interactions: Interactions) -> str:
    """What stands in the place of the sets where none is shown."""
    if quality(explanation) == "poor" and has_sets(interactions):
        return "No sets are shown: they would be guesses."
    larger = has_larger(explanation, interactions.order)
    return no_sets(interactions, explanation.subject.noun, larger)


def pieces(explanation: Explanation) -> tuple[list[str], dict[str, str]]:
    """The pieces of the text of a run: see `pieces_of`."""
    return pieces_of(explanation.subject)


def pieces_of(subject: Subject) -> tuple[list[str], dict[str, str]]:
    """What stands on each token, and the untouched text around them, by the token after it; " " is left out.

    Without a text, or where the spans overlap or run backwards, the players with a space between.
    """
    text = subject.text
    spans = subject.spans
    if text is None or not spans or not _in_order(spans):
        return [upright(player) for player in subject.players], {}
    written = []
    gaps = {}
    before = 0
    for i, (start, end) in enumerate(spans):
        gaps[i] = upright(text[before:start])
        written.append(upright(text[start:end]))
        before = end
    gaps[len(spans)] = upright(text[before:])
    gaps = {i: _shortened(gap, i > 0, i < len(spans)) for i, gap in gaps.items()}

    # what the script takes a gap for that it is not told
    usual = dict.fromkeys(gaps, " ")
    usual[0] = ""
    usual[len(spans)] = ""
    unusual = {str(i): gap for i, gap in gaps.items() if gap != usual[i]}
    return written, unusual


def _shortened(gap: str, follows: bool, leads: bool) -> str:
    """Text that is always kept, where it is long: what stands next to the tokens before and after it."""
    if len(gap) <= 2 * BESIDE:
        return gap
    head = gap[:BESIDE].rsplit(maxsplit=1)[0] if follows else ""
    tail = gap[-BESIDE:].split(maxsplit=1)[-1] if leads else ""
    return f"{head} … {tail}"


def _in_order(spans: Sequence[tuple[int, int]]) -> bool:
    """Whether each span starts where the one before has ended, or later."""
    before = 0
    for start, end in spans:
        if start < before:
            return False
        before = end
    return True


def interaction_mass(explanation: Explanation) -> list[float]:
    """For every player the summed variance share of the sets of two or more that it is in, of any order."""
    mass = [0.0] * len(explanation.players)
    for members, share in explanation.spectrum.shares(explanation.fidelity.keep).items():
        if len(members) > 1:
            for i in members:
                mass[i] += share
    return mass


def _combs(
    explanation: Explanation, interactions: Interactions, label: Sequence[str], top: int
) -> list[dict[str, Any]]:
    """One comb for each of the top sets; "c" is the verdict of its check, where it was checked."""
    checks = checks_of(explanation, interactions.index)
    count = max(0, min(top, MOST_COMBS))
    shown = interactions.top(count, include_singletons=False)
    combs = []
    for members in shown.values:
        comb = drawn_set(members, shown, label)
        if members in checks:
            comb["c"] = checks[members].verdict
        combs.append(comb)
    return combs


def drawn_set(members: Interaction, shown: Interactions, label: Sequence[str]) -> dict[str, Any]:
    """A set: members, name, value, share of variance as text and, where there is one, its interval.

    "v" and "i" are numbers to draw; "said" and "range" say them.
    """
    value = shown.values[members]
    comb: dict[str, Any] = {"m": list(members), "t": joined(members, label)}
    comb["v"] = _short(value)
    comb["said"] = number(value)
    comb["s"] = percent(shown.shares.get(members, 0.0))
    if shown.intervals is not None:
        interval = shown.intervals[members]
        comb["i"] = [_short(end) for end in interval]
        comb["range"] = interval_text(interval)
    return comb


def _colours(dark: bool) -> dict[str, Any]:
    shades = {"cells": theme.palette(dark), "onMark": theme.tokens(dark).on_mark}
    return colours(_COLOURS, dark) | shades


def _short(value: float) -> float:
    """Four significant digits: what the screen can show."""
    return float(f"{value:.4g}")
