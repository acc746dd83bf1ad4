"""The pictures of README and docs, cut from those of `make shots`: python -m tools.pictures."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SHOTS = ROOT / "build" / "shots"
PICTURES = ROOT / "docs" / "pictures"
WIDTH = 1440
SHOWN = {  # picture: the state that it shows (tests/browser/states.py), how high it is cut
    "words": ("never-fails-anyone", 1060),
    "heads": ("copying-anyone", 1060),
    "training": ("elevator-anyone", 1060),
    "gallery": ("gallery", 1060),
    "home": ("home-off", 900),
}
COLOURS = 200  # of the palette: a third of the bytes, and nothing to be seen of it


def main() -> int:
    """Take the pictures that are needed, and cut them; the exit status of taking them."""
    states = "|".join(state for state, _ in SHOWN.values())
    command = [sys.executable, "-m", "tools.shots", str(SHOTS), "--states", f"^({states})$"]
    done = subprocess.run([*command, "--widths", str(WIDTH), "--themes", "light"], cwd=ROOT)
    for name, (state, height) in SHOWN.items():
        cut(SHOTS / f"{state}-{WIDTH}-light.png", PICTURES / f"{name}.png", height)
    return done.returncode


def cut(source: Path, target: Path, height: int) -> None:
    """The top of a picture, in few colours."""
    from PIL import Image

    with Image.open(source) as whole:
        top = whole.convert("RGB").crop((0, 0, whole.width, min(height, whole.height)))
        top.quantize(COLOURS).save(target, optimize=True)


if __name__ == "__main__":
    sys.exit(main())
