"""Text strip with combs: data, script and style of one component; all but clicks stays in the browser.

Tokens stand in reading order on a background of their main effect, over a thin track of the share of variance
that their interactions carry. Below, the top sets: a comb each, one tooth a member. The script reports
`select` as a trigger: {"members": [positions], "toggle": true if Shift was held}; an empty list clears the
selection.
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
from spexviz.views.captions import shown_quality
from spexviz.views.component import beside, colours, versioned
from spexviz.views.words import isolated, joined

JS = beside("strip.js")
CSS = beside("strip.css")
_COLOURS = ("ink", "muted", "grid", "up", "down", "surface")
MOST_COMBS = 12


def data(
    explanation: Explanation,
    interactions: Interactions,
    *,
    top: int = MOST_COMBS,
    dark: bool = False,
    selection: Sequence[int] = (),
) -> dict[str, Any]:
    """The component's data, JSON-able: about 11 KB for 500 tokens.

    `version` changes with all of it but `selection`. `top`: sets of order ≥ 2 shown as combs, at most 12.
    `selection`: positions of the selected set's members.
    """
    label = [isolated(name) for name in names(explanation.players)]
    body = _text(explanation.subject, label) | _effects(explanation)
    body["mass"] = [round(share, 4) for share in interaction_mass(interactions)]
    body["sets"] = _combs(explanation, interactions, label, top)
    body["unit"] = explanation.unit
    body["noun"] = explanation.subject.noun
    body["index"] = interactions.index
    body["quality"] = shown_quality(explanation)
    body["colours"] = _colours(dark)
    return versioned(body, selection)


def preview(subject: Subject, effects: Floats | None = None, *, dark: bool = False) -> dict[str, Any]:
    """The text alone, without a number, a set or a gesture, as long as a run has too little to say more.

    `effects` (n,): what colours it, as shares of the largest, as coarse as colours are; None for no colours.
    """
    label = [isolated(name) for name in names(subject.players)]
    shares = np.zeros(len(label))
    if effects is not None and effects.any():
        shares = effects / np.abs(effects).max()
    body = _text(subject, label)
    body["effects"] = [round(share, 2) for share in shares.tolist()]
    body["limit"] = 1.0
    body["mass"] = [0.0] * len(label)
    body["sets"] = []
    body["noun"] = subject.noun
    body["quality"] = "good"  # colours that come and sharpen need no fading
    body["colours"] = _colours(dark)
    body["preview"] = True
    return versioned(body, ())


def _text(subject: Subject, label: Sequence[str]) -> dict[str, Any]:
    """What stands on the tokens and between them, and the names that differ from it, such as "never (7)"."""
    written, gaps = pieces_of(subject)
    renamed = {str(i): name for i, name in enumerate(label) if name != written[i]}
    if len(renamed) > len(label) // 2:
        renamed = {}
    return {"tokens": written, "gaps": gaps, "names": renamed}


def _effects(explanation: Explanation) -> dict[str, Any]:
    """The main effects, and the one with the full colour."""
    effects = explanation.main_effects().tolist()
    limit = max(map(abs, effects), default=0.0)
    return {"effects": [_short(value) for value in effects], "limit": _short(limit)}


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

    # what the script takes a gap for that it is not told
    usual = dict.fromkeys(gaps, " ")
    usual[0] = ""
    usual[len(spans)] = ""
    unusual = {str(i): gap for i, gap in gaps.items() if gap != usual[i]}
    return written, unusual


def _in_order(spans: Sequence[tuple[int, int]]) -> bool:
    """Whether each span starts where the one before has ended, or later."""
    before = 0
    for start, end in spans:
        if start < before:
            return False
        before = end
    return True


def interaction_mass(interactions: Interactions) -> list[float]:
    """For every player the summed variance share of the sets of two or more that it is in."""
    mass = [0.0] * len(interactions.players)
    for members, share in interactions.shares.items():
        if len(members) > 1:
            for i in members:
                mass[i] += share
    return mass


def _combs(
    explanation: Explanation, interactions: Interactions, label: Sequence[str], top: int
) -> list[dict[str, Any]]:
    """One comb for each of the top sets; "c" is the verdict of its check, where it was checked."""
    verdicts = {check.members: check.verdict for check in explanation.checks}
    count = max(0, min(top, MOST_COMBS))
    shown = interactions.top(count, include_singletons=False)
    combs = []
    for members in shown.values:
        comb = _comb(members, shown, label)
        if members in verdicts:
            comb["c"] = verdicts[members]
        combs.append(comb)
    return combs


def _comb(members: Interaction, shown: Interactions, label: Sequence[str]) -> dict[str, Any]:
    """Members, value, share of variance, name and, where there is one, interval of a set."""
    share = shown.shares.get(members, 0.0)
    comb: dict[str, Any] = {"m": list(members), "t": joined(members, label)}
    comb["v"] = _short(shown.values[members])
    comb["s"] = round(share, 4)
    if shown.intervals is not None:
        comb["i"] = [_short(end) for end in shown.intervals[members]]
    return comb


def _colours(dark: bool) -> dict[str, Any]:
    shades = {"cells": theme.palette(dark), "onMark": theme.tokens(dark).on_mark}
    return colours(_COLOURS, dark) | shades


def _short(value: float) -> float:
    """Four significant digits: what the screen can show."""
    return float(f"{value:.4g}")
