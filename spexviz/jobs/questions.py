"""Questions about a finished run, asked of its model as a page asks, before the runs that are going.

What is found is kept with the run where it was measured by this server; what came from a file stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from spexviz.ablate.cache import Cache
from spexviz.ablate.runner import Progress
from spexviz.errors import StoreError
from spexviz.games.base import Game
from spexviz.jobs.store import Run, RunStore
from spexviz.masks import Interaction, set_of
from spexviz.results import Check, Explanation
from spexviz.run.checks import validate, with_checks
from spexviz.run.measured import asking, measured

LIMIT = 256  # ablations of one check
_TRIES = 5  # at keeping what was found, where others keep something at the same time


def nobody(progress: Progress) -> None:
    """Where nobody watches."""


@dataclass(frozen=True)
class Questions:
    """What can be asked about the runs of a store; `cache`: where their ablations lie."""

    store: RunStore
    cache: Cache

    def measure(self, run_id: str, game: Game) -> Explanation:
        """The result with what is measured of its input, which runs of before lack; see JobManager."""
        run, result = self._of(run_id)
        runner = asking(result, game, self.cache)
        found = measured(result, runner.game, runner)
        if found is not result:
            self.store.complete(run, found)
        return found

    def check(
        self, run_id: str, game: Game, members: Interaction, report: Callable[[Progress], None] = nobody
    ) -> Explanation:
        """The result with a check of one more set among its checks; see JobManager."""
        _, result = self._of(run_id)
        members = set_of(members, len(result.players))
        if any(check.members == members for check in result.checks):
            return result
        runner = asking(result, game, self.cache, LIMIT, report)
        sets, spectrum = [members], result.spectrum
        (found,) = validate(
            runner.game, spectrum, sets, result.spec.seed, LIMIT, runner=runner, measured=result
        )
        return self._kept(run_id, found)

    def _kept(self, run_id: str, check: Check) -> Explanation:
        """The result with the check, as it now stands: another may have been kept meanwhile."""
        run, result = self._of(run_id)
        found = with_checks(result, [check])
        for _ in range(_TRIES):
            if run.imported or self.store.complete(run, found):
                break
            run, result = self._of(run_id)
            found = with_checks(result, [check])
        return found

    def _of(self, run_id: str) -> tuple[Run, Explanation]:
        run = self.store.get(run_id)
        result = self.store.result(run_id)
        if run is None or result is None:
            raise StoreError("This run is no longer there: start it again from its settings.")
        return run, result
