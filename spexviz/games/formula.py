"""Formula: a function of x0, x1, … as people write it, read by a parser of its own and never run as code.

    Formula.read("2*x0*x1 - 3*x2*x3*x4 + 0.5*x5")(masks)
    Formula.read("x0 & x1 | !x2"), Formula.read("majority(x0, x1, x2)")

A variable is 1 where its player is kept, else 0. Real: numbers, + - *, min, max. Boolean: & | ^ and ~ or !,
and, or, xor, not, majority. Of other numbers these are the polynomials that agree with them on 0 and 1 (a & b
is a·b, ~a is 1 − a); majority asks whether their sum is more than half of what it could be. As in Python,
what binds tightest comes first: ~ ! -, *, + -, &, ^, |.
A formula is kept as steps in postfix order: neither to read nor to ask it goes deeper than DEEPEST brackets.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spexviz.errors import FormulaError
from spexviz.kit.arrays import Floats
from spexviz.masks import Masks, Values

LONGEST = 2_000  # characters that are read
DEEPEST = 50  # brackets in one another
MOST_PLAYERS = 2_000
BLOCK = 1 << 14  # masks computed at a time: what a formula needs meanwhile stays small

Column = NDArray[np.float64] | float
_TOKEN = re.compile(
    r"(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<mark>\S)"
)
_VARIABLE = re.compile(r"x([0-9]+)\Z")
# signs that stand in books, as they are typed
_TYPED = {"·": "*", "×": "*", "−": "-", "∧": "&", "∨": "|", "⊕": "^", "¬": "~", "!": "~"}


def _either(a: Column, b: Column) -> Column:
    """a or b as a polynomial of numbers that are 0 or 1."""
    return a + b - a * b


def _one_of(a: Column, b: Column) -> Column:
    """Exactly one of a and b."""
    return a + b - 2 * a * b


def _not(a: Column) -> Column:
    return 1.0 - a


def _majority(*of: Column) -> Column:
    """1 where more than half of them are."""
    return np.greater(sum(of), len(of) / 2).astype(np.float64)


def _all_by(two: Callable[[Column, Column], Column]) -> Callable[..., Column]:
    """What joins two, for any number of them."""
    return lambda *of: reduce(two, of)


class Call(NamedTuple):
    """A step that takes the last `count` columns and leaves one."""

    function: Callable[..., Column]
    count: int


Step = float | int | Call
"""A number, a player's position, or a function of what came before."""

_BINARY: Mapping[str, tuple[int, Callable[..., Column]]] = {  # how tightly each binds
    "|": (1, _either),
    "^": (2, _one_of),
    "&": (3, operator.mul),
    "+": (4, operator.add),
    "-": (4, operator.sub),
    "*": (5, operator.mul),
}
_UNARY: Mapping[str, Callable[..., Column] | None] = {"-": operator.neg, "+": None, "~": _not}
FUNCTIONS: Mapping[str, Callable[..., Column]] = {
    "and": _all_by(operator.mul),
    "or": _all_by(_either),
    "xor": _all_by(_one_of),
    "not": _not,
    "majority": _majority,
    "min": _all_by(np.minimum),
    "max": _all_by(np.maximum),
}
_INSTEAD = {  # what people try, and what is meant
    "/": "multiply by a number instead, such as 0.5*x0",
    "%": "multiply by a number instead, such as 0.5*x0",
    "<": "nothing is compared here; majority(x0, x1, x2) asks for more than half",
    ">": "nothing is compared here; majority(x0, x1, x2) asks for more than half",
    "=": "nothing is compared here; ~(x0 ^ x1) is 1 where both are alike",
    "[": "use round brackets",
    "{": "use round brackets",
}
WHAT = "a variable such as x0, a number, a bracket, ~ or a function such as majority(x0, x1, x2)"


@dataclass(frozen=True)
class Formula:
    """A formula that was read: `steps` in postfix order, `n`: one more than the highest variable in it."""

    text: str
    steps: tuple[Step, ...] = field(repr=False)
    n: int

    @classmethod
    def read(cls, text: str, most: int = MOST_PLAYERS) -> Formula:
        """Read it; `most`: variables that there may be.

        Raises FormulaError, with the position of the character, for what is no formula.

        >>> Formula.read("x0 & ~x2").n
        3
        """
        reader = _Reader(text, most)
        steps = reader.whole()
        return cls(text, steps, 1 + max((step for step in steps if type(step) is int), default=-1))

    def __call__(self, masks: Masks) -> Values:
        """Values (b,) of masks (b, n or more); infinite or NaN where its numbers grow too large."""
        values = np.empty(len(masks))
        for start in range(0, len(masks), BLOCK):
            block = masks[start : start + BLOCK]
            with np.errstate(over="ignore", invalid="ignore"):
                values[start : start + len(block)] = self._of(np.asarray(block.T, dtype=np.float64))
        return values

    def _of(self, columns: Floats) -> Column:
        """One value for each mask of columns (n, b), or one for all."""
        stack: list[Column] = []
        for step in self.steps:
            if isinstance(step, Call):
                of = stack[-step.count :]
                del stack[-step.count :]
                stack.append(step.function(*of))
            elif isinstance(step, int):
                stack.append(columns[step])
            else:
                stack.append(step)
        return stack[0]


class _Token(NamedTuple):
    """`kind`: "number", "name", "mark" or "end"; `at`: the position of its first character."""

    kind: str
    text: str
    at: int

    @property
    def said(self) -> str:
        return "the end" if self.kind == "end" else f"“{self.text}”"


class _Reader:
    """Reads one formula from left to right, by how tightly its signs bind."""

    def __init__(self, text: str, most: int) -> None:
        if len(text) > LONGEST:
            raise FormulaError(
                f"The formula has {len(text):,} characters, and at most {LONGEST:,} are read.", LONGEST
            )
        self.tokens = _tokens(text)
        self.most = most
        self.next = 0
        self.deep = 0
        self.steps: list[Step] = []

    @property
    def token(self) -> _Token:
        return self.tokens[self.next]

    def whole(self) -> tuple[Step, ...]:
        """The steps of the whole text."""
        if self.token.kind == "end":
            raise FormulaError("Nothing is written yet: try 2*x0*x1 - 3*x2*x3, or x0 & ~x1.", 0)
        self.sum(0)
        if self.token.kind != "end":
            raise self._unexpected("an operator such as + * & | ^, or the end")
        return tuple(self.steps)

    def sum(self, least: int) -> None:
        """Operands with the operators between them that bind tighter than `least`."""
        self.operand()
        while True:
            binds, function = _BINARY.get(self.token.text, (0, None))
            if function is None or binds <= least:
                return
            self.next += 1
            self.sum(binds)
            self.steps.append(Call(function, 2))

    def operand(self) -> None:
        """A variable, a number, a function or a bracket, with what stands before it."""
        before = []
        while self.token.text in _UNARY:
            before.append(_UNARY[self.token.text])
            self.next += 1
        token = self.token
        self.next += 1
        if token.kind == "number":
            self.steps.append(_number(token))
        elif token.kind == "name":
            self.named(token)
        elif token.text == "(":
            self.bracket(token)
        else:
            self.next -= 1
            raise self._unexpected(WHAT)
        self.steps += [Call(function, 1) for function in reversed(before) if function is not None]

    def named(self, token: _Token) -> None:
        """A variable, or a function of what follows in its brackets."""
        if token.text in FUNCTIONS:
            if self.token.text != "(":
                raise FormulaError(
                    f"After “{token.text}” a bracket is expected, as in {token.text}(x0, x1), "
                    f"not {self.token.said}.",
                    self.token.at,
                )
            self.next += 1
            count = self.bracket(token)
            self.steps.append(Call(FUNCTIONS[token.text], count))
            return
        found = _VARIABLE.match(token.text)
        if found is None:
            raise FormulaError(
                f"“{_short(token.text)}” is neither a variable (x0, x1, …) nor a function "
                f"({', '.join(FUNCTIONS)}).",
                token.at,
            )
        if len(found[1]) > 4 or int(found[1]) >= self.most:
            raise FormulaError(
                f"“{_short(token.text)}” is beyond the last variable, x{self.most - 1}: "
                f"there are at most {self.most:,} of them.",
                token.at,
            )
        self.steps.append(int(found[1]))

    def bracket(self, opened: _Token) -> int:
        """What stands in brackets, the first of which was read; how many, where a function has several."""
        self.deep += 1
        if self.deep > DEEPEST:
            raise FormulaError(
                f"More than {DEEPEST} brackets stand in one another here: write it in fewer.", opened.at
            )
        count = 1
        self.sum(0)
        while self.token.text == "," and opened.kind == "name" and opened.text != "not":
            self.next += 1
            self.sum(0)
            count += 1
        if self.token.text != ")":
            raise self._unexpected(f"a closing bracket for the “{opened.text}” of character {opened.at + 1}")
        self.next += 1
        self.deep -= 1
        return count

    def _unexpected(self, wanted: str) -> FormulaError:
        token = self.token
        instead = _INSTEAD.get(token.text)
        if token.kind == "mark" and instead:
            return FormulaError(f"“{token.text}” is not understood: {instead}.", token.at)
        if token.text == "*" and self.next and self.tokens[self.next - 1].text == "*":
            return FormulaError("There are no powers here: write the product out, such as x0*x1.", token.at)
        return FormulaError(f"Here {token.said} is not expected, but {wanted}.", token.at)


def _tokens(text: str) -> Sequence[_Token]:
    """Its parts, signs as they are typed, and the end."""
    found = []
    for match in _TOKEN.finditer(text):
        kind = str(match.lastgroup)
        part = match[0]
        found.append(_Token(kind, _TYPED.get(part, part), match.start()))
    return [*found, _Token("end", "", len(text.rstrip()))]


def _number(token: _Token) -> float:
    number = float(token.text)
    if not math.isfinite(number):
        raise FormulaError(f"“{_short(token.text)}” is too large a number: use a smaller one.", token.at)
    return number


def _short(text: str) -> str:
    return text if len(text) <= 24 else f"{text[:24]}…"
