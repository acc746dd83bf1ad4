"""Checkpoints of transformers: what one is for, where it lies, its loading.

`architectures` in its config.json says which head it has.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import socket
import textwrap
import time
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

from spexviz.errors import ModelError
from spexviz.kit.memory import is_out_of_memory

# ending of the class → kind
HEADS = {"ForSequenceClassification": "classifier", "ForMaskedLM": "masked-lm", "ForPreTraining": "masked-lm"}
# weights, configuration, tokeniser, chat template
_CONTENT = ("*.safetensors", "*.json", "*.jinja", "*.txt", "*.model")
# and behind an @ a branch, a tag or a commit
_HUB_ID = re.compile(r"([A-Za-z0-9][\w.-]*(?:/[A-Za-z0-9][\w.-]*)?)(?:@([A-Za-z0-9][\w./-]*))?\Z")
_SECONDS = 5  # in which the hub takes a connection, where there is a network


def backend(name: str) -> str | None:
    """The kind of backend that a folder, hub id or .gguf file needs: "classifier", "masked-lm" or "hf".

    "hf" for a causal model, and for whatever else loading will refuse with a reason. None for a name that can
    be no checkpoint.
    """
    if name in ("bundled", "toy"):
        return None
    if not (exists(name) or name.endswith(".gguf") or _HUB_ID.match(name)):
        return None
    kinds = map(kind_of, _architectures(name))
    return next((kind for kind in kinds if kind != "hf"), "hf")


def kind_of(architecture: str) -> str:
    """The kind of backend that a class of transformers needs, by its name: that of its head."""
    return next((kind for ending, kind in HEADS.items() if architecture.endswith(ending)), "hf")


def exists(name: str) -> bool:
    """Whether there is such a file or folder.

    Unlike Path.exists, no error for a name too long, or with a null byte.
    """
    return os.path.exists(os.path.expanduser(name))


def unreachable() -> bool:
    """Whether the Hugging Face hub cannot be connected to; with a proxy only a download can tell."""
    from huggingface_hub import constants

    proxies = getproxies()
    if any(proxies.get(scheme) for scheme in ("https", "http", "all")):
        return False
    address = urlsplit(constants.ENDPOINT)
    usual_port = 80 if address.scheme == "http" else 443
    try:
        connection = socket.create_connection(
            (address.hostname, address.port or usual_port), timeout=_SECONDS
        )
    except OSError:
        return True
    connection.close()
    return False


def source_of(name: str, folder: Path | None = None) -> tuple[str, dict[str, str]]:
    """What transformers is given for a name or folder, and the options with it.

    Raises ModelError for a file or folder that is none.
    """
    path = folder or Path(os.path.expanduser(name))
    if path.suffix == ".gguf":
        if not os.path.isfile(path):  # unlike Path.is_file, no error for a name that is too long
            raise ModelError(f'There is no file "{name[:200]}": check the path of the .gguf file.')
        return str(path.parent), {"gguf_file": path.name}
    if os.path.isdir(path):
        if not (path / "config.json").is_file():
            raise ModelError(
                f'The folder "{name[:200]}" holds no config.json: '
                "give a folder made by save_pretrained, or a .gguf file."
            )
        return str(path), {}
    return _of_the_hub(name)


def _of_the_hub(name: str) -> tuple[str, dict[str, str]]:
    """The id of a model of the hub, and its revision as an option, where one is named.

    >>> _of_the_hub("org/name@v1.0")
    ('org/name', {'revision': 'v1.0'})
    """
    found = _HUB_ID.match(name)
    if found is None or found[2] is None:
        return name, {}
    return found[1], {"revision": found[2]}


def digests(path: Path, options: dict[str, str]) -> bytes:
    """Digests of the files of a local model, which change its values.

    Nothing for one of the hub, whose commit says it.
    """
    if not path.is_dir():
        return b""
    if "gguf_file" in options:
        files = [path / options["gguf_file"]]
    else:
        files = sorted(file for kind in _CONTENT for file in path.glob(kind))
    return b"".join(map(_digest, files))


def from_pretrained(
    name: str, source: str, options: dict[str, str], precision: str, auto: str, wanted: str
) -> tuple[Any, Any]:
    """Tokeniser and model of the class `auto`.

    Weights from safetensors or GGUF only (no pickle), no code from the checkpoint.
    Raises ModelError, with the remedy, for what cannot be loaded, or lacks a tokeniser or a head; what torch
    raises where memory runs out.
    """
    import torch
    import transformers
    from transformers.utils import logging

    logging.disable_progress_bar()
    dtype = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}[precision]
    given: dict[str, Any] = dict(options)
    if not os.path.isdir(source) and unreachable():
        # else a wrong name is asked for again and again, for 48 s
        given["local_files_only"] = True
    tokenizer = _tokenizer(name, source, given, wanted)
    of_weights: dict[str, Any] = {"dtype": dtype, "output_loading_info": True}
    if "gguf_file" not in options:
        of_weights["use_safetensors"] = True
    try:
        loader = getattr(transformers, auto)
        model, report = loader.from_pretrained(source, trust_remote_code=False, **of_weights, **given)
    except Exception as error:  # transformers raises a dozen kinds; each becomes one that names the remedy
        if is_out_of_memory(error):
            raise
        raise _not_loaded(name, wanted, error) from error
    missing = sorted(report["missing_keys"])
    if missing:  # transformers fills them with random numbers
        raise ModelError(
            f'The model "{name[:200]}" has no weights for {missing[0]}, '
            f"so it would answer at random: it is no {wanted}. "
            "Give a checkpoint that was saved with its head."
        )
    return tokenizer, model


def hold(network: Any) -> None:
    """Take the weights off the file, in which they lie mapped as long as nobody copies them.

    Else a file that is written over changes the values of the model in use, and one that is cut short ends
    the whole process (SIGBUS).
    """
    for tensor in (*network.parameters(), *network.buffers()):
        tensor.data = tensor.data.clone()


def _tokenizer(name: str, source: str, given: dict[str, Any], wanted: str) -> Any:
    """The tokeniser beside the weights.

    Raises ModelError where there is none: for many families transformers then makes one that knows no word,
    and every text would be the same.
    """
    import transformers

    try:
        found = transformers.AutoTokenizer.from_pretrained(source, trust_remote_code=False, **given)
    except Exception as error:
        if "gguf_file" in given or not _architectures(source):  # it may be more than the tokeniser that lacks
            raise _not_loaded(name, wanted, error) from error
        raise _no_tokeniser(name, f" ({_said(error)})") from error
    if set(found.get_vocab()) <= set(found.all_special_tokens):
        raise _no_tokeniser(name)
    return found


def _no_tokeniser(name: str, reason: str = "") -> ModelError:
    return ModelError(
        f'The model "{name[:200]}" has no tokeniser that can be read{reason}. Save the one that it was '
        "trained with beside its weights: AutoTokenizer.from_pretrained(…).save_pretrained(folder)."
    )


def _not_loaded(name: str, wanted: str, error: Exception) -> ModelError:
    return ModelError(
        f'The model "{name[:200]}" could not be loaded ({_said(error)}). '
        f"Check the spelling and the network; it must be a {wanted} "
        'with safetensors weights. "bundled" works offline.'
    )


def _said(error: Exception) -> str:
    """What an error says, in one line of at most 400 characters; its kind where it says nothing."""
    return textwrap.shorten(str(error), 400, placeholder=" …") or type(error).__name__


def may_have(thing: Any, name: str, default: Any = None) -> Any:
    """What a configuration, module or tokeniser of transformers has under this name, or the default.

    What there is depends on its family.
    """
    return getattr(thing, name, default)


def _architectures(name: str) -> tuple[str, ...]:
    """Classes that the weights were saved from; none where the configuration cannot be read."""
    path = Path(os.path.expanduser(name))
    if os.path.isdir(path):
        return _read(path / "config.json")
    if exists(name) or name.endswith(".gguf"):
        return ()
    return _of_hub(name, int(time.monotonic() // 60))


@lru_cache(maxsize=64)
def _of_hub(name: str, minute: int) -> tuple[str, ...]:
    """The same for a hub id.

    Kept for a minute, since every backend in turn asks whether the name is its own.
    """
    from huggingface_hub import hf_hub_download

    try:
        source, options = _of_the_hub(name)
        file = hf_hub_download(
            source, "config.json", revision=options.get("revision"), local_files_only=unreachable()
        )
    except Exception:  # a dozen kinds; the loading that follows meets the same one and names the remedy
        return ()
    return _read(Path(file))


def _read(file: Path) -> tuple[str, ...]:
    try:
        config = json.loads(file.read_text(encoding="utf-8"))
        found = config.get("architectures") or ()
        return tuple(str(one) for one in found)
    except (OSError, ValueError, AttributeError, TypeError):
        return ()


def _digest(file: Path) -> bytes:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").digest()
