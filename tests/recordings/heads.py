"""Recorded runs of heads."""

import json

from tests.recordings import FOLDER, Recording

COPYING = json.loads((FOLDER.parent / "heads" / "copying.json").read_text(encoding="utf-8"))["fit"]

RUNS = (
    Recording(
        "eiffel-tower",
        "The Eiffel Tower is located in the city of → Paris: the 54 heads of the six middle layers",
        {
            "name": "heads",
            "model": "bundled",
            "prompt": "The Eiffel Tower is located in the city of",
            "target": " Paris",
            "contrast": " London",
        },
    ),
)
