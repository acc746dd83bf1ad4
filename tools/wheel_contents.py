"""Build hook of hatchling: what stands beside the package in the repository travels inside it in a wheel.

spexviz/kit/paths.py finds it in either place. An editable install is the repository itself and needs nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

TRAVELS = ("app.py", "pages", "assets", ".streamlit")


class TravelsInside(BuildHookInterface):
    """Puts TRAVELS into the package."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        for name in TRAVELS:
            build_data["force_include"][str(Path(self.root) / name)] = f"spexviz/{name}"
