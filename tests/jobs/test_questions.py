"""Any set checked on request: kept with the run, in one order, never asked twice; and a file stays a file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from spexviz.ablate.runner import Progress
from spexviz.errors import Cancelled, ModelError, SolverError, SpexvizError, StoreError
from spexviz.jobs import questions
from spexviz.jobs.manager import JobManager
from spexviz.results import Check, Explanation
from spexviz.run import pipeline
from spexviz.run.checks import validate, with_checks
from spexviz.run.plan import Request
from spexviz.spec import RunSpec

GAME = {
    "name": "prompt",
    "model": "toy",
    "prompt": "This film is not good at all, and nobody would call the plot anything but dull or boring",
    "template": "Review: {}",
}
SPEC = Request.of(RunSpec(GAME, {"name": "linear"}, 64, 3)).spec
PAIR, TRIPLE, NOTHING = (3, 4), (3, 4, 15), (0, 9)


@pytest.fixture(scope="module")
def honest() -> Explanation:
    run = pipeline.run(Request.of(SPEC))
    assert not run.proof.exact and not run.checks
    return run


@pytest.fixture
def manager(make: Callable[..., JobManager], monkeypatch: pytest.MonkeyPatch) -> JobManager:
    monkeypatch.setenv("SPEXVIZ_MODELS", "toy")
    return make(workers=1)


def done(manager: JobManager, honest: Explanation) -> str:
    """A finished run of this server."""
    run_id = manager.store.enqueue(SPEC, "a run", "somebody")
    manager.store.start(run_id)
    manager.store.save(run_id, honest)
    manager.store.finish(run_id, "done")
    return run_id


def by_hand(honest: Explanation, members: tuple[int, ...]) -> Check:
    game = Request.of(SPEC).game
    return validate(game, honest.spectrum, [members], 3, 256, measured=honest)[0]


def test_a_set_is_measured_by_the_check_of_every_run_and_kept(
    manager: JobManager, honest: Explanation, tmp_path: Path
) -> None:
    run_id, game = done(manager, honest), Request.of(SPEC).game
    told: list[Progress] = []
    found = manager.check(run_id, game, PAIR, told.append)
    (check,) = found.checks
    assert check == by_hand(honest, PAIR) and 0 < check.ablations <= questions.LIMIT
    assert check.interval[0] <= check.model_mean <= check.interval[1]
    assert check.model_mean > 0 or check.model_mean < 0, "not and good act together in the toy model"
    assert told[-1].done >= check.ablations and told[-1].total == questions.LIMIT
    assert found.ablations == honest.ablations + check.ablations
    kept = manager.store.result(run_id)
    assert kept is not None and kept.to_json() == found.to_json()
    assert Explanation.from_json(kept.to_json()).checks == (check,)
    assert kept.spectrum == honest.spectrum and kept.fidelity == honest.fidelity
    told.clear()
    version = manager.store.get(run_id).version
    again = manager.check(run_id, game, PAIR[::-1], told.append)
    assert again.to_json() == kept.to_json() and not told, "at once"
    assert manager.store.get(run_id).version == version


def test_the_order_of_checks_does_not_tell_what_was_asked_first(
    make: Callable[..., JobManager], manager: JobManager, honest: Explanation
) -> None:
    game = Request.of(SPEC).game
    results = []
    for order in ([PAIR, TRIPLE, NOTHING], [NOTHING, PAIR, TRIPLE], [TRIPLE, NOTHING, PAIR]):
        run_id = done(manager, honest)
        for members in order:
            found = manager.check(run_id, game, members)
        results.append(found.checks)
    assert results[0] == results[1] == results[2] and len(results[0]) == 3
    own = [by_hand(honest, members) for members in ((5, 6), (3,))]
    first = replace(honest, proof=replace(honest.proof, checks=(own[1], own[0])))
    assert with_checks(first, [own[0]]) is first, "the old check of a set stays"


def test_what_others_keep_meanwhile_is_not_lost(
    manager: JobManager, honest: Explanation, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id, game = done(manager, honest), Request.of(SPEC).game
    other = by_hand(honest, NOTHING)
    complete = manager.store.complete

    def late(run, explanation):
        """Somebody else keeps a check just before."""
        now = manager.store.get(run_id)
        complete(now, with_checks(manager.store.result(run_id), [other]))
        monkeypatch.setattr(manager.store, "complete", complete)
        return complete(run, explanation)

    monkeypatch.setattr(manager.store, "complete", late)
    found = manager.check(run_id, game, PAIR)
    assert {check.members for check in found.checks} == {PAIR, NOTHING}
    assert manager.store.result(run_id).checks == found.checks


def test_a_file_stays_as_it_is(manager: JobManager, honest: Explanation) -> None:
    run_id = manager.store.insert(honest, "a file")
    found = manager.check(run_id, Request.of(SPEC).game, PAIR)
    assert found.checks == (by_hand(honest, PAIR),)
    assert manager.store.result(run_id).checks == ()


def test_what_was_asked_before_a_cancel_is_not_asked_again(manager: JobManager, honest: Explanation) -> None:
    run_id, game = done(manager, honest), Request.of(SPEC).game
    told: list[Progress] = []

    def leave(progress: Progress) -> None:
        told.append(progress)
        raise Cancelled("The visitor has gone elsewhere.")

    with pytest.raises(Cancelled):
        manager.check(run_id, game, TRIPLE, leave)
    assert manager.store.result(run_id).checks == () and told[0].done
    told.clear()
    manager.check(run_id, game, TRIPLE, told.append)
    assert told[0].cached, "kept"


@pytest.mark.parametrize(
    ("members", "kind", "said"),
    [
        ((), SolverError, "1 to 4"),
        ((0, 1, 2, 3, 4), SolverError, "1 to 4"),
        ((0, 0), SolverError, "no set"),
        ((0, 99), SolverError, "no set"),
        ((0, "1"), SolverError, "no set"),
    ],
)
def test_what_is_no_set_of_the_run_is_refused(
    manager: JobManager, honest: Explanation, members: tuple, kind: type[SpexvizError], said: str
) -> None:
    with pytest.raises(kind, match=said):
        manager.check(done(manager, honest), Request.of(SPEC).game, members)


def test_without_a_run_or_its_model_nothing_is_asked(
    manager: JobManager, honest: Explanation, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id, game = done(manager, honest), Request.of(SPEC).game
    with pytest.raises(StoreError, match="no longer there"):
        manager.check("0" * 16, game, PAIR)
    monkeypatch.setenv("SPEXVIZ_MODELS", "bundled")
    with pytest.raises(ModelError):
        manager.check(run_id, game, PAIR)
