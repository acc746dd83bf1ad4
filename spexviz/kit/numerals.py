"""Numerals: numbers as people read them, in every figure, table and sentence alike."""

from __future__ import annotations

import math

PLUS, MINUS = "+", "−"
TINY = 1e-9  # below it a number is rounding noise of exact transforms, and said to be 0
_LEAST, _MOST = 1e-4, 1e5  # sizes outside are written with an exponent
_FURTHER = 2  # decimals that a small number may ask of the larger one beside it


def sign(value: float) -> str:
    """ "+", "−", or "" for zero."""
    if value > 0:
        return PLUS
    if value < 0:
        return MINUS
    return ""


def number(value: float, signed: bool = True) -> str:
    """A number for people: "+1.23", "−0.10", "+0.0042", "0"; two digits after the point, more for small ones.

    Anything below 1e-9 in size counts as zero (rounding noise of exact transforms); NaN reads "unknown".
    """
    if math.isnan(value):
        return "unknown"
    size = abs(value)
    if size < TINY:
        return "0"
    return _glyph(value, signed) + _size_text(size)


def together(*values: float, signed: bool = True) -> tuple[str, ...]:
    """Numbers that stand side by side, with the same decimals: as many as say something of the smallest.

    >>> together(-0.35, -0.0056), together(1.9, 0.0)
    (('−0.350', '−0.006'), ('+1.90', '0'))
    """
    sizes = [abs(value) for value in values if abs(value) >= TINY]
    if not sizes or not all(map(math.isfinite, values)) or not _LEAST <= max(sizes) < _MOST:
        return tuple(number(value, signed) for value in values)
    places = _places(max(sizes), min(sizes))
    return tuple(_fixed(value, places, signed) for value in values)


def _places(largest: float, smallest: float) -> int:
    """Decimals of the largest, and up to two more where only these show a digit of the smallest."""
    places = _decimals(largest)
    first_digit = -math.floor(math.log10(smallest))
    if first_digit > places + _FURTHER:
        return places
    return max(first_digit, min(places + 1, _decimals(smallest)))


def _fixed(value: float, places: int, signed: bool) -> str:
    if abs(value) < TINY:
        return "0"
    return _glyph(value, signed) + f"{abs(value):,.{places}f}"


def _glyph(value: float, signed: bool) -> str:
    if value > 0 and not signed:
        return ""
    return sign(value)


def _size_text(size: float) -> str:
    """A size above zero in digits."""
    if math.isinf(size):
        return "∞"
    if size >= _MOST or size < _LEAST:
        digits, power = f"{size:.1e}".split("e")
        power = power.lstrip("+").replace("-", MINUS)
        return f"{digits}e{power}"
    return f"{size:,.{_decimals(size)}f}"


def _decimals(size: float) -> int:
    """Two, or as many as show two digits of a small number."""
    if size >= 0.095:
        return 2
    return 1 - math.floor(math.log10(size))


def percent(share: float) -> str:
    """A share as "47 %", "3.2 %", "< 0.1 %"."""
    if not math.isfinite(share):
        return "unknown"
    value = 100 * share
    if 0 < value < 0.1:
        return "< 0.1 %"
    if 0 < value < 9.95:
        return f"{value:.1f} %"
    return f"{value:.0f} %"


def interval_text(interval: tuple[float, float] | None, signed: bool = True) -> str:
    """ "[+1.90, +2.80]", or "" where there is no interval."""
    if interval is None:
        return ""
    low, high = interval
    if math.isnan(low) or math.isnan(high):
        return ""
    return f"[{', '.join(together(low, high, signed=signed))}]"


def within(value: float, half: float) -> str:
    """A value and how far it may be off: "+2.44 ± 0.12"; the value alone where that is nothing."""
    if not half >= TINY:
        return number(value)
    said, off = together(value, half)
    return f"{said} ± {off.removeprefix(PLUS)}"
