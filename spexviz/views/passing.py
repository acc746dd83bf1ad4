"""Passing: the masked texts of a run with the model's recorded answers, one after the other; one component.

Beside the count stands what a fit of the masks so far explains, as the run recorded it on its way. The script
reports by the trigger `did` {"what": "passed"} when all have passed.
"""

from __future__ import annotations

from spexviz.kit.numerals import percent
from spexviz.results import Explanation
from spexviz.views import question
from spexviz.views.component import colours, versioned
from spexviz.views.story import Component
from spexviz.views.strip import pieces

_COLOURS = ("ink", "muted", "grid", "surface", "accent", "up", "down")


def passing(explanation: Explanation, *, dark: bool = False) -> Component:
    """The masks of a run of a text, in the order in which they were asked."""
    tokens, gaps = pieces(explanation)
    subject, sample = explanation.subject, explanation.sample
    masks = ["".join("1" if kept else "0" for kept in mask) for mask in sample.masks.tolist()]
    chances = [subject.scale.chance(value) for value in sample.values.tolist()]
    body = {
        "tokens": tokens,
        "gaps": gaps,
        "masks": masks,
        "answers": [question.bare(subject, value) for value in sample.values.tolist()],
        "bars": [round(chance, 3) if chance is not None else None for chance in chances],
        "answer": f"“{subject.scale.answers[0].strip()}”",
        "possible": f"{2 ** len(explanation.players):,}",
        "noun": subject.noun,
        "learnt": _learnt(explanation),
        "colours": colours(_COLOURS, dark),
    }
    text = f"{len(masks):,} masked texts, each with the model's recorded answer."
    return Component("passing", versioned(body, ()), text)


def _learnt(explanation: Explanation) -> list[dict[str, object]]:
    """What the fit of so many masks explained of others, and what single players alone did."""
    found: dict[int, dict[str, object]] = {}
    for point in explanation.proof.curve:
        row = found.setdefault(point.budget, {"at": point.budget, "fit": "–", "alone": "–", "share": 0.0})
        if point.solver == "linear":
            row["alone"] = percent(max(0.0, point.r2))
        else:
            row |= {"fit": percent(max(0.0, point.r2)), "share": round(max(0.0, point.r2), 3)}
    return [row for _, row in sorted(found.items())]
