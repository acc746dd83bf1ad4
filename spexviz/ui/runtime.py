"""What lives as long as the server: the job manager and the warm model.

Neither a cleared cache nor an edit evicts it.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import time
import types
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from spexviz.errors import SpexvizError
from spexviz.jobs import tries
from spexviz.jobs.manager import JobManager
from spexviz.kit import logs
from spexviz.kit.registry import offered
from spexviz.ui import unfit
from spexviz.ui.access import announce

# a module of our own in sys.modules: Streamlit evicts edited modules, not this one
_STASH = "_spexviz_runtime"
TIDY_EVERY = 120.0  # seconds
# what a form imports when it is drawn first, beside what the packages below need
EARLY = ("pandas", "pyarrow", "PIL.Image", "streamlit.material_icon_names", "spexviz.models.probe")
PAINT = 1.0  # seconds that the first page has for itself: importing torch holds Python up


class _Stash(types.ModuleType):
    """What the server keeps: its one job manager, and which models are warm or getting so."""

    def __init__(self) -> None:
        super().__init__(_STASH)
        self.lock = threading.Lock()
        self.manager: JobManager | None = None
        self.warm: set[str] = set()
        self.warming: set[str] = set()
        self.failed: dict[str, str] = {}  # models that could not be had, and why


def _stash() -> Any:
    """The stash of this process; its class may be one of a module that was loaded before."""
    return sys.modules.get(_STASH) or sys.modules.setdefault(_STASH, _Stash())


def manager() -> JobManager:
    """The one job manager of this process, made when first asked for."""
    stash = _stash()
    with stash.lock:
        if stash.manager is None:
            stash.manager = JobManager()
        return stash.manager


def warm(name: str) -> None:
    """Load a model in the background and measure its speed, once a process.

    A model that cannot be had says so when it is used.
    """
    stash = _stash()
    with stash.lock:
        if name in stash.warming:
            return
        stash.warming.add(name)
    threading.Thread(target=_warm, args=(name,), name=f"spexviz-warm-{name[:20]}", daemon=True).start()


def load_now(name: str) -> None:
    """Load a model in the background, also one that could not be had before."""
    stash = _stash()
    with stash.lock:
        if stash.failed.pop(name, None) is not None:
            stash.warming.discard(name)
    warm(name)


def is_loading(name: str) -> bool:
    """Whether a model is being loaded in the background."""
    stash = _stash()
    return name in stash.warming and name not in stash.warm and name not in stash.failed


def why_not(name: str) -> str:
    """Why a model could not be loaded in the background; "" where nothing is known against it."""
    return _stash().failed.get(name, "")


def is_warm(name: str) -> bool:
    """Whether the model is loaded and its speed measured."""
    return name in _stash().warm


def _prepare() -> None:
    import importlib

    from spexviz.ui.lenses import lenses

    for module in EARLY:
        importlib.import_module(module)
    for package in ("spexviz.solvers", "spexviz.games"):
        offered(package)
    lenses()
    manager()


def _warm(name: str) -> None:
    import importlib

    from spexviz import models
    from spexviz.run import cost

    time.sleep(PAINT)
    try:
        cost.probe(models.load(name))
        _stash().warm.add(name)
    except SpexvizError as error:
        _stash().failed[name] = str(error)
        return
    importlib.import_module("lightgbm")  # 2 s that the first fit would wait for
    tidy()


def tidy() -> None:
    """Collect garbage, and leave what is there now out of the collections to come.

    Else that of every rerun walks all of torch: 158 ms instead of 6. What is left out and then becomes
    garbage, as the sessions of visitors who go, is found by the next call.
    """
    import gc

    gc.unfreeze()
    gc.collect()
    gc.freeze()


async def _keep_tidy() -> None:
    while True:
        await asyncio.sleep(TIDY_EVERY)
        if _stash().warm:
            await asyncio.to_thread(tidy)


@asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[None]:
    """What is done when the server starts and ends.

    At the start what every page needs is imported, so that no visitor waits for it (torch is not: see
    `warm`); at the end running jobs stop after their chunk and are marked as resumable.
    """
    if logs.wanted():
        logs.begin()
    # of uvicorn, for each WebSocket that was refused (`ui/security.py`)
    logs.leave_out("uvicorn.error", "ASGI callable returned without completing handshake.")
    unfit.leave_out()
    tries.CLOSED.clear()
    await asyncio.to_thread(_prepare)
    announce()
    keeping_tidy = asyncio.create_task(_keep_tidy())
    yield
    keeping_tidy.cancel()
    tries.CLOSED.set()
    stash = _stash()
    if stash.manager is not None:
        stash.manager.close()
        stash.manager = None
