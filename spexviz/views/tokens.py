"""Tokens: what an answer is to a model, how to put it right, the likeliest answers: data of one component.

The script reports what was pressed as a trigger `press`, {"fix": i} or {"likely": i}.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from spexviz.kit.names import visible
from spexviz.views.component import colours, versioned
from spexviz.views.story import Component

_COLOURS = ("ink", "muted", "grid", "surface", "accent")


@dataclass(frozen=True)
class Press:
    """Something to press: what stands on it, in small print its probability, and whether it is chosen now."""

    text: str
    small: str = ""
    is_chosen: bool = False


def chance(probability: float) -> str:
    """A probability in short.

    >>> chance(0.412), chance(0.0042), chance(3e-7), chance(0.9999)
    ('.41', '.004', 'below .001', '1.00')
    """
    if probability < 0.0005:
        return "below .001"
    digits = 2 if probability >= 0.0095 else 3
    return f"{probability:.{digits}f}".removeprefix("0")


def equals(probability: float) -> str:
    """ "p = .41", "p below .001"."""
    said = chance(probability)
    return f"p {said}" if said.startswith("below") else f"p = {said}"


def token(text: str) -> str:
    """A token between its arrow and what follows."""
    return f"→ {visible(text)}"


def tokens(
    said: str,
    why: str = "",
    fixes: Sequence[Press] = (),
    likely: Sequence[Press] = (),
    label: str = "",
    *,
    is_wrong: bool = False,
    dark: bool = False,
) -> Component:
    """What stands under the field of an answer.

    `said`: the token that it is; `why`: what is wrong with it; `fixes`: what puts it right; `likely`: the
    likeliest answers, called `label`, which stands there while they are awaited too; `is_wrong`: nothing can
    be measured of it as it stands.
    """

    def rows(presses: Sequence[Press]) -> list[dict[str, object]]:
        return [{"text": one.text, "small": one.small, "on": one.is_chosen} for one in presses]

    body = {"said": said, "why": why, "wrong": is_wrong, "fixes": rows(fixes), "likely": rows(likely)}
    body |= {"label": label, "colours": colours(_COLOURS, dark)}
    return Component("tokens", versioned(body, ()), f"{said} {why}".strip())
