"""Ablations against the naive loop.

Both sides interleaved in one run, each in a process of its own with set threads.

    python -m benchmarks.ablations [--threads 2] [--seconds 40] [--words 30 60 130]     (make bench-ablations)
    python -m benchmarks.ablations --beside CHECKOUT         this commit against that of another checkout

Naive: unsorted batches of 32 texts, padded on the left, fp32, full logits. Fast: the game as a run asks it,
with as many masks a call. Shares of peak: work of 2 · 106·10⁶ · tokens + attention of each distinct text,
against the 90th percentile of 2048³ products (8192³ on a GPU) in the precision that the fast side computes
in, probed between the calls. Both sides use the GPU where there is one; CUDA_VISIBLE_DEVICES= hides it.
Seconds are of the wall: run it on a quiet machine.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.games import GAMES, REVIEW
from benchmarks.store import RESULTS, Store, machine
from spexviz.ablate.cache import MemoryCache
from spexviz.masks import uniform_masks
from spexviz.run import plan as planning

SIZES = {30: 6.5, 60: 6.5, 130: 6.0}  # words of the review: how many times the naive loop is asked for
BATCH, LAYERS, WIDTH, PARAMETERS, VOCABULARY = 32, 30, 576, 106e6, 49_152
PEAK, PEAK_AIM, CORRELATION, LOSS, WITHIN = 0.70, 0.90, 0.998, 0.005, 0.30
SEED = 11
COST_BUDGET = 64


def game_of(words: int) -> Any:
    """The review of that many words, from the longest of the fixed games."""
    from spexviz import PromptGame

    template, target, contrast = REVIEW
    return PromptGame(
        "bundled", " ".join(GAMES["review_n130"].text.split()[:words]), template, target, contrast
    )


def product_rate(model: Any) -> float:
    """FLOP/s of one matrix product 2048³, on a GPU 8192³, in the precision of the model."""
    import torch

    device = model.device
    kind = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}[model.precision]
    size, wait = (2048, lambda: None) if device.type == "cpu" else (8192, torch.cuda.synchronize)
    a, b = (torch.randn(size, size, device=device).to(kind) for _ in range(2))
    wait()
    began = time.perf_counter()
    a @ b
    wait()
    return 2.0 * size**3 / (time.perf_counter() - began)


class Naive:
    """What one writes first: transformers, batches of 32 in the order of the masks, fp32, all logits."""

    def __init__(self) -> None:
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer
        from transformers.utils import logging

        from spexviz.models import bundled

        logging.disable_progress_bar()
        torch.set_num_threads(int(os.environ["SPEXVIZ_THREADS"]))
        self.torch, folder = torch, bundled.fetch()
        self.tokenizer = AutoTokenizer.from_pretrained(folder, padding_side="left")
        # some versions of transformers find none in a GGUF file
        self.tokenizer.pad_token = self.tokenizer.pad_token or self.tokenizer.eos_token
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval().to(self.device)
        self.ids = [self.tokenizer(answer, add_special_tokens=False)["input_ids"][0] for answer in REVIEW[1:]]

    def ask(self, words: int, start: int, masks: int) -> dict[str, Any]:
        game = game_of(words)
        texts = game.texts(uniform_masks(words, start + masks, SEED)[start:])
        began = time.perf_counter()
        batch = self.tokenizer(texts, add_special_tokens=False, padding=True, return_tensors="pt").to(
            self.device
        )
        with self.torch.no_grad():
            logits = self.model(**batch, use_cache=False).logits[:, -1]
        values = (logits[:, self.ids[0]] - logits[:, self.ids[1]]).tolist()
        seconds, (rows, width) = time.perf_counter() - began, batch["input_ids"].shape
        return {
            "values": values,
            "seconds": seconds,
            "flop": rows * (flop(width) + 2.0 * VOCABULARY * WIDTH * width),
        }


class Fast:
    """The game as the runner asks it."""

    def __init__(self) -> None:
        from spexviz import models

        self.model = models.load("bundled")
        self.games: dict[int, Any] = {}

    def chunk(self, words: int) -> int:
        """Masks that a run asks in one call."""
        from spexviz.ablate.executors import chunk_of

        return chunk_of(self.games.setdefault(words, game_of(words)))

    def ask(self, words: int, start: int, masks: int) -> dict[str, Any]:
        from spexviz.models.batches import batches

        game = self.games.setdefault(words, game_of(words))
        masks = uniform_masks(words, start + masks, SEED)[start:]
        began = time.perf_counter()
        values = game(masks)
        seconds = time.perf_counter() - began
        ids = [self.model.encode(text) for text in dict.fromkeys(game.texts(masks))]
        computed = sum(
            cost for _, cost in batches(ids, self.model.batch_tokens, self.model.packing is not None)
        )
        useful = sum(flop(len(one)) for one in ids)
        return {
            "values": values.tolist(),
            "seconds": seconds,
            "flop": useful,
            "computed": computed,
            "tokens": sum(map(len, ids)),
        }

    def peak(self) -> float:
        return product_rate(self.model)

    def about(self) -> dict[str, Any]:
        import torch

        on_gpu = self.model.device.type == "cuda"
        device = torch.cuda.get_device_name() if on_gpu else machine()["processor"]
        found = {
            "precision": self.model.precision,
            "packed": self.model.packing is not None,
            "batch tokens": self.model.batch_tokens,
        }
        return {**found, "device": device, "gpu": on_gpu}

    def noise(self, words: int) -> dict[str, Any]:
        """What a run finds at its start."""
        from spexviz.run.noise import MASKS, settle

        _, found = settle(game_of(words), uniform_masks(words, MASKS, SEED + 1))
        return {"loss": found.noise, "text": found.text}

    def cost(self, words: int) -> dict[str, Any]:
        """A run by estimate and by the clock."""
        from spexviz import Auto
        from spexviz.run import cost, pipeline

        game, solver = game_of(words), Auto()
        cost.probe(self.model)
        estimate = cost.estimate(game, planning.plan(words, solver, COST_BUDGET), solver)
        began = time.perf_counter()
        pipeline.explain(game, solver, COST_BUDGET, cache=MemoryCache())
        return {"estimated": estimate.seconds, "took": time.perf_counter() - began, "said": str(estimate)}


def flop(tokens: float) -> float:
    """Work of one text.

    The linear layers, and the attention (causal: each token looks at half of them on average).
    """
    return 2.0 * PARAMETERS * tokens + 2.0 * LAYERS * WIDTH * tokens**2


class Side:
    """A process that answers one request a line."""

    def __init__(self, name: str, threads: int, checkout: Path | None = None):
        env = {
            **os.environ,
            **{f"{library}_NUM_THREADS": str(threads) for library in ("OMP", "MKL", "OPENBLAS")},
            "SPEXVIZ_THREADS": str(threads),
        }
        command = [sys.executable, "-m", "benchmarks.ablations", "--serve", name]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env, cwd=checkout
        )

    def __call__(self, method: str, *arguments: Any) -> Any:
        self.process.stdin.write(json.dumps([method, *arguments]) + "\n")
        self.process.stdin.flush()
        if not (line := self.process.stdout.readline()):
            raise RuntimeError(
                f"the side ended with exit status {self.process.wait()}: see its message above"
            )
        return json.loads(line)

    def end(self) -> None:
        self.process.stdin.close()
        self.process.wait()


def serve(name: str) -> None:
    """The loop of a side: requests come as JSON lines, and nothing but answers goes to standard output."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    side = {"naive": Naive, "fast": Fast}[name]()
    for line in sys.stdin:
        method, *arguments = json.loads(line)
        answers.write(json.dumps(getattr(side, method)(*arguments)) + "\n")
        answers.flush()


def measure(words: int, naive: Side, fast: Side, seconds: float) -> dict[str, Any]:
    """One size: naive, fast, probe, in turns, until the time is over.

    The first turn warms up and does not count.
    """
    turns: list[tuple[dict, dict, float]] = []
    chunk = fast("chunk", words)
    began, start = time.perf_counter(), 0
    while len(turns) < 3 or time.perf_counter() - began < seconds:
        turns.append(
            (
                naive("ask", words, start, BATCH),
                fast("ask", words, start, chunk),
                max(fast("peak") for _ in range(2)),
            )
        )
        start += chunk
    slow, quick = ([turn[side] for turn in turns] for side in (0, 1))
    exact, values = (np.concatenate([call["values"][:BATCH] for call in calls]) for calls in (slow, quick))
    slow, quick, peaks = slow[1:], quick[1:], [turn[2] for turn in turns]
    of = lambda calls, what: float(sum(call[what] for call in calls))
    peak = float(np.percentile(peaks, 90))
    naive_rate, rate = (
        masks * len(quick) / of(calls, "seconds") for masks, calls in ((BATCH, slow), (chunk, quick))
    )
    # a second, if all that must be computed ran at the peak
    best = peak * chunk * len(quick) / (2.0 * PARAMETERS * of(quick, "computed"))
    return {
        "naive a second": naive_rate,
        "fast a second": rate,
        "times": rate / naive_rate,
        "most times possible": best / naive_rate,
        "peak GFLOP/s": peak / 1e9,
        "share of peak": of(quick, "flop") / of(quick, "seconds") / peak,
        "naive share of peak, with its waste": of(slow, "flop") / of(slow, "seconds") / peak,
        "tokens computed of all": of(quick, "computed") / of(quick, "tokens"),
        "correlation": float(np.corrcoef(exact, values)[0, 1]),
        "R² loss": float(np.var(values - exact) / np.var(exact)),
        "ablations": chunk * len(quick),
        "masks a call": chunk,
    }


def beside(words: int, own: Side, other: Side, seconds: float) -> str:
    """One size on two commits, in turns of changing order, until the time is over; what was seen.

    The first turn warms up and does not count.
    """
    masks = own("chunk", words)
    calls: list[tuple[dict, dict]] = []
    began = time.perf_counter()
    while len(calls) < 4 or time.perf_counter() - began < seconds:
        found = {}
        for side in (own, other) if len(calls) % 2 else (other, own):
            found[side] = side("ask", words, masks * len(calls), masks)
        calls.append((found[own], found[other]))
    ratios = [one["seconds"] / two["seconds"] for one, two in calls[1:]]
    low, middle, high = np.percentile(ratios, [25, 50, 75])
    apart = max(np.abs(np.subtract(one["values"], two["values"])).max() for one, two in calls)
    return (
        f"{words} words, {masks} masks a call: this commit takes {middle:.3f} of the other's seconds "
        f"(median of {len(ratios)} pairs, quartiles {low:.3f} to {high:.3f}); values differ by at most "
        f"{apart:.2g} nats"
    )


def report(store: Store) -> bool:
    """The table, and a line for each thing asked for; whether all hold."""
    cells = {words: store.data["cells"][str(words)] for words in SIZES if str(words) in store.data["cells"]}
    lines: list[tuple[str, bool]] = []
    for words, cell in cells.items():
        where = f"{cell['device']}, {cell['threads']} threads, {cell['precision']}"
        print(f"\n{words} words ({where}, {cell['ablations']} ablations, {cell['masks a call']} a call)")
        for name, value in cell.items():
            if isinstance(value, float):
                print(f"  {name:38} {value:10.4g}")
        print(
            f"  noise: {cell['noise']['text']}; cost: {cell['cost']['said']}, took "
            f"{cell['cost']['took']:.0f} s"
        )
        off = cell["cost"]["estimated"] / cell["cost"]["took"] - 1.0
        possible = cell["most times possible"]
        most = f"at most {possible:.2f} if what must be computed ran at the peak of this machine"
        speed = [
            (
                f"{words} words: {cell['times']:.2f} times the naive loop (asked: {SIZES[words]}; {most})",
                cell["times"] >= SIZES[words],
            ),
            (
                f"{words} words: {cell['share of peak']:.2f} of peak (asked: {PEAK}, aim {PEAK_AIM})",
                cell["share of peak"] >= PEAK,
            ),
        ]
        lines += [] if cell["gpu"] else speed  # nothing is asked of a GPU but the figures
        lines += [
            (
                f"{words} words: correlation {cell['correlation']:.5f} (asked: {CORRELATION})",
                cell["correlation"] >= CORRELATION,
            ),
            (f"{words} words: R² loss {cell['R² loss']:.1e} (asked: {LOSS})", cell["R² loss"] <= LOSS),
            (
                f"{words} words: cost estimate off by {100 * off:+.0f} % (asked: ± {100 * WITHIN:.0f} %)",
                abs(off) <= WITHIN,
            ),
        ]
    print()
    for line, holds in lines:
        print("PASS" if holds else "FAIL", line)
    return all(holds for _, holds in lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--serve", choices=("naive", "fast"))
    parser.add_argument(
        "--threads",
        type=int,
        default=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
    )
    parser.add_argument("--seconds", type=float, default=40.0, help="for each size")
    parser.add_argument("--words", type=int, nargs="*", default=list(SIZES))
    parser.add_argument("--store", type=Path, default=RESULTS / "ablations.json")
    parser.add_argument(
        "--beside", type=Path, help="another checkout, whose game is asked in turn with this one's"
    )
    options = parser.parse_args()
    if options.serve:
        serve(options.serve)
        return 0
    if options.beside:
        own, other = Side("fast", options.threads), Side("fast", options.threads, options.beside)
        for words in options.words:
            print(beside(words, own, other, options.seconds), flush=True)
        own.end(), other.end()
        return 0
    store, naive, fast = Store(options.store), Side("naive", options.threads), Side("fast", options.threads)
    print(json.dumps(machine()), flush=True)
    for words in options.words:
        cell = measure(words, naive, fast, options.seconds)
        load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
        more = {
            "threads": options.threads,
            "load at the end": load,
            "noise": fast("noise", words),
            "cost": fast("cost", words),
            **fast("about"),
        }
        store.keep(str(words), cell | more)
    naive.end(), fast.end()
    return 0 if report(store) else 1


if __name__ == "__main__":
    sys.exit(main())
