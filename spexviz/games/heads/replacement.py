"""What stands in the model in place of removed parts: whose numbers lie at a site, and what they become."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from spexviz.errors import GameError
from spexviz.games.heads.players import Player
from spexviz.games.heads.questions import Inputs
from spexviz.kit.arrays import Positions
from spexviz.kit.cached import cached_property
from spexviz.models.parts import Gate, Parts, Site

ABLATION_NAMES = {
    "mean": "What it gives on average",
    "zero": "Nothing (0)",
    "resample": "What it gives elsewhere",
}
ABLATIONS = {
    "mean": "What a removed part gives becomes its mean over the reference prompts "
    "(the first token, where much attention rests, apart).",
    "zero": "What a removed part gives becomes 0.",
    "resample": "What a removed part gives becomes what it gives on a reference prompt drawn by the seed, "
    "tokens matched from the end.",
}
REFERENCE = (  # neutral sentences; used where a single prompt leaves nothing to average over
    "The old bridge was closed for repairs during the winter.",
    "She bought three apples and a loaf of bread at the market.",
    "In many countries the school year begins in September.",
    "He said that the report would be ready before noon.",
    "A small group of tourists waited outside the museum.",
    "The water in the lake is cold even in summer.",
    "They have been working on the project since last year.",
    "Most birds build their nests in spring.",
)


@dataclass(frozen=True)
class Replacement:
    """What becomes of the numbers of removed players: `ablation` is a key of ABLATIONS.

    `references`: what the model takes of each reference prompt; `seed`: of the draw among them; `rescale`:
    whether the heads that are kept in a layer make up for the others.
    """

    parts: Parts
    players: Sequence[Player]
    ablation: str
    references: Sequence[Inputs]
    seed: int
    rescale: bool

    def gates(self, length: int) -> dict[Site, Gate]:
        """What happens at each site, for prompts of so many tokens.

        Raises GameError where two players share a part.
        """
        return {site: self._gate(site, owner, length) for site, owner in self._owners.items()}

    def _gate(self, site: Site, owner: Positions, length: int) -> Gate:
        layer, _ = site
        heads = 0
        if self.rescale:
            heads = self.parts.layers[layer].heads
        return Gate(owner, self._other(site, owner, length), heads)

    @cached_property
    def _owners(self) -> dict[Site, Positions]:
        """For every site the player that each of its numbers belongs to; −1 for none."""
        owners: dict[Site, Positions] = {}
        for position, player in enumerate(self.players):
            for site, (start, stop) in player.numbers:
                if site not in owners:
                    layer, kind = site
                    size = self.parts.layers[layer].size(kind)
                    owners[site] = np.full(size, -1, dtype=np.intp)
                owner = owners[site]
                if (owner[start:stop] >= 0).any():
                    other = self.players[owner[start]]
                    raise GameError(
                        f"{player.label} and {other.label} share a part: let each part be in one player only."
                    )
                owner[start:stop] = position
        return owners

    @cached_property
    def _states(self) -> list[dict[Site, Any]]:
        """What the untouched model has at each site, for each reference prompt."""
        return [self.parts.states(one, list(self._owners)) for one in self.references]

    @cached_property
    def _drawn(self) -> Positions:
        """(n,): the reference prompt that stands for each player where parts are resampled."""
        count = len(self.references)
        rng = np.random.default_rng([self.seed, count])
        return rng.integers(count, size=len(self.players))

    def _other(self, site: Site, owner: Positions, length: int) -> Any:
        """(length, size), or (1, size) for all tokens: what stands at a site where everything is removed."""
        import torch

        device = self.parts.model.device
        if self.ablation == "zero":
            return torch.zeros(1, len(owner), device=device)
        seen = [states[site].float() for states in self._states]
        if self.ablation == "mean":
            return _mean(seen, length)
        return _resampled(seen, owner, self._drawn, length, device)


def _mean(seen: Sequence[Any], length: int) -> Any:
    """(length, size): the mean over the tokens of all reference prompts, whose states at a site are `seen`.

    The first token, where much attention rests, has a mean of its own; (1, size) where no prompt has another.
    """
    import torch

    first = torch.stack([states[0] for states in seen]).mean(0, keepdim=True)
    rest = torch.cat([states[1:] for states in seen])
    if not len(rest):
        return first
    following = rest.mean(0, keepdim=True).expand(length - 1, -1)
    return torch.cat([first, following])


def _resampled(seen: Sequence[Any], owner: Positions, drawn: Positions, length: int, device: Any) -> Any:
    """(length, size): the numbers of each player as in the reference prompt that was `drawn` for it."""
    import torch

    out = torch.zeros(length, len(owner), device=device)
    for i, states in enumerate(seen):
        from_here = (owner >= 0) & (drawn[owner] == i)
        columns = torch.tensor(np.flatnonzero(from_here))
        # tokens matched from the end; what goes beyond a shorter prompt gets its first token
        places = (torch.arange(length) + len(states) - length).clamp(min=0)
        out[:, columns] = states[places][:, columns]
    return out
