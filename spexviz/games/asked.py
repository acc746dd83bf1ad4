"""What is measured in a language model's answer, in words that go on "measured is …".

`read`: where the answer is read: `NEXT` after the text, `LABEL` of a classifier, or the blank at which it
stands; "" where only a loaded model could tell, and the words leave it open.
"""

from __future__ import annotations

from spexviz.kit.names import plain

NEXT, LABEL = "next", "label"
LONGEST = 60  # characters of an answer that are shown


def quoted(answer: str) -> str:
    """An answer between quotation marks, on one line, without the space that it begins with."""
    text = plain(answer.strip() or answer, LONGEST)
    return f"“{text}”"


def likelier(one: str, other: str, read: str) -> str:
    """What the log-odds of two answers say."""
    one, other = quoted(one), quoted(other)
    if not read:
        return f"how much more likely the model answers {one} than {other}"
    if read == LABEL:
        return f"how much more likely the label {one} than {other} is"
    return f"how much more likely {one} than {other} {_stands(read)}"


def likely(answer: str, read: str) -> str:
    """What the log-probability of an answer says."""
    answer = quoted(answer)
    if not read:
        return f"how likely the model answers {answer}"
    if read == LABEL:
        return f"how likely the label {answer} is"
    return f"how likely {answer} {_stands(read)}"


def _stands(read: str) -> str:
    if read == NEXT:
        return "comes next"
    return f"stands at {read}"
