"""Parts of a figure as plain objects: what a figure does not say is None, and reading it costs nothing."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import numpy as np
from plotly.graph_objects import Figure

_OF_TEXT = {"font", "title", "subtitle", "tickfont"}
_WHOLE = _OF_TEXT | {"marker", "line", "error_y", "margin", "meta", "xaxis", "yaxis"}
_LISTS = {"data", "annotations", "shapes"}


class Part(dict[str, Any]):
    """A part by Plotly's names: `trace.marker.line.color`."""

    def __getattr__(self, name: str) -> Any:
        if name in self:
            return self[name]
        if name in _WHOLE:
            return Part()
        return [] if name in _LISTS else None


def parts(figure: Figure) -> Part:
    """The figure, with `data` and `layout`."""
    return _plain(figure.to_dict())


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        if "bdata" in value:
            numbers = np.frombuffer(base64.b64decode(value["bdata"]), dtype=value["dtype"])
            shape = str(value.get("shape") or len(numbers)).split(",")
            return numbers.reshape([int(one) for one in shape]).tolist()
        return Part({name: _plain(one) for name, one in value.items()})
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, np.ndarray):
        return value.tolist()
    return value
