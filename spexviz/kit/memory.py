"""Memory that runs out: what is taken in time, and whether an error says so."""

from __future__ import annotations

import errno

# of a RuntimeError of torch on a processor: its own allocator, a library below it, a thread that has no room
_WORDS = ("can't allocate memory", "not enough memory", "std::bad_alloc", "can't start new thread")


def is_out_of_memory(error: BaseException) -> bool:
    """Whether it does: of numpy and Python by its kind, of torch on a GPU by its name, else by its words.

    >>> [is_out_of_memory(error) for error in (MemoryError(), RuntimeError("std::bad_alloc"), KeyError())]
    [True, True, False]
    """
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    if isinstance(error, ImportError):  # a library that is loaded where it is first needed
        return "failed to map segment" in str(error)
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _WORDS)


def take_for_blas() -> None:
    """Let the OpenBLAS of NumPy and that of SciPy take the room they work in.

    They do so once, at their first product, and end the process where there is none.
    """
    import numpy as np
    import scipy.linalg

    square = np.eye(256)
    np.linalg.cholesky(square @ square)
    scipy.linalg.cholesky(square)
