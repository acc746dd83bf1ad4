"""Tokens: what stands under the field of an answer, as data."""

from __future__ import annotations

import json

from spexviz.views.tokens import Press, equals, token, tokens


def test_it_says_what_an_answer_is_and_what_to_press() -> None:
    fixes, likely = [Press("Use ␣positive", "p = .41")], [Press("␣the", ".20", is_chosen=True)]
    shown = tokens(token("positive"), "With a space before it …", fixes, likely, "Likeliest:", is_wrong=True)
    assert shown.name == "tokens" and shown.data["said"] == "→ positive" and shown.data["wrong"]
    assert shown.data["fixes"] == [{"text": "Use ␣positive", "small": "p = .41", "on": False}]
    assert shown.data["likely"][0]["on"] and json.dumps(shown.data)
    other = tokens(token("positive"), "With a space before it …", fixes, likely, "Likeliest:")
    assert other.data["version"] != shown.data["version"]


def test_what_cannot_be_seen_is_shown_and_reorders_nothing() -> None:
    assert token(" a\n") == "→ ␣a↵" and token("\u202ex") == "→ x" and token("  ") == "→ ␣␣"
    assert token("\u200b") == "→ \\u200b"
    assert equals(0.1251) == "p = .13" and equals(1e-9) == "p below .001"
