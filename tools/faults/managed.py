"""`python -m tools.faults.managed`: a job manager in a process of its own, asked by lines of JSON.

A line holds the name of a question and its arguments; the answer is a line {"answer": …}, or {"error": …}
in the words of spexviz. So the process can be locked out, starved or misled, and looked at.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SOON = (
    "SPEXVIZ_FAULT_SOON"  # set to the seconds after which the process takes a lock for one that is held long
)
PATIENCE = 180.0  # seconds for what must come; nothing is measured by it


class Managed:
    """A job manager in another process, with the home that is given; `environment`: more variables of it."""

    def __init__(self, home: Path, **environment: str):
        home.mkdir(parents=True, exist_ok=True)
        self.home = home
        self._told = home.parent / f"{home.name}.log"
        given = {**os.environ, "SPEXVIZ_HOME": str(home), "SPEXVIZ_THREADS": "1", **environment}
        with self._told.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tools.faults.managed"],
                cwd=ROOT,
                env=given,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )

    def __enter__(self) -> Managed:
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def lives(self) -> bool:
        return self._process.poll() is None

    def ask(self, question: str, *arguments: Any) -> Any:
        """The answer to a question of `_Answers`. Raises Refused with the words of spexviz for an error."""
        assert self._process.stdin and self._process.stdout
        print(json.dumps([question, *arguments]), file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        if not line:
            raise Ended(f"the process ended with {self._process.wait()}: {self.log()[-2000:]}")
        said = json.loads(line)
        if "error" in said:
            raise Refused(said["error"])
        return said["answer"]

    def until(self, wanted: Callable[[Any], object], question: str, *arguments: Any) -> Any:
        """The first answer that is as wanted, or the last one when patience ends."""
        end = time.monotonic() + PATIENCE
        while not wanted(answer := self.ask(question, *arguments)) and time.monotonic() < end:
            time.sleep(0.05)
        return answer

    def log(self) -> str:
        """What the process has said."""
        return self._told.read_text(errors="replace")

    def stop(self) -> None:
        """End it as a service manager would; it is killed where that takes long."""
        if self._process.stdin:
            self._process.stdin.close()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()


class Ended(AssertionError):
    """The process is no longer there."""


class Refused(Exception):
    """What was asked for was refused, in the words of spexviz."""


class _Answers:
    """What the process can be asked."""

    def __init__(self) -> None:
        from spexviz.jobs.manager import JobManager
        from spexviz.kit import database
        from tests.jobs import slow

        database.PATIENCE = float(os.environ.get(SOON, database.PATIENCE))
        slow.offer()
        os.environ.setdefault("SPEXVIZ_MODELS", "bundled,toy")
        self.manager = JobManager()

    def submit(self, spec: str) -> str:
        from spexviz.run.plan import Request
        from spexviz.spec import RunSpec

        return self.manager.submit(Request.of(RunSpec.from_json(spec)))

    def resume(self, run_id: str) -> str:
        return self.manager.resume(run_id)

    def cancel(self, run_id: str) -> None:
        self.manager.cancel(run_id)

    def delete(self, run_id: str) -> None:
        self.manager.store.delete(run_id)

    def restore(self, run_id: str) -> None:
        self.manager.store.restore(run_id)

    def run(self, run_id: str) -> Mapping[str, Any] | None:
        """Where a run stands."""
        run = self.manager.store.get(run_id)
        if run is None:
            return None
        told = {name: value for name, value in vars(run).items() if name != "spec"}
        return {**told, "active": run.active, "eta": run.eta}

    def runs(self) -> list[Mapping[str, Any] | None]:
        """All of them, the newest first."""
        return [self.run(run.id) for run in self.manager.store.list()]

    def at_work(self) -> int:
        """Runs that this process really has, waiting or at work."""
        return len(self.manager._jobs)

    def values(self, run_id: str) -> list[float] | None:
        from tools.faults.values import values_of

        result = self.manager.store.result(run_id)
        return None if result is None else values_of(result)

    def health(self) -> list[str]:
        from spexviz.jobs import health

        return list(health.look(self.manager).problems)

    def measured(self) -> int:
        """Ablations in the cache, but those of comparisons with fp32."""
        query = (
            "SELECT COUNT(*) FROM ablations JOIN games ON game = id WHERE fingerprint NOT LIKE '% in fp32'"
        )
        return int(self.manager.cache._database.read(query)[0][0])

    def cached(self, run_id: str) -> int:
        """Ablations that a run did not need to ask."""
        result = self.manager.store.result(run_id)
        return 0 if result is None else result.spent.cached

    def limit_memory(self, more: int) -> None:
        """Let the process take `more` bytes of addresses beyond what it has; none: as many as it likes."""
        most = resource.RLIM_INFINITY
        if more:
            most = _addresses() + more
        resource.setrlimit(resource.RLIMIT_AS, (most, resource.RLIM_INFINITY))


def _addresses() -> int:
    """Bytes of addresses that this process has mapped."""
    pages = Path("/proc/self/statm").read_text().split()[0]
    return int(pages) * resource.getpagesize()


def main() -> None:
    from spexviz.errors import SpexvizError

    answers = _Answers()
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints is no answer
    for line in sys.stdin:
        question, *arguments = json.loads(line)
        try:
            said = {"answer": getattr(answers, question)(*arguments)}
        except SpexvizError as error:
            said = {"error": str(error)}
        print(json.dumps(said), file=out, flush=True)
    answers.manager.close()


if __name__ == "__main__":
    main()
