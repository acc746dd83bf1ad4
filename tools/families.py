"""`python -m tools.families [FAMILY …]`: every family of tests/models/zoo.py against transformers itself.

A part of `make campaign`. Without names it tries all and writes docs/models.md; it fails where something is
wrong.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.models import families, zoo
from tests.models.families import CLAIMS, REFUSED, RIGHT, WRONG, Outcome

DOCS = Path(__file__).resolve().parents[1] / "docs" / "models.md"
KINDS = {
    "Decoders": zoo.DECODERS,
    "Mixtures of experts": zoo.EXPERTS,
    "Recurrent models and hybrids": zoo.RECURRENT,
    "Encoders, encoder-decoders and classifiers": zoo.ENCODERS,
}
WORDS = {RIGHT: "yes", REFUSED: "–", WRONG: "**wrong**"}
HEAD = """# Families of transformers, tried

`python -m tools.families` (a part of `make campaign`) makes a tiny random checkpoint of each family and
compares what spexviz says in fp32 with transformers' own forward pass: log-probabilities and the greedy
answer of four texts, and the log-odds of two answers with heads, MLPs or whole layers set to zero, with hooks
set by hand. *yes*: the same within 3e-4 nats; –: refused, in the words on the right. Families that are not
here are treated alike: nothing is decided by a family's name.
"""


def page(found: Mapping[str, Mapping[str, Outcome]]) -> str:
    """The whole of docs/models.md."""
    lines = [HEAD]
    for title, names in KINDS.items():
        lines += [f"## {title}", "", f"| family | {' | '.join(CLAIMS)} | remarks |"]
        lines.append("|---" * (len(CLAIMS) + 2) + "|")
        lines += [row(name, found[name]) for name in names]
        lines.append("")
    return "\n".join(lines)


def row(name: str, outcomes: Mapping[str, Outcome]) -> str:
    """A line of the table."""
    ends = " | ".join(WORDS[outcomes[claim].end] for claim in CLAIMS)
    said = dict.fromkeys(outcome.said for outcome in outcomes.values() if outcome.said)
    remarks = " ".join(one.replace("|", "\\|").replace("\n", " ") for one in said)
    return f"| {name} | {ends} | {remarks} |"


def main(arguments: Sequence[str] | None = None) -> int:
    from transformers.utils import logging

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("families", nargs="*", metavar="FAMILY", help="all, where none is named")
    names = parser.parse_args(arguments).families or list(zoo.ALL)
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    found: dict[str, dict[str, Outcome]] = {}
    start = time.monotonic()
    for name in names:
        found[name] = families.tried(name)
        print(row(name, found[name]), flush=True)
    wrong = [name for name in names if any(one.end == WRONG for one in found[name].values())]
    print(f"{len(names)} families in {time.monotonic() - start:.0f} s, {len(wrong)} wrong {' '.join(wrong)}")
    if len(found) == len(zoo.ALL):
        DOCS.write_text(page(found), encoding="utf-8")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
