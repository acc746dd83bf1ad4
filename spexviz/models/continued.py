"""The tokens of an answer: those with which the tokens of a text go on where the answer stands behind it.

A tokeniser that marks the beginnings of words gives an answer alone one token more than it has in a text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from spexviz.models.base import Written

Encode = Callable[[list[str]], list[list[int]]]
"""A tokeniser: the ids of texts, with nothing added."""
Answers = tuple[tuple[int, ...], ...]
"""The ids of each answer, as they stand behind one text."""
# the last characters of a text, which decide: tokenisers cut by words, and to read all texts again would cost
# a GPU a tenth of its speed
_ENDING = 64


def ids_behind(encode: Encode, texts: Sequence[str], answers: Sequence[str]) -> list[Answers]:
    """The ids of the answers behind each text: for each text, those of each answer."""
    endings = list(dict.fromkeys(text[-_ENDING:] for text in texts))
    own = encode(endings)
    columns = [_ids_of_answer(encode, answer, endings, own) for answer in answers]
    found = {ending: tuple(column[i] for column in columns) for i, ending in enumerate(endings)}
    return [found[text[-_ENDING:]] for text in texts]


def differs_alone(encode: Encode) -> bool:
    """Whether a tokeniser gives an answer alone other tokens than it has behind a word."""
    behind = ids_behind(encode, ["a"], [" a"])[0][0]
    return behind != tuple(encode([" a"])[0])


def _ids_of_answer(
    encode: Encode, answer: str, texts: list[str], own: list[list[int]]
) -> list[tuple[int, ...]]:
    """The ids of an answer behind each text, whose `own` are known.

    Where a text and the answer are not read as the text and something more (a word is joined to its last one,
    say), they are those of the answer alone.
    """
    if isinstance(answer, Written):
        return [answer.ids] * len(texts)
    alone = encode([answer])[0]
    wholes = encode([text + answer for text in texts])
    found = []
    for before, whole in zip(own, wholes, strict=True):
        goes_on = len(whole) > len(before) and whole[: len(before)] == before
        found.append(tuple(whole[len(before) :] if goes_on else alone))
    return found
