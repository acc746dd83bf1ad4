"""Text strip with combs: the data, script and style of one component; every gesture but a click stays in the browser.

Tokens stand in reading order on a background of their main effect, over a thin track of the share of variance
that their interactions carry. Below, the top sets: a comb each, one tooth a member. The script reports
`select` as a trigger: {"members": [positions], "toggle": true if Shift was held}; an empty list clears the
selection.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from importlib import resources
from typing import Any

from spexviz.indices import Interactions
from spexviz.results import Explanation
from spexviz.views.captions import shown_quality
from spexviz.views.theme import palette, tokens
from spexviz.views.words import isolated, joined, names, upright

JS = resources.files("spexviz.views").joinpath("strip.js").read_text(encoding="utf-8")
CSS = resources.files("spexviz.views").joinpath("strip.css").read_text(encoding="utf-8")
MOST_COMBS = 12


def data(
    explanation: Explanation,
    interactions: Interactions,
    *,
    top: int = MOST_COMBS,
    dark: bool = False,
    selection: Sequence[int] = (),
) -> dict[str, Any]:
    """The component's data, JSON-able: about 11 KB for 500 tokens. `version` changes with all of it but `selection`.

    `top`: sets of order ≥ 2 shown as combs, at most 12. `selection`: positions of the selected set's members.
    """
    tokens_, gaps = pieces(explanation)
    effects, mass = explanation.main_effects().tolist(), interaction_mass(interactions)
    shown = interactions.top(max(0, min(top, MOST_COMBS)), include_singletons=False)
    label = [isolated(name) for name in names(explanation.players)]
    verdicts = {check.members: check.verdict for check in explanation.checks}
    body: dict[str, Any] = {
        "tokens": tokens_,
        "gaps": gaps,
        "effects": [_short(value) for value in effects],
        "limit": _short(max(map(abs, effects), default=0.0)),
        "mass": [round(share, 4) for share in mass],
        "sets": [_comb(members, value, shown, label, verdicts.get(members)) for members, value in shown],
        "unit": explanation.unit,
        "noun": explanation.subject.noun,
        "index": interactions.index,
        "quality": shown_quality(explanation),
        "colours": _colours(dark),
    }
    repeats = {str(i): name for i, name in enumerate(label) if name != tokens_[i]}
    body["names"] = repeats if len(repeats) <= len(label) // 2 else {}
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return {
        "version": hashlib.sha256(canonical.encode()).hexdigest()[:16],
        "selection": sorted({int(i) for i in selection}),
        **body,
    }


def pieces(explanation: Explanation) -> tuple[list[str], dict[str, str]]:
    """What stands on each token, and the untouched text around them: {position of the token after it: text}, " " left out.

    Without a text, or where the spans overlap or run backwards, the players themselves with a space between.
    """
    text, spans, players = explanation.subject.text, explanation.subject.spans, explanation.players
    ends = [0, *(b for _, b in spans)]
    if text is None or not spans or any(a < before for before, (a, _) in zip(ends, spans, strict=False)):
        return [upright(player) for player in players], {}
    gaps = {
        str(i): upright(text[before:a]) for i, (before, (a, _)) in enumerate(zip(ends, spans, strict=False))
    }
    gaps[str(len(players))] = upright(text[ends[-1] :])
    default = {str(i): " " for i in range(1, len(players))} | {"0": "", str(len(players)): ""}
    return [upright(text[a:b]) for a, b in spans], {i: gap for i, gap in gaps.items() if gap != default[i]}


def interaction_mass(interactions: Interactions) -> list[float]:
    """For every player the summed variance share of the sets of two or more that it is in."""
    mass = [0.0] * len(interactions.players)
    for members, share in interactions.shares.items():
        if len(members) > 1:
            for i in members:
                mass[i] += share
    return mass


def _comb(
    members: tuple[int, ...], value: float, shown: Interactions, label: Sequence[str], verdict: str | None
) -> dict[str, Any]:
    interval = None if shown.intervals is None else shown.intervals[members]
    comb: dict[str, Any] = {
        "m": list(members),
        "v": _short(value),
        "s": round(shown.shares.get(members, 0.0), 4),
        "t": joined(members, label),
    }
    if interval is not None:
        comb["i"] = [_short(end) for end in interval]
    if verdict is not None:
        comb["c"] = verdict
    return comb


def _colours(dark: bool) -> dict[str, Any]:
    t = tokens(dark)
    return {
        "cells": palette(dark),
        "ink": t.ink,
        "muted": t.muted,
        "grid": t.grid,
        "up": t.up,
        "down": t.down,
        "surface": t.surface,
        "onMark": t.on_mark,
    }


def _short(value: float) -> float:
    """Four significant digits: what the screen can show."""
    return float(f"{value:.4g}")
