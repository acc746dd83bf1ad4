"""Every test of runs begins with nothing asked."""

from __future__ import annotations

import pytest

from tests.run.noted import ASKED


@pytest.fixture(autouse=True)
def nothing_asked() -> None:
    ASKED.clear()
