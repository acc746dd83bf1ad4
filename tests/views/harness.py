"""The text strip in a bare page, mounted as Streamlit mounts it.

In a shadow root under the theme's CSS variables.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from spexviz.views.component import script, style

LIGHT = {"text": "#31333F", "background": "#FFFFFF", "secondary-background": "#F0F2F6", "primary": "#FF4B4B"}
DARK = {"text": "#FAFAFA", "background": "#0E1117", "secondary-background": "#262730", "primary": "#FF4B4B"}
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
MOUNT = """async ([js, css, items]) => {
  const { default: run } = await import(URL.createObjectURL(new Blob([js], { type: "text/javascript" })));
  window.sent = []; window.roots = [];
  window.again = (k, data) => run({
  parentElement: window.roots[k],
  data,
  setTriggerValue: (name, value) => window.sent.push([k, name, value]),
});
  items.forEach((data, k) => {
    const host = document.createElement("section");
    document.body.append(host);
    const root = host.attachShadow({ mode: "open" });
    const style = document.createElement("style");
    style.textContent = css;
    root.append(style);
    window.roots.push(root);
    window.again(k, data);
  });
}"""
BESIDE = """async ([js, css, data]) => {
  const code = new Blob([js], { type: "text/javascript" });
  const { default: run } = await import(URL.createObjectURL(code));
  const host = document.createElement("section");
  document.body.append(host);
  const parentElement = host.attachShadow({ mode: "open" });
  parentElement.append(Object.assign(document.createElement("style"), { textContent: css }));
  const k = window.roots.push(parentElement) - 1;
  run({ parentElement, data, setTriggerValue: (name, value) => window.sent.push([k, name, value]) });
}"""


@contextmanager
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        try:
            yield chromium
        finally:
            chromium.close()


def mounted(
    chromium: Any,
    *items: dict[str, Any],
    dark: bool = False,
    width: int = 1200,
    name: str = "strip",
    **options: Any,
) -> Any:
    """A page with one component (the strip, or that of another `name`) an item.

    `page.errors` collects script errors; `options`: of the browser's page, such as its time zone.
    """
    page = chromium.new_page(viewport={"width": width, "height": 900}, **options)
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    variables = "".join(f"--st-{name}-color:{value};" for name, value in (DARK if dark else LIGHT).items())
    page.set_content(
        f"<!doctype html><meta "
        f"charset=utf-8><style>body{{margin:16px;background:var(--st-background-color);{variables}"
        "--st-font:sans-serif} section{margin-bottom:40px}</style>"
    )
    page.evaluate(MOUNT, [script(name), style(name), list(items)])
    return page


def beside(page: Any, data: dict[str, Any], name: str) -> None:
    """One more component, of any name, on a page of `mounted`."""
    page.evaluate(BESIDE, [script(name), style(name), data])
