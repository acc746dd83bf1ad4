"""A selection has one writer, and a tick in a figure never outlives it."""

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
