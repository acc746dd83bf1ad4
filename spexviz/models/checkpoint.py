"""What a checkpoint of transformers is for, before it is loaded: `architectures` in its config.json says which head it has."""

from __future__ import annotations

import json
import os
import re
import socket
import time
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies

HEADS = {"ForSequenceClassification": "classifier", "ForMaskedLM": "masked-lm", "ForPreTraining": "masked-lm"}  # ending of the class → kind
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?\Z")


def backend(name: str) -> str | None:
    """The kind of backend that a folder, hub id or .gguf file needs: "classifier", "masked-lm", or "hf" for a causal model and for
    whatever else loading will refuse with a reason. None for a name that can be no checkpoint.
    """
    if name in ("bundled", "toy") or not (exists(name) or name.endswith(".gguf") or _HUB_ID.match(name)):
        return None
    for architecture in _architectures(name):
        for ending, kind in HEADS.items():
            if architecture.endswith(ending):
                return kind
    return "hf"


def exists(name: str) -> bool:
    """Whether there is such a file or folder; unlike Path.exists, no error for a name too long, or with a null byte."""
    return os.path.exists(os.path.expanduser(name))


def unreachable() -> bool:
    """Whether the Hugging Face hub cannot be connected to from here; with a proxy only a download can tell."""
    from huggingface_hub import constants

    if any(getproxies().get(scheme) for scheme in ("https", "http", "all")):
        return False
    address = urlsplit(constants.ENDPOINT)
    try:
        socket.create_connection((address.hostname, address.port or (80 if address.scheme == "http" else 443)), timeout=5).close()
    except OSError:
        return True
    return False


def _architectures(name: str) -> tuple[str, ...]:
    """Classes that the weights were saved from; none where the configuration cannot be read."""
    path = Path(os.path.expanduser(name))
    if os.path.isdir(path):
        return _read(path / "config.json")
    return () if exists(name) or name.endswith(".gguf") else _of_hub(name, int(time.monotonic() // 60))


@lru_cache(maxsize=64)
def _of_hub(name: str, minute: int) -> tuple[str, ...]:
    """The same for a hub id. Kept for a minute, since every backend in turn asks whether the name is its own."""
    from huggingface_hub import hf_hub_download

    try:
        return _read(Path(hf_hub_download(name, "config.json", local_files_only=unreachable())))
    except Exception:  # a dozen kinds; the loading that follows meets the same one and names the remedy
        return ()


def _read(file: Path) -> tuple[str, ...]:
    try:
        found = json.loads(file.read_text(encoding="utf-8")).get("architectures") or ()
        return tuple(str(one) for one in found)
    except (OSError, ValueError, AttributeError, TypeError):
        return ()
