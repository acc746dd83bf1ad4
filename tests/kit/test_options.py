"""Options: what a field says of itself, and the check that follows from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from spexviz.kit.options import REQUIRED, befores, check, defaults, option, options, plain


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


def test_numbers_of_numpy_become_those_of_python() -> None:
    kept = Cake(np.str_("Ada"), layers=np.int32(2), candles=np.uint8(4), butter=np.float32(0.25))
    found = [kept.eater, kept.layers, kept.candles, kept.butter]
    assert found == ["Ada", 2, 4, 0.25] and [type(one) for one in found] == [str, int, int, float]
    with pytest.raises(ValueError, match="Cake needs layers ≥ 1"):
        Cake("Ada", layers=np.int64(0))
    assert plain({"a": (np.arange(2), [np.float64(0.5)])}) == {"a": ([0, 1], [0.5])}


@pytest.mark.parametrize("eater", ["A\ud83dda", ["Ada", "A\ud83dda"]])
def test_half_a_character_is_refused_with_the_remedy(eater: object) -> None:
    with pytest.raises(
        ValueError, match=r"half a character in the eater \('\\ud83d', at position 1\).*delete it"
    ):
        Cake(eater)


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
