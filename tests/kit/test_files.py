"""Files written whole or not at all, and how many are kept."""

from __future__ import annotations

import os
from pathlib import Path

from spexviz.kit.files import write_whole


def test_only_files_of_ours_make_room_for_others(tmp_path: Path) -> None:
    """The folder may be a link to where somebody keeps files of the same kind."""
    own = [tmp_path / f"{number:016x}.csv" for number in range(4)]
    others = [
        tmp_path / name for name in ("letters.csv", "cafe.csv", "0123456789abcdef.txt", "taxes 2024.csv")
    ]
    for age, path in enumerate([*own[:3], *others]):
        path.write_text("mine")
        os.utime(path, (1000 + age, 1000 + age))
    write_whole(own[3], b"new", 2)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        path.name for path in [*own[2:], *others]
    )
