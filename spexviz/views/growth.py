"""Growth: how many masks a text has, and how long asking them all would take, in words."""

from __future__ import annotations

RATE = 100  # masks a second: what a small model on a small machine can do
_UNITS = ((1.0, "second"), (60.0, "minute"), (3600.0, "hour"), (86400.0, "day"), (31557600.0, "year"))


def told(words: int) -> tuple[str, ...]:
    """What there is to say of so many words.

    >>> told(6)[1]
    'At 100 masks a second, asking them all would take less than a second.'
    """
    return (
        f"{words} words: {_count(2**words)} masks",
        f"At {RATE} masks a second, asking them all would take {_time(2**words / RATE)}.",
    )


def _count(number: int) -> str:
    """ "134,217,728", "about 1.2 million million"."""
    if number < 1_000_000_000:
        return f"{number:,}"
    if number < 1_000_000_000_000:
        return f"about {number / 1e9:,.0f} thousand million"
    return f"about {number / 1e12:,.0f} million million"


def _time(seconds: float) -> str:
    """ "about 16 days"."""
    if seconds < 1:
        return "less than a second"
    size, name = max(unit for unit in _UNITS if unit[0] <= seconds)
    count = seconds / size
    if count >= 1e6:
        return f"about {count / 1e6:,.0f} million {name}s"
    plural = "" if round(count) == 1 else "s"
    return f"about {count:,.0f} {name}{plural}"
