"""A selection and what is off have one writer each, and a tick in a figure never outlives them."""

from __future__ import annotations

from typing import Any

from streamlit.testing.v1 import AppTest


def page() -> None:
    import streamlit as st

    from spexviz.ui.selection import select, selected, ticking

    for i, points in enumerate(st.session_state.get("clicks", [])):
        if points == "elsewhere":
            select("run", (4,))
        else:
            st.session_state["figure"] = {"selection": {"points": points}}
            ticking("run", "figure")()
        st.text(f"{i}: {selected('run', 5)}")


def after(*clicks: Any) -> list[str]:
    at = AppTest.from_function(page)
    at.session_state["clicks"] = list(clicks)
    return [text.value.split(": ")[1] for text in at.run().text]


def test_a_click_on_a_point_selects_and_a_second_takes_it_back() -> None:
    one = [{"customdata": [0, 2]}]
    assert after(one, [], one) == ["(0, 2)", "()", "(0, 2)"]


def test_a_click_on_the_same_point_selects_it_again_after_another_view_did() -> None:
    one = [{"customdata": [1]}]
    assert after(one, "elsewhere", []) == ["(1,)", "(4,)", "(1,)"]
    assert after([], [{"customdata": "no members"}], [{}]) == ["()", "()", "()"]


def hostile_page() -> None:
    import streamlit as st

    from spexviz.ui.selection import hearing, off, selected, switch_off, triggered

    for state in st.session_state.get("states", []):
        st.session_state["widget"] = state
        hearing("run", "widget", lambda state: triggered(state, "off"), switch_off)()
        st.text(f"x: {off('run', 5)}")
    st.text(f"x: {selected('run', 5)}")


def test_what_a_browser_says_is_off_is_checked() -> None:
    members = [[3, 1, 1], [7, 4], ["2", None, -1, True, 0.5, 2], "12", {"0": 1}, [10**30] * 20_000]
    states = [{"off": {"members": one}} for one in members]
    at = AppTest.from_function(hostile_page)
    at.session_state["states"] = [*states, {"off": [1]}, {"off": None}, None, {"select": {"members": [1]}}]
    told = [text.value.split(": ")[1] for text in at.run().text]
    assert not at.exception
    assert told == ["(1, 3)", "(4,)", "(2,)", "(2,)", "(2,)", *["()"] * 6]
