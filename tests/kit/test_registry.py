from __future__ import annotations

import dataclasses

import pytest

from spexviz.kit.registry import offered


@pytest.mark.parametrize(
    ("package", "least"),
    [("spexviz.games", {"prompt", "synthetic"}), ("spexviz.solvers", {"linear", "proxyspex"})],
)
def test_every_file_is_found_by_its_name(package: str, least: set[str]) -> None:
    found = offered(package)
    assert least <= set(found)
    for name, kind in found.items():
        assert kind.name == name and kind.__module__.startswith(package) and isinstance(kind.title, str)
        assert dataclasses.is_dataclass(kind) and kind.__dataclass_params__.frozen
