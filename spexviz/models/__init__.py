"""Models: a language model by name.

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
from typing import TypeGuard

from spexviz.errors import ModelError
from spexviz.models.base import Backend, LanguageModel, OpenModel

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
    return (
        f"This server does not offer the model {name!r:.100}. "
        f"Start a new run with one that it offers ({', '.join(names)}), "
        "or have the model named in SPEXVIZ_MODELS where the server is started."
    )


def backends() -> dict[str, Backend]:
    """{kind: class} of every backend in this package."""
    found: dict[str, Backend] = {}
    for info in sorted(pkgutil.iter_modules(__path__), key=lambda info: info.name):
        module = importlib.import_module(f"{__name__}.{info.name}")
        for value in vars(module).values():
            if _is_backend(value) and value.__module__ == module.__name__:
                found[value.kind] = value
    return found


def _is_backend(value: object) -> TypeGuard[Backend]:
    return isinstance(value, type) and issubclass(value, LanguageModel) and hasattr(value, "accepts")


def _backend(name: str) -> Backend:
    if not name or not isinstance(name, str):
        raise ModelError(
            'A model needs a name: "bundled", "toy", a model id such as "org/name", '
            "a folder, or a .gguf file."
        )
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
