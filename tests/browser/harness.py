"""A real server and a real Chromium, for the browser tests and for `make bench-app`."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from spexviz.ablate import cache
from spexviz.kit.paths import home as real_home
from spexviz.ui.run_form import BUDGETS
from spexviz.views.files import BROWSERS

ROOT = Path(__file__).resolve().parents[2]
T = TypeVar("T")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # names that nobody has lead to this machine
    "--host-resolver-rules=MAP *.example 127.0.0.1",
]
NOT_LOCAL = re.compile(r"^(https?|wss?)://(?!(127\.0\.0\.1|localhost)(:[0-9]+)?(/|$))")
# Streamlit 1.67 closes a socket that is closed already; it costs nobody anything
LEFT_WHILE_CONNECTING = re.compile(
    r"Exception in ASGI application\n(?:(?: .*|Traceback .*|During handling "
    r".*|starlette\.websockets\.WebSocketDisconnected: .*|)\n)*?"
    r"starlette\.websockets\.WebSocketDisconnected: Cannot call \"send\" once a close message has been "
    r"sent\.\n"
)
IDLE = "[data-testid=stApp][data-test-script-state=notRunning]"


def wait_until(condition: Callable[[], Any], seconds: float, what: str) -> Any:
    """The first true answer of `condition`; fails, naming `what`, when there is none in time."""
    end, pause = time.monotonic() + seconds, threading.Event()
    while not (answer := condition()):
        assert time.monotonic() < end, f"waited {seconds:.0f} s for {what}"
        pause.wait(0.05)
    return answer


def new_home(folder: Path) -> Path:
    """An empty SPEXVIZ_HOME whose models are those of the real one, so that nothing is converted again."""
    folder.mkdir(parents=True, exist_ok=True)
    models = real_home() / "models"
    models.mkdir(exist_ok=True)
    (folder / "models").symlink_to(models, target_is_directory=True)
    return folder


STREAMLIT = ("-m", "streamlit", "run", "app.py", "--server.port")


class Server:
    """`streamlit run app.py` in its own process group, on a free port, with a SPEXVIZ_HOME of its own.

    `root`: the folder in which it starts; `launch`: what Python runs, the port comes last.
    """

    def __init__(self, home: Path, root: Path = ROOT, launch: Sequence[str] = STREAMLIT, **environment: str):
        self.home = home
        self.root = root
        self.launch = launch
        self.environment = environment
        self.port = free_port()
        self.log = home / "server.log"
        self.process: subprocess.Popen | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, seconds: float = 90.0) -> Server:
        """Serve; returns once the health check answers."""
        command = [sys.executable, *self.launch, str(self.port)]
        environment = {**os.environ, "SPEXVIZ_HOME": str(self.home), **self.environment}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=self.root, env=environment, stdout=log, stderr=log, start_new_session=True
            )
        wait_until(self._healthy, seconds, f"the server on port {self.port}")
        return self

    def _healthy(self) -> bool:
        assert self.process.poll() is None, f"the server ended at its start:\n{self.output()[-3000:]}"
        try:
            return urllib.request.urlopen(f"{self.url}/healthz", timeout=2).status == 200
        except OSError:
            return False

    def stop(self) -> None:
        """End it as `Ctrl+C` or a service manager would; kills what is left of the group."""
        if self.process is None:
            return
        self._signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        finally:
            self.kill()

    def kill(self) -> None:
        """SIGKILL for the whole process group: nothing in it gets to tidy up."""
        self._signal(signal.SIGKILL)
        self.process.wait(20)

    def _signal(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)

    def output(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def complaints(self, since: int = 0) -> str:
        """The log from that character on if it holds a traceback, but for Streamlit's own of a visitor who
        left while connecting.
        """
        log = self.output()[since:]
        return log if "Traceback" in LEFT_WHILE_CONNECTING.sub("", log) else ""

    def rows(self, query: str, *arguments: object, file: str = "spexviz.sqlite3") -> list[tuple]:
        """Rows of one of the server's SQLite files, read from outside."""
        with closing(sqlite3.connect(self.home / file, timeout=10)) as connection:
            return connection.execute(query, arguments).fetchall()

    def change(self, statement: str, *arguments: object) -> None:
        """Change the server's runs from outside."""
        with closing(sqlite3.connect(self.home / "spexviz.sqlite3", timeout=10)) as connection, connection:
            connection.execute(statement, arguments)

    def ablations(self) -> int:
        """Masks measured so far, of all games; those that comparisons with fp32 asked are not among them."""
        return self.rows(
            "SELECT COUNT(*) FROM ablations JOIN games ON game = id WHERE fingerprint NOT LIKE '% in fp32'",
            file=cache.FILE,
        )[0][0]

    def run(self, run_id: str) -> dict[str, Any]:
        """State, done, total, message of a run."""
        names = ("state", "done", "total", "message")
        return dict(
            zip(names, self.rows(f"SELECT {', '.join(names)} FROM runs WHERE id = ?", run_id)[0], strict=True)
        )


def in_a_thread(work: Callable[[], T]) -> T:
    """The result of work that has an event loop of its own; Playwright keeps one in the tests' thread."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(work).result()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def chromium() -> Iterator[Any]:
    """A running browser: the one on the PATH, else Playwright's own."""
    from playwright.sync_api import sync_playwright

    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    with sync_playwright() as play:
        running = play.chromium.launch(executable_path=path, args=FLAGS)
        try:
            yield running
        finally:
            running.close()


def card(page: Any, game: str, name: str) -> Any:
    """What is pressed of a recorded run's card."""
    return page.locator(f'.spexviz-shelf [data-key="{game}.{name}"] button')


def idle(page: Any, seconds: float = 90.0) -> None:
    """Wait until the page's script has ended."""
    page.wait_for_selector(IDLE, timeout=1000 * seconds)


def choose(page: Any, label: str, option: str | re.Pattern[str]) -> None:
    """Choose in a list, which closes under the pointer where the page is drawn anew meanwhile."""
    from playwright.sync_api import TimeoutError

    box = page.get_by_role("combobox", name=label).first
    named = page.get_by_role("option", name=option, exact=isinstance(option, str))

    def is_chosen() -> bool:
        if not named.count():
            box.click()
        try:
            named.first.click(timeout=3_000)
        except TimeoutError:
            return False
        return True

    wait_until(is_chosen, 90, f"the list {label}")
    idle(page)


def type_prompt(page: Any, prompt: str, model: str | None = None, budget: int = 512) -> None:
    """Type a prompt, choose model and budget, and wait until the form says what the run costs."""
    if model:
        choose(page, "Model", model)
    slider = page.get_by_role("slider", name="Ablations (tries)")
    steps = BUDGETS.index(budget) - BUDGETS.index(512)
    for _ in range(abs(steps)):
        slider.press("ArrowRight" if steps > 0 else "ArrowLeft")
        idle(page)
    box = page.get_by_label("Prompt", exact=True)
    box.fill(prompt)
    box.press("Tab")
    page.get_by_text(re.compile(r"\d+ (word|token|sentence|line|part)s?: ")).wait_for()
    idle(page)


def explain(page: Any) -> str:
    """Press Explain; returns the id of the run, once the address holds it."""
    page.get_by_role("button", name="Explain").click()
    page.wait_for_url(re.compile(r"[?&]run=[0-9a-f]{16}"))
    return re.search(r"[?&]run=([0-9a-f]{16})", page.url)[1]
