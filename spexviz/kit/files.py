"""Files written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from uuid import uuid4


def write_whole(path: Path, content: bytes, most: int) -> None:
    """Write a file whole or not at all, for readers beside it. Raises OSError.

    Of the files like it in its folder, named by as many hex digits, the `most` newest stay; others are
    somebody's own, since the folder may be a link to where they lie.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.read_bytes() == content:
        path.touch()
        return
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    with os.fdopen(handle, "wb") as stream:
        stream.write(content)
    os.replace(name, path)
    like = [file for file in path.parent.glob(f"*{path.suffix}") if _digits(file) == _digits(path)]
    by_age = sorted(like, key=lambda file: file.stat().st_mtime)
    for old in by_age[:-most]:
        old.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> Path:
    """Write a file of somebody's own, whole or not at all; returns its path. Raises OSError."""
    path = new_file(path)
    beside = path.with_name(f".{path.name}.{uuid4().hex[:8]}.tmp")
    try:
        beside.write_text(text, encoding="utf-8")
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
    return path


def _digits(path: Path) -> int | None:
    """Hex digits in the name of a file, without its suffix; None where there is anything else in it."""
    if not set(path.stem) <= set("0123456789abcdef"):
        return None
    return len(path.stem)


def new_file(path: Path) -> Path:
    """The path, if a file can be made there. Raises OSError where it is a folder, or lies in none."""
    if path.is_dir() or not path.parent.is_dir():
        raise OSError(f"{path} is a folder, or lies in none: give a file in a folder that is there.")
    return path
