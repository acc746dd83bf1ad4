"""Run by tools/wheel.py in an empty folder, with the wheel installed: everything that comes with it works.

    python wheel_try.py FOLDER_OF_THE_PACKAGE [with-models]

It imports nothing of the repository; with-models also asks the bundled model and the encoder minilm.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from streamlit.testing.v1 import AppTest

import spexviz as sv
from spexviz.games.heads.tasks import tasks
from spexviz.kit.paths import APP, ASSETS, PAGES
from spexviz.kit.registry import offered
from spexviz.run.plan import Request
from spexviz.ui import runtime
from spexviz.ui.lenses import lenses

BUDGET = 32


def games(with_models: bool) -> Iterator[sv.Game]:
    """Every bundled game on every bundled data set."""
    yield sv.SyntheticGame("2*x0*x1 - x2", n=6)
    yield sv.game(lambda masks: masks.sum(1), players=5)
    yield sv.PromptGame(model="toy", prompt="never fails to impress")
    yield sv.TrainingGame("reviews", 0, encoder="words", players_are="label")
    yield sv.TrainingGame("digits", 0, players_are="label")
    if with_models:
        yield sv.PromptGame(model="bundled", prompt="never fails to impress")
        yield sv.TrainingGame("reviews", 0, encoder="minilm", players_are="label")
        for task in tasks().values():
            yield sv.HeadsGame("bundled", questions=task.fit, part="layer", layers=(14, 15, 16))


def main(package: Path, with_models: bool) -> None:
    """Fail at the first thing that does not work."""
    inside = Path(sv.__file__).resolve().parent
    assert inside == package.resolve(), f"spexviz was imported from {inside}, not from the wheel"
    for path in (APP, ASSETS, PAGES):
        assert path.is_relative_to(package), f"{path} is not in the wheel"
    assert (package / "py.typed").exists() and (package / ".streamlit" / "config.toml").exists()

    tried = set()
    for game in games(with_models):
        explanation = sv.explain(game, sv.Linear(), budget=BUDGET)
        tried.add(game.name)
        kept = explanation.subject.say(explanation.ends[1])
        print(f"  {game.name}: {len(explanation.players)} players; with everything kept: {kept}")
    missing = set(offered("spexviz.games")) - tried
    assert missing <= ({"heads"} if not with_models else set()), f"games that were not tried: {missing}"
    assert tasks(), "no tasks for heads came with the wheel"

    recorded = sorted((ASSETS / "runs").glob("*/[!i]*.json"))
    assert recorded, "no recorded runs came with the wheel"
    for file in recorded:
        explanation = sv.Explanation.from_json(file.read_text(encoding="utf-8"))
        Request.of(explanation.spec)
    print(f"  {len(recorded)} recorded runs open")

    pages = [lens.page for lens in lenses()] + ["runs"]
    for page in pages:
        at = AppTest.from_file(str(PAGES / f"{page}.py"), default_timeout=120).run()
        assert not at.exception, f"{page}: {at.exception}"
        assert at.title, f"{page} has no title"
    print(f"  pages {', '.join(pages)} are drawn")
    _settle()


def _settle() -> None:
    """Wait for what the pages began in the background: an interpreter that ends under it aborts."""
    runtime.manager().close()
    for thread in threading.enumerate():
        if thread.name.startswith("spexviz-warm"):
            thread.join()


if __name__ == "__main__":
    main(Path(sys.argv[1]), "with-models" in sys.argv[2:])
    sys.stdout.flush()
