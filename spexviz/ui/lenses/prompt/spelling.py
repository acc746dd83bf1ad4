"""What is said of an answer that was typed: its token, what is wrong with it, what puts it right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from spexviz.games.prompt.targets import Reading
from spexviz.kit.names import visible
from spexviz.views.tokens import equals, token

Fix = tuple[str, str, dict[str, Any]]
"""What stands on a button, its small print, and the fields that it fills in."""


@dataclass(frozen=True)
class Told:
    """`said`: the token that it is; `why` another may be meant; `problem`: why it cannot be asked."""

    said: str = ""
    why: str = ""
    fixes: tuple[Fix, ...] = ()
    problem: str = ""

    @property
    def is_wrong(self) -> bool:
        return bool(self.problem)


def told(found: Reading | None, name: str, *, single: bool, is_blank: bool) -> Told:
    """What is said under the field of this name.

    `single`: one token is needed; `is_blank`: it stands at the model's mask token.
    """
    if found is None:
        return Told()
    fixes: list[Fix] = []
    if found.better:
        likelier = found.better
        fixes.append((f"Use {visible(likelier.text)}", equals(likelier.probability), {name: likelier.text}))
    if found.is_token or (found.probability is not None and not single):
        said = token(found.answer) if found.count == 1 else f"{token(found.answer)}, {found.count} tokens"
        why = difference(found.answer, found.better.text) if found.better else ""
        return Told(f"{said}, {equals(found.probability or 0.0)}", why, tuple(fixes))
    shown = visible(found.answer)
    said = (
        f"→ {shown} is {found.count} tokens" if found.count > 1 else f"→ {shown} is no answer of this model"
    )
    if found.count > 1 and name == "target" and single and found.probability is not None:
        fixes.append(("Look at the whole answer", equals(found.probability), {"value": "log-probability"}))
    if found.first:
        only = f"Use only its beginning, {visible(found.first.text)}"
        fixes.append((only, equals(found.first.probability), {name: found.first.text}))
    why = "Choose another."
    if found.count > 1:
        why = "The mask token stands for one." if is_blank else "Only one token can be compared with another."
    if found.better:
        why = f"{why} {difference(found.answer, found.better.text)}"
    return Told(said, why, tuple(fixes), f"{said}. {why}".removeprefix("→ "))


def difference(typed: str, meant: str) -> str:
    """How another spelling differs, as a reason to take it."""
    if typed.strip() == meant.strip():
        how = "With a space before it" if meant.startswith(" ") else "Without its space"
    elif typed[:1].isspace() == meant[:1].isspace():
        how = "With another capital"
    else:
        how = "With another space and another capital"
    return f"{how}, it is another token, and a likelier one here."
