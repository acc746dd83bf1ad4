"""The precision of a model is what the machine can do or the user says, never what a stopwatch says."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from spexviz import cli
from spexviz.errors import ModelError
from spexviz.models import machine
from spexviz.models.hf import TransformersModel
from spexviz.models.machine import SETTING, abilities, described, precision_for


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SETTING, raising=False)


@pytest.mark.parametrize(
    ("can", "device", "on_gpu", "wanted"),
    [
        ((), "cpu", "fp16", "fp32"),
        (("avx512_bf16",), "cpu", "fp16", "bf16"),
        (("amx_bf16",), "cpu", "bf16", "bf16"),
        ((), "cuda", "fp16", "fp16"),
    ],
)
def test_it_follows_from_what_the_device_can_do(
    can: tuple, device: str, on_gpu: str, wanted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "abilities", lambda: can)
    monkeypatch.setattr(time, "perf_counter", lambda: pytest.fail("a stopwatch"))
    assert precision_for(device, on_gpu=on_gpu) == wanted


@pytest.mark.parametrize("asked", ["fp32", "bf16", "fp16"])
def test_what_is_asked_for_comes_first_and_then_the_setting(
    asked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SETTING, f" {asked.upper()}")
    assert precision_for("cpu") == precision_for("cuda") == precision_for("cpu", "auto") == asked
    assert precision_for("cpu", "fp32") == "fp32"


def test_a_precision_that_there_is_not_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, tiny_llama: Path
) -> None:
    monkeypatch.setenv(SETTING, "fp8")
    with pytest.raises(ModelError, match=r"'fp8': set SPEXVIZ_PRECISION to auto or one of fp32, bf16, fp16"):
        TransformersModel(str(tiny_llama))


def test_abilities_are_those_that_the_system_names() -> None:
    flags = Path("/proc/cpuinfo").read_text().split() if Path("/proc/cpuinfo").exists() else []
    assert set(abilities()) <= set(flags) or not flags
    assert described().count("bf16") >= 1 and f"compute in {precision_for('cpu')}" in described()


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_the_command_line_sets_it(
    precision: str, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SETTING, "auto")  # so that what the command sets is undone
    assert cli.main(["models", "--precision", precision]) == 0
    assert f"models compute in {precision} (SPEXVIZ_PRECISION={precision})" in capsys.readouterr().out
