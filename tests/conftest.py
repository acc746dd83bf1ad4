"""Every test session has a home of its own.

Only the converted bundled model is shared, since making it takes half a minute.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from spexviz.kit.paths import home


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What a red run on another machine is understood by; the header is not shown by -q."""
    from spexviz.models import machine

    terminalreporter.write_line(f"machine: {machine.described()}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes too long for every change is left to `make campaign`."""
    if os.environ.get("SPEXVIZ_CAMPAIGN"):
        return
    later = pytest.mark.skip(reason="takes long: SPEXVIZ_CAMPAIGN=1 asks for it")
    for item in items:
        if item.get_closest_marker("campaign"):
            item.add_marker(later)


@pytest.fixture(scope="session", autouse=True)
def private_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """$SPEXVIZ_HOME for this session: runs and ablations are new, `models/` is the real one."""
    models = home() / "models"
    models.mkdir(exist_ok=True)
    folder = tmp_path_factory.mktemp("spexviz-home")
    (folder / "models").symlink_to(models.resolve(), target_is_directory=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPEXVIZ_HOME", str(folder))
        patch.setenv("SPEXVIZ_THREADS", os.environ.get("SPEXVIZ_THREADS", "1"))
        yield folder


@pytest.fixture(autouse=True)
def nothing_known(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run of the library keeps its ablations for itself, or one test would find those of another.

    Unless the test is about that, and says so: `@pytest.mark.kept`.
    """
    from spexviz.ablate.cache import MemoryCache
    from spexviz.run import checks, pipeline

    if request.node.get_closest_marker("kept") is None:
        for room in (pipeline, checks):
            monkeypatch.setattr(room, "KeptCache", MemoryCache)


@pytest.fixture(scope="session")
def bundled() -> object:
    """The bundled model, loaded once a session."""
    from spexviz import models

    return models.load("bundled")


@pytest.fixture(scope="session")
def real_endpoint(private_home: Path) -> Iterator[str]:
    """The address of a real llama.cpp server with the bundled model, configured as "endpoint:real"."""
    from spexviz.models import bundled, unload
    from tests.models import real_server

    server = real_server.start(bundled.gguf())
    (private_home / "endpoints.toml").write_text(
        f'[real]\nurl = "{server.listening_address}/v1"\nconcurrency = 2\n'
    )
    yield server.listening_address
    unload("endpoint:real")


@pytest.fixture(scope="session")
def tiny_llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny, randomly made Llama."""
    from tests.models import tiny

    return tiny.save(tmp_path_factory.mktemp("tiny-llama"))
