"""A real llama.cpp server on loopback, and a proxy before it that spoils a share of the answers: the endpoint backend's proving ground."""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

FAULTS = ("dropped", "cut", "429", "500", "slow", "malformed")


def start(file: Path, *, exact: bool = False, threads: int = 1, parallel: int = 2) -> Any:
    """llama.cpp's server with that GGUF file; it stands as long as the object.

    `exact`: nothing is rounded to 16 bits on the way.
    """
    import xllamacpp

    options = xllamacpp.CommonParams()
    options.model.path = str(file)
    options.n_ctx, options.n_parallel = 1024 * parallel, parallel
    options.cpuparams.n_threads = options.cpuparams_batch.n_threads = threads
    options.warmup, options.verbosity = False, 0
    if exact:
        options.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
        options.cache_type_k = options.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_F32
    return xllamacpp.Server(options)


def dequantise(source: Path, target: Path) -> Path:
    """The same GGUF file with its weights written out in 32 bits: what llama.cpp then computes can be held against any other fp32."""
    import gguf
    import numpy as np

    reader = gguf.GGUFReader(source)
    writer = gguf.GGUFWriter(target, reader.get_field("general.architecture").contents())
    for field in reader.fields.values():
        if not field.name.startswith("GGUF.") and field.name not in (
            "general.architecture",
            "general.file_type",
        ):
            writer.add_key_value(
                field.name,
                field.contents(),
                field.types[0],
                field.types[-1] if len(field.types) > 1 else None,
            )
    for tensor in reader.tensors:
        writer.add_tensor(
            tensor.name, gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
        )
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return target


class FaultyProxy:
    """Passes requests on to `target`, but spoils a share `rate` of the completions (seeded), each in one of the ways of FAULTS; a slow one comes after `slow` seconds."""

    def __init__(self, target: str, rate: float = 0.0, seed: int = 0, slow: float = 3.0):
        self.target, self.rate, self.slow = urlsplit(target), rate, slow
        self.injected: Counter[str] = Counter()
        self.passed = 0
        self._random, self._lock = random.Random(seed), threading.Lock()

    def fault(self) -> str | None:
        """What happens to the next completion."""
        with self._lock:
            kind = self._random.choice(FAULTS) if self._random.random() < self.rate else None
            self.injected.update([kind] if kind else [])
            self.passed += kind is None
            return kind

    def forward(self, method: str, path: str, body: bytes | None) -> tuple[int, bytes]:
        connection = HTTPConnection(self.target.hostname, self.target.port, timeout=600)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    @contextmanager
    def serve(self) -> Iterator[str]:
        """The proxy's address, while the block runs."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"proxy": self}))
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    proxy: FaultyProxy
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._send(*self.proxy.forward("GET", self.path, None))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        kind = self.proxy.fault() if self.path.endswith("/completions") else None
        if kind is None:
            self._send(*self.proxy.forward("POST", self.path, body))
        elif kind == "dropped":
            self.close_connection = True
        elif kind == "cut":  # half an answer, then the line goes dead
            self._send(200, json.dumps({"choices": []}).encode(), promised=1000)
            self.close_connection = True
        elif kind == "429":
            self._send(429, b'{"error": "slow down"}', retry_after="0.1")
        elif kind == "500":
            self._send(500, b"oops")
        elif kind == "slow":
            time.sleep(self.proxy.slow)
            self._send(*self.proxy.forward("POST", self.path, body))
        else:
            self._send(200, b'{"choices": [{"text": ')

    def _send(self, status: int, body: bytes, promised: int = 0, retry_after: str = "") -> None:
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(promised or len(body)))
            if retry_after:
                self.send_header("Retry-After", retry_after)
            self.end_headers()
            self.wfile.write(body)
        except ConnectionError:  # the client lost patience
            self.close_connection = True

    def log_message(self, *arguments: object) -> None:
        pass
