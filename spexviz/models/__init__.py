"""Models: a language model by name, or in memory.

A new backend is a new file here with a LanguageModel that has a `kind` and `accepts(name)`.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, TypeGuard

from spexviz.errors import ModelError
from spexviz.kit import plugins
from spexviz.models.base import Backend, LanguageModel, OpenModel
from spexviz.models.given import PREFIX as GIVEN
from spexviz.models.given import InMemory, model_of
from spexviz.models.machine import precision_named
from spexviz.models.origin import Checkpoint

OFFERED = "SPEXVIZ_MODELS"
_TITLES = {"bundled": "SmolLM2-135M-Instruct (bundled)", "toy": "a toy of a few word weights"}
_loaded: dict[str, LanguageModel] = {}
_loading: dict[str, threading.Lock] = {}
_guard = threading.Lock()
_may_load: ContextVar[bool] = ContextVar("may load", default=True)


@contextmanager
def without_loading() -> Iterator[None]:
    """Inside it this thread loads nothing: what needs a model that is not there raises ModelError."""
    token = _may_load.set(False)
    try:
        yield
    finally:
        _may_load.reset(token)


def check_may_load(what: str) -> None:
    """Raise ModelError where nothing may be loaded now; `what`: that would be."""
    if not _may_load.get():
        raise ModelError(f"The {what} is not loaded yet.")


def load(name: str) -> LanguageModel:
    """The model of that name, loaded once a process. Raises ModelError naming what can be loaded."""
    if name not in _loaded:
        check_may_load("model")
    with _guard:
        lock = _loading.setdefault(name, threading.Lock())
    with lock:
        if name not in _loaded:
            _loaded[name] = _backend(name)(name)
        return _loaded[name]


def model(
    thing: str | Path | LanguageModel | InMemory,
    tokenizer: Any = None,
    *,
    name: str = "",
    revision: str = "",
    dtype: Any = "auto",
    device: Any = "",
) -> LanguageModel:
    """A language model to be asked by several games, however it is had.

    `thing`: a name, with `revision` (a branch, tag or commit of a hub id), `dtype` ("fp32", "bf16", "fp16" or
    one of torch; by default what this machine computes fast) and `device` ("cpu", "cuda:1"; by default a GPU,
    if there is one). Or what is in memory: a model of transformers (of PEFT, quantised, dispatched) and its
    `tokenizer`, or both in a pipeline; it is asked as and where it is. Its weights name it in the cache of
    ablations, or `name`, for which you answer: another name for other weights.
    Raises ModelError, with the remedy, for what is none or cannot be had so.
    """
    given = (thing, tokenizer) if tokenizer is not None else thing
    found = model_of(given, name)
    if isinstance(found, LanguageModel):
        if revision or device or str(dtype) != "auto":
            raise ModelError(
                "revision, dtype and device are for names: a model in memory is asked as and where it is."
            )
        return found
    if name:
        raise ModelError("name is for a model in memory: another has its own.")
    if revision:
        found = f"{found}@{revision}"
    if not device and str(dtype) == "auto":
        return load(found)
    return had(found, precision_named(dtype), str(device))


def had(name: str, precision: str, device: str) -> LanguageModel:
    """A model of transformers by name, in this precision, on this device. Raises ModelError for others."""
    backend = _backend(name)
    if not _makes_open_models(backend) or name == "bundled":
        raise ModelError(f"{name:.100} chooses its precision and device itself: leave out dtype and device.")
    make: Any = backend
    return make(Checkpoint(name, on=device), precision=precision)


def can_be_opened(name: str) -> bool:
    """Whether the parts of a model of that name can be reached, so far as its backend tells.

    Nothing is loaded, no hub is asked.
    """
    # open ones are not asked: they look up at a hub which of them a name is for
    closed = (backend for backend in backends().values() if not _makes_open_models(backend))
    return not any(backend.accepts(name) for backend in closed)


def _makes_open_models(backend: Backend) -> bool:
    return isinstance(backend, type) and issubclass(backend, OpenModel)


def is_loaded(name: str) -> bool:
    """Whether `load(name)` would answer at once."""
    return name in _loaded


def title(name: str) -> str:
    """The name that people know a model by, such as the last part of a folder's; nothing is looked up."""
    if name in _TITLES:
        return _TITLES[name]
    if name.startswith(GIVEN):
        return f"{name.removeprefix(GIVEN)} (from memory)"
    if Path(name).is_absolute():
        return Path(name).name
    return name


def is_causal(name: str) -> bool:
    """Whether its name alone says that it reads the answer after the text; nothing is looked up."""
    return name in _TITLES or name.startswith(("endpoint:", "llamacpp:"))


def unload(name: str) -> None:
    """Forget a loaded model, so that its memory can be freed."""
    _loaded.pop(name, None)


def configured() -> tuple[str, ...]:
    """The names that the browser may pick.

    `SPEXVIZ_MODELS`, separated by commas; by default the bundled model and the toy.
    """
    names = [name.strip() for name in os.environ.get(OFFERED, "bundled,toy").split(",")]
    return tuple(dict.fromkeys(name for name in names if name))


def offer(names: Sequence[str]) -> tuple[str, ...]:
    """What a server offers that is started with these models too: they come first, folders and files in full.

    Raises ModelError, with the remedy, for what is no model or cannot be named in a list.
    """
    more = [_offered(name) for name in names]
    return tuple(dict.fromkeys([*more, *configured()]))


def _offered(name: str) -> str:
    _backend(name)
    path = Path(name).expanduser()
    if path.exists():
        name = str(path.resolve())
    if "," in name:
        raise ModelError(
            f"{name!r:.200} holds a comma, which separates models: give the folder another name, or a link."
        )
    return name


def refusal(name: object) -> str:
    """Why the browser may not have a model, and what to do; "" where it may.

    Nothing is looked up, asked or loaded for the name.
    """
    names = configured()
    if name in names:
        return ""
    if isinstance(name, str) and name.startswith(GIVEN):
        return not_here(name)
    return (
        f"This server does not offer the model {name!r:.100}. "
        f"Start a new run with one that it offers ({', '.join(names)}), "
        "or have the model named in SPEXVIZ_MODELS where the server is started."
    )


def not_here(name: str) -> str:
    """Why a model that was given cannot be asked where it is not, and what to do."""
    return (
        f"This run was made with a model in the memory of a program or notebook ({title(name):.100}), which "
        "is not here. Make it there again, with the model, or start a new run with one that is named."
    )


def backends() -> dict[str, Backend]:
    """{kind: class} of every backend in this package, and of other packages (kit/plugins.py)."""
    found: dict[str, Backend] = {}
    for info in sorted(pkgutil.iter_modules(__path__), key=lambda info: info.name):
        module = importlib.import_module(f"{__name__}.{info.name}")
        for value in vars(module).values():
            if _is_backend(value) and value.__module__ == module.__name__:
                found[value.kind] = value
    return found | plugins.parts(__name__, _wanting, "kind", found)


def _wanting(part: object) -> str:
    """What a part of another package lacks to be a backend; "" for nothing."""
    if not _is_backend(part):
        return "it derives from no spexviz.models.base.LanguageModel, or has no accepts(name)"
    return "" if isinstance(vars(part).get("kind"), str) else "it has no kind of its own, a class variable"


def _is_backend(value: object) -> TypeGuard[Backend]:
    return isinstance(value, type) and issubclass(value, LanguageModel) and hasattr(value, "accepts")


def _backend(name: str) -> Backend:
    if not name or not isinstance(name, str):
        raise ModelError(
            'A model needs a name: "bundled", "toy", a model id such as "org/name", '
            "a folder, or a .gguf file."
        )
    if name.startswith(GIVEN):
        raise ModelError(not_here(name))
    if "://" in name:  # not repeated: it may hold a key
        raise ModelError(
            "A URL is no model name. Give the server a name in the file of endpoints "
            '(`spexviz models` says where it is) and choose "endpoint:NAME".'
        )
    # first the one that is named before a colon: "llamacpp:x.gguf" is not hf's
    named_first = sorted(backends().values(), key=lambda backend: not name.startswith(f"{backend.kind}:"))
    for backend in named_first:
        if backend.accepts(name):
            return backend
    raise ModelError(
        f'There is no model "{name[:100]}". '
        'Give "bundled", "toy", a model id of the Hugging Face hub such as "org/name", '
        'a folder made by save_pretrained, a .gguf file, "endpoint:NAME", or "llamacpp:FILE".'
    )
