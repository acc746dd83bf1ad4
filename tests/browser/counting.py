"""`python -m tests.browser.counting run app.py …`.

Streamlit, with every mask that a prompt game is asked noted in $SPEXVIZ_HOME/asked.log,
after the precision of its model: what a comparison with fp32 asks is counted apart.

A mask is noted before it is evaluated, so the log also holds the chunk that a SIGKILL interrupts.
"""

from __future__ import annotations

import sys

from spexviz.games.prompt.game import PromptGame
from spexviz.kit.paths import home
from spexviz.masks import Masks, Values


def note_masks() -> None:
    ask = PromptGame.__call__

    def noted(self: PromptGame, masks: Masks) -> Values:
        with (home() / "asked.log").open("a") as log:
            log.writelines(
                f"{self.precision} " + "".join("01"[kept] for kept in row) + "\n"
                for row in masks.astype(int).tolist()
            )
        return ask(self, masks)

    PromptGame.__call__ = noted


if __name__ == "__main__":
    from streamlit.web.cli import main

    note_masks()
    sys.argv[0] = "streamlit"
    main()
