"""Pictures of every state of the app, at every width and in both themes: `make shots`.

They lie in build/shots; what is cut, too pale or beyond the window is said, a line each, and exits 1.
`python -m tools.shots --states heads --widths 400 720 --themes dark FOLDER` for some of them.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.browser import harness, states
from tests.browser.conftest import WAIT, note_errors, shoot
from tests.browser.states import HEIGHTS, THEMES, WIDTHS, ZOOMED, State

SETTLED = 400  # ms after which nothing fades or grows any more


def main() -> int:
    """Take the pictures; 1 where something is wrong with a page."""
    asked = _arguments()
    asked.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, harness.chromium() as browser:
        home = harness.new_home(Path(folder) / "home")
        server = harness.Server(home, launch=states.LAUNCH, SPEXVIZ_MODELS="toy").start()
        try:
            wrong = list(_walk(server, browser, asked))
        finally:
            server.stop()
        complaints = server.complaints()
    print(f"pictures in {asked.folder}, wrong with them: {len(wrong)}{complaints[-3000:]}")
    return int(bool(wrong or complaints))


def _walk(server: harness.Server, browser: Any, asked: argparse.Namespace) -> Iterator[str]:
    """What is wrong, as it is found."""
    with browser.new_context() as context:
        context.set_default_timeout(WAIT)
        every = states.all_states(server, context.new_page())
    chosen = [state for state in every if re.search(asked.states, state.name)]
    for theme in asked.themes:
        for width in asked.widths:
            size = {"width": width, "height": HEIGHTS.get(width, 900)}
            with browser.new_context(viewport=size, color_scheme=theme) as context:
                context.set_default_timeout(WAIT)
                page = context.new_page()
                errors: list[str] = []
                note_errors(page, errors)
                for state in chosen:
                    name = f"{state.name}-{width}-{theme}"
                    wrong = _picture(state, page, server.url, asked.folder / f"{name}.png")
                    for said in [*wrong, *errors]:
                        print(f"{name}: {said}", flush=True)
                        yield said
                    errors.clear()
                    page.set_viewport_size(size)


def _picture(state: State, page: Any, url: str, path: Path) -> list[str]:
    state.reach(page, url)
    page.mouse.move(0, 0)  # nothing is pointed at
    page.wait_for_timeout(SETTLED)
    harness.idle(page)
    page.wait_for_selector(
        "[data-stale=true]", state="detached"
    )  # what is being drawn again is pale meanwhile
    page.wait_for_timeout(SETTLED)
    wrong = states.wrong_with(page)
    shoot(page, path)
    return wrong


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.shots", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("build/shots"))
    parser.add_argument("--states", default="", help="those whose name has this pattern")
    parser.add_argument("--widths", nargs="+", type=int, default=[*WIDTHS, ZOOMED])
    parser.add_argument("--themes", nargs="+", choices=THEMES, default=list(THEMES))
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
