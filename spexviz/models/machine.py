"""What this machine can do: the precision in which a model computes, and the memory that is free; tokens to probe a model with."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

from spexviz.errors import ModelError

PRECISIONS = ("fp32", "bf16", "fp16")
SETTING = "SPEXVIZ_PRECISION"
# instructions that multiply bf16, as processors (the last: ARM) name them
_BF16 = ("amx_bf16", "avx512_bf16", "bf16")


def precision_for(device: str, asked: str = "auto", on_gpu: str = "fp16") -> str:
    """What a model computes in on "cpu" or "cuda": what is asked for, else what $SPEXVIZ_PRECISION says, else what the device can do.

    By what the device says of itself and never by a stopwatch, so that every start on one machine gives the
    same numbers: on a GPU `on_gpu` (fp16 where the stream of the layers stays in fp32, else bf16), on a
    processor bf16 where it has instructions for it.
    Raises ModelError for a precision that there is not.
    """
    asked = asked if asked != "auto" else (os.environ.get(SETTING) or "auto").strip().lower()
    if asked in PRECISIONS:
        return asked
    if asked != "auto":
        raise ModelError(
            f"There is no precision {asked!r:.40}: set {SETTING} to auto or one of {', '.join(PRECISIONS)}."
        )
    if device != "cuda":
        return "bf16" if abilities() else "fp32"
    import torch

    return on_gpu if on_gpu != "bf16" or torch.cuda.is_bf16_supported() else "fp32"


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

    return dict(torch.cpu.get_capabilities()) if hasattr(torch.cpu, "get_capabilities") else {}


def _flags() -> set[str]:
    """What the operating system says of the processor, for versions of torch that do not."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return set()
    return next(
        (set(line.partition(":")[2].split()) for line in lines if line.startswith(("flags", "Features"))),
        set(),
    )


def described() -> str:
    """The processor, what it can do, and the precision that models take here, in one line for logs."""
    import platform

    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    name = (
        torch.cuda.get_device_name()
        if device == "cuda"
        else _told().get("cpu_name") or platform.processor() or platform.machine()
    )
    can = f"instructions for bf16: {', '.join(abilities()) or 'none'}; torch {torch.backends.cpu.get_cpu_capability()}"
    return f"{name}, {os.cpu_count()} cores; {can}; models compute in {precision_for(device)} ({SETTING}={os.environ.get(SETTING) or 'auto'})"


def made_up(vocabulary: int, count: int, first: int = 0) -> list[int]:
    """Tokens without a meaning, to find out how fast or how exact a model is; another `first`, and no beginning is common."""
    return [(7 * i * i + 11 * i + first) % vocabulary for i in range(count)]


def room(device: Any) -> int | None:
    """Bytes free for a model on a torch device; None where the system does not say."""
    if device.type == "cuda":
        import torch

        return int(torch.cuda.mem_get_info(device)[0])
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable")), None)
