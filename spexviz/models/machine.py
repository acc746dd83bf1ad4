"""What this machine can do: the precision in which a model computes, and the memory that is free."""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from spexviz.errors import ModelError
from spexviz.models.fastpath import made_of

PRECISIONS = ("fp32", "bf16", "fp16")
SETTING = "SPEXVIZ_PRECISION"
# instructions that multiply bf16, as processors (the last: ARM) name them
_BF16 = ("amx_bf16", "avx512_bf16", "bf16")


def precision_for(device: str, asked: str = "auto", on_gpu: str = "fp16") -> str:
    """What a model computes in on "cpu" or "cuda".

    What is asked for, else what $SPEXVIZ_PRECISION says, else what the device can do: by what it says of
    itself and never by a stopwatch, so that every start on one machine gives the same numbers. On a GPU
    `on_gpu` (fp16 where the stream of the layers stays in fp32, else bf16), on a processor bf16 where it has
    instructions for it.
    Raises ModelError for a precision that there is not.
    """
    if asked == "auto":
        asked = _setting()
    if asked in PRECISIONS:
        return asked
    if asked != "auto":
        raise ModelError(
            f"There is no precision {asked!r:.40}: set {SETTING} to auto or one of {', '.join(PRECISIONS)}."
        )
    if device != "cuda":
        return "bf16" if abilities() else "fp32"
    import torch

    if on_gpu == "bf16" and not torch.cuda.is_bf16_supported():
        return "fp32"
    return on_gpu


def precision_named(dtype: object) -> str:
    """The precision that somebody means by "fp32", "float32" or torch.float32; "auto" stays.

    Raises ModelError for another.

    >>> precision_named("torch.bfloat16"), precision_named("fp16")
    ('bf16', 'fp16')
    """
    said = str(dtype).removeprefix("torch.")
    short = {"float32": "fp32", "float16": "fp16", "bfloat16": "bf16"}.get(said, said)
    if short not in ("auto", *PRECISIONS):
        raise ModelError(f"There is no dtype {said!r:.40}: choose auto or one of {', '.join(PRECISIONS)}.")
    return short


def _setting() -> str:
    """What $SPEXVIZ_PRECISION says."""
    given = os.environ.get(SETTING) or "auto"
    return given.strip().lower()


@cache
def abilities() -> tuple[str, ...]:
    """The instructions for bf16 that this processor has, by its own word; none where it says nothing."""
    import torch

    try:
        if not torch.ops.mkldnn._is_mkldnn_bf16_supported():  # the library that would use them
            return ()
    except (AttributeError, RuntimeError):  # a build without it
        return ()
    told = {name for name, has in _told().items() if has is True} | _flags()
    return tuple(name for name in _BF16 if name in told)


def _told() -> dict[str, Any]:
    """What torch says of the processor."""
    import torch

    if not hasattr(torch.cpu, "get_capabilities"):
        return {}
    return dict(torch.cpu.get_capabilities())


def _flags() -> set[str]:
    """What the operating system says of the processor, for versions of torch that do not."""
    for line in _lines_of("/proc/cpuinfo"):
        if line.startswith(("flags", "Features")):
            _, _, flags = line.partition(":")
            return set(flags.split())
    return set()


def _lines_of(file: str) -> list[str]:
    """Lines of a file of the operating system; none where it has no such file."""
    try:
        return Path(file).read_text().splitlines()
    except OSError:
        return []


def described() -> str:
    """The processor, what it can do, and the precision that models take here, in one line for logs."""
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    instructions = ", ".join(abilities()) or "none"
    level = torch.backends.cpu.get_cpu_capability()
    setting = os.environ.get(SETTING) or "auto"
    return (
        f"{_name_of(device)}, {os.cpu_count()} cores; "
        f"instructions for bf16: {instructions}; torch {level}; "
        f"models compute in {precision_for(device)} ({SETTING}={setting})"
    )


def _name_of(device: str) -> str:
    import platform

    import torch

    if device == "cuda":
        return torch.cuda.get_device_name()
    return _told().get("cpu_name") or platform.processor() or platform.machine()


def room(device: Any) -> int | None:
    """Bytes free for a model on a torch device; None where the system does not say."""
    if device.type == "cuda":
        import torch

        free, _ = torch.cuda.mem_get_info(device)
        return int(free)
    for line in _lines_of("/proc/meminfo"):
        if line.startswith("MemAvailable"):
            kilobytes = int(line.split()[1])
            return kilobytes * 1024
    return None


def bytes_of(tensors: Iterable[Any]) -> int:
    """Bytes that tensors of torch hold together; those that share their memory are counted once."""
    parts = (part for tensor in tensors for _, part in made_of(tensor))
    held = {part.data_ptr(): part.numel() * part.element_size() for part in parts}
    return sum(held.values())
