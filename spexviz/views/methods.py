"""Methods: what ways to give each word a score say of one text, beside what the model says; one component.

Each method is a constant and a score a word, made from the same masks. The script adds up the scores of the
words that are kept, and has the measured answer to every mask beside it; it follows what is switched off in
the run's other views.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from spexviz.kit.names import names, upright
from spexviz.masks import all_masks
from spexviz.results import Explanation
from spexviz.views import question
from spexviz.views.captions import r2_text
from spexviz.views.component import colours, versioned
from spexviz.views.glossary import explained
from spexviz.views.story import Component
from spexviz.views.theme import number, percent

TITLES = {"linear": "Best scores", "lime": "LIME", "shap": "SHAP", "attention": "Attention"}
TITLE = "A score for each word"
_COLOURS = ("ink", "muted", "grid", "surface", "up", "down")
_SHARES = "attention"  # of which shares are shown, without a sign


def methods(
    explanation: Explanation,
    found: Mapping[str, Mapping[str, Any]],
    shown: Sequence[str],
    *,
    worth: bool = False,
    dark: bool = False,
) -> Component:
    """The table of the methods that are named in `shown`; `worth`: with the R² of each.

    `found`: {method: "constant", "scores", "r2", of attention also "shares"}; the run has asked every mask.
    """
    label = names(explanation.players)
    columns = [_column(name, found[name]) for name in shown]
    body: dict[str, Any] = {
        "words": list(map(upright, label)),
        "columns": columns,
        "measured": _measured(explanation),
        "worth": worth,
        "amount": question.amount(explanation.subject),
        "about": _about(explanation, shown),
        "terms": explained(*_about(explanation, shown), "R²", *map(TITLES.__getitem__, shown)),
        "colours": colours(_COLOURS, dark),
    }
    return Component("methods", versioned(body, ()), _in_words(label, columns), TITLE)


def _column(name: str, method: Mapping[str, Any]) -> dict[str, Any]:
    drawn = method["shares"] if name == _SHARES else method["scores"]
    largest = max(map(abs, drawn))
    say = percent if name == _SHARES else number
    return {
        "title": TITLES[name],
        "shown": [say(value) for value in drawn],
        "bars": [round(value / largest, 3) for value in drawn],
        "signed": name != _SHARES,
        "constant": method["constant"],
        "scores": method["scores"],
        "r2": r2_text(method["r2"]),
    }


def _measured(explanation: Explanation) -> dict[str, str]:
    """{players left out, "2-3": what the model says then}."""
    masks = all_masks(len(explanation.players))
    values = explanation.asked(masks).tolist()
    said = {}
    for mask, value in zip(masks, values, strict=True):
        off = np.flatnonzero(~mask).tolist()
        said["-".join(map(str, off))] = question.bare(explanation.subject, value)
    return said


def _about(explanation: Explanation, shown: Sequence[str]) -> list[str]:
    """What the numbers are."""
    count = 2 ** len(explanation.players)
    said = [f"All of them from the same {count} masks. Bars: each column by its own largest."]
    scores = [TITLES[name] for name in shown if name != _SHARES]
    if scores:
        said.append(
            f"{' and '.join(scores)}: in log-odds, orange + for the first answer, purple − against it."
        )
    if _SHARES in shown:
        said.append("Attention: its share that goes to each word, where the answer is read; it has no sign.")
    return said


def _in_words(label: Sequence[str], columns: Sequence[Mapping[str, Any]]) -> str:
    told = []
    for column in columns:
        said = ", ".join(f"{word} {text}" for word, text in zip(label, column["shown"], strict=True))
        told.append(f"{column['title']}: {said}.")
    return " ".join(told)
