"""A whole run of `explain` against a real server behind a faulty proxy, and the same run without faults: the test's and the benchmark's."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

import spexviz
from spexviz.ablate.cache import MemoryCache
from spexviz.masks import Masks, Values, keys
from spexviz.models.endpoint import EndpointModel
from spexviz.models.endpoints import Endpoint
from spexviz.models.wire import Wire
from spexviz.pipeline import plan
from tests.models.real_server import FaultyProxy

REVIEW = "Review: {}\nSentiment (positive or negative):"
PROMPT = "Her acting never fails to impress, even though the plot is anything but original and dull."


@dataclass
class Endurance:
    """What a run under faults gave, beside the same run without."""

    ablations: int
    lost: int  # values missing or not finite
    repeated: int  # masks asked of the game more than once
    difference: float  # largest, in nats, between the two runs
    retries: int
    requests: int
    injected: Counter = field(default_factory=Counter)
    seconds: tuple[float, float] = (0.0, 0.0)  # without faults, with


@dataclass(frozen=True)
class Counting(spexviz.PromptGame):
    """A game that counts how often each of its masks is asked."""

    @cached_property
    def asked(self) -> Counter:
        return Counter()

    def __call__(self, masks: Masks) -> Values:
        self.asked.update(keys(masks))
        return super().__call__(masks)


def endure(target: str, ablations: int, *, rate: float = 0.05, seed: int = 0, timeout: float = 15.0, prompt: str = PROMPT) -> Endurance:
    """Run `explain` on `ablations` masks (fits, held out, and both ends) with and without faults on the way to the server `target`."""
    budget = next(b for b in range(1, ablations) if b + min(512, max(128, b // 2)) + 2 >= ablations)
    runs = []
    for share in (0.0, rate):
        proxy = FaultyProxy(target, share, seed, slow=timeout + 1)
        with proxy.serve() as address:
            wire = Wire(Endpoint("real", f"{address}/v1", concurrency=4, timeout=timeout, tries=8))
            model = EndpointModel("endpoint:real", wire)
            game, cache = Counting(model, prompt, REVIEW), MemoryCache()
            start = time.perf_counter()
            result = spexviz.explain(game, spexviz.Linear(), budget, cache=cache)
            seconds = time.perf_counter() - start
            values = cache.get(game.fingerprint, _masks(game, budget))
            runs.append((result, game.asked, wire.retries, proxy, seconds, values))
    (_, _, _, _, clean_seconds, clean), (result, asked, retries, proxy, seconds, values) = runs
    asked_in_all = len(result.values) + len(result.held_out_values) + (0 if result.exact else 2)
    return Endurance(
        ablations=asked_in_all,
        lost=int((~np.isfinite(values)).sum()) + (not result.complete),
        repeated=sum(count > 1 for count in asked.values()),
        difference=float(np.abs(values - clean).max()),
        retries=retries,
        requests=proxy.passed + proxy.injected.total(),
        injected=proxy.injected,
        seconds=(clean_seconds, seconds),
    )


def _masks(game: spexviz.PromptGame, budget: int) -> Masks:
    planned = plan(len(game.players), spexviz.Linear(), budget)
    return planned.held_out if planned.design is None else np.concatenate([planned.design.masks, planned.held_out])
