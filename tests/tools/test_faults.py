"""The start of `python -m tools.faults`: one try of some faults on real processes; a loss is noticed."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from spexviz.ablate import cache as ablations
from spexviz.jobs.schema import FILE
from tools.faults import __main__ as campaign
from tools.faults import child, flips, kills, links
from tools.faults.trial import Outcome, table

FAST = ("kill-run", "kill-evictions", "flip-runs")


@pytest.mark.parametrize("kind", FAST)
def test_nothing_is_lost(kind: str, tmp_path: Path) -> None:
    outcome = campaign.KINDS[kind](tmp_path, random.Random(1), 1)
    assert outcome.kind == kind and outcome.tries == 1 and outcome.lost == ()


def test_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cases = [(FILE, "elsewhere"), (ablations.FILE, "text"), ("locks", "nothing")]
    monkeypatch.setattr(links, "CASES", cases)
    outcome = links.links(tmp_path, random.Random(1), 1)
    assert outcome.tries == len(cases) and outcome.lost == ()


def test_a_trial_that_breaks_off_is_a_loss_and_the_others_are_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def broken(folder: Path, rng: random.Random, tries: int) -> Outcome:
        raise AssertionError("the process ended")

    def whole(folder: Path, rng: random.Random, tries: int) -> Outcome:
        return Outcome("whole", tries, "all of it")

    monkeypatch.setattr(campaign, "KINDS", {"broken": broken, "whole": whole})
    first, second = campaign.tried(["broken", "whole"], 2, 0, tmp_path)
    assert first.lost == ("AssertionError: the process ended",) and second.lost == ()


def test_a_lost_run_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check itself: an import that was taken in, and is gone."""

    def forgetful(
        deed: str, home: Path, rng: random.Random, seconds: float, *arguments: str
    ) -> list[child.Note]:
        notes = whole(deed, home, *arguments)
        with closing(sqlite3.connect(home / FILE)) as plain, plain:
            plain.execute("DELETE FROM runs WHERE title = '005'")
        return notes

    monkeypatch.setattr(kills, "killed", forgetful)
    outcome = kills.imports(tmp_path, random.Random(1), 1)
    assert outcome.lost and "005" in outcome.lost[0]


def test_flips_notice_what_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forgetful(home: Path) -> list[child.Note]:
        return [note for note in flips_started(home) if note[0] != "run"]

    flips_started = flips.started
    monkeypatch.setattr(flips, "started", forgetful)
    outcome = flips.locks(tmp_path, random.Random(1), 1)
    assert outcome.lost[0] == f"try 0: {flips.RUNS} runs that can be read are not there"


def test_the_table_tells_what_was_lost_and_what_was_not_tried() -> None:
    outcomes = [
        Outcome("kill", 20, "all of it", ("try 3: a run",)),
        Outcome("ray", 0, "", skipped="no Ray here"),
    ]
    first, second, third = table(outcomes).splitlines()
    assert first.split() == ["fault", "tries", "lost", "what", "survived"]
    assert second.split() == ["kill", "20", "1", "all", "of", "it"] and third.endswith(
        "not tried: no Ray here"
    )


def whole(deed: str, home: Path, *arguments: str) -> list[child.Note]:
    """A deed that nobody disturbs."""
    one = child.Child(deed, home, *arguments)
    one.wait_for(child.DONE)
    return one.kill()
