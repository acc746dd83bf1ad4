"""On a Ray cluster: replicas of the model as actors.

RAY_ADDRESS names a cluster that runs; without it one is started on this machine. A replica builds the game
from the JSON of its spec; between here and there go JSON strings and numpy arrays, nothing else of ours.
Every answer carries the replica's fingerprint of the game, so that values of another precision or model are
never mixed in.
"""

from __future__ import annotations

import json
import os
import socket
from concurrent.futures import Future
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from spexviz import errors
from spexviz.ablate.executors import chunk_of
from spexviz.ablate.executors.workers import WorkerLost, Workers
from spexviz.errors import ModelError, SpecError, SpexvizError
from spexviz.games.base import Game
from spexviz.kit.registry import offered
from spexviz.kit.threads import threads
from spexviz.masks import Masks, Values, pack, unpack
from spexviz.spec import build, describe

STORE_BYTES = 100_000_000  # of the local cluster's object store: masks and values are small
START = 900.0  # seconds in which a replica must be up: a large model is loaded in that time
STARTS = 3  # of the local cluster: Ray gives its helpers 15 s, too few on a busy machine
# "0" is Ray's word for: this machine only; read when Ray is first imported
LOOPBACK = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"
GAMES = 8  # that a replica keeps built
_KINDS = {
    kind.__name__: kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, SpexvizError)
}
INSTALL = "Install it with `pip install 'spexviz[ray]'`, on every machine of the cluster."


class Replica:
    """What runs on the worker: games by their spec, and through them the model, loaded once."""

    def __init__(self, threads: int):
        os.environ["SPEXVIZ_THREADS"] = str(threads)
        self._games: dict[str, Game] = {}

    def evaluate(self, spec: str, packed: np.ndarray, n: int) -> tuple[str, int, np.ndarray, str]:
        """(fingerprint, masks that pay in one call, values, error as JSON or "") of the masks.

        Where there is no mask the game is only built.
        """
        try:
            game = self._games.get(spec) or self._build(spec)
            values = np.empty(0)
            if len(packed):
                values = np.asarray(game(unpack(packed, n)), dtype=np.float64)
            return game.fingerprint, chunk_of(game), values, ""
        except SpexvizError as error:
            told = {"kind": type(error).__name__, "message": str(error)}
            return "", 0, np.empty(0), json.dumps(told)

    def _build(self, spec: str) -> Game:
        while len(self._games) >= GAMES:
            oldest = next(iter(self._games))
            del self._games[oldest]
        game = build(offered("spexviz.games"), json.loads(spec), "game")
        self._games[spec] = game
        return game


class RayExecutor:
    """`workers` replicas on the cluster at RAY_ADDRESS, or on one started here, of this machine's cores.

    A replica takes a GPU where the cluster has any (`gpus`: another share), and `cores` cores. Raises
    ModelError where Ray is not installed or the cluster cannot be reached.
    """

    here = False

    def __init__(self, workers: int = 2, *, cores: int | None = None, gpus: float | None = None):
        self.workers = workers
        self._ray, self._started = _connect(workers)
        if gpus is None:
            gpus = 1.0 if self._ray.cluster_resources().get("GPU") else 0.0
        if self._started:  # with as many "cores" as replicas, whatever each really uses of the machine
            cores = cores or max(1, threads() // workers)
            num_cpus = 1
        else:
            cores = cores or max(1, threads())
            num_cpus = cores
        needs = {"num_cpus": num_cpus, "num_gpus": gpus, "scheduling_strategy": "SPREAD"}
        self._agreed = _Agreed()
        self.replicas = [_Remote(self._ray, needs, cores, self._agreed) for _ in range(workers)]
        self._workers = Workers("ray", self.replicas)

    def fingerprint(self, game: Game) -> str:
        return self._asked(game)[0]

    def chunk(self, game: Game) -> int:
        return self._asked(game)[1]

    def _asked(self, game: Game) -> tuple[str, int]:
        spec = _spec(game)
        if spec not in self._agreed.games:
            no_masks = np.zeros((0, len(game.players)), dtype=bool)
            self._workers.submit(game, no_masks, urgent=True).result()
        return self._agreed.games[spec]

    def submit(self, game: Game, masks: Masks, urgent: bool = False) -> Future[Values]:
        return self._workers.submit(game, masks, urgent)

    def close(self) -> None:
        self._workers.close()
        for replica in self.replicas:
            replica.forget()
        if self._started:
            self._ray.shutdown()


class _Agreed:
    """The fingerprint of each game, by its spec, that every replica must come to.

    With it the chunk that the first one asked for.
    """

    def __init__(self) -> None:
        self.games: dict[str, tuple[str, int]] = {}

    def check(self, spec: str, fingerprint: str, chunk: int) -> None:
        agreed, _ = self.games.setdefault(spec, (fingerprint, chunk))
        if fingerprint != agreed:
            raise ModelError(
                "The workers of the cluster evaluate this game differently "
                "(another model file, or a processor with another precision), and their "
                "values must not be mixed: use machines of one kind with the same model, or fewer workers."
            )


class _Remote:
    """This side of one replica: started when needed, started anew when it has died."""

    def __init__(self, ray: Any, needs: dict[str, Any], threads: int, agreed: _Agreed):
        self._ray = ray
        self._needs = needs
        self._threads = threads
        self._agreed = agreed
        self.actor: Any = None

    def prepare(self) -> None:
        ray = self._ray
        if self.actor is not None:
            return
        self.actor = ray.remote(Replica).options(**self._needs).remote(self._threads)
        try:
            ray.get(self.actor.__ray_ready__.remote(), timeout=START)
        except ray.exceptions.RayError as error:
            self.forget()
            raise ModelError(
                f"A replica did not start on the Ray cluster within {START:.0f} s ({type(error).__name__}): "
                "look at `ray status`, and ask for "
                f"fewer workers. spexviz must be on every machine. {INSTALL}"
            ) from None

    def __call__(self, game: Game, masks: Masks) -> Values:
        ray = self._ray
        spec = _spec(game)
        try:
            answer = self.actor.evaluate.remote(spec, pack(masks), masks.shape[1])
            fingerprint, chunk, values, error = ray.get(answer)
        except ray.exceptions.RayActorError as error:
            self.forget()
            first, *_ = str(error).strip().splitlines()
            raise WorkerLost(first[:200]) from None
        except ray.exceptions.RayTaskError as error:
            *_, last = str(error).strip().splitlines()
            raise ModelError(f"A worker of the cluster failed: {last[:300]}. {INSTALL}") from None
        if error:
            told = json.loads(error)
            raise _KINDS.get(told["kind"], ModelError)(told["message"])  # a backend has kinds of its own
        self._agreed.check(spec, fingerprint, chunk)
        return values

    def forget(self) -> None:
        actor = self.actor
        self.actor = None
        if actor is not None:
            self._ray.kill(actor)


def _spec(game: Game) -> str:
    try:
        return json.dumps(describe(game), sort_keys=True, allow_nan=False)
    except (TypeError, ValueError, AttributeError) as error:
        raise SpecError(
            f"This game cannot be sent to a cluster, since it has no JSON form ({error}): "
            "use the local executor."
        ) from None


def _connect(workers: int) -> tuple[Any, bool]:
    """Ray, and whether a cluster was started for it."""
    given = os.environ.get("RAY_ADDRESS")
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if not given:
        os.environ.setdefault(LOOPBACK, "0")
    try:
        import ray
    except ImportError:
        raise ModelError(f"Ray is not installed. {INSTALL}") from None
    if ray.is_initialized():
        return ray, False
    if given:
        _reach(given)
    starts = 0
    while True:
        starts += 1
        try:
            _init(ray, given, workers)
            return ray, not given
        except Exception as error:  # a dozen kinds
            ray.shutdown()
            if given or starts >= STARTS:
                lines = str(error).strip().splitlines() or [type(error).__name__]
                raise _unreachable(given, lines[0][:300]) from error


def _init(ray: Any, address: str | None, workers: int) -> None:
    """Reach the cluster at `address`, or start one of `workers` cores on this machine."""
    if address:
        ray.init(address=address, log_to_driver=False)
        return
    ray.init(
        address="local",
        num_cpus=workers,
        include_dashboard=False,
        object_store_memory=STORE_BYTES,
        log_to_driver=False,
    )


def _reach(address: str) -> None:
    """Raise ModelError where nobody listens at HOST:PORT or ray://HOST:PORT.

    Ray itself would end the whole process.
    """
    if "://" in address:
        parts = urlsplit(address)
    else:
        parts = urlsplit(f"ray://{address}")
    try:
        if parts.hostname and parts.port:
            socket.create_connection((parts.hostname, parts.port), timeout=10).close()
    except (OSError, ValueError) as error:
        raise _unreachable(address, str(error)) from error


def _unreachable(address: str | None, reason: str) -> ModelError:
    where = "on this machine"
    if address:
        where = f"at RAY_ADDRESS={address!r:.100}"
    return ModelError(
        f"No Ray cluster could be reached {where} ({reason}): "
        "start one with `ray start --head`, or use the local executor."
    )
