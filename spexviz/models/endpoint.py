"""A model on any OpenAI-compatible completions server that gives log-probabilities: vLLM, llama.cpp, …

"endpoint:NAME" names a server of the file of endpoints (see endpoints): its URL and its key never come from a
page or a run. Texts go out as token ids where the server has a tokeniser and names ids; elsewhere as text, to
which it may add a start token.
"""

from __future__ import annotations

from typing import ClassVar

from spexviz.models.endpoints import PREFIX, find
from spexviz.models.served import ServedModel
from spexviz.models.wire import Wire


class EndpointModel(ServedModel):
    """The model of a configured endpoint.

    Raises ModelError where there is none of the name, or it cannot be asked.
    """

    kind: ClassVar[str] = "endpoint"

    def __init__(self, name: str, wire: Wire | None = None):
        if wire is None:
            wire = Wire(find(name.removeprefix(PREFIX)))
        self.wire = wire
        endpoint = wire.endpoint
        super().__init__(
            name,
            wire,
            model=endpoint.model,
            concurrency=endpoint.concurrency,
            top=endpoint.top,
            about=f"{endpoint.url} {endpoint.model}",
        )

    @staticmethod
    def accepts(name: str) -> bool:
        return name.startswith(PREFIX)
