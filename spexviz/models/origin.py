"""Origin: where a model of transformers comes from: a checkpoint by its name, or somebody's memory.

The one in memory is in given.py. What is asked of either is the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from spexviz.models import checkpoint
from spexviz.models.machine import precision_for


class Origin(Protocol):
    """Where a model comes from: what a loaded model asks for, once or, for its twin in fp32, again."""

    @property
    def label(self) -> str:
        """What stands in a run's file for it."""
        ...

    def digests(self) -> bytes:
        """Digests of all that it holds; nothing where its label and its commit say it."""
        ...

    def device(self) -> Any:
        """The device of torch on which it is asked."""
        ...

    def precision(self, device: Any, asked: str, on_gpu: str) -> str:
        """What it computes in there; `asked`: "auto" or a precision; `on_gpu`: that of "auto" on a GPU."""
        ...

    def load(self, precision: str, device: Any, auto: str, wanted: str) -> tuple[Any, Any]:
        """Its tokeniser and its network, in this precision, on its device, without gradients.

        `auto`: the class of transformers that loads it; `wanted`: the same in words. Raises ModelError, and
        what torch raises where memory runs out.
        """
        ...

    def can_be_in_fp32(self) -> bool:
        """Whether the same model can be had in fp32."""
        ...

    def check_unchanged(self) -> None:
        """Raise ModelError where its weights are no longer those whose digests were taken."""


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint by hub id ("org/name" or "org/name@revision"), folder or .gguf file.

    `folder`: where it lies, where that is not its name; `on`: the device, by default a GPU if there is one.
    """

    label: str
    folder: Path | None = None
    on: str = ""

    def digests(self) -> bytes:
        source, options = checkpoint.source_of(self.label, self.folder)
        return checkpoint.digests(Path(source), options)

    def device(self) -> Any:
        import torch

        return torch.device(self.on or ("cuda" if torch.cuda.is_available() else "cpu"))

    def precision(self, device: Any, asked: str, on_gpu: str) -> str:
        return precision_for(device.type, asked, on_gpu=on_gpu)

    def load(self, precision: str, device: Any, auto: str, wanted: str) -> tuple[Any, Any]:
        source, options = checkpoint.source_of(self.label, self.folder)
        tokenizer, network = checkpoint.from_pretrained(self.label, source, options, precision, auto, wanted)
        if device.type == "cpu":  # elsewhere it is copied anyway
            checkpoint.hold(network)
        return tokenizer, network.requires_grad_(False).to(device)

    def can_be_in_fp32(self) -> bool:
        return True

    def check_unchanged(self) -> None:
        pass  # its files were read whole
