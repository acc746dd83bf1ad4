"""A GGUF file through llama.cpp, in this process: "llamacpp:/models/model.gguf", or "llamacpp:bundled".

It needs spexviz[llamacpp]. It computes with the quantised weights as they are, and so takes an eighth to a
half of the memory that transformers does. The engine is llama.cpp's own server: it is asked directly, and
only its tokeniser over loopback, with a key made for this process.
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
        if given == "bundled":
            file = bundled.gguf()
        else:
            file = Path(os.path.expanduser(given))
        if not os.path.isfile(file):
            raise ModelError(
                f'There is no file "{given[:200]}": '
                f'check the path of the .gguf file, or give "{PREFIX}bundled".'
            )
        engine = _Engine(file, context, parallel)
        with file.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        super().__init__(name, engine, concurrency=parallel, about=f"{digest} xllamacpp {engine.version}")

    @staticmethod
    def accepts(name: str) -> bool:
        return name.startswith(PREFIX)


class _Engine:
    """llama.cpp's server in this process, as a Door: completions go straight in, the rest over loopback."""

    def __init__(self, file: Path, context: int, parallel: int):
        library = _library()
        self.version = library.__version__
        key = secrets.token_urlsafe(32)
        options = library.CommonParams()
        options.model.path = str(file)
        options.model_alias = {file.name}
        options.n_ctx = context * parallel
        options.n_parallel = parallel
        options.cpuparams.n_threads = threads()
        options.cpuparams_batch.n_threads = threads()
        options.api_keys = [key]
        options.endpoint_slots = False
        options.warmup = False
        options.verbosity = 0
        try:
            self._server = library.Server(options)
        except Exception as error:
            raise ModelError(
                f"llama.cpp cannot load {file.name} ({error}): "
                "see whether it is a whole GGUF file of a causal model."
            ) from None
        address = f"{self._server.listening_address}/v1"
        endpoint = Endpoint("llamacpp", address, concurrency=parallel + 1)
        self._wire = Wire(endpoint, key=lambda: key)

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
        error = answer.get("error")
        if error:
            status = int(error.get("code", 400))
            said = str(error.get("message"))[:300]
            raise Refused(status, f"llama.cpp refuses the request: {said}.")
        return read(answer)


def _library() -> Any:
    """xllamacpp, a compiled module without types. Raises ModelError where it is missing."""
    try:
        import xllamacpp
    except ImportError:
        raise ModelError('llama.cpp is not installed: pip install "spexviz[llamacpp]".') from None
    return xllamacpp
