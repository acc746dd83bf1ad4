"""Build the wheel and try it from an empty folder: `python -m tools.wheel`, `--bare` in a new environment.

Without --bare the wheel lies over this environment, in front of the repository: seconds. With it a new
virtual environment gets the wheel, the versions of constraints.txt and nothing else; then the bundled models
are fetched and asked, too: minutes. Exits 1, with what a step printed, where one fails.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import venv
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LONGEST = 900  # seconds of one step
START = 90  # seconds until a server answers
WITHOUT_THE_APP = """
import importlib.util
import spexviz as sv
from spexviz import cli
assert importlib.util.find_spec("streamlit") is None
result = sv.explain(sv.PromptGame(model="toy", prompt="never fails to impress"), sv.Auto(), budget=64)
print(sv.views.finding(result), result.interactions(order=2).top(3))
sv.report(result, out="report.html")
assert cli.main(["serve"]) == 1
"""


@dataclass(frozen=True)
class Environment:
    """A Python that imports spexviz from the wheel: its interpreter, its settings, where the package lies."""

    python: Path
    settings: Mapping[str, str]
    package: Path


def build(folder: Path) -> Path:
    """The wheel of the repository as it is, built into `folder`."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    step("the wheel is built", [*command, "--wheel-dir", str(folder), str(ROOT)], cwd=folder)
    (wheel,) = folder.glob("spexviz-*.whl")
    return wheel


def over_this_environment(wheel: Path, folder: Path) -> Environment:
    """The wheel unpacked in front of what this interpreter has."""
    target = folder / "site"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(target)]
    step("the wheel is installed in front of this environment", [*command, str(wheel)], cwd=folder)
    return Environment(Path(sys.executable), {"PYTHONPATH": str(target)}, target / "spexviz")


def bare(wheel: Path, folder: Path) -> Environment:
    """A new virtual environment with the wheel, what it depends on, and nothing else."""
    place = folder / "bare"
    venv.create(place, with_pip=True)
    python = place / "bin" / "python"
    command = [str(python), "-m", "pip", "install", "--quiet", "--constraint", str(ROOT / "constraints.txt")]
    step("the wheel is installed in a bare environment", [*command, str(wheel)], cwd=folder)
    settings = os.environ | {"SPEXVIZ_HOME": str(folder / "home")}
    step("the library works without the app", [str(python), "-c", WITHOUT_THE_APP], folder, settings)
    step("the app is installed, too", [*command, f"{wheel}[app]"], cwd=folder)
    where = [str(python), "-c", "import spexviz; print(spexviz.__path__[0])"]
    found = subprocess.run(where, cwd=folder, capture_output=True, text=True, check=True)
    return Environment(python, {}, Path(found.stdout.strip()))


def try_everything(environment: Environment, folder: Path, with_models: bool) -> None:
    """The command line, every bundled game and data set, the pages, the server: from an empty folder."""
    empty = folder / "empty"
    empty.mkdir()
    script = shutil.copy(ROOT / "tools" / "wheel_try.py", folder)
    settings = os.environ | environment.settings | {"SPEXVIZ_HOME": str(folder / "home")}
    python = str(environment.python)
    spexviz = [python, "-m", "spexviz.cli"]
    explain = [
        *spexviz,
        "explain",
        "--prompt",
        "never fails to impress",
        "--out",
        "run.json",
        "--budget",
        "64",
    ]
    step("spexviz --version", [*spexviz, "--version"], empty, settings)
    step("spexviz models", [*spexviz, "models"], empty, settings)
    step("spexviz explain", [*explain, "--model", "toy"], empty, settings)
    if with_models:
        step("spexviz models --fetch", [*spexviz, "models", "--fetch"], empty, settings)
        step("spexviz explain, the bundled model", [*explain, "--model", "bundled"], empty, settings)
    everything = [python, script, str(environment.package), *["with-models"] * with_models]
    step("every bundled game, data set, run and page", everything, empty, settings)
    served([*spexviz, "serve", "--model", "toy"], empty, settings)


def step(what: str, command: Sequence[str], cwd: Path, settings: Mapping[str, str] | None = None) -> None:
    """Run a command to its end; SystemExit with all that it printed where it fails."""
    began = time.monotonic()
    done = subprocess.run(
        command,
        cwd=cwd,
        env=settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LONGEST,
    )
    if done.returncode:
        print(done.stdout)
        raise SystemExit(f"{what}: failed with status {done.returncode}")
    print(f"{what}: {time.monotonic() - began:.1f} s", flush=True)


def served(command: Sequence[str], cwd: Path, settings: Mapping[str, str]) -> None:
    """Start a server and ask it for a page, then end it; SystemExit where it does not answer."""
    port = _free_port()
    began = time.monotonic()
    with (cwd.parent / "server.log").open("w+") as log:
        server = subprocess.Popen(
            [*command, "--port", str(port)],
            cwd=cwd,
            env=settings,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            answer = _answer(f"http://127.0.0.1:{port}/explore", server)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(server.pid, 15)
            server.wait(START)
        log.seek(0)
        printed = log.read()
    if b"<title>" not in answer or "Traceback" in printed:
        raise SystemExit(f"spexviz serve: no page came, or an error was logged.\n{printed}")
    print(f"spexviz serve: {time.monotonic() - began:.1f} s", flush=True)


def _answer(url: str, server: subprocess.Popen[bytes]) -> bytes:
    """The page at `url`, as soon as there is one; b"" where the server ends or does not start in time."""
    end = time.monotonic() + START
    while time.monotonic() < end and server.poll() is None:
        with suppress(OSError):
            return urllib.request.urlopen(url, timeout=5).read()
        time.sleep(0.2)
    return b""


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def main() -> None:
    """Build, install, try."""
    parser = argparse.ArgumentParser(description="Build the wheel and try it from an empty folder.")
    parser.add_argument("--bare", action="store_true", help="in an environment of its own, with the models")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="spexviz-wheel-") as name:
        folder = Path(name)
        install = bare if options.bare else over_this_environment
        environment = install(build(folder), folder)
        try_everything(environment, folder, with_models=options.bare)
    print("the wheel works from an empty folder")


if __name__ == "__main__":
    main()
