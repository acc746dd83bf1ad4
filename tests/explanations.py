"""Explanations with some parts changed, for tests of what is shown."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from spexviz.results import Explanation, Proof
from spexviz.results.subject import Subject


def changed(run: Explanation, **parts: Any) -> Explanation:
    """The same with other parts, wherever these lie.

    In the subject, in the proof, or in the explanation itself.
    """
    inside = {"subject": Subject, "proof": Proof}
    for name, kind in inside.items():
        own = {field.name: parts.pop(field.name) for field in fields(kind) if field.name in parts}
        if own:
            parts[name] = replace(getattr(run, name), **own)
    return replace(run, **parts)
