"""The players of a HeadsGame: which numbers of which sites of the model belong to one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from spexviz.errors import GameError
from spexviz.models.parts import Site

if TYPE_CHECKING:
    from spexviz.games.heads.game import HeadsGame

UNITS = {
    "head": "One attention head.",
    "attention": "The whole attention of a layer.",
    "mlp": "The whole MLP of a layer.",
    "layer": "A layer: its attention and its MLP.",
    "neuron": "One neuron of an MLP: the most active ones, or those that are named.",
}
Numbers = tuple[tuple[Site, tuple[int, int]], ...]


@dataclass(frozen=True)
class Player:
    """A player: its label ("L12.H3"), its place (layer, position in it), and what it owns:

    ((site, (start, stop)), …).
    """

    label: str
    place: tuple[float, float]
    numbers: Numbers


def layers_of(text: str) -> list[int] | str | None:
    """What is typed for layers: "12-17, 20", "all", or nothing for the six in the middle.

    Raises GameError for anything else.
    """
    text = text.replace("–", "-").strip()
    if not text or text == "all":
        return text or None
    found: list[int] = []
    for piece in text.split(","):
        low, *rest = (number.strip() for number in piece.split("-"))
        high = rest[0] if rest else low
        if len(rest) > 1 or not low.isdecimal() or not high.isdecimal() or not int(low) <= int(high) < 1000:
            raise GameError(f'Layers are numbers such as "12-17" or "3, 5", or "all", not "{text[:40]}".')
        found += range(int(low), int(high) + 1)
    return found


def players_of(game: HeadsGame) -> tuple[Player, ...]:
    """The players of a HeadsGame, by layer; grouped and restricted as it says.

    Raises GameError for labels that do not exist.
    """
    found = (
        _neurons(game)
        if game.part == "neuron"
        else [player for layer in game.chosen for player in _of_layer(game, layer)]
    )
    found = _grouped(found, game.groups)
    if not game.only:
        return tuple(found)
    known = {player.label for player in found}
    if strange := [label for label in game.only if label not in known]:
        raise GameError(f'There is no player "{strange[0]:.40}" here: labels are like {found[0].label}.')
    return tuple(player for player in found if player.label in set(game.only))


def _of_layer(game: HeadsGame, layer: int) -> list[Player]:
    part = game.parts.layers[layer]
    if game.part == "head":
        size = part.head_width
        return [
            Player(f"L{layer}.H{h}", (layer, h), (((layer, "heads"), (h * size, (h + 1) * size)),))
            for h in range(part.heads)
        ]
    kinds = {"attention": ("attention",), "mlp": ("mlp",), "layer": ("attention", "mlp")}[game.part]
    label = f"L{layer}" if game.part == "layer" else f"L{layer}.{game.part}"
    return [Player(label, (layer, 0), tuple(((layer, kind), (0, part.width)) for kind in kinds))]


def _neurons(game: HeadsGame) -> list[Player]:
    """The named neurons, else those with the greatest mean size at the last token of the questions."""
    if game.only:
        chosen = [_place_of(game, label) for label in game.only]
    else:
        sites = [(layer, "neurons") for layer in game.chosen]
        seen = [game.parts.states(one, sites) for one in game.inputs]
        active = {
            site: np.mean([states[site][-1].abs().double().cpu().numpy() for states in seen], axis=0)
            for site in sites
        }
        ranked = sorted(
            ((-size, layer, i) for (layer, _), sizes in active.items() for i, size in enumerate(sizes))
        )
        chosen = [(layer, i) for _, layer, i in ranked[: max(1, int(game.neurons))]]
    place: dict[int, int] = {}
    players = []
    for layer, i in sorted(chosen):
        players.append(
            Player(f"L{layer}.N{i}", (layer, place.setdefault(layer, 0)), (((layer, "neurons"), (i, i + 1)),))
        )
        place[layer] += 1
    return players


def _place_of(game: HeadsGame, label: str) -> tuple[int, int]:
    layer, _, number = label.removeprefix("L").partition(".N")
    layers = game.parts.layers
    if not (
        layer.isdecimal()
        and number.isdecimal()
        and int(layer) < len(layers)
        and int(number) < layers[int(layer)].neurons
    ):
        raise GameError(f'There is no neuron "{label:.40}": the first one of layer 3 is L3.N0.')
    return int(layer), int(number)


def _grouped(players: list[Player], groups: str | tuple[tuple[str, ...], ...]) -> list[Player]:
    if not groups:
        return players
    if isinstance(groups, str):
        if groups != "layer":
            raise GameError(f'Groups are "layer", or lists of labels, not {groups!r:.40}.')
        layers = sorted({player.place[0] for player in players})
        return [
            _joined(f"L{int(layer)}", [player for player in players if player.place[0] == layer])
            for layer in layers
        ]
    by_label = {player.label: player for player in players}
    grouped = [label for group in groups for label in group]
    if strange := [label for label in grouped if label not in by_label]:
        raise GameError(
            f'There is no player "{strange[0]:.40}" to be put in a group: labels are like {players[0].label}.'
        )
    if len(set(grouped)) < len(grouped):
        raise GameError("A player is in two groups: let each be in one only.")
    made = [_joined("+".join(group), [by_label[label] for label in group]) for group in groups]
    return sorted(
        [*made, *(player for player in players if player.label not in set(grouped))],
        key=lambda player: player.place,
    )


def _joined(label: str, players: list[Player]) -> Player:
    return Player(label, players[0].place, tuple(one for player in players for one in player.numbers))
