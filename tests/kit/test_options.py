"""Options: what a field says of itself, and the check that follows from it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from spexviz.kit.options import REQUIRED, befores, check, defaults, option, options


@dataclass(frozen=True)
class Cake:
    """Something with every kind of option."""

    eater: str = option(REQUIRED, "Eater", "Who eats it.")
    filling: str = option("jam", "Filling", choices={"jam": "Of plums.", "cream": "Whipped."})
    layers: int = option(3, "Layers", "How many.", low=1)
    candles: int = option(0, "Candles", "On top.", low=0)
    minutes: int = option(30, "Minutes", "In the oven.", low=10, high=60, what="number of minutes")
    butter: float = option(0.5, "Butter", "In pounds.", low=0.001, high=1000.0)

    def __post_init__(self) -> None:
        check(self, ValueError)


def test_a_field_says_what_it_is() -> None:
    filling = options(Cake)["filling"]
    assert (filling.label, filling.help, tuple(filling.offered)) == (
        "Filling",
        "Of plums. Whipped.",
        ("jam", "cream"),
    )
    assert "eater" in options(Cake("Ada")) and "eater" not in defaults(Cake) and defaults(Cake)["layers"] == 3


def test_a_field_without_an_option_is_named() -> None:
    @dataclass
    class Plain:
        size: int = 1

    with pytest.raises(TypeError, match=r"The field size of .*Plain"):
        options(Plain)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"filling": "salt"}, "There is no filling 'salt'. Choose one of: jam, cream."),
        ({"filling": ["jam"]}, "There is no filling"),
        ({"layers": 0}, "Cake needs layers ≥ 1 and candles ≥ 0, not 0 and 0."),
        ({"candles": True}, "Cake needs layers"),
        ({"candles": 1.5}, "Cake needs layers"),
        ({"minutes": 61}, "The number of minutes must be a whole number from 10 to 60, not 61."),
        ({"minutes": None}, "whole number"),
        ({"butter": float("nan")}, "The butter must lie between 0.001 and 1,000, not nan."),
    ],
)
def test_what_lies_beyond_is_refused_in_words(settings: dict, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Cake("Ada", **settings)


def test_an_option_that_came_later_says_what_was_meant_before() -> None:
    @dataclass(frozen=True)
    class Iced(Cake):
        icing: str | None = option("lemon", "Icing", "On its sides.", before=None)

    assert befores(Iced) == {"icing": None} and befores(Cake) == {}
