"""The server of an endpoint dies in the middle of a run, and comes back on its port."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any

from spexviz.spec import RunSpec
from tests.browser.harness import free_port
from tools.faults.letters import Letters
from tools.faults.managed import Managed
from tools.faults.over import kept_after, undisturbed_there
from tools.faults.trial import Outcome

MOST = 3  # tries of each of the two
MODEL = "endpoint:letters"
SPEC = RunSpec(
    {
        "name": "prompt",
        "model": MODEL,
        "prompt": "a b c d e f g h i j k l",
        "target": " good",
        "contrast": " bad",
    },
    {"name": "linear"},
    256,
)
SHORT, LONG = 3.0, 12.0  # seconds that it is away: tries of a request outlast the first, not the second


def dies(folder: Path, randomness: random.Random, tries: int) -> Outcome:
    """The kind: killed; started again soon, and not so soon."""
    tries = min(tries, MOST)
    lost: list[str] = []
    port = free_port()
    with Letters(folder, port) as server:
        whole = undisturbed_there(_home(folder, "whole", port), SPEC, **_environment())
        for number in range(2 * tries):
            home = _home(folder, str(number), port)
            away = (SHORT, LONG)[number % 2]
            found = _trial(home, server, randomness.randrange(20, 300), away, whole)
            lost += [f"try {number}, away for {away:g} s: {words}" for words in found]
        lost += _other_model(_home(folder, "other", port), server, whole)
    survived = (
        f"a server that was away for {SHORT:g} s disturbed nobody; away for {LONG:g} s it ended the run with "
        "the remedy named, and the run resumed asked only the rest, with the values of an undisturbed one; "
        "one that came back with another model was refused"
    )
    return Outcome("endpoint dies", 2 * tries + 1, survived, tuple(lost))


def _trial(home: Path, server: Letters, at: int, away: float, whole: Any) -> list[str]:
    with Managed(home, **_environment()) as process:
        run_id = process.ask("submit", SPEC.to_json())
        process.until(lambda run: run["done"] >= at or not run["active"], "run", run_id)
        server.kill()
        time.sleep(away)
        server.start()
        return kept_after(process, run_id, whole, "see whether it runs", must_end=away == LONG)


def _other_model(home: Path, server: Letters, whole: Any) -> list[str]:
    """What is lost where another model answers on the port: its values must not be mixed in."""
    with Managed(home, **_environment()) as process:
        run_id = process.ask("submit", SPEC.to_json())
        process.until(lambda run: run["done"] >= 50 or not run["active"], "run", run_id)
        server.kill()
        server.start("another")
        run = process.until(lambda run: not run["active"], "run", run_id)
        server.kill()
        server.start()
        lost = [] if run["state"] == "failed" else [f"with another model the run is {run['state']}"]
        return lost + kept_after(process, run_id, whole, "another model")


def _home(folder: Path, name: str, port: int) -> Path:
    home = folder / name / "home"
    home.mkdir(parents=True)
    said = f'[letters]\nurl = "http://127.0.0.1:{port}/v1"\nconcurrency = 2\ntries = 5\ntimeout = 10\n'
    (home / "endpoints.toml").write_text(said)
    return home


def _environment() -> dict[str, str]:
    return {"SPEXVIZ_MODELS": MODEL}
