"""Marker: a text on which pieces are marked by mouse, touch or keyboard: data of one component.

Positions are those of whole code points. The script reports every change as a trigger `mark`, with all
ranges; `every` asks for all words or sentences to be marked. Both name the text that they are of
(`text_id`): what is said of an older text is none of this one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from spexviz.views import theme
from spexviz.views.component import colours, versioned
from spexviz.views.story import Component

_COLOURS = ("ink", "muted", "grid", "surface", "accent")
# characters that reorder a line: shown as a mark of their own, so that every position stays what it is
_TURNS = dict.fromkeys(
    map(ord, "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"), "\u00b7"
)


def marker(
    text: str,
    ranges: Sequence[tuple[int, int]],
    label: str,
    *,
    every: Mapping[str, str] | None = None,
    serial: int = 0,
    dark: bool = False,
) -> Component:
    """The text with its marks; `label`: what they are, such as "Pieces that are removed".

    `every`: {what to mark: label of its button}; `serial`: of the last report that was taken, by which the
    script knows whether these ranges are newer than what it shows.
    """
    body: dict[str, Any] = {"text": text.translate(_TURNS), "label": label, "every": dict(every or {})}
    body["of"] = text_id(text)
    body["colours"] = colours(_COLOURS, dark)
    body["tints"] = list(theme.tokens(dark).solvers)
    shown = versioned(body, ())
    marks = [list(span) for span in ranges]
    said = f"{label}: {', '.join(text[a:b] for a, b in ranges) or 'none yet'}."
    return Component("marker", {**shown, "marks": marks, "serial": serial}, said)


def text_id(text: str) -> str:
    """What tells a text from another."""
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return digest[:16]
