"""`python -m tools.loads [--loads 40] [--busy 6]`: one checkpoint loaded in fresh processes beside busy ones.

Every start must give one fingerprint.

A part of `make campaign`. The checkpoint is a tiny Llama made for it, or the one that is named; several are
loaded at once.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.models import tiny

BUSY = "while True: sum(i * i for i in range(100_000))"
LOAD = """
import sys
from spexviz import models
model = models.load(sys.argv[1])
print(model.precision, model.fingerprint)
"""


def fingerprints(model: str, loads: int, at_once: int) -> Counter[str]:
    """Precision and fingerprint of each load, and how often they came."""

    def load(_: int) -> str:
        done = subprocess.run([sys.executable, "-c", LOAD, model], capture_output=True, text=True, check=True)
        return done.stdout.split("\n")[-2]

    with ThreadPoolExecutor(at_once) as pool:
        return Counter(pool.map(load, range(loads)))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", help="a name or folder; by default a tiny Llama")
    parser.add_argument("--loads", type=int, default=40)
    parser.add_argument(
        "--busy", type=int, default=6, help="processes that do nothing but keep the cores busy"
    )
    parser.add_argument("--at-once", type=int, default=6, help="loads that go on side by side")
    options = parser.parse_args(arguments)
    folder = tempfile.TemporaryDirectory()
    model = options.model or str(tiny.save(Path(folder.name) / "tiny-llama"))
    busy = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(options.busy)]
    start = time.monotonic()
    try:
        found = fingerprints(model, options.loads, options.at_once)
    finally:
        for process in busy:
            process.kill()
        folder.cleanup()
    print(f"{options.loads} loads beside {options.busy} busy processes, {time.monotonic() - start:.0f} s:")
    for name, count in found.items():
        print(f"  {count:>3} × {name}")
    return int(len(found) != 1)


if __name__ == "__main__":
    sys.exit(main())
