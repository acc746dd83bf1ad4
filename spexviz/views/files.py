"""Files: one picture of ours, saved as SVG or PNG from the library.

    sv.views.save(sv.views.path(result), "path.svg")
    sv.views.save(sv.views.graph(result), "graph.png")

A figure becomes SVG here. A component (arcs, the strip, squares, cards), and every PNG, is drawn by a browser
as the page draws it, which needs the extra `export`.
"""

from __future__ import annotations

import base64
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from plotly.graph_objects import Figure

from spexviz.errors import SpexvizError
from spexviz.views import theme
from spexviz.views.component import picture_tools
from spexviz.views.embed import placed, scripted
from spexviz.views.plot import WIDE, drawn
from spexviz.views.story import Component

REMEDY = (
    "For this a browser draws the picture: install it with pip install 'spexviz[export]' and "
    "playwright install chromium (or have chromium or google-chrome on the PATH)."
)
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
_SAVE = """async (kind) => {
  const host = document.querySelector("[id^=spexviz-]");
  const root = host?.shadowRoot.lastElementChild ?? document.querySelector("svg");
  const found = window.spexvizPicture.snapshot(root);
  if (kind === "svg") return found.text;
  const bytes = new Uint8Array(await (await window.spexvizPicture.painted(found)).arrayBuffer());
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}"""


class NoBrowser(SpexvizError):
    """A picture needs a browser, and there is none."""


def save(shown: Figure | Component, path: Path | str, *, width: int = WIDE, dark: bool = False) -> Path:
    """Save a figure or a component as the picture that the name ends in: .svg or .png.

    `width`: pixels of it; a PNG has twice as many. `dark`: as the figure was made: what lies under it.
    Raises ValueError for another ending, NoBrowser where one is needed, OSError where it cannot be written.
    """
    path = Path(path)
    kind = path.suffix.lower().removeprefix(".")
    if kind not in ("svg", "png"):
        raise ValueError(f"{path.name!r} ends neither in .svg nor in .png: choose one of these.")
    if isinstance(shown, Figure):
        page = drawn(shown, width, titled=True, ground=theme.tokens(dark).page)
        if kind == "svg":
            path.write_text(page, encoding="utf-8")
            return path
    else:
        data = {**shown.data, "still": True}
        page = scripted(shown.name) + placed(shown.name, data, "", run="saved", dark=dark)
    with ThreadPoolExecutor(
        1
    ) as beside:  # a notebook's own thread has a loop, which the browser's would disturb
        found = beside.submit(_by_browser, page, kind, width, theme.tokens(dark).page).result()
    content = base64.b64decode(found) if kind == "png" else found.encode()
    path.write_bytes(content)
    return path


def _by_browser(page: str, kind: str, width: int, ground: str) -> str:
    """What a browser without a network makes of it: SVG, or PNG in base64."""
    try:
        from playwright.sync_api import Error, sync_playwright  # pyright: ignore[reportMissingImports] an extra
    except ImportError:
        raise NoBrowser(REMEDY) from None
    with sync_playwright() as play:
        try:
            browser = play.chromium.launch(executable_path=_there(), args=_FLAGS)
        except Error as error:
            raise NoBrowser(f"{REMEDY} ({str(error).splitlines()[0]})") from None
        try:
            window = browser.new_page(offline=True, viewport={"width": width, "height": 900})
            body = f'<body style="margin:0;background:{ground}">{page}{_tools()}'
            window.set_content(f'<!doctype html><meta charset="utf-8">{body}')
            return window.evaluate(_SAVE, kind)
        finally:
            browser.close()


def _there() -> str | None:
    """A browser on the PATH; None for the one that playwright brings."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def _tools() -> str:
    """What makes a picture of what is drawn."""
    told = "window.spexvizPicture = { snapshot, painted };"
    return f"<script>(() => {{\n{picture_tools()}\n{told}\n}})();</script>"
