"""Facts: the numbers in a lesson's sentences, read off recorded runs and recorded measurements.

    without_never = { off = [2] }                       the model's recorded answer: "38 %"
    in_nats = { off = [2], as = "number" }              the same in the run's unit: "−0.49"
    pair = { set = [2, 3], index = "FBII", order = 3 }  of an index, "mean" where none is named: "+1.57"
    share = { share = [2, 3] }                          of the variance that a set carries: "59 %"
    linear = { r2 = "linear" }                          of the baseline or, "fit", of the run: "16 %"
    pairs = { of_order = 2 }                            of the variance, by all sets of a size: "69 %"
    low = { interval = [2, 3], end = 0 }                an end of the interval of a mean effect, 0 or 1
    seen = { check = [2, 3], read = "model_mean" }      what a check of a set found, by its field
    near = { read = ["fidelity", "local"] }             anything else of the run, by its fields
    players = { count = "players" }                     or "ablations"; all "masks", "pairs", "triples"
    lime = { file = "fooled.json", at = ["lime", "r2"], as = "percent" }    of a file beside the lessons

Each may name a `run` of its own. `as`: "percent", "number" (signed), "plain" (unsigned) or "text".
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from math import comb
from typing import Any

from spexviz.kit.numerals import number, percent
from spexviz.masks import all_but
from spexviz.results import Explanation
from spexviz.views import question

Runs = Callable[[str], Explanation]
Files = Callable[[str], Any]


def told(facts: Mapping[str, Mapping[str, Any]], run: str, runs: Runs, files: Files) -> dict[str, str]:
    """{name: number as text} of all facts.

    `run`: the name of the run that facts are of unless they name another; `runs`, `files`: what finds a run
    by its name and what a file holds. Raises ValueError or LookupError for what cannot be told.
    """
    said = {}
    for name, fact in facts.items():
        if "file" in fact:
            said[name] = _shown(_within(files(fact["file"]), fact["at"]), fact.get("as", "plain"))
        else:
            said[name] = _of_run(fact, runs(fact.get("run", run)))
    return said


def _within(data: Any, path: list[Any]) -> Any:
    for part in path:
        data = data[part] if isinstance(data, dict | list | tuple) else getattr(data, part)
    return data


def _of_run(fact: Mapping[str, Any], run: Explanation) -> str:
    if "off" in fact:
        value = float(run.asked(all_but([tuple(fact["off"])], len(run.players)))[0])
        if math.isnan(value):
            raise ValueError(f"the run has not asked the mask without {fact['off']}")
        return _shown(value, fact["as"]) if "as" in fact else question.bare(run.subject, value)
    if "set" in fact:
        members = tuple(fact["set"])
        found = run.interactions(fact.get("index", "mean"), fact.get("order", max(2, len(members))))
        return _shown(found[members], fact.get("as", "number"))
    if "share" in fact:
        members = tuple(fact["share"])
        return percent(run.interactions("mean", len(members)).shares[members])
    if "r2" in fact:
        return percent({"linear": run.baseline, "fit": run.fidelity}[fact["r2"]].r2)
    if "of_order" in fact:
        shares = run.spectrum.shares(run.fidelity.keep).items()
        return percent(sum(share for members, share in shares if len(members) == fact["of_order"]))
    if "interval" in fact:
        members = tuple(fact["interval"])
        intervals = run.interactions("mean", len(members)).intervals or {}
        return _shown(intervals[members][fact["end"]], fact.get("as", "number"))
    if "check" in fact:
        check = next(check for check in run.checks if check.members == tuple(fact["check"]))
        return _shown(getattr(check, fact["read"]), fact.get("as", "number"))
    if "read" in fact:
        return _shown(_within(run, fact["read"]), fact.get("as", "plain"))
    n = len(run.players)
    counts = {
        "players": n,
        "pairs": comb(n, 2),
        "triples": comb(n, 3),
        "masks": 2**n,
        "ablations": run.ablations,
    }
    return f"{counts[fact['count']]:,}"


def _shown(value: Any, how: str) -> str:
    if how == "percent":
        return percent(value)
    if how == "number":
        return number(value)
    if how == "plain":
        return number(value, signed=False) if isinstance(value, float) else f"{value:,}"
    return str(value)
