"""What the tests of the pages share: opening a page without a browser, and reading what it says."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest

from spexviz.ui import recorded

ROOT = Path(__file__).resolve().parents[2]


def page(name: str = "explore", **query: str) -> AppTest:
    at = AppTest.from_file(str(ROOT / "pages" / f"{name}.py"), default_timeout=60)
    for key, value in query.items():
        at.query_params[key] = value
    at.run()
    assert not at.exception
    return at


def said(at: AppTest) -> str:
    """Everything that the page says, the notes (components) included."""
    plain = [
        element.value
        for kind in ("title", "caption", "info", "warning", "error", "text")
        for element in getattr(at, kind)
    ]
    return "\n".join([*map(str, plain), *notes(at)])


def notes(at: AppTest) -> list[str]:
    """What the note components were given."""
    return [str(proto) for proto in _protos(at)]


def components(at: AppTest, name: str) -> list[dict[str, Any]]:
    """What those components were given whose data have an entry of this name."""
    found = [str(getattr(proto, "json", "") or "") for proto in _protos(at)]
    return [json.loads(text) for text in found if f'"{name}"' in text]


def tried(at: AppTest) -> dict[str, Any]:
    """What the page shows of what is switched off: the data, and the answer to it in them."""
    (shown,) = components(at, "without")
    nothing = {"rows": [], "said": "", "told": ""}
    return shown | shown["answers"].get("-".join(map(str, shown["off"])), nothing)


def listed(at: AppTest, column: str) -> list[str]:
    """A column of the table of runs."""
    (shown,) = components(at, "listed")
    at_ = [one["name"] for one in shown["columns"]].index(column)
    return [row[at_] for row in shown["rows"]]


def _protos(at: AppTest) -> list[Any]:
    """What each component was sent."""
    found: list[Any] = []

    def walk(block: Any) -> None:
        for child in block.children.values():
            if hasattr(child, "children"):
                walk(child)
            elif "bidi" in str(getattr(child, "type", "")):
                found.append(child.proto)

    walk(at.main)
    return found


def press_card(at: AppTest, key: str) -> None:
    """A press on the card of a recorded run, "prompt.never-fails", as the browser reports it."""
    at.session_state[recorded.OPENED] = key
    at.run()


def button(at: AppTest, label: str) -> Any:
    return next(b for b in at.button if b.label == label)


def wait(condition: Any) -> None:
    pause = threading.Event()
    for _ in range(1200):
        if condition():
            return
        pause.wait(0.05)
    raise AssertionError("waited 60 s in vain")
