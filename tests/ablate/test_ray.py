"""A real Ray cluster of two workers on this machine; one of them is killed in the middle of a run."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest

from spexviz.ablate.cache import MemoryCache
from spexviz.ablate.executors.cluster import RayExecutor
from spexviz.ablate.executors.local import LocalExecutor
from spexviz.ablate.runner import Progress, Runner
from spexviz.errors import Cancelled, ModelError, SpecError
from spexviz.games.base import Game
from spexviz.games.prompt.game import PromptGame
from spexviz.games.synthetic import SyntheticGame
from spexviz.masks import uniform_masks
from spexviz.run import pipeline
from spexviz.solvers.linear import Linear

if importlib.util.find_spec("ray") is None:
    pytest.skip("the extra spexviz[ray] is not installed", allow_module_level=True)
GAME = SyntheticGame("2*x0*x1 - 3*x2*x3*x4 + 0.5*x5", n=20, noise=0.1, seed=3)
TOY = PromptGame(
    "toy", "This film is not good but never dull and hardly a great bore for no good reason at all"
)
MASKS = uniform_masks(20, 400, 0)


@pytest.fixture(scope="module")
def cluster() -> Iterator[RayExecutor]:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("RAY_ADDRESS", raising=False)
        executor = RayExecutor(2)  # imports Ray, with its settings for this machine only
        yield executor
        executor.close()
    import ray

    assert not ray.is_initialized(), "what was started is ended"


def pids(cluster: RayExecutor) -> list[int]:
    """The process of each replica that is up."""
    ray = cluster._ray
    return [
        ray.get(replica.actor.__ray_call__.remote(_pid))
        for replica in cluster.replicas
        if replica.actor is not None
    ]


def _pid(replica: object) -> int:
    return os.getpid()


def both_up(cluster: RayExecutor, game: Game) -> None:
    end = time.monotonic() + 300
    while sum(replica.actor is not None for replica in cluster.replicas) < 2:
        assert time.monotonic() < end, "a replica that was lost does not come back"
        Runner(game, MemoryCache(), executor=cluster, chunk=1)(uniform_masks(len(game.players), 8, 1))


@pytest.mark.parametrize("game", [GAME, TOY], ids=["synthetic", "toy"])
def test_the_same_values_as_in_this_process(cluster: RayExecutor, game: Game) -> None:
    masks = uniform_masks(len(game.players), 200, 0)
    told: list[Progress] = []
    runner = Runner(game, MemoryCache(), 200, told.append, chunk=16, executor=cluster)
    assert (runner(masks) == game(masks)).all() and runner.fingerprint == game.fingerprint
    done = [progress.done for progress in told]
    assert done == sorted(done) and done[-1] == 200 and len(done) == 13


# one that dies twice in a row retires
@pytest.mark.parametrize(("victim", "how"), [(0, "the process is killed"), (1, "the actor is killed")])
def test_a_worker_killed_in_the_middle(cluster: RayExecutor, victim: int, how: str) -> None:
    both_up(cluster, GAME)
    told: list[Progress] = []
    before, cache = pids(cluster), MemoryCache()

    def kill(progress: Progress) -> None:
        told.append(progress)
        if len(told) == 5 and how == "the process is killed":
            os.kill(before[victim], signal.SIGKILL)
        elif len(told) == 5:
            cluster._ray.kill(cluster.replicas[victim].actor)

    values = Runner(GAME, cache, 400, kill, chunk=10, executor=cluster)(MASKS)
    assert (values == GAME(MASKS)).all() and np.isfinite(cache.get(GAME.fingerprint, MASKS)).all()
    done = [progress.done for progress in told]
    assert done == list(range(10, 410, 10)), "nothing lost, nothing counted twice"
    both_up(cluster, GAME)
    after = pids(cluster)
    assert len(after) == 2 and before[victim] not in after and before[1 - victim] in after, (
        "another took its place"
    )


def test_cancel_keeps_what_was_in_flight(cluster: RayExecutor) -> None:
    cache, cancel = MemoryCache(), threading.Event()
    with pytest.raises(Cancelled) as caught:
        Runner(
            GAME,
            cache,
            400,
            lambda progress: progress.done >= 50 and cancel.set(),
            cancel,
            chunk=10,
            executor=cluster,
        )(MASKS)
    known = int(np.isfinite(cache.get(GAME.fingerprint, MASKS)).sum())
    assert 50 <= known <= 70 and f"after {known} of 400" in str(caught.value)
    again = Runner(GAME, cache, chunk=10, executor=cluster)
    assert (again(MASKS) == GAME(MASKS)).all() and again.cached == known


def test_a_whole_run(cluster: RayExecutor) -> None:
    there, here = (
        pipeline.explain(TOY, Linear(), 64, executor=executor) for executor in (cluster, LocalExecutor())
    )
    assert (
        there.spectrum == here.spectrum
        and there.fidelity.r2 == here.fidelity.r2
        and there.spec.id == here.spec.id
    )


def test_what_a_replica_refuses_is_said_as_here(cluster: RayExecutor) -> None:
    with pytest.raises(ModelError, match="The toy model answers only"):
        Runner(PromptGame("toy", "not bad", target=" fine"), executor=cluster)(uniform_masks(2, 4, 0))
    with pytest.raises(SpecError, match="local executor"):
        cluster.fingerprint(object())


def test_workers_that_evaluate_differently_are_not_mixed(cluster: RayExecutor) -> None:
    runner = Runner(TOY, executor=cluster)
    spec = next(spec for spec in cluster._agreed.games if '"prompt"' in spec) if runner.fingerprint else ""
    agreed, cluster._agreed.games[spec] = cluster._agreed.games[spec], ("of a model in another precision", 32)
    try:
        with pytest.raises(ModelError, match="machines of one kind"):
            runner(uniform_masks(len(TOY.players), 4, 0))
    finally:
        cluster._agreed.games[spec] = agreed


@pytest.mark.model
def test_the_bundled_model_with_a_worker_killed(cluster: RayExecutor, bundled: object) -> None:
    game = PromptGame(
        "bundled", "Her acting never fails to impress", "Review: {}\nSentiment (positive or negative):"
    )
    masks, told = uniform_masks(6, 48, 0), []
    both_up(cluster, game)
    victim = pids(cluster)[1]

    def kill(progress: Progress) -> None:
        told.append(progress.done)
        if len(told) == 2:
            os.kill(victim, signal.SIGKILL)

    runner = Runner(game, MemoryCache(), 48, kill, chunk=6, executor=cluster)
    values = runner(masks)
    here = np.concatenate([game(masks[at : at + 6]) for at in range(0, 48, 6)])
    assert runner.fingerprint == game.fingerprint and np.allclose(values, here, atol=1e-4)
    assert told == list(range(6, 54, 6))


def test_it_listens_on_this_machine_only(cluster: RayExecutor) -> None:
    import psutil

    both_up(cluster, GAME)
    ours = {os.getpid(), *(child.pid for child in psutil.Process().children(recursive=True)), *pids(cluster)}
    listening = {
        entry.laddr.ip
        for entry in psutil.net_connections("inet")
        if entry.status == psutil.CONN_LISTEN and entry.pid in ours
    }
    assert listening and all(address in ("127.0.0.1", "::1", "::ffff:127.0.0.1") for address in listening), (
        listening
    )


def test_a_cluster_that_is_not_there() -> None:
    """In a process of its own: Ray ends the process that cannot reach its cluster, unless we look first."""
    code = "from spexviz.ablate import executors\nexecutors.get('ray')"
    environment = {**os.environ, "RAY_ADDRESS": "127.0.0.1:1"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=600
    )
    assert (
        "ModelError: No Ray cluster could be reached at RAY_ADDRESS" in done.stderr
        and "ray start --head" in done.stderr
    )
