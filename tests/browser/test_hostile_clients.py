"""Clients that send what no browser would: no traceback in the server's log, and a page for everybody else.

Seeded. The states go over Streamlit's own protocol, by the visitor of tools/load.
"""

from __future__ import annotations

import asyncio
import random
import string
from collections.abc import Callable
from urllib.parse import quote

from streamlit.proto.WidgetStates_pb2 import WidgetState

from tests.browser import harness
from tools.load.visitor import Visitor

PAGES = ("explore", "heads", "training", "runs")
LONG = "w" * 200_000
SLOW = 10.0  # seconds
ODD = ("", "0", "nonsense", "../../etc/passwd", "%00", "\x00", "\ud83d", "0" * 16, LONG, "<script>", "é" * 9)
TEXTS = ("", "not bad at all", "a " * 5000, LONG, "\x00", "\n" * 50, "{}", "<b>", "é̂" * 400)
NUMBERS = (0, -1, 1, 2**31, -(2**40))
FLOATS = (0.0, -1.5, 1e308, float("nan"), float("inf"))


def query(rng: random.Random) -> str:
    """Parameters of an address, most of them nobody's."""
    names = ("run", "run", "token", "theme", "embed", *string.ascii_lowercase[:6])
    count = rng.choice((0, 1, 1, 3, 300))
    pairs = [(rng.choice(names), rng.choice(ODD)) for _ in range(count)]
    if count == 300:
        pairs = [(name, value[:20]) for name, value in pairs]
    return "&".join(f"{name}={quote(value, errors='replace')}" for name, value in pairs)


def state(rng: random.Random, widget: str) -> WidgetState:
    """A state of any kind for a widget, whatever the widget is."""
    found = WidgetState(id=widget)
    kind = rng.choice(("trigger", "bool", "int", "double", "string", "ints", "doubles", "strings", "json"))
    if kind == "trigger":
        found.trigger_value = True
    elif kind == "bool":
        found.bool_value = rng.random() < 0.5
    elif kind == "int":
        found.int_value = rng.choice(NUMBERS)
    elif kind == "double":
        found.double_value = rng.choice(FLOATS)
    elif kind == "string":
        found.string_value = rng.choice(TEXTS)
    elif kind == "ints":
        found.int_array_value.data.extend(rng.choices(NUMBERS, k=rng.randrange(4)))
    elif kind == "doubles":
        found.double_array_value.data.extend(rng.choices(FLOATS, k=rng.randrange(4)))
    elif kind == "strings":
        found.string_array_value.data.extend(rng.choices(TEXTS, k=rng.randrange(4)))
    else:
        found.json_value = rng.choice(("{}", "[]", "null", "1", "{", '{"selection": 3}', '{"select": []}'))
    return found


async def attack(server: harness.Server, rng: random.Random, count: int) -> list[str]:
    """Reruns with odd states and addresses; what took too long, or ended without an answer."""
    wrong = []
    for _ in range(count):
        visitor = await Visitor.arrive(server.url, rng.choice(PAGES))
        known = sorted(identity for _, identity in visitor.widgets.values())
        attacked = rng.choice(("some", "kinds", "query", "nobody"))
        if attacked == "some":  # as a client that knows only some of the widgets
            kept = rng.sample(sorted(visitor.states), k=rng.randrange(len(visitor.states) + 1))
            visitor.states = {identity: visitor.states[identity] for identity in kept}
        elif attacked == "query":
            visitor.query = query(rng)
        else:
            few = rng.sample(known, k=min(2, len(known)))
            if attacked == "nobody":
                few = [f"$$ID-{rng.randrange(10**9)}-nobody"]
            visitor.states.update({identity: state(rng, identity) for identity in few})
        before = len(visitor.times)
        await visitor.rerun()
        if visitor.times[before] > SLOW:
            wrong.append(f"{attacked} on a page took {visitor.times[before]:.0f} s")
        await visitor.leave()
    visitor = await Visitor.arrive(server.url)
    await visitor.fill("Prompt", string_value="not bad at all")
    await visitor.leave()
    return wrong + visitor.errors


def test_no_traceback_whatever_a_client_sends(new_server: Callable[..., harness.Server]) -> None:
    server = new_server(SPEXVIZ_MODELS="toy")  # looks for tracebacks at its end
    assert harness.in_a_thread(lambda: asyncio.run(attack(server, random.Random(15), 60))) == []


def test_a_client_that_sends_no_widget_or_one_of_another_kind(
    new_server: Callable[..., harness.Server],
) -> None:
    """As it was found: a field of the session that is not there, and one that holds a truth for a number."""
    server = new_server(SPEXVIZ_MODELS="toy")

    async def visit() -> list[str]:
        visitor = await Visitor.arrive(server.url)
        visitor.states.clear()
        await visitor.rerun()
        template = visitor.widgets["Template"][1]
        visitor.states[template] = WidgetState(id=template, json_value="1")
        await visitor.rerun()
        await visitor.open("training")
        penalty = visitor.widgets["Penalty"][1]
        visitor.states[penalty] = WidgetState(id=penalty, trigger_value=True)
        await visitor.rerun()
        await visitor.leave()
        return visitor.errors

    assert harness.in_a_thread(lambda: asyncio.run(visit())) == []
