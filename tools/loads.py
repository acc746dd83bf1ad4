"""`python -m tools.loads [--loads 40] [--busy 6]`: one checkpoint loaded in fresh processes beside busy ones; every start must give one fingerprint.

A part of `make campaign`. The checkpoint is the bundled model where it is there, else the one that is named.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence

BUSY = "while True: sum(i * i for i in range(100_000))"
LOAD = "import sys; from spexviz import models; model = models.load(sys.argv[1]); print(model.precision, model.fingerprint)"


def fingerprints(model: str, loads: int) -> Counter[str]:
    """Precision and fingerprint of each load, and how often they came."""
    found: Counter[str] = Counter()
    for _ in range(loads):
        done = subprocess.run([sys.executable, "-c", LOAD, model], capture_output=True, text=True, check=True)
        found[done.stdout.split("\n")[-2]] += 1
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="bundled")
    parser.add_argument("--loads", type=int, default=40)
    parser.add_argument("--busy", type=int, default=6, help="processes that do nothing but keep the cores busy")
    options = parser.parse_args(arguments)
    busy = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(options.busy)]
    start = time.monotonic()
    try:
        found = fingerprints(options.model, options.loads)
    finally:
        for process in busy:
            process.kill()
    print(f"{options.loads} loads beside {options.busy} busy processes, {time.monotonic() - start:.0f} s:")
    for name, count in found.items():
        print(f"  {count:>3} × {name}")
    return int(len(found) != 1)


if __name__ == "__main__":
    sys.exit(main())
