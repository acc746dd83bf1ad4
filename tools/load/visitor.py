"""A visitor without a browser: Streamlit's own protocol over its WebSocket, with states of real widgets."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import parse_qs

from streamlit.components.v2.bidi_component.constants import EVENT_DELIM
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.runtime.state.session_state import STREAMLIT_INTERNAL_KEY_PREFIX
from websockets.asyncio.client import ClientConnection, connect

PATIENCE = 60.0  # seconds for one rerun
FULL = b"runs are already waiting"  # of the message where the queue is full
_DONE = (
    ForwardMsg.ScriptFinishedStatus.FINISHED_SUCCESSFULLY,
    ForwardMsg.ScriptFinishedStatus.FINISHED_FRAGMENT_RUN_SUCCESSFULLY,
)


@dataclass(frozen=True)
class Shown:
    """A component of ours as a page has drawn it: its id, its data, and the fragment that it stands in."""

    id: str
    data: dict[str, Any]
    fragment: str


class Visitor:
    """One session. `times`: seconds of each rerun; `errors`: what went wrong, in words.

    `widgets`: {label: (kind, id)} of the page as it was last drawn; `full`: refusals of a full queue.
    `received`: bytes so far; `components`: those of ours by their keys.
    """

    def __init__(self, socket: ClientConnection):
        self.socket = socket
        self.page = ""
        self.query = ""
        self.widgets: dict[str, tuple[str, str]] = {}
        self.states: dict[str, WidgetState] = {}
        self.components: dict[str, Shown] = {}
        self.polls: dict[str, float] = {}  # {fragment: seconds between two looks}
        self.times: list[float] = []
        self.errors: list[str] = []
        self.full = 0
        self.received = 0

    @classmethod
    async def arrive(cls, url: str, page: str = "explore") -> Self:
        """Connect as a browser does, and draw a page."""
        address = f"{url.replace('http', 'ws', 1)}/_stcore/stream"
        socket = await connect(address, subprotocols=["streamlit"], origin=url, max_size=None)
        visitor = cls(socket)
        await visitor.open(page)
        return visitor

    async def leave(self) -> None:
        await self.socket.close()

    @property
    def run(self) -> str | None:
        """The run that the address names."""
        return parse_qs(self.query).get("run", [None])[0]

    async def open(self, page: str, query: str = "") -> None:
        """Go to a page by its name, and what its address asks for, as by a link."""
        self.page, self.query = "", query
        self.states.clear()
        await self.rerun(name=page)

    async def fill(self, label: str, **value: Any) -> None:
        """Give a widget its value, such as string_value="words", and wait for the page."""
        found = self.widgets.get(label)
        if found is None:
            self.errors.append(f"the page has no {label}")
            return
        self.states[found[1]] = WidgetState(id=found[1], **value)
        await self.rerun()

    async def press(self, label: str) -> None:
        """Press a button, and wait for the page."""
        found = self.widgets.get(label)
        if found is not None:  # else the page has changed meanwhile: it is not there to be pressed
            await self.rerun(pressed=found[1])

    async def trigger(self, key: str, event: str, **said: Any) -> None:
        """Have a component report something, as its script does, and wait for what follows."""
        shown = self.components.get(key)
        if shown is None:
            self.errors.append(f"the page has no component {key}")
            return
        name = f"{STREAMLIT_INTERNAL_KEY_PREFIX}_{shown.id}{EVENT_DELIM}events"
        told = json.dumps([{"event": event, "value": said}])
        state = WidgetState(id=name, json_trigger_value=told)
        await self.rerun(fragment=shown.fragment, told=state)

    async def watch(self, seconds: float, until: Callable[[], bool] = lambda: False) -> None:
        """Stay on the page, which looks for news by itself."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and not until():
            await asyncio.sleep(min(self.polls.values(), default=1.0))
            for fragment in list(self.polls):
                if fragment in self.polls:  # else the one before led to a page without it: it is not answered
                    await self.rerun(fragment=fragment)

    async def rerun(
        self, name: str = "", pressed: str = "", fragment: str = "", told: WidgetState | None = None
    ) -> None:
        """Ask for a rerun, and take what comes until it has ended."""
        message = BackMsg()
        asked = message.rerun_script
        asked.query_string = self.query
        asked.page_name, asked.page_script_hash = name, self.page
        asked.fragment_id, asked.is_auto_rerun = fragment, bool(fragment) and told is None
        asked.widget_states.widgets.extend(self.states.values())
        if pressed:
            asked.widget_states.widgets.append(WidgetState(id=pressed, trigger_value=True))
        if told is not None:
            asked.widget_states.widgets.append(told)
        if not fragment:
            self.widgets.clear()
            self.components.clear()
            self.polls.clear()
        start = time.monotonic()
        await self.socket.send(message.SerializeToString())
        try:
            async with asyncio.timeout(PATIENCE):
                while not self._take(await self.socket.recv()):
                    pass
        except TimeoutError:
            self.errors.append(f"a rerun took more than {PATIENCE:.0f} s")
        self.times.append(time.monotonic() - start)

    def _take(self, raw: bytes | str) -> bool:
        """Look at a message; True for the end of the rerun."""
        assert isinstance(raw, bytes)
        self.full += FULL in raw
        self.received += len(raw)
        message = ForwardMsg()
        message.ParseFromString(raw)
        kind = message.WhichOneof("type")
        if kind == "navigation":
            self.page = message.navigation.page_script_hash
        elif kind == "page_info_changed":
            self.query = message.page_info_changed.query_string
        elif kind == "new_session" and not message.metadata.run.fragment_ids:
            self.polls.clear()
        elif kind == "auto_rerun":
            self.polls[message.auto_rerun.fragment_id] = message.auto_rerun.interval
        elif kind == "stop_auto_rerun":
            self.polls.pop(message.stop_auto_rerun.fragment_id, None)
        elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            self._see(message.delta.new_element, message.delta.fragment_id)
        return kind == "script_finished" and message.script_finished in _DONE

    def _see(self, element: Any, fragment: str) -> None:
        kind = element.WhichOneof("type")
        if kind == "bidi_component":
            component = element.bidi_component
            data = json.loads(component.json or "{}")
            self.components[component.id.split("-", 2)[-1]] = Shown(component.id, data, fragment)
        if kind == "exception":
            self.errors.append(f"{element.exception.type}: {element.exception.message}"[:300])
        if kind in ("button", *_VALUES):
            widget = getattr(element, kind)
            self.widgets[widget.label] = (kind, widget.id)
        if kind in _VALUES and (widget.id not in self.states or widget.set_value):
            # a browser tells the value of every widget, touched or not
            self.states[widget.id] = WidgetState(id=widget.id, **_VALUES[kind](widget))


def _text(widget: Any) -> dict[str, Any]:
    return {"string_value": widget.value if widget.set_value else widget.default}


def _ticked(widget: Any) -> dict[str, Any]:
    return {"bool_value": widget.value if widget.set_value else widget.default}


def _chosen(widget: Any) -> dict[str, Any]:
    return {"string_value": widget.raw_value if widget.set_value else widget.options[widget.default]}


def _number(widget: Any) -> dict[str, Any]:
    number = widget.value if widget.set_value else widget.default
    if widget.data_type == widget.DataType.INT:
        return {"int_value": int(number)}
    return {"double_value": number}


_VALUES: dict[str, Callable[[Any], dict[str, Any]]] = {
    "text_area": _text,
    "text_input": _text,
    "checkbox": _ticked,
    "selectbox": _chosen,
    "number_input": _number,
}
