"""`python -m tests.browser.paced run app.py …`.

Streamlit, with a prompt game that answers no more calls than $SPEXVIZ_HOME/calls says: a test sees every step
of a run, however fast the machine is.
"""

from __future__ import annotations

import itertools
import threading
from pathlib import Path

from spexviz.games.prompt.game import PromptGame
from spexviz.kit.files import write_text
from spexviz.kit.paths import home
from spexviz.masks import Masks, Values

LAUNCH = ("-m", "tests.browser.paced", "run", "app.py", "--server.port")


def let(at: Path, calls: int) -> None:
    """Let the server whose home is `at` answer as many calls in all."""
    write_text(at / "calls", str(calls))  # in one step: the server reads it all the time


def wait_for_leave() -> None:
    ask, numbers, pause = PromptGame.__call__, itertools.count(1), threading.Event()

    def paced(self: PromptGame, masks: Masks) -> Values:
        number = next(numbers)
        while number > int((home() / "calls").read_text()):
            pause.wait(0.05)
        return ask(self, masks)

    PromptGame.__call__ = paced


if __name__ == "__main__":
    import sys

    from streamlit.web.cli import main

    wait_for_leave()
    sys.argv[0] = "streamlit"
    main()
