"""A GGUF file through llama.cpp, in this process: "llamacpp:/models/model.gguf", or "llamacpp:bundled". Needs spexviz[llamacpp].

It computes with the quantised weights as they are, so it needs an eighth to a half of the memory that
transformers does. The engine is llama.cpp's own server: it is asked directly, and only its tokeniser over
loopback, with a key made for this process.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from spexviz.errors import ModelError
from spexviz.kit.threads import threads
from spexviz.models import bundled
from spexviz.models.endpoints import Endpoint
from spexviz.models.served import ServedModel
from spexviz.models.wire import Refused, Wire

T = TypeVar("T")
PREFIX = "llamacpp:"
# tokens of the longest text, unless the model reads fewer: the cache of the attention takes its room at once
CONTEXT = 4096
PARALLEL = 4  # texts decoded together


class LlamacppModel(ServedModel):
    """A GGUF file in this process.

    Raises ModelError where xllamacpp or the file is missing, or the file cannot be read.
    """

    kind: ClassVar[str] = "llamacpp"

    def __init__(self, name: str, context: int = CONTEXT, parallel: int = PARALLEL):
        given = name.removeprefix(PREFIX)
        file = bundled.gguf() if given == "bundled" else Path(os.path.expanduser(given))
        if not os.path.isfile(file):
            raise ModelError(
                f'There is no file "{given[:200]}": check the path of the .gguf file, or give "{PREFIX}bundled".'
            )
        engine = _Engine(file, context, parallel)
        with file.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        super().__init__(name, engine, concurrency=parallel, about=f"{digest} xllamacpp {engine.version}")

    @staticmethod
    def accepts(name: str) -> bool:
        return name.startswith(PREFIX)


class _Engine:
    """llama.cpp's server in this process, as a Door: completions go straight in, everything else over loopback."""

    def __init__(self, file: Path, context: int, parallel: int):
        try:
            import xllamacpp
        except ImportError:
            raise ModelError('llama.cpp is not installed: pip install "spexviz[llamacpp]".') from None
        self.version = xllamacpp.__version__
        key = secrets.token_urlsafe(32)
        options = xllamacpp.CommonParams()
        options.model.path, options.model_alias = str(file), {file.name}
        options.n_ctx, options.n_parallel = context * parallel, parallel
        options.cpuparams.n_threads = options.cpuparams_batch.n_threads = threads()
        options.api_keys, options.endpoint_slots, options.warmup, options.verbosity = [key], False, False, 0
        try:
            self._server = xllamacpp.Server(options)
        except Exception as error:
            raise ModelError(
                f"llama.cpp cannot load {file.name} ({error}): see whether it is a whole GGUF file of a causal model."
            ) from None
        self._wire = Wire(
            Endpoint("llamacpp", f"{self._server.listening_address}/v1", concurrency=parallel + 1),
            key=lambda: key,
        )

    def ask(
        self,
        route: str,
        body: Any = None,
        read: Callable[[Any], T] = lambda answer: answer,
        tries: int | None = None,
    ) -> T:
        """See Door."""
        if route != "completions":
            return self._wire.ask(route, body, read, tries)
        answer = self._server.handle_completions(body)
        if error := answer.get("error"):
            raise Refused(
                int(error.get("code", 400)),
                f"llama.cpp refuses the request: {str(error.get('message'))[:300]}.",
            )
        return read(answer)
