"""Messages of the prompt's form: the conversation in which the prompt stands, one of its messages.

Kept in the session as a list of messages with an id each, by which their widgets are known; the prompt's own
has no text here: it is typed above.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from spexviz.games.prompt.turns import MOST_TURNS, ROLES
from spexviz.games.prompt.wrapping import SLOT
from spexviz.models.base import Turn
from spexviz.ui.fields import Fields

_KEY = "form-messages"
LONGEST = 20_000  # characters of a message
_PROMPT = {"id": 0, "role": "user", "text": None}
_HERE = "The prompt above, with its template: its words are removed."

Message = dict[str, Any]


def fill(turns: Sequence[Turn]) -> None:
    """Put the conversation of a game into the form."""
    kept = [_new(role, text) for role, text in turns]
    st.session_state[_KEY] = kept or [dict(_PROMPT)]


def editor(fields: Fields) -> tuple[Turn, ...]:
    """The conversation to change; its messages, without those that are still empty.

    `fields`: of the form, whose prompt is exchanged where another message is to be taken apart.
    """
    held = _held()
    with st.container(border=True):
        st.caption("Conversation: only the words of one message are removed; the others always stay.")
        for place in range(len(held)):
            _row(place, fields)
        with st.container(horizontal=True):
            if not any(one["role"] == "system" for one in held):
                _button("Add a system message", "system", _add, 0, "system")
            _button("Add a message", "message", _add, _before_prompt(), None)
    found = tuple((one["role"], one["text"]) for one in _held())
    return tuple((role, text) for role, text in found if text is None or text.strip())


def _row(place: int, fields: Fields) -> None:
    """One message: its role, its text, and what can be done with it."""
    one = _held()[place]
    left, right = st.columns([1, 5], vertical_alignment="top")
    roles = list(ROLES)
    key = f"{_KEY}-{one['id']}"
    one["role"] = left.selectbox(
        "Role",
        roles,
        roles.index(one["role"]),
        format_func=str.capitalize,
        key=f"{key}-role",
        label_visibility="collapsed",
    )
    with right:
        if one["text"] is None:
            st.caption(_HERE)
        else:
            about: dict[str, Any] = {"placeholder": "What was written", "label_visibility": "collapsed"}
            typed = st.text_area(
                "Message", one["text"], height=70, max_chars=LONGEST, key=f"{key}-text", **about
            )
            one["text"] = typed or ""
        with st.container(horizontal=True):
            if one["text"] is not None:
                _button("Remove its words instead", f"{key}-apart", _take_apart, place, fields)
            if place:
                _button("Up", f"{key}-up", _swap, place, place - 1)
            if place + 1 < len(_held()):
                _button("Down", f"{key}-down", _swap, place, place + 1)
            if one["text"] is not None:
                _button("Delete", f"{key}-delete", _delete, place)


def _button(label: str, key: str, act: Callable[..., None], *arguments: Any) -> None:
    st.button(label, key=key if key.startswith(_KEY) else f"{_KEY}-add-{key}", on_click=act, args=arguments)


def _add(place: int, role: str | None) -> None:
    """A new message, by default of whoever has not written the one before it."""
    held = _held()
    if len(held) >= MOST_TURNS:
        return
    if role is None:
        before = held[place - 1]["role"] if place else ""
        role = "assistant" if before == "user" else "user"
    held.insert(place, _new(role, ""))


def _delete(place: int) -> None:
    held = _held()
    if held[place]["text"] is not None:
        del held[place]


def _swap(place: int, other: int) -> None:
    held = _held()
    held[place], held[other] = held[other], held[place]


def _take_apart(place: int, fields: Fields) -> None:
    """Another message becomes the prompt; what was asked until now stays, word for word, as a message."""
    held = _held()
    mine = _before_prompt()
    chosen = held[place]
    typed = st.session_state.get(f"{_KEY}-{chosen['id']}-text", chosen["text"])
    if not isinstance(typed, str) or not typed.strip():
        return  # nothing could be removed of it
    whole = fields.kept("template").replace(SLOT, fields.kept("prompt"))
    held[mine] = _new(held[mine]["role"], whole)
    held[place] = _new(chosen["role"], None)
    fields.fill({"prompt": typed, "template": SLOT})


def _before_prompt() -> int:
    """Where the prompt stands."""
    return [one["text"] is None for one in _held()].index(True)


def _held() -> list[Message]:
    return st.session_state.setdefault(_KEY, [dict(_PROMPT)])


def _new(role: str, text: str | None) -> Message:
    """A message with an id that no other has had in this session."""
    number = st.session_state[f"{_KEY}-last"] = st.session_state.get(f"{_KEY}-last", 0) + 1
    return {"id": number, "role": role, "text": text}
