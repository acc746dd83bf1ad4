"""The log beside a SQLite file: what was written last stands in it, and only there.

Where a byte of it has changed on the disk SQLite drops all that follows, without a word. The sums of a frame
mostly tell which byte it was, so it is put right before SQLite looks: each word counts in them, times numbers
of its place (https://www.sqlite.org/fileformat2.html#walformat).
"""

from __future__ import annotations

import logging
import os
import shutil
import time
import weakref
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

_MAGIC = 0x377F0682
_HEADER, _FRAME = 32, 24  # bytes before the first frame, and of a frame before its page
# of a frame: its page and the size of the file, which log it is of, and its sums
_SUMMED, _SALTS, _SUMS = slice(0, 8), slice(8, 16), slice(16, 24)
_LEAST, _MOST = 512, 65536  # bytes of a page
_log = logging.getLogger(__name__)
Words = NDArray[np.uint32]
_NOTHING = np.zeros(2, np.uint32)
_DIFFERENCES = np.concatenate([np.arange(1, 256), -np.arange(1, 256)])
# by which a word changes with one of its bytes
_STEPS = np.unique(np.concatenate([_DIFFERENCES << 8 * byte for byte in range(4)]).astype(np.uint32))


class Holder:
    """That this process has a database open, for others to know; it ends with the process, however that ends.

    `alone`: whether nobody else had it open at first. False where nobody can tell, as of a
    file to which a link leads.
    """

    def __init__(self, path: Path):
        self.alone = False
        if fcntl is None or path.is_symlink():
            return
        how = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        handle = os.open(f"{path}.open", how, 0o644)
        weakref.finalize(self, os.close, handle)
        with suppress(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.alone = True
        fcntl.flock(handle, fcntl.LOCK_SH)


def mend(path: Path) -> Path | None:
    """Put the log of a database right that nobody has open; where it is kept as it was found.

    None where nothing in it is damaged. Raises OSError.
    """
    log = Path(f"{path}-wal")
    if not log.exists():
        return None
    right = mended(log.read_bytes())
    if right is None:
        return None
    kept = log.with_name(f"{log.name}.damaged-{time.strftime('%Y%m%d-%H%M%S')}")
    beside = log.with_name(f"{log.name}.tmp")
    shutil.copyfile(log, kept)
    beside.write_bytes(right)
    os.replace(beside, log)
    _log.warning(
        "the log %s was damaged on the disk and was put right as far as can be; as it was it is kept in %s",
        log,
        kept,
    )
    return kept


def mended(log: bytes) -> bytes | None:
    """The log with what has changed in it put right; None where nothing has, or its header is past mending.

    Where more than one byte may be the one that has changed, the page stays as it is, and those after it are
    kept. Where it is no single byte, as after a power cut, all from there on is dropped, as SQLite does.
    """
    if len(log) < _HEADER + _FRAME + _LEAST:
        return None
    for order in ("<u4", ">u4"):  # how words are read for the sums
        for header in _headers(log, order):
            found = _Log(log, header, order)
            if header == log[:_HEADER] or found.begins():
                return found.mended()
    return None


def _headers(log: bytes, order: str) -> Iterator[bytes]:
    """What the header may have been before one of its bytes changed, if one has."""
    words = np.frombuffer(log, order, 6).astype(np.uint32)
    stored = np.frombuffer(log, ">u4", 2, 24).astype(np.uint32)
    sums = _sums(words, _NOTHING)
    cases = [(fixed, stored) for fixed in _fixes(words, stored - sums)]
    for fixed, its_sums in [*cases, (words, sums)]:
        start = fixed.astype(order).tobytes()
        is_log = int.from_bytes(start[:4], "big") == _MAGIC + (order == ">u4")
        if is_log and _LEAST <= int.from_bytes(start[8:12], "big") <= _MOST:
            yield start + its_sums.astype(">u4").tobytes()


class _Log:
    """The frames of a log, `end` of which are its own; what follows them is left over from before."""

    def __init__(self, log: bytes, header: bytes, order: str):
        size = int.from_bytes(header[8:12], "big")
        count = (len(log) - _HEADER) // (_FRAME + size)
        self._header = header
        self._seed = np.frombuffer(header, ">u4", 2, 24).astype(np.uint32)
        self._salts = np.frombuffer(header, np.uint8, 8, 16)
        frames = np.frombuffer(log, np.uint8, count * (_FRAME + size), _HEADER)
        self._frames = frames.reshape(count, _FRAME + size).copy()
        self._order = order
        self._changed = header != log[:_HEADER]
        self._broken = False

    def begins(self) -> bool:
        """Whether the first frame belongs to this header."""
        return self._follows(0, self._seed)

    def mended(self) -> bytes | None:
        end, seed = 0, self._seed
        while end < len(self._frames) and self._is_right(end, seed):
            seed = self._stored(end)
            end += 1
        dropped = any(map(self._is_own, range(end + 1, len(self._frames))))
        if not self._changed and not dropped:
            return None
        if self._broken:
            self._chain(end)
        return self._header + self._frames[:end].tobytes()

    def _is_right(self, at: int, seed: Words) -> bool:
        """Whether a frame is of this log, once what has changed in it was put right."""
        missing = self._stored(at) - _sums(self._words(at), seed)
        if missing.any():
            if not self._is_own(at) or not self._put_right(at, seed, missing):
                return False
            self._changed = True
        self._changed = self._changed or not self._is_own(at)
        self._frames[at, _SALTS] = self._salts
        return True

    def _put_right(self, at: int, seed: Words, missing: Words) -> bool:
        """Put a frame right whose sums are not those of its words, as far as that can be done.

        False where it is none of this log.
        """
        words, stored = self._words(at), self._stored(at)
        if self._follows(at + 1, stored - missing):  # the sums have changed
            self._frames[at, _SUMS] = (stored - missing).astype(">u4").view(np.uint8)
            return True
        sums_are_right = self._follows(at + 1, stored)
        fixes = _fixes(words, missing)
        if not fixes:
            return False
        is_likely = self._is_likely(at)
        if not is_likely:  # then that is what has changed
            fixes = [fixed for fixed in fixes if (fixed[:2] != words[:2]).any()]
        if len(fixes) == 1 and (sums_are_right or missing.all()):
            start = fixes[0].astype(self._order).view(np.uint8)
            self._frames[at, _SUMMED], self._frames[at, _FRAME:] = start[:8], start[8:]
            return True
        self._broken = True
        return is_likely

    def _is_own(self, at: int) -> bool:
        """Whether a frame says that it is of this log."""
        return bool((self._frames[at, _SALTS] == self._salts).all())

    def _follows(self, at: int, seed: Words) -> bool:
        """Whether a frame was written after one with these sums."""
        if at == len(self._frames) or not self._is_own(at):
            return False
        return bool((_sums(self._words(at), seed) == self._stored(at)).all())

    def _is_likely(self, at: int) -> bool:
        """Whether a frame whose sums are wrong still names a page, and a size of the file, that can be."""
        named = self._frames[:, _SUMMED].copy().view(">u4")
        others = np.delete(named, at, axis=0)
        return bool((named[at] <= others.max(0)).all() and named[at, 0])

    def _chain(self, end: int) -> None:
        """Make the sums of all frames anew."""
        seed = self._seed
        for at in range(end):
            seed = _sums(self._words(at), seed)
            self._frames[at, _SUMS] = seed.astype(">u4").view(np.uint8)

    def _words(self, at: int) -> Words:
        """What the sums of a frame are made of: page, size and content."""
        summed = np.concatenate([self._frames[at, _SUMMED], self._frames[at, _FRAME:]])
        return summed.view(self._order).astype(np.uint32)

    def _stored(self, at: int) -> Words:
        return self._frames[at, _SUMS].copy().view(">u4").astype(np.uint32)


@cache
def _factors(count: int) -> Words:
    """(2, count + 2): what each word adds to the two sums, and what the two sums before it add, modulo 2³².

    Two words at a time: first += word + second, second += next word + first.
    """
    columns = []
    power = np.eye(2, dtype=np.uint32)
    for _ in range(0, count, 2):
        columns.append(power @ np.array([[1, 0], [1, 1]], np.uint32))
        power = power @ np.array([[1, 1], [1, 2]], np.uint32)
    return np.hstack([*reversed(columns), power])


def _sums(words: Words, seed: Words) -> Words:
    """The two sums after these words, `seed` before them."""
    factors = _factors(len(words))
    return (factors * np.concatenate([words, seed])).sum(1, dtype=np.uint32)


def _fixes(words: Words, missing: Words) -> list[Words]:
    """The words with one byte changed so that the sums have what is missing: each way to do it."""
    if not missing.any():
        return [words]
    factors = _factors(len(words))[:, : len(words)]
    fits = (factors[0][:, None] * _STEPS == missing[0]) & (factors[1][:, None] * _STEPS == missing[1])
    found = []
    for place, step in np.argwhere(fits):
        fixed = words.copy()
        one = slice(place, place + 1)
        fixed[one] += _STEPS[step]
        if (fixed[one].view(np.uint8) != words[one].view(np.uint8)).sum() == 1:
            found.append(fixed)
    return found
