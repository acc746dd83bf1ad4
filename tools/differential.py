"""`python -m tools.differential`: values of drawn games against transformers' own forward pass.

A draw is a family, a prompt or parts of the model, and masks: see tests/models/draws.py. Each is tried in
fp32 and in the half precisions of this machine; `--first K --draws 1` tries draw K again.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence

import numpy as np

from tests.models import differential, draws
from tests.models.differential import REFUSED, RIGHT, WRONG, Outcome

TOLD_EVERY = 25
WORST = 5  # draws that are named


def main(arguments: Sequence[str] | None = None) -> int:
    from transformers.utils import logging

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0)
    options = parser.parse_args(arguments)
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    precisions = ("fp32", *differential.halves())
    found: list[tuple[int, Outcome]] = []
    start = time.monotonic()
    for number in range(options.first, options.first + options.draws):
        drawn = draws.draw(options.seed, number)
        for outcome in differential.tried(drawn, precisions):
            found.append((number, outcome))
            if outcome.end == WRONG:
                print(f"{outcome.precision}: {outcome.said or seen(outcome)}\n  {drawn}", flush=True)
        tried = number + 1 - options.first
        if tried % TOLD_EVERY == 0:
            print(f"{tried} of {options.draws} draws, {time.monotonic() - start:.0f} s", flush=True)
    for precision in precisions:
        tell(precision, [(number, one) for number, one in found if one.precision in (precision,)])
    wrong = sum(one.end == WRONG for _, one in found)
    print(f"{options.draws} draws, seed {options.seed}, {time.monotonic() - start:.0f} s: {wrong} wrong")
    return int(bool(wrong))


def seen(outcome: Outcome) -> str:
    """By how much the values are off."""
    if outcome.precision == "fp32":
        return f"off by up to {outcome.off:.2g} nats"
    return f"off by {outcome.off:.2g} nats, transformers by {outcome.own:.2g} (root mean squares)"


def tell(precision: str, found: Sequence[tuple[int, Outcome]]) -> None:
    """The counts of one precision, and its worst draws."""
    ends = Counter(one.end for _, one in found)
    print(f"\n{precision}: {', '.join(f'{ends[end]} {end}' for end in (RIGHT, REFUSED, WRONG))}")
    compared = [(number, one) for number, one in found if one.off > 0]
    if not compared:
        return
    if precision == "fp32":
        worst = sorted(compared, key=lambda item: -item[1].off)
    else:
        off, own = (
            np.sqrt(np.mean([getattr(one, name) ** 2 for _, one in compared])) for name in ("off", "own")
        )
        ratios = [one.off / max(one.own, differential.FLOOR) for _, one in compared]
        print(
            f"  off by {off:.3g} nats in all, transformers by {own:.3g}; of its own in the median "
            f"{np.median(ratios):.2f}"
        )
        worst = sorted(compared, key=lambda item: -item[1].off / max(item[1].own, differential.FLOOR))
    for number, one in worst[:WORST]:
        print(f"  draw {number}: {seen(one)}")
    refused = Counter(one.said[:90] for _, one in found if one.end == REFUSED)
    for words, count in refused.most_common():
        print(f"  refused {count} ×: {words}")


if __name__ == "__main__":
    sys.exit(main())
