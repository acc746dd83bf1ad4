"""The page that all lenses share.

Each run opens on its own lens's page, pictures are the lens's own, recorded runs open at once.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode

import pytest
from streamlit.testing.v1 import AppTest

from spexviz.games.synthetic import SyntheticGame
from spexviz.jobs import store as states
from spexviz.jobs.manager import JobManager
from spexviz.results import Explanation
from spexviz.run import pipeline
from spexviz.run.plan import Request
from spexviz.solvers.linear import Linear
from spexviz.spec import RunSpec
from spexviz.ui import recorded, routes
from spexviz.ui.lenses import lens_of, lenses
from tests.pages.app import ROOT, button, components, listed, page, press_card, said, wait

SPEC = RunSpec({"name": "synthetic", "source": "x0*x1 + x2"}, {"name": "linear"}, 8)


def laboratory() -> None:
    """A page of a lens of its own, for synthetic games."""
    import streamlit as st

    from spexviz.games.synthetic import SyntheticGame
    from spexviz.run.plan import Request
    from spexviz.solvers.linear import Linear
    from spexviz.ui import lens, run_form

    def form() -> None:
        expression = st.text_input("Expression", key="lab-expression")
        if (
            st.button("Explain")
            and (game := run_form.made(SyntheticGame, {"source": expression})) is not None
        ):
            lens.start(Request(game, Linear(), 8), called(game))

    def prefill(request: Request) -> None:
        st.session_state["lab-expression"] = request.game.source

    def called(game: SyntheticGame) -> str:
        return f"about\n{game.source}"

    about = (
        "synthetic",
        "laboratory",
        "Laboratory",
        ":material/science:",
        9,
        "Laboratory",
        "Try a function.",
    )
    lens.page(lens.Lens(*about, form, prefill, called))


@pytest.fixture
def lab(manager: JobManager, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """Synthetic games have a page of their own."""
    (tmp_path / "laboratory.py").write_text("")
    files = routes.file_of
    laboratory = replace(lenses()[0], game="synthetic", page="laboratory", entry="Laboratory")
    monkeypatch.setattr(routes, "lens_of", lambda game: laboratory if game == "synthetic" else lens_of(game))
    monkeypatch.setattr(
        routes, "file_of", lambda name: tmp_path / "laboratory.py" if name == "laboratory" else files(name)
    )
    yield tmp_path / "laboratory.py"


def visits(at: AppTest) -> list[tuple[str, bool]]:
    """Where a page leads to: the address, and whether it takes the place of the one that is shown."""
    return [(found["to"], found["instead"]) for found in components(at, "visit")]


def test_a_lens_draws_its_form_and_its_story(manager: JobManager, lab: Path) -> None:
    at = AppTest.from_function(laboratory, default_timeout=60).run()
    assert at.title[0].value == "Laboratory" and "Try a function." in said(at)
    at.text_input(key="lab-expression").set_value("x0*x1 + x2").run()
    button(at, "Explain").click().run()
    assert not at.exception
    (run,) = manager.store.list()
    assert run.title == "about x0*x1 + x2" and at.query_params["run"] in (run.id, [run.id])
    wait(lambda: not manager.store.get(run.id).active)
    at.run()
    assert not at.exception and at.tabs[0].label == "Sets as a table"
    assert {found["noun"] for found in components(at, "noun")} == {"player"}, "the pictures of the players"
    queries = [found["query"] for found in components(at, "query")]
    (settled,) = components(at, "shown")
    assert (settled["shown"], settled["said"]) == ({"run": run.id}, {}), "the address, as nothing was chosen"
    assert f"run={run.id}&index=mean&sets=12&depth=anyone&order=3" in queries, "the link has all of it"
    button(at, "New run").click().run()
    assert (
        not at.exception
        and at.text_input(key="lab-expression").value == "x0*x1 + x2"
        and "run" not in at.query_params
    )


def test_a_run_that_cannot_be_started_says_why(manager: JobManager, lab: Path) -> None:
    at = AppTest.from_function(laboratory, default_timeout=60).run()
    at.text_input(key="lab-expression").set_value("import os").run()
    button(at, "Explain").click().run()
    assert not at.exception and "is neither a variable" in said(at) and not manager.store.list()


def test_an_address_on_the_wrong_page_leads_to_the_right_one(manager: JobManager, lab: Path) -> None:
    run_id = manager.submit(Request.of(SPEC), "synthetic")
    at = page("explore", run=run_id, order="2", other="x")
    assert visits(at) == [(f"laboratory?run={run_id}&order=2", True)]
    at = page("explore")  # and Explore itself is not lost to it
    assert not visits(at) and button(at, "Explain")


def test_runs_open_on_the_page_of_their_lens(manager: JobManager, lab: Path) -> None:
    run_id = manager.submit(Request.of(SPEC), "synthetic")
    wait(lambda: not manager.store.get(run_id).active)
    at = page("runs")
    assert listed(at, "Lens") == ["Laboratory"]
    at.session_state["runs-opened"] = run_id  # as a click on its row does
    at.run()
    assert visits(at) == [(f"laboratory?run={run_id}", False)]


def test_a_game_without_a_page_opens_on_explore(manager: JobManager) -> None:
    result = pipeline.explain(SyntheticGame("x0*x1 + x2"), Linear(), 8)
    assert routes.page_of(result.spec) == "explore" and routes.title_of(result) == "x0 x1 x2"
    at = page("explore", run=manager.store.insert(result, "uploaded"))
    assert button(at, "New run") and {tab.label for tab in at.tabs} >= {"Sets as a table"}
    button(at, "New run").click().run()
    assert not at.exception and button(at, "Explain")


def test_the_form_leads_to_the_last_run_of_its_lens(manager: JobManager, lab: Path) -> None:
    run_id = manager.submit(Request.of(SPEC), "synthetic")
    wait(lambda: not manager.store.get(run_id).active)
    at = AppTest.from_function(laboratory, default_timeout=60)
    at.query_params["run"] = run_id
    at.run()
    assert at.session_state["run-laboratory"] == run_id and "run-explore" not in at.session_state
    at.query_params.clear()  # as the sidebar leads there
    at.run()
    assert button(at, "Explain") and "Your last run: " in said(at) and "done" in said(at)
    button(at, "Open it").click().run()
    assert at.query_params["run"] in (run_id, [run_id]) and at.tabs
    manager.store.delete(run_id)
    at.query_params.clear()
    at.run()
    assert button(at, "Explain") and "Your last run" not in said(at)


def test_an_address_is_believed_where_it_is_possible(manager: JobManager, lab: Path) -> None:
    run_id = manager.submit(Request.of(SPEC), "synthetic")
    wait(lambda: not manager.store.get(run_id).active)

    def shown(**said: str) -> str:
        at = AppTest.from_function(laboratory, default_timeout=60)
        at.query_params.update({"run": run_id, **said})
        at.run()
        assert not at.exception
        return max((found["query"] for found in components(at, "query")), key=len)

    plain = f"run={run_id}&index=mean&sets=12&depth=anyone&order=3"
    assert shown() == plain
    wanted = {
        "index": "FBII",
        "sets": "7",
        "depth": "researcher",
        "order": "2",
        "selected": "0-1",
        "off": "1",
    }
    assert shown(**wanted) == f"run={run_id}&{urlencode(wanted)}"
    assert shown(index="FBII") == plain, "which only researchers are shown"
    nonsense = {"index": "<b>", "sets": "41", "depth": "boss", "order": "9", "selected": "-1", "off": "x"}
    assert shown(**nonsense) == shown(sets="²", order="0", selected="1,2", depth="") == plain
    assert shown(order="4") == plain and shown(selected="0-7-99999") == f"{plain}&selected=0"
    assert shown(off="7-1-99999") == f"{plain}&off=1"


def test_pages_that_do_not_exist_are_not_linked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "PAGES", Path("/nowhere"))
    assert routes.page_of(RunSpec({"name": "heads"}, {"name": "linear"}, 8)) == "explore"


def test_a_recorded_run_opens_from_its_card(manager: JobManager) -> None:
    cards = recorded.recorded("prompt")
    assert len(cards) >= 2 and not recorded.recorded("synthetic")
    at = page("explore")
    (shelf,) = components(at, "cards")
    assert [card["title"] for card in shelf["cards"]] == [card.title for card in cards]
    assert [card["finding"] for card in shelf["cards"]] == [card.finding for card in cards]
    press_card(at, cards[0].key)
    assert not at.exception and not at.error
    (run,) = manager.store.list()
    stored = manager.store.result(run.id)
    assert (
        run.state == states.DONE
        and run.title == cards[0].title
        and at.query_params["run"] in (run.id, [run.id])
    )
    assert stored.to_json() == Explanation.from_json(cards[0].path.read_text(encoding="utf-8")).to_json()
    assert {tab.label for tab in at.tabs} >= {"Sets as a table"}
    button(at, "New run").click().run()
    assert at.text_area(key="form-prompt").value == stored.subject.text


def test_recorded_runs_open_without_torch(tmp_path: Path) -> None:
    code = """
import sys
from streamlit.testing.v1 import AppTest
at = AppTest.from_file("pages/explore.py", default_timeout=60).run()
at.session_state["recorded-opened"] = "prompt.never-fails"
at.run()
assert not at.exception and at.tabs, at.exception
print(sorted({"torch", "transformers"} & set(sys.modules)))
"""
    environment = {
        "SPEXVIZ_MODELS": "toy",
        "SPEXVIZ_HOME": str(tmp_path),
        "PYTHONPATH": str(ROOT),
        "PATH": "",
    }
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, env=environment, timeout=120
    )
    assert done.returncode == 0 and done.stdout.splitlines()[-1] == "[]", done.stderr[-3000:]
