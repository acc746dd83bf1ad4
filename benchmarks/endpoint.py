"""A run against a real llama.cpp server on loopback, 5 % of the answers spoilt.

Is it complete, and what does it cost?

python -m benchmarks.endpoint [--ablations 2000] [--rate 0.05] [--threads 1]
"""

from __future__ import annotations

import argparse

from spexviz.models import bundled
from tests.models import real_server
from tests.models.endurance import endure


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--ablations", type=int, default=2000)
    parser.add_argument("--rate", type=float, default=0.05)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--timeout", type=float, default=30.0, help="seconds for one answer; a slow one takes longer"
    )
    options = parser.parse_args()
    server = real_server.start(bundled.gguf(), threads=options.threads)
    found = endure(server.listening_address, options.ablations, rate=options.rate, timeout=options.timeout)
    faults = ", ".join(f"{count} {kind}" for kind, count in sorted(found.injected.items()))
    rows = {
        "ablations": f"{found.ablations:,}",
        "requests for completions": f"{found.requests:,}",
        "faults injected": f"{found.injected.total():,} ({faults})",
        "requests sent again": f"{found.retries:,}",
        "values lost": f"{found.lost}",
        "masks asked of the game twice": f"{found.repeated}",
        "largest difference from values without faults": f"{found.difference:.1e} nats",
        "seconds": f"{found.seconds:.0f} ({found.ablations / found.seconds:.1f} ablations/s, "
        f"{options.threads} thread)",
    }
    print(f"explain through an endpoint (llama.cpp, bundled Q4_1), {options.rate:.0%} faults")
    for name, value in rows.items():
        print(f"  {name:<48}{value}")


if __name__ == "__main__":
    main()
