"""The fixed list of games made from the bundled model: texts, tasks and seeds.

Their recordings lie in recordings/.

    python -m benchmarks.games [name …]      records what is missing, or was made from another text

A test asks the model again for a few masks of each.
Each recording has distinct uniform masks to fit on and 512 held out, from one stream with seed SEED. It goes
on where it was stopped. Words are deleted; heads are zeroed before the output projection; a layer left out
passes its input on. Solvers' design choices were made on ../shared/games, and later, where they fell short,
on the games in LOOKED_AT too.
"""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from spexviz.masks import Masks, Values, uniform_masks

SEED, HELD_OUT, CHUNK = 20260, 512, 128
RECORDINGS = Path(__file__).with_name("recordings")
REVIEW = ("Review: {}\nSentiment (positive or negative):", " positive", " negative")
NEWS = ("News: {}\nTopic (sports or business):", " sports", " business")
VERB = ("{}", " are", " is")
PARIS = ("The Eiffel Tower is located in the city of", " Paris", " London")
KEYS = ("The keys to the old wooden cabinet", " are", " is")


@dataclass(frozen=True)
class Words:
    """A prompt whose words are deleted."""

    text: str
    task: tuple[str, str, str] = REVIEW
    fit: int = 2048

    @cached_property
    def n(self) -> int:
        return len(self.text.split())

    @property
    def layout(self) -> np.ndarray:
        return np.arange(self.n, dtype=float)[:, None]

    def game(self) -> Any:
        from spexviz import PromptGame

        template, target, contrast = self.task
        return PromptGame("bundled", self.text, template, target, contrast, split="words", masking="delete")


@dataclass(frozen=True)
class Parts:
    """Heads of some layers (zeroed), or whole layers (skipped), of the bundled model on a fixed prompt."""

    task: tuple[str, str, str]
    layers: tuple[int, ...]
    heads: int = 9  # a layer; 0: the layers themselves
    fit: int = 2048

    @property
    def n(self) -> int:
        return len(self.layers) * (self.heads or 1)

    @property
    def layout(self) -> np.ndarray:
        place = np.arange(self.n, dtype=float)
        return np.stack([place // self.heads, place % self.heads], axis=1) if self.heads else place[:, None]

    def game(self) -> PartsGame:
        return PartsGame(self)


class PartsGame:
    """The values of `Parts`.

    Log-odds of target against contrast as the next token, with parts of the network switched off.

    What the layers below the first switched one give is the same for every mask, and computed once.
    """

    def __init__(self, parts: Parts):
        import torch

        from spexviz import models

        self.parts, self.model = parts, models.load("bundled")
        prompt, *answers = parts.task
        self.answers = [self.model.encode(answer)[0] for answer in answers]
        body, seen = self.model.body, []
        with self.model.lock, torch.inference_mode(), ExitStack() as hooks:
            first = body.layers[min(parts.layers)]
            hooks.callback(first.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0])).remove)
            body(input_ids=torch.tensor([self.model.encode(prompt)]), use_cache=False)
        self.below = seen[0].clone()

    def __call__(self, masks: Masks) -> Values:
        import torch

        body, layers = self.model.body, self.model.body.layers
        kept = torch.tensor(masks.reshape(len(masks), len(self.parts.layers), -1))
        with self.model.lock, torch.inference_mode(), ExitStack() as hooks:
            for place, layer in enumerate(self.parts.layers):
                hooks.callback(self._hook(layers[layer], kept[:, place]).remove)
            hooks.callback(setattr, body, "layers", layers)
            body.layers = layers[min(self.parts.layers) :]
            states = body(
                inputs_embeds=self.below.expand(len(masks), -1, -1), use_cache=False
            ).last_hidden_state[:, -1]
            logits = self.model.logits(states)[:, self.answers]
        return (logits[:, 0] - logits[:, 1]).double().numpy()

    def _hook(self, layer: Any, kept: Any) -> Any:
        if self.parts.heads:

            def zeroed(_: Any, inputs: tuple) -> tuple:
                states = inputs[0]
                heads = states.reshape(*states.shape[:2], self.parts.heads, -1)
                return ((heads * kept[:, None, :, None].to(heads.dtype)).reshape(states.shape), *inputs[1:])

            return layer.self_attn.o_proj.register_forward_pre_hook(zeroed)

        def skipped(_: Any, inputs: tuple, output: Any) -> Any:
            import torch

            new = output[0] if isinstance(output, tuple) else output
            chosen = torch.where(kept[:, :, None], new, inputs[0])
            return (chosen, *output[1:]) if isinstance(output, tuple) else chosen

        return layer.register_forward_hook(skipped)


GAMES: dict[str, Words | Parts] = {
    "review_n12": Words(
        "Not one joke lands, yet somehow the whole silly thing charmed me.", fit=4096 - HELD_OUT
    ),
    "heads_n27_paris": Parts(PARIS, (12, 13, 14)),
    "heads_n54_agree": Parts(KEYS, (10, 11, 12, 13, 14, 15)),
    "layers_n30": Parts(PARIS, tuple(range(30)), heads=0),
    "agree_n15": Words("The letters that my very old uncle wrote to the mayor of the small town", VERB),
    "review_n20": Words(
        "Nobody would call it subtle, and the songs are hardly new, but I left the cinema grinning like a "
        "child."
    ),
    "review_n26": Words(
        "The trailer promised terror; what we got was two hours of people whispering in corridors, and I was "
        "never scared, only "
        "sorry that I had paid."
    ),
    "news_n32": Words(
        "After losing its main sponsor the club sold its best striker, and shares of the company that owns "
        "the stadium fell by "
        "nine percent before the match on Saturday had even started.",
        NEWS,
    ),
    "review_n45": Words(
        "I had heard nothing but praise for this hotel, so I was surprised that the lift was broken, the "
        "carpet smelled of smoke "
        "and nobody at the desk seemed to care, although the breakfast, I must admit, was far better than it "
        "needed to be.",
        fit=1536,
    ),
    "review_n130": Words(
        "We came here for our anniversary because friends had told us that no kitchen in the city was more "
        "inventive. The room is "
        "lovely, with low lamps and a view of the river, and the young man who took our coats could not have "
        "been kinder. But then "
        "the food arrived. The soup was cold, and not in a way that anyone had planned; the fish was so "
        "salty that I drank a whole "
        "jug of water; and the lamb, for which we had waited almost an hour, was grey and tough. When we "
        "said so, the owner "
        "came out, listened, took everything off the bill and gave us a cake that was the best thing "
        "I have eaten all year. So would I go back? For the cake, perhaps.",
        fit=1024,
    ),
}
LOOKED_AT = ("agree_n15", "heads_n54_agree", "review_n26", "news_n32", "review_n45", "review_n130")


@dataclass(frozen=True)
class Recorded:
    """A game as masks and values: to fit on and held out, with the places of the players."""

    name: str
    masks: Masks
    values: Values
    held_out_masks: Masks
    held_out_values: Values
    layout: np.ndarray
    fresh: bool = True  # no design choice was made on it


def folder() -> Path:
    from spexviz.kit.paths import home

    return home() / "bench"


def recorded(name: str) -> Recorded:
    """The recording of a game, made or finished now if need be."""
    values = record(name)
    spec, masks = GAMES[name], asked(name)
    return Recorded(
        name,
        masks[HELD_OUT:],
        values[HELD_OUT:],
        masks[:HELD_OUT],
        values[:HELD_OUT],
        spec.layout,
        name not in LOOKED_AT,
    )


def asked(name: str) -> Masks:
    """The masks of a recording: the held-out ones first."""
    spec = GAMES[name]
    return uniform_masks(spec.n, spec.fit + HELD_OUT, SEED)


def is_recorded(name: str) -> bool:
    return len(_values(name)) >= len(asked(name))


def record(name: str) -> Values:
    """Values of all masks of a game; what is missing is asked now, saved every ten seconds."""
    values, masks = _values(name), asked(name)
    if len(values) >= len(masks):
        return values[: len(masks)]
    game, began, before, saved = GAMES[name].game(), time.perf_counter(), len(values), time.perf_counter()
    while len(values) < len(masks):
        values = np.concatenate([values, game(masks[len(values) : len(values) + CHUNK])])
        if time.perf_counter() - saved > 10 or len(values) == len(masks):
            _save(name, values)
            saved = time.perf_counter()
            rate = (len(values) - before) / (saved - began)
            print(
                f"  {name}: {len(values)} of {len(masks)} ablations, {rate:.0f} a second",
                file=sys.stderr,
                flush=True,
            )
    return values


def _path(name: str) -> Path:
    return RECORDINGS / f"{name}.npz"


def _values(name: str) -> Values:
    """Values known so far; none if they are of another text or list of masks."""
    if not _path(name).exists():
        return np.empty(0)
    with np.load(_path(name), allow_pickle=False) as data:
        return (
            data["values"].astype(np.float64) if str(data["made_from"]) == _made_from(name) else np.empty(0)
        )


def _save(name: str, values: Values) -> None:
    RECORDINGS.mkdir(parents=True, exist_ok=True)
    half = RECORDINGS / f"{name}.part.npz"
    np.savez(half, values=values.astype(np.float32), made_from=_made_from(name))
    half.replace(_path(name))


def _made_from(name: str) -> str:
    # masks are nested: a longer recording serves a shorter one
    return f"{replace(GAMES[name], fit=0)!r} {SEED} {HELD_OUT}"


def shared() -> list[Recorded]:
    """The games beside the repository (../shared/games), or none.

    The solvers' design choices were made on them.
    """
    from benchmarks.fidelity import SHARED
    from benchmarks.halfmasks import positions

    games = []
    for path in sorted(SHARED.glob("*.npz")):
        with np.load(path, allow_pickle=False) as data:
            masks, held = data["X"] > 0, data["Xt"] > 0
            place = positions(path.stem, masks.shape[1])
            games.append(
                Recorded(
                    path.stem,
                    masks,
                    data["y"].astype(float),
                    held,
                    data["yt"].astype(float),
                    place,
                    fresh=False,
                )
            )
    return games


if __name__ == "__main__":
    for each in sys.argv[1:] or GAMES:
        record(each)
