"""Differences: what two runs were asked that is not the same, in words, from their settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from spexviz.kit.names import names, plain
from spexviz.results import Explanation
from spexviz.views.alignment import Alignment
from spexviz.views.words import plural

MOST_WORDS = 4  # that are named
_LETTERS = 40
_SAYS = {  # settings whose name is no word for people
    "model": "model",
    "prompt": "prompt",
    "target": "target",
    "contrast": "contrast",
    "template": "template",
    "masking": "way of removing",
    "ablation": "way of removing",
    "split": "split",
    "value": "value",
    "chat": "chat format",
    "space": "white space",
    "keep": "share that masks keep",
    "learner": "learner",
    "questions": "questions",
    "query": "query",
}
_ALIKE = ("prompt", "questions", "query", "model")  # what is said to be the same, the first that is
_RUN = ("budget", "seed")


def differences(a: Explanation, b: Explanation, titles: Mapping[str, str]) -> str:
    """ "Same prompt, other model: bundled / toy."; `titles`: {solver: as it is called}."""
    found = list(_found(a, b, titles))
    if not found:
        return "The same settings in both: what differs is chance, or the program that measured it."
    same = _same(a, b)
    said = [f"other {what}" for what in found]
    if same:
        return f"Same {same}, {'; '.join(said)}."
    return f"{'; '.join(said)}.".capitalize()


def _same(a: Explanation, b: Explanation) -> str:
    """What both have in common that matters most."""
    for name in _ALIKE:
        ours = a.spec.game.get(name)
        if ours and ours == b.spec.game.get(name):
            return _says(name)
    return ""


def _found(a: Explanation, b: Explanation, titles: Mapping[str, str]) -> Iterator[str]:
    """What is not the same, a phrase each: those of the game first."""
    ours, theirs = a.spec.game, b.spec.game
    if a.spec.game_name == b.spec.game_name:
        for name in sorted({*ours, *theirs}, key=_place):
            if name not in ours or name not in theirs or ours[name] == theirs[name]:
                continue  # what is not said means what was meant before there was a choice
            yield _phrase(name, ours[name], theirs[name], a, b)
    if a.spec.solver != b.spec.solver:
        yield _of_solvers(a, b, titles)
    for name in _RUN:
        one, other = vars(a.spec)[name], vars(b.spec)[name]
        if one != other:
            yield f"{name}: {one:,} / {other:,}"


def _phrase(name: str, one: Any, other: Any, a: Explanation, b: Explanation) -> str:
    says = _says(name)
    if name == "prompt" and a.subject.text is not None and b.subject.text is not None:
        return f"{says}: {_words(a, b)}"
    if isinstance(one, list | tuple | Mapping) or isinstance(other, list | tuple | Mapping):
        return says
    return f"{says}: {_value(one)} / {_value(other)}"


def _words(a: Explanation, b: Explanation) -> str:
    """Which words differ: “good” / “bad”; only in one: “not”."""
    aligned = Alignment.of(a.subject, b.subject)
    ours, theirs = names(a.players), names(b.players)
    said = [f"“{ours[i]}” / “{theirs[aligned.matched[i]]}”" for i in sorted(aligned.replaced)]
    said += [f"“{ours[i]}” only in A" for i in aligned.lacking]
    said += [f"“{theirs[i]}” only in B" for i in aligned.back.lacking]
    if not said:
        return "the same words, written otherwise"
    if len(said) > MOST_WORDS:
        nouns = plural(a.subject.noun, len(said))
        return f"{len(said)} {nouns} differ"
    return ", ".join(said)


def _of_solvers(a: Explanation, b: Explanation, titles: Mapping[str, str]) -> str:
    one, other = a.spec.solver_name, b.spec.solver_name
    if one == other:
        return "solver settings"
    return f"solver: {titles.get(one, one)} / {titles.get(other, other)}"


def _says(name: str) -> str:
    return _SAYS.get(name, name.replace("_", " "))


def _value(value: Any) -> str:
    """A value on one line; the space that a token begins with is seen."""
    if not isinstance(value, str):
        return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
    if not value:
        return "none"
    space = "␣" if value[:1] == " " and value.strip() else ""
    return space + plain(value, _LETTERS)


def _place(name: str) -> tuple[int, str]:
    """Where a setting stands among what is told."""
    known = list(_SAYS)
    return (known.index(name) if name in known else len(known)), name
