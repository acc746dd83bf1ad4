"""The players of a HeadsGame: which numbers of which sites of the model belong to one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import index
from typing import TYPE_CHECKING

import numpy as np

from spexviz.errors import GameError
from spexviz.models.layers import Layer
from spexviz.models.parts import Site

if TYPE_CHECKING:
    from spexviz.games.heads.game import HeadsGame

UNIT_NAMES = {
    "head": "Attention heads",
    "attention": "Attention of whole layers",
    "mlp": "MLPs of whole layers",
    "layer": "Whole layers",
    "neuron": "Neurons",
}
UNITS = {
    "head": "One attention head.",
    "attention": "The whole attention of a layer.",
    "mlp": "The whole MLP of a layer.",
    "layer": "A layer: its attention and its MLP.",
    "neuron": "One neuron of an MLP: the most active ones, or those that are named.",
}
MIDDLE = 6  # layers by default: half of more heads leave nothing to explain
_BEYOND = 1000  # no model has so many layers
Numbers = tuple[tuple[Site, tuple[int, int]], ...]
"""(site, (start, stop)) of each range of numbers that a player owns."""
Neuron = tuple[int, int]
"""Layer, and position in it."""
Layers = Sequence[int] | str | None
"""Positions, "all", or None for the six in the middle."""
Groups = str | Sequence[Sequence[str]]
"""What becomes one player: "" for nothing, "layer" for all of a layer, or lists of labels."""


@dataclass(frozen=True)
class Player:
    """A player: its label ("L12.H3"), its place (layer, position in it), and what it owns."""

    label: str
    place: tuple[float, float]
    numbers: Numbers


def layers_of(text: str) -> Layers:
    """What is typed for layers: "12-17, 20", "all", or nothing for the six in the middle.

    Raises GameError for anything else.
    """
    text = text.replace("–", "-").strip()
    if not text or text == "all":
        return text or None
    found: list[int] = []
    for piece in text.split(","):
        positions = _range_of(piece)
        if not positions or positions[-1] >= _BEYOND:
            raise GameError(f'Layers are numbers such as "12-17" or "3, 5", or "all", not "{text[:40]}".')
        found += positions
    return found


def _range_of(piece: str) -> range:
    """What "12-17" or "20" stands for; empty for what is neither."""
    ends = [number.strip() for number in piece.split("-")]
    if len(ends) > 2 or not all(end.isdecimal() for end in ends):
        return range(0)
    first = int(ends[0])
    last = int(ends[-1])
    return range(first, last + 1)


def layers_given(layers: Layers) -> Layers:
    """Layers as a game keeps them: positions, "all", or None. Raises GameError for anything else."""
    read = layers
    if isinstance(layers, str):
        read = layers_of(layers)
    if read is None or isinstance(read, str):
        return read
    try:
        return tuple(index(i) for i in read)
    except TypeError:
        raise GameError(f'Layers are positions such as 0 and 1, or "all", not {layers!r:.60}.') from None


def layers_chosen(layers: Layers, count: int) -> tuple[int, ...]:
    """Positions, in order, of those of `count` layers that `layers_given` stands for.

    Raises GameError for none, for one twice, and for one that does not exist.
    """
    if layers is None:
        first = max(0, count // 2 - MIDDLE // 2)
        return tuple(range(first, min(count, first + MIDDLE)))
    if isinstance(layers, str):  # "all": `layers_given` lets no other text pass
        return tuple(range(count))
    exist = all(0 <= i < count for i in layers)
    differ = len(set(layers)) == len(layers)
    if not (layers and exist and differ):
        raise GameError(
            f'Layers are different positions from 0 to {count - 1}, or "all", not {layers!r:.60}.'
        )
    return tuple(sorted(layers))


def groups_given(groups: Groups) -> Groups:
    """Groups as a game keeps them. Raises GameError where one is empty."""
    if isinstance(groups, str):
        return groups
    frozen = tuple(tuple(group) for group in groups)
    if not all(frozen):
        raise GameError("A group is empty: name at least one label in each.")
    return frozen


def players_of(game: HeadsGame) -> tuple[Player, ...]:
    """The players of a HeadsGame, by layer; grouped and restricted as it says.

    Raises GameError for labels that do not exist.
    """
    found = _grouped(_ungrouped(game), game.groups)
    if not game.only:
        return tuple(found)
    _check_exist(game.only, found, "here")
    only = set(game.only)
    return tuple(player for player in found if player.label in only)


def _ungrouped(game: HeadsGame) -> list[Player]:
    """One player for each part of the kind that is asked for, by layer."""
    if game.part == "neuron":
        return _neurons(game)
    found: list[Player] = []
    for layer in game.chosen:
        built = game.parts.layers[layer]
        if game.part == "head":
            _check_apart(built.heads, layer, "heads", "attention")
            found += [_head(built, layer, head) for head in range(built.heads)]
        else:
            found.append(_block(built, layer, game.part))
    return found


def _head(built: Layer, layer: int, head: int) -> Player:
    """Heads lie side by side in what goes into the last map of the attention."""
    start = head * built.head_width
    numbers = ((layer, "heads"), (start, start + built.head_width))
    return Player(f"L{layer}.H{head}", (layer, head), (numbers,))


def _check_apart(count: int, layer: int, parts: str, whole: str) -> None:
    """Raises GameError for a layer in which so many parts, namely none, can be told apart."""
    if not count:
        raise GameError(
            f"The {parts} of layer {layer} cannot be told apart (a mixture of experts closes them): "
            f'choose other layers, or the part "{whole}".'
        )


def _block(built: Layer, layer: int, part: str) -> Player:
    """The whole attention or MLP of a layer, or both."""
    whole = (0, built.width)
    if part == "layer":
        attention = ((layer, "attention"), whole)
        mlp = ((layer, "mlp"), whole)
        return Player(f"L{layer}", (layer, 0), (attention, mlp))
    block = ((layer, part), whole)
    return Player(f"L{layer}.{part}", (layer, 0), (block,))


def _neurons(game: HeadsGame) -> list[Player]:
    """The named neurons, else the most active ones."""
    if game.only:
        chosen = [_neuron_of(game, label) for label in game.only]
    else:
        chosen = _most_active(game)
    players: list[Player] = []
    taken: dict[int, int] = {}  # places in each layer: neurons stand side by side, whatever their number
    for layer, number in sorted(chosen):
        place = taken.get(layer, 0)
        taken[layer] = place + 1
        numbers = ((layer, "neurons"), (number, number + 1))
        players.append(Player(f"L{layer}.N{number}", (layer, place), (numbers,)))
    return players


def _most_active(game: HeadsGame) -> list[Neuron]:
    """The neurons of greatest mean size at the last token of the questions."""
    sites: list[Site] = [(layer, "neurons") for layer in game.chosen]
    for layer in game.chosen:
        _check_apart(game.parts.layers[layer].neurons, layer, "neurons", "mlp")
    seen = [game.parts.states(inputs, sites) for inputs in game.inputs]
    ranked: list[tuple[float, int, int]] = []  # the greatest first; of equals the first in the model
    for site in sites:
        layer, _ = site
        at_the_end = [states[site][-1].abs().double().cpu().numpy() for states in seen]
        sizes = np.mean(at_the_end, axis=0)
        ranked += [(-size, layer, number) for number, size in enumerate(sizes)]
    count = max(1, int(game.neurons))
    return [(layer, number) for _, layer, number in sorted(ranked)[:count]]


def _neuron_of(game: HeadsGame, label: str) -> Neuron:
    """The neuron of a label such as L3.N0. Raises GameError where there is none."""
    layer, _, number = label.removeprefix("L").partition(".N")
    layers = game.parts.layers
    numeric = layer.isdecimal() and number.isdecimal()
    exists = numeric and int(layer) < len(layers) and int(number) < layers[int(layer)].neurons
    if not exists:
        raise GameError(f'There is no neuron "{label:.40}": the first one of layer 3 is L3.N0.')
    return int(layer), int(number)


def _grouped(players: list[Player], groups: Groups) -> list[Player]:
    """The players with those of a group as one, by their places."""
    if not groups:
        return players
    if isinstance(groups, str):
        if groups != "layer":
            raise GameError(f'Groups are "layer", or lists of labels, not {groups!r:.40}.')
        return _by_layer(players)
    grouped = [label for group in groups for label in group]
    _check_exist(grouped, players, "to be put in a group")
    if len(set(grouped)) < len(grouped):
        raise GameError("A player is in two groups: let each be in one only.")
    by_label = {player.label: player for player in players}
    made = [_joined("+".join(group), [by_label[label] for label in group]) for group in groups]
    alone = [player for player in players if player.label not in set(grouped)]
    return sorted([*made, *alone], key=lambda player: player.place)


def _by_layer(players: list[Player]) -> list[Player]:
    """One player a layer."""
    members: dict[float, list[Player]] = {}
    for player in players:
        members.setdefault(player.place[0], []).append(player)
    return [_joined(f"L{int(layer)}", members[layer]) for layer in sorted(members)]


def _joined(label: str, players: list[Player]) -> Player:
    """One player that owns what several own, at the place of the first."""
    numbers = tuple(one for player in players for one in player.numbers)
    return Player(label, players[0].place, numbers)


def _check_exist(labels: Sequence[str], players: list[Player], where: str) -> None:
    known = {player.label for player in players}
    strange = [label for label in labels if label not in known]
    if strange:
        raise GameError(f'There is no player "{strange[0]:.40}" {where}: labels are like {players[0].label}.')
