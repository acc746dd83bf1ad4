"""An object keeps what was computed of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from spexviz.kit.cached import kept


@dataclass(frozen=True)
class Text:
    words: tuple[str, ...]


CALLS: list[tuple[Text, str]] = []


@kept
def joined(text: Text, between: str = " ") -> str:
    """The words."""
    CALLS.append((text, between))
    return between.join(text.words)


def test_each_answer_is_computed_once_for_each_object_and_what_it_is_asked_with() -> None:
    CALLS.clear()
    text = Text(("a", "b"))
    assert [joined(text), joined(text), joined(text, "-"), joined(text, between="-")] == [
        "a b",
        "a b",
        "a-b",
        "a-b",
    ]
    assert len(CALLS) == 3, "by place and by name are two ways to ask"
    assert joined(replace(text, words=("c",))) == "c" and len(CALLS) == 4
    assert joined.__doc__ == "The words." and text == Text(("a", "b"))
