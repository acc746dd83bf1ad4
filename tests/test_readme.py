"""The README's code does what it says."""

import re
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.model
@pytest.mark.kept
def test_the_notebook_example_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    block = re.search(r"```python\n(.*?)```", README, re.S).group(1)
    assert len(block.strip().splitlines()) <= 11
    scope: dict = {}
    exec(compile(block, "README.md", "exec"), scope)
    result = scope["result"]
    assert result.fidelity.r2 > result.baseline.r2 > 0
    assert result.fidelity.interval[0] < result.fidelity.r2 < result.fidelity.interval[1]
    assert "×" in capsys.readouterr().out
    import spexviz as sv

    assert sv.Explanation.from_json((tmp_path / "run.json").read_text()).fidelity == result.fidelity
    assert len(scope["graph"].data["sets"]) > 2
    assert sv.load(tmp_path / "run.json").spent == result.spent
    assert result.spent.asked > 500
    exec(compile(block, "README.md", "exec"), scope)
    again = scope["result"]
    assert again.spent.asked == 0
    np.testing.assert_array_equal(again.sample.values, result.sample.values)
    assert again.fidelity.r2 == pytest.approx(result.fidelity.r2)


def test_the_commands_and_files_it_names_exist():
    makefile = (ROOT / "Makefile").read_text()
    for target in set(re.findall(r"`?make ([a-z-]+)", README)):
        assert re.search(rf"^{target}:", makefile, re.M), target
    for picture in re.findall(r"!\[.*?\]\((.*?)\)", README):
        assert (ROOT / picture).stat().st_size > 10_000
    for file in re.findall(r"`((?:spexviz|models|solvers|pages)/[\w/]+\.py)`", README):
        assert (ROOT / file).exists() or (ROOT / "spexviz" / file).exists(), file
