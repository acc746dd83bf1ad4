"""The pages of a real server whose disk is full, or read-only: they open, and the health check says why.

The trial is a process in a mount namespace of its own (see apart.py).
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.browser.harness import Server
from tools.faults import apart
from tools.faults.disk import filled, locked_up, mounted
from tools.faults.managed import PATIENCE
from tools.faults.trial import Outcome
from tools.load.visitor import Visitor

MOST = 2  # tries of each: a server takes its time to start
SIZE = "256m"  # of which health asks for some to be free
PAGES = ("explore", "runs")


def pages(folder: Path, randomness: random.Random, tries: int) -> Outcome:
    """The kind: a disk that fills up, and one that turns read-only, under a server that goes on."""
    if apart.way() is None:
        return Outcome("pages", 0, "", skipped=apart.NO_WAY)
    tries = min(tries, MOST)
    lost: list[str] = []
    for number in range(2 * tries):
        name = ("full", "read-only")[number % 2]
        below = folder / str(number)
        below.mkdir()
        found = apart.there("tools.faults.pages", name, below)
        lost += [f"try {number}, {name}: {words}" for words in found["lost"]]
    survived = "each page opened without an error, and the health check said what was wrong, while it was"
    return Outcome("pages on such a disk", 2 * tries, survived, tuple(lost))


def full_trial(folder: str) -> dict[str, Any]:
    with mounted(Path(folder), SIZE) as home:
        server = _server(home)
        try:
            lost = _seen(server, "before", well=True)
            fill = filled(home)
            lost += _seen(server, "full", well=False)
            fill.unlink()
            return {"lost": lost + _seen(server, "after", well=True)}
        finally:
            server.kill()


def read_only_trial(folder: str) -> dict[str, Any]:
    with mounted(Path(folder), SIZE) as home:
        server = _server(home)
        try:
            lost = _seen(server, "before", well=True)
            with locked_up(home):
                lost += _seen(server, "read-only", well=None)
            return {"lost": lost + _seen(server, "after", well=True)}
        finally:
            server.kill()


def _server(home: Path) -> Server:
    server = Server(home, SPEXVIZ_MODELS="toy")
    server.log = home.parent / "server.log"
    return server.start()


def _seen(server: Server, when: str, well: bool | None) -> list[str]:
    """What is not as it must be. `well`: what the health check must say; None where either will do."""
    lost = [f"{when}: {words}" for words in asyncio.run(_visited(server))]
    end = time.monotonic() + PATIENCE
    while well is not None and _is_well(server) != well:
        if time.monotonic() > end:
            return [*lost, f"{when}: the health check does not say it"]
        time.sleep(0.5)
    return lost


async def _visited(server: Server) -> list[str]:
    """What a visitor met who opens each page."""
    errors: list[str] = []
    for page in PAGES:
        visitor = await Visitor.arrive(server.url, page)
        errors += [f"{page}: {error}" for error in visitor.errors]
        await visitor.leave()
    return errors


def _is_well(server: Server) -> bool | None:
    with suppress(OSError):
        try:
            return urllib.request.urlopen(f"{server.url}/healthz", timeout=30).status == 200
        except urllib.error.HTTPError as answer:
            return not json.load(answer)["problems"]
    return None


if __name__ == "__main__":
    apart.main({"full": full_trial, "read-only": read_only_trial}, sys.argv[1:])
