"""What a result is in a notebook: a few lines, a cell of HTML, a file; and nothing that is paid for twice."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

import plotly.io
import pytest

import spexviz as sv
from spexviz.ablate import kept
from spexviz.ablate.runner import Progress
from spexviz.errors import SpecError
from spexviz.masks import Masks, Values
from spexviz.run import bar
from tests.views.test_arcs import recorded

KINDS = ("prompt/never-fails", "prompt/turns", "heads/copying", "training/elevator")
HOSTILE = "<img src=x onerror=alert(1)> is </script> not & bad"


@pytest.mark.parametrize("name", KINDS)
def test_a_result_tells_itself_in_a_few_lines(name: str) -> None:
    run = recorded(name)
    text = repr(run)
    assert len(text) < 1_500 and all(len(line) <= 100 for line in text.splitlines())
    assert text.replace("\n", " ").count("matters most") <= 2 and "ablations were asked" in text
    assert " ".join(sv.views.finding(run).split()) in " ".join(text.split())


@pytest.mark.parametrize("name", KINDS)
def test_a_cell_shows_question_finding_trust_picture_and_table(name: str) -> None:
    run = recorded(name)
    page = run._repr_html_()
    assert page.count("<h2>") == 1 and "What this rests on" in page and "Sets as a table" in page
    order = [page.index(found) for found in ('"question"', "<h2>", "What this rests on", "Sets as a table")]
    assert order == sorted(order)
    still = re.sub(r"<script>.*?</script>", "", page, flags=re.S)
    assert "<script" not in still and "<table>" in still, "where scripts do not run"
    if not name.startswith("training"):  # of 160 examples the table tells
        assert ("<svg" if name.startswith("heads") else "background:#") in still
    assert len(still) < 40_000 and len(page) < 200_000


def test_hostile_text_stays_text_in_a_cell() -> None:
    run = sv.explain(sv.PromptGame("toy", HOSTILE, "{}"), sv.Linear(), budget=64)
    page = run._repr_html_()
    assert "<img" not in page and "<img" in repr(run)
    assert page.count("</script>") == page.count("<script>")


def test_a_run_that_is_not_done_can_be_shown() -> None:
    seen = []
    words = "this film is not good at all but never dull"
    sv.explain(sv.PromptGame("toy", words), sv.Linear(), budget=128, partial=seen.append)
    assert not seen[0].complete and seen[0]._repr_html_() and "The run is not complete" in repr(seen[0])


def test_save_and_load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = recorded("prompt/turns")
    path = run.save(tmp_path / "run.json")
    assert sv.load(path).to_json() == sv.load(str(path)).to_json() == run.to_json()
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(OSError, match="give a file in a folder that is there"):
        run.save(tmp_path / "nowhere" / "run.json")
    (tmp_path / "other.json").write_text("{}")
    with pytest.raises(SpecError, match=r"other.json: This file is not a spexviz run"):
        sv.load(tmp_path / "other.json")
    with pytest.raises(FileNotFoundError):
        sv.load(tmp_path / "none.json")
    monkeypatch.setattr("spexviz.results.MOST_BYTES", 10)
    with pytest.raises(SpecError, match="larger than any run's file"):
        sv.load(path)


def cell() -> sv.Explanation:
    """As a cell of a notebook makes it: all of it anew."""
    game = sv.PromptGame("toy", "not dull but hardly ever so good that no bad word is said", "Review: {}")
    return sv.explain(game, sv.Linear(), budget=128, validate=2)


@pytest.mark.kept
def test_the_same_cell_again_asks_nothing(private_home: Path) -> None:
    first, second = cell(), cell()
    assert first.spent.asked > 128
    assert second.spent.asked == 0 and second.spent.cached == first.ablations
    assert first.spectrum == second.spectrum and (private_home / "ablations.sqlite3").exists()
    assert "0 ablations were asked" in repr(second)


class Lasting(sv.Game):
    """A game without a fingerprint of its own."""

    players = tuple("abcdef")

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, masks: Masks) -> Values:
        self.asked += len(masks)
        return masks.sum(1).astype(float)


@pytest.mark.kept
def test_what_no_session_can_know_again_is_kept_in_memory_only(private_home: Path) -> None:
    game = Lasting()
    runs = [sv.explain(game, sv.Linear(), budget=budget) for budget in (64, 64)]
    assert [run.spent.asked for run in runs] == [64, 0] and game.asked == 64
    assert sv.explain(Lasting(), sv.Linear(), budget=64).spent.asked == 64
    from spexviz.ablate.cache import SqliteCache

    assert SqliteCache().count(game.fingerprint) == 0
    for _ in range(kept.GAMES):
        sv.explain(Lasting(), sv.Linear(), budget=64)
    assert sv.explain(game, sv.Linear(), budget=64).spent.asked == 64, "the last ones only"


@pytest.mark.kept
def test_a_home_that_cannot_be_used_costs_no_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SPEXVIZ_HOME", str(tmp_path / "file"))
    game = sv.SyntheticGame("x0*x1 - x2", n=5)
    assert sv.explain(game, sv.Linear(), budget=32).proof.exact
    assert sv.explain(game, sv.Linear(), budget=32).spent.asked == 0
    assert caplog.text.count("Ablations are kept in memory only") == 1


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_bar_by_default_where_somebody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    game = sv.SyntheticGame("x0*x1 - x2", n=9)
    for screen, options, is_drawn in (
        (Terminal(), {}, True),
        (Terminal(), {"progress": False}, False),
        (io.StringIO(), {}, False),
    ):
        monkeypatch.setattr(sys, "stderr", screen)
        sv.explain(game, sv.Linear(), budget=64, **options)
        assert ("ablations" in screen.getvalue()) == is_drawn, options
    told: list[Progress] = []
    monkeypatch.setattr(sys, "stderr", Terminal())
    sv.explain(game, sv.Linear(), budget=64, progress=told.append)
    assert told and sys.stderr.getvalue() == ""


def test_in_a_notebook_it_is_drawn_though_nothing_is_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setitem(sys.modules, "ipykernel", bar)
    sv.explain(sv.SyntheticGame("x0*x1 - x2", n=9), sv.Linear(), budget=64)
    assert "ablations" in screen.getvalue()


def test_figures_take_the_theme_of_plotly(monkeypatch: pytest.MonkeyPatch) -> None:
    run = recorded("prompt/turns")
    usual = sv.views.path(run)
    house = plotly.io.templates["spexviz"]
    assert usual.layout.font == house.layout.font
    assert usual.layout.xaxis.gridcolor == house.layout.xaxis.gridcolor
    dark = plotly.io.templates["spexviz_dark"]
    assert (
        sv.views.path(run, dark=True).layout.font.color == dark.layout.font.color != house.layout.font.color
    )
    size = house.layout.font.size
    try:
        house.layout.font.size = 19
        assert sv.views.path(run).layout.font.size == 19
    finally:
        house.layout.font.size = size
    assert sv.views.path(run) == usual
