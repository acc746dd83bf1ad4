"""A whole run of `explain` against a real server behind a faulty proxy, beside values without faults.

The test's and the benchmark's.
"""

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
from spexviz.run.plan import Request, new_options
from tests.models.real_server import FaultyProxy

REVIEW = "Review: {}\nSentiment (positive or negative):"
PROMPT = "Her acting never fails to impress, though the plot is anything but original."


@dataclass
class Endurance:
    """What a run under faults gave."""

    ablations: int
    lost: int  # values missing or not finite
    repeated: int  # masks asked of the game more than once
    difference: float  # largest, in nats, from what is measured without faults
    retries: int
    requests: int
    injected: Counter = field(default_factory=Counter)
    seconds: float = 0.0


@dataclass(frozen=True)
class Counting(spexviz.PromptGame):
    """A game that counts how often each of its masks is asked."""

    @cached_property
    def asked(self) -> Counter:
        return Counter()

    def __call__(self, masks: Masks) -> Values:
        self.asked.update(keys(masks))
        return super().__call__(masks)


def endure(
    target: str,
    ablations: int,
    *,
    rate: float = 0.05,
    seed: int = 0,
    timeout: float = 15.0,
    compare: int = 200,
) -> Endurance:
    """Run `explain` on `ablations` masks (fits, both ends) with faults on the way to the server `target`.

    Then the first `compare` of them are asked again without faults.
    """
    solver = spexviz.Linear()
    budget = ablations - 2
    proxy, cache = FaultyProxy(target, rate, seed, slow=timeout + 1), MemoryCache()
    with proxy.serve() as address:
        wire = Wire(Endpoint("real", f"{address}/v1", concurrency=4, timeout=timeout, tries=8))
        game = Counting(EndpointModel("endpoint:real", wire), PROMPT, REVIEW)
        planned = Request(game, solver, budget, options=new_options(solver)).plan
        start = time.perf_counter()
        result = spexviz.explain(game, solver, budget, cache=cache)
        seconds = time.perf_counter() - start
    assert planned.design is not None
    masks = planned.design.masks
    values = cache.get(game.fingerprint, masks)
    clean = spexviz.PromptGame(
        EndpointModel("endpoint:real", Wire(Endpoint("real", f"{target}/v1", concurrency=4))), PROMPT, REVIEW
    )
    return Endurance(
        ablations=result.ablations,
        lost=int((~np.isfinite(values)).sum()) + (result.ablations - len(game.asked)) + (not result.complete),
        repeated=sum(count > 1 for count in game.asked.values()),
        difference=float(np.abs(values[:compare] - clean(masks[:compare])).max()),
        retries=wire.retries,
        requests=proxy.passed + proxy.injected.total(),
        injected=proxy.injected,
        seconds=seconds,
    )
