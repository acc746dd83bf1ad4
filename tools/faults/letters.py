"""`python -m tools.faults.letters PORT NAME`: a completions server in a process of its own, on loopback.

It knows letters, each a token; what it answers depends on the text alone, and on nothing that was before.
"""

from __future__ import annotations

import subprocess
import sys
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tools.faults.managed import PATIENCE, ROOT

PAUSE = 0.004  # seconds an answer takes, so that a run can be caught in the middle


class Letters:
    """The server as a process, which can be killed and started again on its port."""

    def __init__(self, folder: Path, port: int):
        self.port = port
        self._log = folder / "letters.log"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Letters:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.kill()

    def start(self, name: str = "letters") -> None:
        """Serve; returns once it answers."""
        command = [sys.executable, "-m", "tools.faults.letters", str(self.port), name]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
        end = time.monotonic() + PATIENCE
        while not self._answers():
            assert time.monotonic() < end, self._log.read_text()
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            return urllib.request.urlopen(f"http://127.0.0.1:{self.port}/v1/models", timeout=5).status == 200
        except OSError:
            return False

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()


def main(port: int, name: str) -> None:
    import httpx2

    from tests.models.fake_server import FakeServer

    fake = FakeServer()
    fake.model = name

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 2**16  # an answer goes out as one

        def do_GET(self) -> None:
            self._answer(b"")

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers["Content-Length"])))

        def _answer(self, body: bytes) -> None:
            time.sleep(PAUSE)
            answer = fake.handle(httpx2.Request(self.command, f"http://here{self.path}", content=body))
            fake.requests.clear()
            self.send_response(answer.status_code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        allow_reuse_address = True

    Server(("127.0.0.1", port), Handler).serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
