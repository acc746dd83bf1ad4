"""SyntheticGame: a function that is known, to test solvers on and to teach with."""

from __future__ import annotations

import ast
import hashlib
import json
import operator
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from spexviz.errors import GameError
from spexviz.games.base import Game
from spexviz.kit.arrays import Floats
from spexviz.kit.options import REQUIRED, option
from spexviz.masks import Masks, Values, ends, pack
from spexviz.spectrum import Spectrum

LONGEST = 2_000  # characters of an expression
MOST_PLAYERS = 2_000
_PLAYER = re.compile(r"x(\d{1,4})\Z")
_BINARY = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul}
_BOOLEAN = {
    ast.BitAnd: lambda a, b: a * b,
    ast.BitOr: lambda a, b: a + b - a * b,
    ast.BitXor: lambda a, b: a + b - 2 * a * b,
}


@dataclass(frozen=True)
class SyntheticGame(Game):
    """A known function of masks: a Spectrum, its {"n", "terms"} object, or an expression of x0, x1, … (1 = kept, 0 = removed).

    Expressions: numbers, + − * and brackets ("2*x0*x1 - 3*x2*x3*x4 + 0.5*x5"), and the Boolean & | ^ ~ ("x0 &
    ~x1"). `n`: number of players, if more than the expression names. `noise`: standard deviation of Gaussian
    noise that is a fixed function of (seed, mask), so asking twice gives the same answer. Raises GameError
    for what it cannot read.
    """

    name: ClassVar[str] = "synthetic"
    title: ClassVar[str] = "Synthetic function"

    source: str | Spectrum | Mapping[str, Any] = option(
        REQUIRED, "Function", 'Such as "2*x0*x1 - 3*x2*x3 + 0.5*x4", or "x0 & ~x1".', longest=LONGEST
    )
    noise: float = option(
        0.0, "Noise", "Standard deviation of the noise: a fixed function of seed and mask.", low=0.0
    )
    seed: int = option(0, "Seed of the noise", "Another seed, other noise.", low=0)
    n: int = option(
        0, "Players", "How many, where they are more than the expression names.", low=0, high=MOST_PLAYERS
    )

    def __post_init__(self) -> None:
        if isinstance(self.source, Spectrum):
            terms = [[list(term), value] for term, value in self.source.coefficients.items()]
            object.__setattr__(self, "source", {"n": self.source.n, "terms": terms})
        if not 0 <= self.noise < float("inf"):
            raise GameError(f"The noise is a standard deviation of at least 0, not {self.noise}.")
        if self.seed < 0:
            raise GameError(f"The seed of the noise must be at least 0, not {self.seed}.")
        # what cannot be read or computed fails here, not mid-run
        if not np.isfinite(self._evaluate(ends(len(self.players)))).all():
            raise GameError("The expression gives numbers beyond what a computer can hold: use smaller ones.")

    @cached_property
    def spectrum(self) -> Spectrum | None:
        """The true spectrum where it was given;

        None for an expression (transform its values on all masks instead).
        """
        if isinstance(self.source, str):
            return None
        try:
            if not 1 <= (n := int(self.source["n"])) <= MOST_PLAYERS:
                raise GameError(f"A spectrum must have between 1 and {MOST_PLAYERS} players, not {n}.")
            return Spectrum(n, [(tuple(term), float(value)) for term, value in self.source["terms"]])
        except GameError:
            raise
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise GameError(
                f'A spectrum is given as {{"n": …, "terms": [[[0, 1], 2.0], …]}} ({error}).'
            ) from None

    @cached_property
    def players(self) -> tuple[str, ...]:
        if self.spectrum is not None:
            return tuple(f"x{i}" for i in range(self.spectrum.n))
        names = [node.id for node in ast.walk(_parse(self.source)) if isinstance(node, ast.Name)]
        named = [int(match.group(1)) for match in map(_PLAYER.match, names) if match]
        n = max([*(i + 1 for i in named), self.n])
        if not 1 <= n <= MOST_PLAYERS:
            raise GameError(f"The expression must name between 1 and {MOST_PLAYERS} players: x0, x1, …")
        return tuple(f"x{i}" for i in range(n))

    @cached_property
    def fingerprint(self) -> str:
        content = json.dumps([self.source, self.noise, self.seed, len(self.players)], sort_keys=True)
        return "synthetic-" + hashlib.sha256(content.encode()).hexdigest()[:24]

    def __call__(self, masks: Masks) -> Values:
        masks = np.asarray(masks, dtype=bool)
        values = self._evaluate(masks)
        return values + self.noise * _noise(masks, self.seed) if self.noise else values

    def _evaluate(self, masks: Masks) -> Values:
        if self.spectrum is not None:
            return self.spectrum(masks)
        try:
            with np.errstate(over="ignore", invalid="ignore"):
                return np.array(
                    np.broadcast_to(_walk(_parse(self.source), masks.astype(np.float64)), len(masks))
                )
        except OverflowError:
            raise GameError("A number of the expression is too large: use smaller ones.") from None
        except RecursionError:
            raise GameError(
                "The expression is nested too deeply: shorten it, or give a spectrum instead."
            ) from None


def _parse(expression: str) -> ast.expr:
    if len(expression) > LONGEST:
        raise GameError(f"The expression has {len(expression)} characters; at most {LONGEST} are read.")
    try:
        return ast.parse(expression.strip(), mode="eval").body  # only parsed, never evaluated
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise GameError(
            f'"{expression[:80]}" cannot be read. Write it like 2*x0*x1 - 3*x2*x3 + 0.5*x4, or x0 & ~x1.'
        ) from None


def _walk(node: ast.expr, columns: Floats) -> Any:
    if (
        isinstance(node, ast.Constant)
        and isinstance(node.value, int | float)
        and not isinstance(node.value, bool)
    ):
        return float(node.value)
    if isinstance(node, ast.Name) and (match := _PLAYER.match(node.id)):
        return columns[:, int(match.group(1))]
    if isinstance(node, ast.BinOp) and (action := {**_BINARY, **_BOOLEAN}.get(type(node.op))):
        return action(_walk(node.left, columns), _walk(node.right, columns))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd | ast.Invert):
        inner = _walk(node.operand, columns)
        return (
            1.0 - inner
            if isinstance(node.op, ast.Invert)
            else -inner
            if isinstance(node.op, ast.USub)
            else inner
        )
    raise GameError(
        f'"{ast.unparse(node)[:60]}" is not understood: use numbers, x0, x1, …, + - * & | ^ ~ and brackets.'
    )


def _noise(masks: Masks, seed: int) -> Values:
    """Standard normal noise as a fixed function of (seed, mask): hashed bits through Box–Muller."""
    words = np.random.default_rng([seed, 0x5E]).integers(
        0, 2**63, size=(2, pack(masks[:1]).shape[1]), dtype=np.uint64
    ) | np.uint64(1)
    packed = pack(masks).astype(np.uint64) + np.uint64(1)
    with np.errstate(over="ignore"):
        state = np.stack([_mix(_mix(packed * word + word).sum(1, dtype=np.uint64)) for word in words])
    uniform = ((state >> np.uint64(11)).astype(np.float64) + 0.5) / 2.0**53
    return np.sqrt(-2.0 * np.log(uniform[0])) * np.cos(2.0 * np.pi * uniform[1])


def _mix(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finaliser of splitmix64 (Steele et al. 2014)."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))
