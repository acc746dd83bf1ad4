from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest

import spexviz
from spexviz import cli
from spexviz.results import Explanation
from spexviz.spec import Options


def explain(*arguments: str) -> int:
    return cli.main(["explain", "--model", "toy", "--solver", "linear", "--budget", "64", *arguments])


def test_explain_writes_a_run_that_opens_again(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    out = tmp_path / "run.json"
    assert (
        cli.main(
            [
                "explain",
                "--model",
                "toy",
                "--prompt",
                "never fails to impress",
                "--budget",
                "64",
                "--out",
                str(out),
                "--template",
                "{}\\n:",
            ]
        )
        == 0
    )
    printed = capsys.readouterr()
    result = Explanation.from_json(out.read_text(encoding="utf-8"))
    assert (
        result.proof.exact
        and result.players == ("never", "fails", "to", "impress")
        and result.spec.game["template"] == "{}\n:"
    )
    assert (
        result.spec.solver["name"] == "auto"
        and "never" in printed.out
        and "fails" in printed.out
        and "Traceback" not in printed.err
    )


def test_sets_are_checked_and_printed_when_asked(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    out = tmp_path / "run.json"
    assert (
        explain("--prompt", "never fails to impress", "--check", "--stop-when-flat", "--out", str(out)) == 0
    )
    result = Explanation.from_json(out.read_text(encoding="utf-8"))
    assert result.checks and result.spec.options == Options(8, None, True, "folds", 0.1)
    printed = capsys.readouterr()
    assert "confirmed: the surrogate says" in printed.out
    assert "all masks there are, so the result is exact" in printed.err
    assert explain("--prompt", "never fails to impress", "--scoring", "held-out", "--out", str(out)) == 0
    assert Explanation.from_json(out.read_text(encoding="utf-8")).spec.options == Options()


def test_the_second_time_nothing_is_asked(tmp_path: Path) -> None:
    prompt = ["--prompt", "not good but hardly ever so dull that no fun is had at all"]
    assert [explain(*prompt, "--out", str(tmp_path / f"{i}.json")) for i in range(2)] == [0, 0]
    first, second = (Explanation.from_json((tmp_path / f"{i}.json").read_text()) for i in range(2))
    assert first.spent.cached == 0 and second.spent.asked == 0
    assert second.spent.cached == first.ablations == 64 + 2 + first.measured.ablations > 66
    assert first.spectrum == second.spectrum


def test_prompt_from_standard_input(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("not bad\n"))
    assert explain("--prompt", "-", "--out", str(tmp_path / "run.json")) == 0
    result = Explanation.from_json((tmp_path / "run.json").read_text())
    assert result.players == ("not", "bad") and result.spec.game["prompt"] == "not bad"


def test_what_is_not_given_has_the_default_of_today_not_what_old_specs_mean(tmp_path: Path) -> None:
    assert explain("--prompt", "not  bad", "--out", str(tmp_path / "run.json")) == 0
    game = Explanation.from_json((tmp_path / "run.json").read_text()).spec.game
    assert (game["space"], game["beginning"]) == ("typed", "tokeniser")
    assert explain("--prompt", "not  bad", "--space", "one", "--out", str(tmp_path / "run.json")) == 0
    assert "space" not in Explanation.from_json((tmp_path / "run.json").read_text()).spec.game


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--prompt", ""], "type at least one word"),
        (["--prompt", "not bad", "--model", "no model!"], "There is no model"),
        (["--prompt", "not bad", "--solver", "magic"], "Choose one of"),
        (["--prompt", "not bad", "--executor", "cloud"], "Choose one of: local, ray"),
        (["--prompt", "not bad", "--executor", "ray", "--workers", "0"], "at least 1"),
        (["--prompt", "not bad", "--split", "letters"], "Choose one of"),
        (["--prompt", "not bad", "--split", "regex"], "pattern"),
        (["--prompt", "not bad", "--template", "none"], "exactly once"),
        (["--prompt", "not bad", "--target= fine words"], "log-probability"),
        (["--prompt", "not bad", "--budget", "0"], "budget"),
        (["--prompt", "not bad", "--seed", "-1"], "seed"),
        (["--prompt", "not bad", "--max-order", "3"], "no setting 'max_order'"),
        (["--prompt", "not bad", "--index", "XYZ"], "choose one of"),
        (["--prompt", "not bad", "--order", "0"], "order"),
        (["--prompt", "not bad", "--out", "/nowhere/at/all.json"], "folder"),
        (["--prompt", "not bad", "--out", "/tmp"], "folder"),
        (["--prompt", "not bad", "--target-r2", "2"], "target of R²"),
        (["--prompt", "not bad \udcff"], "half a character in the prompt"),
    ],
)
def test_what_is_wrong_is_said_in_one_line_and_nothing_is_asked(
    arguments: list[str], word: str, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    if word not in ("log-probability", "There is no model", "pattern"):  # only the model can tell these
        from spexviz.models.toy import ToyModel

        monkeypatch.setattr(ToyModel, "log_probabilities", lambda *a: asked.append(a))
    assert explain(*arguments) == 1
    error = capsys.readouterr().err
    assert (
        error.splitlines()[-1].startswith("spexviz: ")
        and word in error
        and "Traceback" not in error
        and not asked
    )


def test_a_damaged_cache_is_set_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("SPEXVIZ_HOME", str(tmp_path))
    (tmp_path / "ablations.sqlite3").write_bytes(b"no database " * 1000)
    assert explain("--prompt", "not bad") == 0
    assert "was damaged and was set aside" in caplog.text
    assert next(tmp_path.glob("ablations.sqlite3.damaged-*")).read_bytes() == b"no database " * 1000


def test_ctrl_c(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    from spexviz.run import pipeline

    def stop(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(pipeline, "run", stop)
    assert explain("--prompt", "not bad") == 130
    assert "goes on from here" in capsys.readouterr().err


def test_models_lists_without_loading_any(capsys: pytest.CaptureFixture) -> None:
    assert cli.main(["models"]) == 0
    out = capsys.readouterr().out
    assert "bundled, toy" in out and "proxyspex" in out and "linear" in out


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[str], dict]]:
    """What `spexviz serve` would have started; its exit status is 3."""
    seen: list[tuple[list[str], dict]] = []
    monkeypatch.setattr(
        cli.subprocess, "call", lambda command, **options: seen.append((command, options)) or 3
    )
    return seen


def test_serve_binds_to_loopback_and_passes_its_exit_on(served: list) -> None:
    assert cli.main(["serve", "--port", "9999"]) == 3
    ((command, options),) = served
    assert "--server.address 127.0.0.1 --server.port 9999" in " ".join(command)
    assert Path(command[4]).name == "app.py" and "cwd" not in options


def test_serve_offers_more_models_folders_in_full(
    served: list, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SPEXVIZ_MODELS", raising=False)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "config.json").write_text("{}")
    assert cli.main(["serve", "--model", "mine", "--model", "toy", "--model", "org/name"]) == 3
    ((_, options),) = served
    assert options["env"]["SPEXVIZ_MODELS"] == f"{tmp_path / 'mine'},toy,org/name,bundled"
    printed = capsys.readouterr().out
    assert "org/name is no folder here" in printed and "mine is no folder" not in printed


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("https://example.org/model", "endpoint:NAME"),
        ("", "A model needs a name"),
        ("no such model!", "a folder made by save_pretrained"),
        ("a,b", "a comma"),
    ],
)
def test_serve_refuses_what_is_no_model_before_it_starts(
    served: list,
    name: str,
    remedy: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a,b").mkdir()
    assert cli.main(["serve", "--model", name]) == 1
    assert remedy in capsys.readouterr().err and not served


def test_serve_passes_on_who_may_come_in(
    served: list, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    for name in ("SPEXVIZ_ALLOW_HOSTS", "SPEXVIZ_TOKEN", "SPEXVIZ_NO_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    flags = ("--allow-host", "Dash.example.", "--allow-host", "other.example", "--no-token", "--metrics")
    assert cli.main(["serve", "--host", "0.0.0.0", *flags]) == 3
    assert cli.main(["serve"]) == 3
    (_, asked), (_, plain) = served
    assert asked["env"]["SPEXVIZ_ALLOW_HOSTS"] == "dash.example,other.example"
    assert asked["env"]["SPEXVIZ_NO_TOKEN"] == asked["env"]["SPEXVIZ_METRICS"] == "1"
    assert not {"SPEXVIZ_NO_TOKEN", "SPEXVIZ_METRICS", "SPEXVIZ_LOG_JSON"} & set(plain["env"])
    assert cli.main(["serve", "--allow-host", "http://dash.example"]) == 1
    assert "without http://" in capsys.readouterr().err
    monkeypatch.setenv("SPEXVIZ_TOKEN", "short")
    assert cli.main(["serve", "--host", "0.0.0.0"]) == 1
    assert "at least 16 letters" in capsys.readouterr().err and len(served) == 2


def test_the_version_is_told(capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["--version"])
    assert ended.value.code == 0 and capsys.readouterr().out == f"spexviz {spexviz.__version__}\n"


def test_the_command_is_installed() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "spexviz.cli", "--help"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0 and "explain | report | serve | models" in done.stdout


def test_settings_are_read_as_their_fields_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "run.json"
    assert (
        explain(
            "--prompt",
            r"not C:\new bad",
            "--template",
            r"{}\n:",
            "--pattern",
            "5",
            "--no-chat",
            "--out",
            str(out),
        )
        == 0
    )
    game = Explanation.from_json(out.read_text(encoding="utf-8")).spec.game
    assert (game["prompt"], game["template"], game["pattern"], game["chat"]) == (
        r"not C:\new bad",
        "{}\n:",
        "5",
        False,
    )
    words = [
        "--game",
        "training",
        "--players-are",
        "source",
        "--encoder",
        "words",
        "--solver",
        "linear",
        "--budget",
        "64",
    ]
    arguments = [
        "explain",
        *words,
        "--query",
        "a fine room",
        "--answer",
        "positive",
        "--game-seed",
        "3",
        "--seed",
        "1",
        "--out",
        str(out),
    ]
    assert cli.main(arguments) == 0
    spec = Explanation.from_json(out.read_text(encoding="utf-8")).spec
    assert (spec.game["query"], spec.game["seed"], spec.seed) == ("a fine room", 3, 1)
    assert (
        cli.main(
            [
                "explain",
                "--game",
                "synthetic",
                "--source",
                "x0*x1",
                "--solver",
                "gp",
                "--terms",
                "5",
                "--budget",
                "64",
                "--out",
                str(out),
            ]
        )
        == 0
    )
    assert Explanation.from_json(out.read_text(encoding="utf-8")).spec.solver["terms"] == 5


def test_layers_may_be_typed_as_on_the_page() -> None:
    from spexviz import HeadsGame

    assert HeadsGame(prompt="a", target=" b", contrast=" c", layers="12-14, 20").layers == (12, 13, 14, 20)
    assert HeadsGame(prompt="a", target=" b", contrast=" c", layers="").layers is None


def test_what_is_no_list_is_said_with_one_that_is(capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit):
        explain("--prompt", "not bad", "--protected", "[[0, 3")
    said = capsys.readouterr().err
    assert "argument --protected: '[[0, 3' is no JSON" in said and "write lists such as [[0, 5]" in said


def test_report_writes_one_file_of_runs_by_file_and_by_id(tmp_path, monkeypatch, capsys) -> None:
    from spexviz.jobs.store import RunStore
    from tests.views.test_arcs import recorded

    monkeypatch.setenv("SPEXVIZ_HOME", str(tmp_path / "home"))
    run = recorded("prompt/never-fails")
    file, out = tmp_path / "run.json", tmp_path / "report.html"
    file.write_text(run.to_json(), encoding="utf-8")
    run_id = RunStore().insert(run, "Kept in <the> store")
    assert (
        cli.main(["report", str(file), run_id, "--out", str(out), "--depth", "analyst", "--order", "2"]) == 0
    )
    text = out.read_text(encoding="utf-8")
    assert "2 runs of spexviz" in text and "Kept in &lt;the&gt; store" in text
    assert str(out) in capsys.readouterr().out

    for name, said in (
        ("nothing.json", "There is no file nothing.json"),
        ("0123456789abcdef", "set SPEXVIZ_HOME to where the dashboard keeps its runs"),
        (str(Path(__file__)), "This is not JSON"),
        (str(tmp_path), "it is no id of a run"),
    ):
        assert cli.main(["report", name, "--out", str(out)]) == 1
        assert said in capsys.readouterr().err
    assert cli.main(["report", str(file), "--out", str(tmp_path)]) == 1
    assert "is a folder, or lies in none" in capsys.readouterr().err
    assert cli.main(["report", str(file), "--out", str(out), "--index", "XX"]) == 1
    assert "XX" in capsys.readouterr().err and out.read_text(encoding="utf-8") == text
