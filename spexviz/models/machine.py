"""What this machine can do: the precision in which it is fast, and the memory that is free; tokens to probe a model with."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any


def best_precision() -> str:
    """ "bf16" where matrix products in it are clearly faster than in fp32 here, else "fp32"; found by a probe of some milliseconds.

    A small product comes first: a processor without bf16 instructions can be 500 times slower in it (the full probe: 20 s).
    """
    import torch

    if torch.cuda.is_available():
        return "bf16" if torch.cuda.is_bf16_supported() else "fp32"
    for rows, gain in ((32, 0.5), (512, 1.5)):
        if _product_seconds(torch.bfloat16, rows) * gain > _product_seconds(torch.float32, rows):
            return "fp32"
    return "bf16"


def _product_seconds(dtype: Any, rows: int) -> float:
    """The shortest of some matrix products (rows, 576) × (576, 3 · rows)."""
    import torch

    a, b = torch.ones(rows, 576, dtype=dtype), torch.ones(576, 3 * rows, dtype=dtype)
    times = []
    for _ in range(6):
        start = time.perf_counter()
        a @ b
        times.append(time.perf_counter() - start)
    return min(times[1:])


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
