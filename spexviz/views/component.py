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
COMPONENTS = (
    "strip",
    "arcs",
    "cards",
    "squares",
    "question",
    "looks",
    "rows",
    "selected",
    "rivals",
    "marker",
    "tried",
    "tokens",
    "stepper",
    "chart",
    "shelf",
    "lesson",
    "four",
    "bins",
    "passing",
    "methods",
    "glossary",
)
_TERMS = ("terms.js", "terms.css")
_SAVED = ("saver.js", "saver.css")
_PICTURE = ("picture.js", *_SAVED)
_PARTS = {  # what stands before them in those that are more than one file
    "strip": ("said.js", "said.css", "lanes.js", "lanes.css", "tools.js", "tools.css", *_TERMS, *_PICTURE),
    "squares": ("tools.js", "tools.css", *_TERMS, *_PICTURE),
    "cards": ("tools.js", "tools.css", *_PICTURE),
    "arcs": ("rails.js", *_TERMS, *_PICTURE),
    "selected": ("said.js", "said.css", *_TERMS),
    "question": _TERMS,
    "tried": _TERMS,
    "sentences": _TERMS,
    "lesson": _TERMS,
    "methods": _TERMS,
    "rows": ("listed.js", "kept.js", *_SAVED),
    "chart": _PICTURE,
    "shelf": ("thumbnail.js",),
}


def script(name: str) -> str:
    """The script of a component, as one module: what all of them share, and its own."""
    return "\n".join(map(_beside, ("common.js", *_files(name, ".js"))))


def picture_tools() -> str:
    """What makes and saves a picture of what is drawn, for a script that is no component's."""
    return "\n".join(map(_beside, ("common.js", *(file for file in _PICTURE if file.endswith(".js")))))


def style(name: str) -> str:
    """The style of a component."""
    return "\n".join(map(_beside, _files(name, ".css")))


def _files(name: str, ending: str) -> list[str]:
    files = (*_PARTS.get(name, ()), f"{name}{ending}")
    return [file for file in files if file.endswith(ending)]


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
