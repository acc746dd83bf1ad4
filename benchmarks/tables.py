"""The tables of docs/benchmarks.md from benchmarks/results/*.json: python -m benchmarks.tables [--print]."""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import games
from benchmarks.peers_spex import ON_GAMES
from benchmarks.store import RESULTS

PAGE = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"
BEGIN, END = "<!-- tables: python -m benchmarks.tables -->", "<!-- end of tables -->"
Cells = dict[tuple[str, int], dict[str, list[float]]]


def results(name: str) -> dict[str, Any]:
    path = RESULTS / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else {"cells": {}}


def gathered(data: dict[str, Any]) -> Cells:
    """{(game, masks): {"reference" | "auto" | "auto at half" | …: R² of the draws}}."""
    out: Cells = {}
    for key, theirs in data["cells"].items():
        side, game, m, draw = key.split("/")
        ours = data["cells"].get(f"spexviz/{game}/{m}/{draw}")
        if side != "reference" or ours is None:
            continue
        cell = out.setdefault((game, int(m)), {})
        entries = {"reference": theirs["r2"]}
        for part, at in (("m", ""), ("m/2", " at half"), ("m/3", " at a third")):
            entries |= {f"{solver}{at}": found["r2"] for solver, found in ours.get(part, {}).items()}
        for name, value in entries.items():
            cell.setdefault(name, []).append(value)
    return out


def fresh(game: str) -> bool:
    return game in games.GAMES and game not in games.LOOKED_AT


def names(cells: Cells) -> list[str]:
    present = {game for game, _ in cells}
    return [
        *(name for name in games.GAMES if name in present),
        *sorted(name for name in present if name not in games.GAMES),
    ]


def spread(values: list[float]) -> str:
    return f"{np.mean(values):.3f} ± {np.std(values):.3f}"


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def label(game: str) -> str:
    return game if fresh(game) else f"{game} *"


def equal_masks(cells: Cells) -> str:
    rows = []
    for game in names(cells):
        row = [label(game)]
        for m in (512, 1024):
            cell = cells.get((game, m))
            row += (
                [
                    f"{np.mean(cell['linear']):.3f}",
                    spread(cell["reference"]),
                    spread(cell["auto"]),
                    f"{difference(cell, 'auto'):+.3f}",
                ]
                if cell
                else ["–"] * 4
            )
        rows.append(row)
    head = [
        text
        for m in ("512", "1,024")
        for text in (f"linear, {m}", f"ProxySPEX, {m}", f"Auto, {m}", "Auto − ProxySPEX")
    ]
    return table(["game", *head], rows)


def half_masks(cells: Cells) -> str:
    rows = []
    for game in names(cells):
        row = [label(game)]
        for m in (512, 1024):
            cell = cells.get((game, m))
            row += (
                [
                    spread(cell["reference"]),
                    spread(cell["auto at half"]),
                    f"{difference(cell, 'auto at half'):+.3f}",
                ]
                if cell
                else ["–"] * 3
            )
        rows.append(row)
    head = [
        "game",
        "ProxySPEX, 512",
        "Auto, 256",
        "difference",
        "ProxySPEX, 1,024",
        "Auto, 512",
        "difference",
    ]
    return table(head, rows)


def difference(cell: dict[str, list[float]], who: str) -> float:
    return float(np.mean(cell[who]) - np.mean(cell["reference"][: len(cell[who])]))


def differences(
    cells: Cells, who: str, m: int | None = None, only_fresh: bool = False
) -> dict[tuple[str, int], float]:
    chosen = {
        key: cell
        for key, cell in cells.items()
        if (m is None or key[1] == m) and (fresh(key[0]) or not only_fresh)
    }
    return {key: difference(cell, who) for key, cell in chosen.items() if who in cell}


def seconds(data: dict[str, Any]) -> dict[str, float]:
    """Of fits at 1,024 masks timed side by side with all cores.

    Medians over the games, the most, and medians of the ratios; {} if none were.
    """
    cells = list(data["cells"].values())
    if not cells:
        return {}
    both = [cell for cell in cells if "reference" in cell]
    took = {who: np.array([cell[who]["seconds"] for cell in both]) for who in ("reference", "auto", "gp")}
    out = {who: float(np.median(values)) for who, values in took.items()} | {
        "cells": len(cells),
        "players": max(cell["n"] for cell in cells),
    }
    out |= {f"{who} ratio": float(np.median(took["reference"] / took[who])) for who in ("auto", "gp")}
    return out | {f"{who} most": max(cell[who]["seconds"] for cell in cells) for who in ("auto", "gp")}


def timing(data: dict[str, Any]) -> str:
    who = (("reference", "ProxySPEX (spectralexplain)"), ("auto", "spexviz Auto"), ("gp", "spexviz GP"))
    rows = [
        [title, *(f"{cell[key]['seconds']:.1f} s" if key in cell else "–" for cell in data["cells"].values())]
        for key, title in who
    ]
    return table(["one fit on 1,024 masks, two cores", *data["cells"]], rows)


def spex_table(data: dict[str, Any]) -> str:
    rows = []
    for cell in sorted(data["cells"].values(), key=lambda c: (c["b"], c["n"])):
        ours, theirs = cell["ours"], cell["reference"]
        what = f"n = {cell['n']}, b = {cell['b']}" + (
            "" if "recall" in ours else ", heads of the last layers"
        )
        here, there = (
            f"{s['recall']:.2f} / {s['r2']:.2f}"
            if "recall" in s
            else f"– / {s['r2']:.2f}"
            if "r2" in s
            else s["error"]
            for s in (ours, theirs)
        )
        seconds = theirs.get("cpu")
        times = (
            [f"{seconds:.1f} s", f"{ours['cpu']:.2f} s ({seconds / ours['cpu']:.0f}×)"]
            if seconds
            else ["–", f"{ours['cpu']:.2f} s"]
        )
        rows.append([what, f"{ours['masks']:,}", there, here, *times])
    head = [
        "function, 5 dB noise",
        "masks",
        "spectralexplain: recall / R²",
        "spexviz: recall / R²",
        "decoding there (CPU)",
        "decoding here (CPU)",
    ]
    return table(head, rows) if rows else ""


def columns(data: dict[str, Any]) -> str:
    """R² at every size (mean over the draws), then terms, seconds and peak memory at the most masks.

    The published ProxySPEX and ours.
    """
    found: dict[tuple[str, str], dict[int, list[dict[str, Any]]]] = {}
    for key, theirs in data["cells"].items():
        side, game, m, draw = key.split("/")
        if side == "reference" and (ours := data["cells"].get(f"spexviz/{game}/{m}/{draw}")):
            for who, cell in (("ProxySPEX", theirs), *ours["m"].items()):
                found.setdefault((game, who), {}).setdefault(int(m), []).append(cell)
    sizes, rows = (128, 256, 512, 1024, 2048), []
    for (game, who), cells in sorted(found.items()):
        last = next(cell for m in sorted(cells, reverse=True) for cell in cells[m] if "seconds" in cell)
        scores = [f"{np.mean([c['r2'] for c in cells[m]]):.3f}" if m in cells else "–" for m in sizes]
        rows.append(
            [
                label(game),
                who,
                *scores,
                f"{last['terms']}",
                f"{last['seconds']:.2f}",
                f"{last['megabytes']:.0f}",
            ]
        )
    return table(["game", "solver", *(f"R² {m:,}" for m in sizes), "terms", "s", "MB"], rows) if rows else ""


def others_table(data: dict[str, Any]) -> str:
    rows = []
    for key, cell in data["cells"].items():
        game, budget, method = key.split("/")
        peer = cell["peer"]
        shown = (
            [f"{peer['r2']:.3f}", f"{peer['seconds']:.1f} s"]
            if "r2" in peer
            else [f"fails: {peer['error'][:60]}", "–"]
        )
        rows.append(
            [
                game,
                budget,
                method,
                *shown,
                f"{cell['ours']['auto']['r2']:.3f}",
                f"{cell['ours']['auto']['seconds']:.2f} s",
            ]
        )
    return table(["game", "masks", "peer", "R²", "time", "Auto R²", "time"], rows) if rows else ""


def other_methods(data: dict[str, Any], masks: int = 512) -> str:
    """R² of the other libraries on the games of the model, one row a game."""
    rows = []
    for game in dict.fromkeys(key.split("/")[0] for key in data["cells"] if key.split("/")[0] in games.GAMES):
        cells = {method: data["cells"].get(f"{game}/{masks}/{method}") for method in ON_GAMES}
        if all(cells.values()):
            auto = next(iter(cells.values()))["ours"]["auto"]["r2"]
            rows.append(
                [label(game), f"{auto:.3f}", *(score(cell["peer"].get("r2")) for cell in cells.values())]
            )
    return (
        table(
            [
                "game",
                "spexviz Auto",
                *(method if method == "lime" else f"shapiq {method}" for method in ON_GAMES),
            ],
            rows,
        )
        if rows
        else ""
    )


def score(r2: float | None) -> str:
    return "fails" if r2 is None else "below −1" if r2 < -1 else f"{r2:.3f}"


def lines(cells: Cells) -> str:
    """The "Done when" lines that need the reference, with PASS or FAIL."""
    out = []
    equal, half = differences(cells, "auto"), differences(cells, "auto at half")
    mean = np.mean(list(equal.values()))
    out.append(
        told(
            "At equal masks, Auto − ProxySPEX",
            equal,
            f"mean {mean:+.3f} (aim ≥ .03), below on {sum(d < 0 for d in equal.values())}",
            mean >= 0.03 and min(equal.values()) >= 0,
        )
    )
    third = differences(cells, "auto at a third")
    fresh_half = differences(cells, "auto at half", only_fresh=True)
    for text, chosen in (
        ("half the masks, all games", half),
        ("half the masks, fresh games", fresh_half),
        ("a third of the masks (an aim)", third),
    ):
        mean = np.mean(list(chosen.values()))
        out.append(
            told(
                f"With {text}",
                chosen,
                f"mean {mean:+.3f} (aim ≥ 0), below on {sum(d < 0 for d in chosen.values())}",
                mean >= 0 and min(chosen.values()) >= -0.03,
            )
        )
    if t := seconds(results("timing")):
        # medians; the most stands beside them
        fine = t["gp"] <= 1 and t["gp ratio"] >= 20 and t["auto"] <= 5 and t["auto ratio"] >= 5
        out.append(
            f"- Fits at 1,024 masks, two cores, {t['cells']} games of up to {t['players']} players, side by "
            f"side: GP median {t['gp']:.2f} s, most {t['gp most']:.2f} (aim ≤ 1; "
            f"{t['gp ratio']:.0f}× less than {t['reference']:.1f} s, aim 20), Auto {t['auto']:.2f} s, most "
            f"{t['auto most']:.2f} (aim ≤ 5; {t['auto ratio']:.0f}× less, aim 5): "
            + ("PASS" if fine else "FAIL")
        )
    if cells := [cell for cell in results("spex")["cells"].values() if "error" not in cell["reference"]]:
        # of the processor: other work on the machine slows them less
        ratios = [cell["reference"]["cpu"] / cell["ours"]["cpu"] for cell in cells]
        short = [
            f"n = {c['n']}, b = {c['b']}"
            for c in cells
            if any(c["ours"][k] < c["reference"][k] - 0.005 for k in ("recall", "r2") if k in c["ours"])
        ]
        out.append(
            f"- SPEX beside the reference's soft decoder, {len(cells)} functions, equally many masks: "
            f"decoding {min(ratios):,.0f} to {max(ratios):,.0f}× faster (aim 20), "
            f"recall or R² below it by more than .005 on {len(short)} {short or ''}: "
            f"{'PASS' if min(ratios) >= 20 and not short else 'FAIL'}"
        )
    return "\n".join(out)


def told(what: str, chosen: dict[tuple[str, int], float], mean: str, fine: bool) -> str:
    least = min(chosen, key=chosen.get)
    verdict = "PASS" if fine else "FAIL"
    worst = f"least {chosen[least]:+.3f} ({least[0]}, {least[1]:,})"
    return f"- {what}: {len(chosen)} game × masks: {mean}, {worst}: {verdict}"


def section() -> str:
    data = results("proxyspex")
    cells, machine = gathered(data), data.get("machine", {})
    where = f"{machine.get('processor')} ({machine.get('cores')} cores), Python {machine.get('python')}"
    head = f"Measured on {where}, {data.get('date')}"
    return "\n\n".join(
        [
            "## How good it is",
            f"{head}, against `spectralexplain` 0.0.4: R² on 512 masks that no fit has seen, mean ± sd over "
            "draws of the masks. `make bench` and "
            "`make bench-full` (hours) measure it again; every figure is in `benchmarks/results/`, texts and "
            "seeds in `benchmarks/games.py`. "
            "Names tell the number of players. Games with a star are those that design choices of the "
            "solvers were looked at on; the others are fresh.",
            equal_masks(cells),
            "**Half the masks**: Auto on half of each draw that ProxySPEX got whole.",
            half_masks(cells),
            "**Seconds of a fit**, ours right after theirs, on the same masks.",
            timing(results("timing")),
            "**Other libraries**, 512 masks each, those of shapiq chosen by itself: R² on the same held-out "
            "masks of what they return (an index of order k is "
            "read as the sum over the sets that a mask keeps). Regressions of order 2 need more masks than "
            "sets; Shapley indices weigh masks by their size.",
            other_methods(results("others")),
            SHORT.read_text().strip() if SHORT.exists() else "",
        ]
    )


SHORT = RESULTS / "shortfalls.md"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--print", action="store_true", help="print all tables and leave the page as it is")
    if parser.parse_args().print:
        cells = gathered(results("proxyspex"))
        print(
            "\n\n".join(
                [
                    section(),
                    lines(cells),
                    spex_table(results("spex")),
                    others_table(results("others")),
                    columns(results("proxyspex")),
                ]
            )
        )
        return
    text = PAGE.read_text()
    new = f"{BEGIN}\n{section()}\n{END}"
    place = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}|<!-- tables -->", re.DOTALL)
    PAGE.write_text(place.sub(lambda _: new, text, count=1))


if __name__ == "__main__":
    main()
