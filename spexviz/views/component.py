"""What all components of the page need: their files, colours by name, and data that say when they change."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib import resources
from typing import Any

from spexviz.views import theme

# each has its script and its style here
COMPONENTS = ("strip", "arcs", "cards", "squares", "question", "looks", "rows")
_PARTS = {
    "strip": ("lanes.js",),
    "arcs": ("rails.js",),
    "rows": ("listed.js",),
}  # of a script that is more than one file


def script(name: str) -> str:
    """The script of a component, as one module: what all of them share, and its own."""
    files = ("common.js", *_PARTS.get(name, ()), f"{name}.js")
    return "\n".join(map(_beside, files))


def style(name: str) -> str:
    """The style of a component."""
    return _beside(f"{name}.css")


def _beside(name: str) -> str:
    file = resources.files("spexviz.views").joinpath(name)
    return file.read_text(encoding="utf-8")


def versioned(body: Mapping[str, Any], selection: Sequence[int]) -> dict[str, Any]:
    """The body with its `version`, which changes with all of it, and the selected positions, which do not.

    The script draws anew for a new version only. Raises ValueError where a number is NaN or infinite.
    """
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"), allow_nan=False)
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    chosen = sorted({int(i) for i in selection})
    return {"version": digest[:16], "selection": chosen, **body}


def colours(names: Sequence[str], dark: bool) -> dict[str, Any]:
    """The named colours of the theme."""
    tokens = asdict(theme.tokens(dark))
    return {name: tokens[name] for name in names}
