"""What must hold of runs when a fault is over: each has ended, in words; resumed it has its values."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from spexviz.spec import RunSpec
from tools.faults.managed import Managed, Refused
from tools.faults.values import MOST_AGAIN, asked_again, undisturbed


def submitted(process: Managed, specs: Sequence[RunSpec]) -> list[str]:
    return [process.ask("submit", spec.to_json()) for spec in specs]


def unsettled(
    process: Managed, specs: Sequence[RunSpec], ids: Sequence[str], remedy: str
) -> tuple[list[str], int]:
    """What was lost, in words, and how many runs the fault had ended; these are resumed.

    `remedy`: words, separated by "|", of which one must stand in the message of a run that the fault ended.
    """
    lost: list[str] = []
    resumed = 0
    for seed, (spec, run_id) in enumerate(zip(specs, ids, strict=True)):
        run = process.until(lambda run: not run["active"], "run", run_id)
        if run["active"]:
            lost.append(f"run {seed} stays {run['state']}; the process has {process.ask('at_work')} runs")
            lost += _cannot_be_freed(process, run_id)
            continue
        if run["state"] != "done":
            resumed += 1
            lost += _wordless(seed, run, remedy)
            process.ask("resume", run_id)
            run = process.until(lambda run: not run["active"], "run", run_id)
        lost += _changed(process, seed, spec, run)
    if process.ask("at_work"):
        lost.append("the process still has runs")
    return lost, resumed


def _wordless(seed: int, run: dict, remedy: str) -> list[str]:
    said = run["message"]
    if any(word in said for word in remedy.split("|")):
        return []
    return [f"run {seed} {run['state']} without a remedy: {said!r}"]


def _changed(process: Managed, seed: int, spec: RunSpec, run: dict) -> list[str]:
    """What a run that is over has not as it should."""
    lost = []
    if run["state"] != "done":
        return [f"run {seed} {run['state']} once more: {run['message']}"]
    changes = {}
    log = Path(spec.game.get("log", ""))
    if spec.game_name == "slow":
        changes = {"pause": 0.0, "log": f"{log}.undisturbed"}
    if process.ask("values", run["id"]) != undisturbed(spec, **changes):
        lost.append(f"run {seed} has other values")
    if spec.game_name == "slow" and (twice := asked_again(log)) > MOST_AGAIN:
        lost.append(f"run {seed} was asked {twice} masks again")
    return lost


def _cannot_be_freed(process: Managed, run_id: str) -> list[str]:
    """What is lost beside, where a run that nobody works at does not end."""
    try:
        process.ask("cancel", run_id)
    except Refused as error:
        return [f"it cannot be cancelled: {error}"]
    run = process.until(lambda run: not run["active"], "run", run_id)
    if run["active"]:
        return [f"cancelled, it stays {run['state']}"]
    return []


def undisturbed_there(home: Path, spec: RunSpec, **environment: str) -> list[float]:
    """The values of a run in a process of its own, with nothing in its way."""
    with Managed(home, **environment) as process:
        run_id = process.ask("submit", spec.to_json())
        run = process.until(lambda run: not run["active"], "run", run_id)
        assert run["state"] == "done", f"the run that nothing disturbs {run['state']}: {run['message']}"
        return process.ask("values", run_id)


def kept_after(
    process: Managed, run_id: str, whole: list[float], remedy: str, must_end: bool = True
) -> list[str]:
    """What was lost, in words, of a run that a fault may end, and which is then resumed.

    `whole`: its values undisturbed; `remedy`: words of its message, as in `unsettled`; `must_end`: the fault
    is one that it cannot survive by itself.
    """
    run = process.until(lambda run: not run["active"], "run", run_id)
    if run["active"]:
        return [f"the run stays {run['state']}"]
    lost: list[str] = []
    kept = 0
    if run["state"] != "done":
        lost += _wordless(0, run, remedy)
        if not must_end:
            lost.append(f"the run {run['state']}: {run['message']}")
        kept = process.ask("measured")
        process.ask("resume", run_id)
        run = process.until(lambda run: not run["active"], "run", run_id)
    if run["state"] != "done":
        return [*lost, f"resumed, the run {run['state']}: {run['message']}"]
    if process.ask("values", run_id) != whole:
        lost.append("the run has other values")
    if process.ask("cached", run_id) < kept:
        lost.append(f"{kept} ablations were kept, and {process.ask('cached', run_id)} of them used")
    return lost
