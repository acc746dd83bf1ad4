"""Bytes flipped in what is remembered below the home beside runs and ablations: it is made anew, or refused.

Uploaded data are named by their content, features carry a checksum, what was found of a model is JSON. A file
of endpoints is the operator's own text: another name of a host cannot be told from the right one.
"""

from __future__ import annotations

import dataclasses
import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from spexviz.errors import SpexvizError
from spexviz.games.training import data, features
from spexviz.models import compared, endpoints
from spexviz.models.compared import Allowed
from tools.faults.flips import flip
from tools.faults.trial import Outcome

CSV = "text,label\n" + "".join(
    f"a text of number {number},{'yes' if number % 2 else 'no'}\n" for number in range(60)
)
TOML = '[mine]\nurl = "http://127.0.0.1:9/v1"\nmodel = "a-model"\nkey_env = "MY_KEY"\n'
ALLOWED = Allowed(True, True, True, compared.WHOLE)
Ask = Callable[[], Any]


def remembered(folder: Path, rng: random.Random, tries: int) -> Outcome:
    """Each kind of file, `tries` times; what is read afterwards is what was written, or an error in words."""
    seen: Counter[str] = Counter()
    lost: list[str] = []
    with _home(folder):
        for name, path, ask in _files(folder):
            content, right = path.read_bytes(), ask()
            for number in range(tries):
                path.write_bytes(content)
                flip(path, rng)
                try:
                    is_right = ask() == right
                except SpexvizError:
                    seen[f"{name} refused in words"] += 1
                except Exception as error:
                    lost.append(f"{name}, try {number}: {type(error).__name__}: {error}")
                else:
                    seen[f"{name} {'as they were' if is_right else 'others, unseen'}"] += 1
                    if not is_right and name != "endpoints":
                        lost.append(f"{name}, try {number}: others than were kept are used")
    told = ", ".join(f"{words} {count} ×" for words, count in seen.most_common())
    return Outcome("flip-remembered", tries, told, tuple(lost))


def _files(folder: Path) -> Iterator[tuple[str, Path, Ask]]:
    """What is kept, the file, and how it is asked for."""
    label = data.keep(CSV.encode()).label
    yield "uploads", next(folder.glob("data/*.csv")), lambda: data.load(label).fingerprint
    compared.remembered("a model", Allowed, lambda: ALLOWED)
    found = next(folder.glob("compared/*.json"))
    yield "findings", found, lambda: compared.remembered("a model", Allowed, lambda: ALLOWED)
    if _has_encoder():
        texts = ["a text", "another one", "and a third"]
        features.embed(texts, "minilm")
        yield (
            "features",
            next(folder.glob("features/*.npz")),
            lambda: features.embed(texts, "minilm").tolist(),
        )
    endpoints.path().write_text(TOML, encoding="utf-8")
    yield (
        "endpoints",
        endpoints.path(),
        lambda: [dataclasses.astuple(one) for one in endpoints.configured().values()],
    )


def _has_encoder() -> bool:
    try:
        return bool(features.encoder_id("minilm"))
    except SpexvizError:
        return False


@contextmanager
def _home(folder: Path) -> Iterator[None]:
    before = os.environ.get("SPEXVIZ_HOME")
    os.environ["SPEXVIZ_HOME"] = str(folder)
    try:
        yield
    finally:
        os.environ.pop("SPEXVIZ_HOME")
        if before is not None:
            os.environ["SPEXVIZ_HOME"] = before
