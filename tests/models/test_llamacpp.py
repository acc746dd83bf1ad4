"""llama.cpp as it is, in this process and behind its own server, held against transformers on the same
weights.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from spexviz import cli, models
from spexviz.errors import ModelError
from spexviz.masks import uniform_masks
from spexviz.models import bundled as bundled_module
from spexviz.models.base import Written
from spexviz.models.bundled import BundledModel
from spexviz.models.endpoint import EndpointModel
from spexviz.models.endpoints import Endpoint
from spexviz.models.wire import Wire
from tests.models import real_server
from tests.models.endurance import PROMPT, REVIEW, endure

WORDS = PROMPT.split()
TEXTS = [REVIEW.replace("{}", " ".join(np.array(WORDS)[mask])) for mask in uniform_masks(len(WORDS), 6, 0)]
ANSWERS = [" positive", " negative", " not so bad at all", " zebra", "é😀"]


def over(address: str, **settings: object) -> EndpointModel:
    return EndpointModel(
        "endpoint:here", Wire(Endpoint("here", f"{address}/v1", concurrency=2, timeout=600, **settings))
    )


@pytest.fixture(scope="module")
def in_fp32(bundled: BundledModel) -> BundledModel:
    return bundled if bundled.precision == "fp32" else BundledModel(precision="fp32")


@pytest.fixture(scope="module")
def fp32(in_fp32: BundledModel) -> np.ndarray:
    return in_fp32.log_probabilities(TEXTS, ANSWERS)


@pytest.fixture(scope="module")
def dequantised(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    file = real_server.dequantise(
        bundled_module.gguf(), tmp_path_factory.mktemp("fp32") / "bundled-fp32.gguf"
    )
    yield file
    file.unlink()  # half a gigabyte


@pytest.mark.model
def test_a_real_server_gives_the_values_of_transformers(
    dequantised: Path, fp32: np.ndarray, in_fp32: BundledModel, bundled: BundledModel
) -> None:
    """The same weights in 32 bits on both sides.

    What remains is the order of the sums (measured: 0.0002 nats).
    """
    server = real_server.start(dequantised, exact=True)
    listed, forced = over(server.listening_address), over(server.listening_address, top=2)
    assert listed.ability.exact and listed.ability.ids and not listed.ability.echo
    # half an emoji is held back, and read all the same
    np.testing.assert_allclose(listed.log_probabilities(TEXTS, ANSWERS), fp32, atol=2e-3)
    # both read by a bias
    np.testing.assert_allclose(forced.log_probabilities(TEXTS[:2], ANSWERS[:2]), fp32[:2, :2], atol=2e-3)
    assert listed.encode(TEXTS[0]) == bundled.encode(TEXTS[0]) and listed.chat("hello") == bundled.chat(
        "hello"
    )
    turns = (("system", "Be brief."), ("user", "Hi"), ("assistant", "Yes?"), ("user", None))
    assert listed.chat("hello", turns) == bundled.chat("hello", turns)
    text = "not bad, really — naïve 😀"
    assert listed.token_spans(text) == bundled.token_spans(text)
    for text in (TEXTS[0], "𝔞𝔟 𝔞𝔟 𝔞𝔟 𝔞𝔟"):  # the second goes on with characters of several tokens
        for tokens in (4, 2):
            answer, wanted = listed.greedy(text, tokens), in_fp32.greedy(text, tokens)
            assert isinstance(answer, Written) and isinstance(wanted, Written)
            assert answer == wanted and answer.ids == wanted.ids
            (found,) = listed.log_probabilities([text], [answer])
            np.testing.assert_allclose(found, in_fp32.log_probabilities([text], [answer])[0], atol=2e-3)
    assert answer.endswith("\ufffd")
    np.testing.assert_allclose(
        listed.log_probabilities([""], ANSWERS[:1]), bundled.log_probabilities([""], ANSWERS[:1]), atol=0.05
    )


@pytest.mark.model
def test_quantised_arithmetic_adds_noise_and_no_more(real_endpoint: str, fp32: np.ndarray) -> None:
    """llama.cpp rounds what flows between Q4_1 layers to 8 bits.

    Measured on 24 masks: 0.11 nats on average, 0.44 at most, r = .9935.
    """
    server, inside = models.load("endpoint:real"), models.load("llamacpp:bundled")
    one, other = (model.log_probabilities(TEXTS, ANSWERS) for model in (server, inside))
    np.testing.assert_allclose(one, other, atol=0.02)  # one engine
    gap = np.abs(one - fp32)[:, :2]
    assert 0 < gap.mean() < 0.25 and gap.max() < 0.8
    odds = [table[:, 0] - table[:, 1] for table in (one, fp32)]
    assert np.corrcoef(*odds)[0, 1] > 0.97


@pytest.mark.model
def test_a_run_under_faults_is_complete_and_asks_nothing_twice(real_endpoint: str) -> None:
    found = endure(real_endpoint, 96, rate=0.10, timeout=8, compare=16)
    assert found.ablations >= 96 and found.lost == found.repeated == 0
    assert (
        found.injected.total() >= 5 and len(found.injected) >= 2 and found.retries >= found.injected.total()
    )
    assert found.difference < 1e-3


@pytest.mark.model
def test_the_command_line_explains_on_a_named_server(
    real_endpoint: str, capsys: pytest.CaptureFixture
) -> None:
    assert (
        cli.main(
            [
                "explain",
                "--model",
                "endpoint:real",
                "--prompt",
                "never fails",
                "--template",
                "{}\\n:",
                "--budget",
                "8",
            ]
        )
        == 0
    )
    assert "Good, exact: every possible mask was measured (all 4)" in capsys.readouterr().out


def test_what_is_no_gguf_and_what_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelError, match="check the path"):
        models.load("llamacpp:/nowhere/model.gguf")
    (tmp_path / "letter.gguf").write_bytes(b"dear reader" * 100)
    with pytest.raises(ModelError, match=r"letter\.gguf.*whole GGUF file"):
        models.load(f"llamacpp:{tmp_path / 'letter.gguf'}")
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    with pytest.raises(ModelError, match=r"spexviz\[llamacpp\]"):
        models.load(f"llamacpp:{tmp_path / 'letter.gguf'}")
