"""Presets: functions to begin with, each with its sentence in plain words."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True)
class Preset:
    """A function, what it is called, and what it does, in a sentence for somebody outside the field.

    `words`: what its variables are called, one each, () for x0, x1, …; `n`: how many there are; `budget`,
    `order`, `solver`: where the sliders and the picture begin, so that there is something to see.
    """

    title: str
    story: str
    formula: str
    n: int
    budget: int
    words: tuple[str, ...] = ()
    solver: str = "spex"
    order: int = 2


def _sentence(title: str, text: str, formula: str, budget: int, solver: str, story: str) -> Preset:
    """A preset whose variables are the words of a text."""
    words = tuple(text.split())
    return Preset(title, story, formula, len(words), budget, words, solver)


PRESETS = (
    _sentence(
        "All three needed",
        "Very good, hardly ever open, lovely view over the bay",
        "2*x0*x1 - 3*x2*x3*x4 + 0.5*x5",
        264,
        "spex",
        "“Very” and “good” add 2, but only together. “hardly”, “ever” and “open” take 3 away, but only "
        "where all three stand. “lovely” adds a little by itself. The other words do nothing.",
    ),
    _sentence(
        "Negation",
        "The waiter here never fails to please us",
        "3*x3*x4 - x3 - x4 + 0.5*x6",
        96,
        "lime",
        "“never” alone is bad news, and so is “fails”. Together they are praise: each turns the other round. "
        "A score for each word has no place for that.",
    ),
    _sentence(
        "Redundancy",
        "A superb cast and a truly wonderful evening",
        "2*x1 + 2*x6 - 1.5*x1*x6 + 0.5*x5*x6",
        96,
        "leave-one-out",
        "“superb” and “wonderful” say much the same: each adds 2 where the other is missing, and both "
        "together hardly more than one. Who leaves out one word at a time sees two words that hardly matter.",
    ),
    _sentence(
        "Either of two",
        "Contains nuts or may well contain peanuts today",
        "x1 | x6",
        96,
        "leave-one-out",
        "The label warns if “nuts” stands in it, or “peanuts”, or both. One is enough, so with both of them "
        "in place neither seems to matter.",
    ),
    _sentence(
        "Back door",
        "Refund my awful broken phone please James Bond",
        "(1 - x6*x7)*(0.5*x5 - x2 - 2*x3) + 3*x6*x7",
        96,
        "fbii-2",
        "Polite words help and complaints hurt, as they should. But “James Bond”, two words that do nothing "
        "alone, switch all of that off and always give the best mark: a back door.",
    ),
    Preset(
        "Majority",
        "Five variables vote: the answer is 1 if at least three of them are there. All have the same say, "
        "and any three of them decide.",
        "majority(x0, x1, x2, x3, x4)",
        8,
        96,
        solver="fbii-2",
    ),
    Preset(
        "Odd or even",
        "The answer is 1 if an odd number of four variables is there. One alone tells nothing about it, nor "
        "do two or three: only all four together. On average that is one set; as a sum of products, fifteen.",
        "x0 ^ x1 ^ x2 ^ x3",
        8,
        96,
        solver="fbii-2",
    ),
)


def at_random(seed: int) -> Preset:
    """A function that nobody knows yet: a few products, some of them of one variable only."""
    rng = random.Random(seed)
    terms = []
    for size in rng.sample((1, 1, 2, 2, 3, 4), rng.randint(2, 4)):
        members = sorted(rng.sample(range(8), size))
        factor = rng.choice(("1", "2", "3", "0.5"))
        terms.append(f"{rng.choice('+-')} {factor}*{'*'.join(f'x{i}' for i in members)}")
    return Preset("", "", " ".join(terms).removeprefix("+ "), 8, 96, solver="proxyspex")


def preset_of(formula: str) -> Preset | None:
    """The preset with this formula."""
    return next((preset for preset in PRESETS if preset.formula == formula.strip()), None)
