"""A trial in a mount namespace of its own: it may mount what it likes, and all of it goes when it ends."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tools.faults.managed import ROOT

WAYS = (("unshare", "-m"), ("unshare", "-rm"))  # as root, or as root of a namespace of users
PATIENCE = 900.0  # seconds for one trial


def way() -> tuple[str, ...] | None:
    """The command that opens such a namespace; None where this machine allows none."""
    probe = "mount -t tmpfs none /mnt"
    for command in WAYS:
        try:
            done = subprocess.run([*command, "sh", "-c", probe], capture_output=True, timeout=30)
        except OSError:
            continue
        if done.returncode == 0:
            return command
    return None


NO_WAY = "this machine lets nobody mount a disk of their own (unshare -m, mount -t tmpfs)"


def there(module: str, *arguments: object) -> Any:
    """What `python -m module …` prints as its last line, as JSON, run in a namespace of its own."""
    command = way()
    assert command, NO_WAY
    asked = [*command, sys.executable, "-m", module, *map(str, arguments)]
    done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE)
    if done.returncode:
        return {"lost": [f"the trial itself ended with {done.returncode}: {done.stderr[-2000:]}"]}
    return json.loads(done.stdout.splitlines()[-1])


def mount(*arguments: object) -> None:
    """Mount something. Raises CalledProcessError with what `mount` said."""
    _do("mount", *arguments)


def unmount(folder: Path) -> None:
    _do("umount", folder)


def _do(*command: object) -> None:
    said = list(map(str, command))
    done = subprocess.run(said, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(said)}: {done.stderr}")


def main(trials: dict[str, Callable[..., dict[str, Any]]], arguments: Sequence[str]) -> None:
    """What `there` runs: a trial by its name, its outcome printed as JSON."""
    name, *given = arguments
    print(json.dumps(trials[name](*given)))
