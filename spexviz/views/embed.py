"""Embedding: components of ours as HTML that runs by itself, in a notebook or a report, without a server."""

from __future__ import annotations

import hashlib
import html
import json
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from spexviz.results import Explanation
from spexviz.views import theme
from spexviz.views.component import script, style

_EXPORT = "export default "
_MOUNT = """{
  const host = document.getElementById(%s);
  if (host && !host.shadowRoot) {
    const { run, css } = window.spexvizViews[%s];
    const parentElement = host.attachShadow({ mode: "open" });
    const style = document.createElement("style");
    style.textContent = css;
    parentElement.append(style);
    run({ parentElement, data: %s, setTriggerValue() {} });
  }
}"""


def scripted(name: str) -> str:
    """The <script> that a page needs once for all components of this name."""
    body = script(name)
    if body.count(_EXPORT) != 1 or "</script" in body:
        raise ValueError(f"the script of {name!r} cannot be embedded")
    run = body.replace(_EXPORT, "view.run = ")
    known = f"(window.spexvizViews ??= {{}})[{_json(name)}]"
    return (
        f"<script>(() => {{\nconst view = {known} = {{ css: {_json(style(name))} }};\n{run}\n}})();</script>"
    )


def placed(name: str, data: Mapping[str, Any], instead: str, *, run: str, dark: bool = False) -> str:
    """A component in its place, after its script; where scripts do not run, `instead` (HTML) stays there.

    `run`: all views with the same one on a page share a selection.
    """
    place = f"spexviz-{uuid4().hex}"
    shown = {**data, "run": run}
    mount = _MOUNT % (_json(place), _json(name), _json(shown))
    return f'<div id="{place}" style="{_variables(dark)}">{instead}</div><script>{mount}</script>'


def alone(name: str, data: Mapping[str, Any], text: str) -> str:
    """A component with its script, for a notebook; its words where scripts do not run."""
    instead = f"<p>{html.escape(text)}</p>"
    is_dark = data["colours"]["ink"] == theme.DARK.ink
    run = data.get("run", data["version"])
    return scripted(name) + placed(name, data, instead, run=run, dark=is_dark)


def run_key(explanation: Explanation) -> str:
    """What names a run on a page of several: 16 hex digits."""
    found = explanation.spectrum
    seed = repr((explanation.spec.to_json(), explanation.players, found.values.tolist()))
    return hashlib.sha256(seed.encode("utf-8", "replace")).hexdigest()[:16]


def _json(value: Any) -> str:
    """JSON that ends neither a <script> nor a comment in it."""
    text = json.dumps(value, ensure_ascii=True, allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _variables(dark: bool) -> str:
    """The colours and the font that a page of ours gives its components."""
    t = theme.tokens(dark)
    given = {
        "text-color": t.ink,
        "background-color": t.page,
        "secondary-background-color": t.surface,
        "primary-color": t.accent,
        "font": theme.FONT,
    }
    style = ";".join(f"--st-{name}:{value}" for name, value in given.items())
    return html.escape(f"{style};background:{t.page};color:{t.ink};margin:1rem 0")
