"""What a layer is made of, found by running it again: which of its modules its output comes from, and what each does.

A layer is run as the model called it, while the outputs of its modules with matrices are replayed. One whose
noise still reaches the layer's output is an *exit*: its way out leads through no other matrix. Exits that lie
in the same place make a *branch* (attention, MLP). A branch mixes tokens if another token than the one that
was changed moves; it is attention if it averages: given the same state at every token, what it gives at each
of them points the same way. Recurrent parts, which add up, and convolutions do not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from os.path import commonprefix
from typing import Any

from spexviz.models.checkpoint import may_have

_MOVED = 1e-5  # of the output (root sum of squares): rounding stays within it, noise as large as the output does not
_MIXED = 0.05  # of the greatest: a branch that mixes tokens moves them so far; rounding moves them less
_PARALLEL = 0.99  # cosine


@dataclass(frozen=True)
class Branch:
    """A part of a layer whose output `site` gives, as it is or first in a tuple.

    `into`: width of the site's input where it is a single linear map, else 0. `mixes`, `heads`: whether the
    branch mixes tokens; whether it averages them, with so many heads side by side in the site's input, or
    with heads that cannot be told apart (0); None where it does not.
    """

    site: Any
    into: int
    mixes: bool
    heads: int | None


@dataclass(frozen=True)
class Call:
    """How a module was called, with states (1, tokens, width)."""

    args: tuple
    kwargs: Mapping[str, Any]

    @property
    def states(self) -> Any:
        """The states that the module was given; None where it was given none."""
        import torch

        given = self.kwargs.get("hidden_states")
        if self.args:
            given = self.args[0]
        is_states = torch.is_tensor(given) and given.is_floating_point() and given.ndim == 3
        return given if is_states and len(given) == 1 else None

    def run(self, module: Any, states: Any) -> Any:
        """What the module gives, first or alone, when it is called in the same way with other states."""
        if self.args:
            return first_of(module(states, *self.args[1:], **self.kwargs))
        return first_of(module(**{**self.kwargs, "hidden_states": states}))


def first_of(output: Any) -> Any:
    """What a module gives, or the first of several."""
    return output[0] if isinstance(output, tuple | list) else output


def branches_of(module: Any, call: Call, heads: int) -> list[Branch]:
    """The branches of a layer that was called so, in an attention of `heads` heads.

    None where it is no layer, or one whose branches cannot be told apart.
    """
    states = call.states
    if states is None or states.shape[1] < 2:
        return []
    trial = _Trial(module, call)
    if trial.plain is None or trial.plain.shape != states.shape:
        return []
    places = trial.places()
    mixed = {place: trial.mixing(parts) for place, parts in places.items()}
    most = max(mixed.values(), default=0.0)
    found = []
    for place, parts in places.items():
        site = trial.site(parts)
        if site is None:
            return []
        mixes = mixed[place] > max(_MOVED, _MIXED * most)
        into = trial.width_into(site)
        averaging = trial.averaging(site, into, heads) if mixes else None
        found.append(Branch(site, into, mixes, averaging))
    return found


@dataclass
class _Seen:
    """What went into and came out of modules, by their id, and how often they ran."""

    into: dict[int, Any] = field(default_factory=dict)
    out: dict[int, Any] = field(default_factory=dict)
    runs: dict[int, int] = field(default_factory=dict)

    def note(self, module: Any, inputs: tuple, output: Any) -> None:
        """A forward hook."""
        self.runs[id(module)] = self.runs.get(id(module), 0) + 1
        self.into[id(module)] = first_of(inputs) if inputs else None
        self.out[id(module)] = output


class _Trial:
    """A layer that is run again and again by itself. `plain`: what it gives; None where it cannot be tried."""

    def __init__(self, module: Any, call: Call):
        self._module = module
        self._call = call
        self._names = {part: name for name, part in module.named_modules() if name}
        self._seen = self._watched(list(self._names), call.states, {})
        self._owners = [part for part in self._names if _owns_matrix(part) and id(part) in self._seen.out]
        self.plain = call.run(module, call.states)
        if any(self._seen.runs[id(part)] > 1 for part in self._owners):
            self.plain = None

    def places(self) -> dict[str, list[Any]]:
        """The exits, by where they lie: the first step on the way to them that is not the way to all."""
        exits = [part for part in self._owners if self._reaches(part)]
        ways = [self._names[part].split(".") for part in exits]
        shared = len(commonprefix(ways))
        found: dict[str, list[Any]] = {}
        for part, way in zip(exits, ways, strict=True):
            found.setdefault(".".join(way[: shared + 1]), []).append(part)
        return found

    def mixing(self, parts: Sequence[Any]) -> float:
        """How far other tokens move with the first, by what leads out through these exits alone."""
        live = self._beside(parts)
        changed = self._call.states.clone()
        changed[:, 0] = _noisy(changed[:, 0], self.plain)
        replayed = {part: self._seen.out[id(part)] for part in self._owners if part not in live}
        return _moved(self._run(changed, replayed)[:, 1:], self.plain[:, 1:])

    def site(self, parts: Sequence[Any]) -> Any:
        """The smallest module that gives what leads out through these exits, and nothing else; None for none."""
        inside = [part for part in self._names if set(parts) <= set(part.modules())]
        for part in reversed(inside):
            if self._gives_states(part) and self._is_apart(part):
                return part
        return None

    def width_into(self, site: Any) -> int:
        """Width of the input of a linear map; 0 for any other module."""
        given = self._seen.into[id(site)]
        if list(site.children()) or may_have(may_have(site, "weight"), "ndim") != 2:
            return 0
        return int(given.shape[-1])

    def averaging(self, site: Any, into: int, heads: int) -> int | None:
        """`heads` where each of so many pieces of the site's input points one way at all tokens.

        That is with the same state at every one. 0 where this can only be told of its output, which does.
        """
        same = self._call.states[:, :1].expand_as(self._call.states).clone()
        seen = self._watched([site], same, {})
        whole = seen.out if into == 0 else seen.into
        pieces = heads if into and into % heads == 0 else 1
        given = first_of(whole[id(site)]).float().reshape(same.shape[1], pieces, -1)
        size = given.norm(dim=-1)
        cosine = (given * given[:1]).sum(-1) / (size * size[:1]).clamp(min=1e-30)
        if not bool((cosine > _PARALLEL).all()):
            return None
        return heads if pieces == heads and into else 0

    def _reaches(self, part: Any) -> bool:
        """Whether noise in what a module gives reaches the layer's output past all other matrices."""
        replayed = {other: self._seen.out[id(other)] for other in self._owners}
        replayed[part] = _each(replayed[part], self.plain)
        try:
            return _moved(self._run(self._call.states, replayed), self.plain) > _MOVED
        except (RuntimeError, IndexError, ValueError):  # a router that chose other experts than were seen
            return True

    def _beside(self, parts: Sequence[Any]) -> set[Any]:
        """The modules with matrices in the place where these exits lie."""
        place = next(place for place, exits in self.places().items() if exits[0] is parts[0])
        steps = place.split(".")
        return {part for part in self._owners if self._names[part].split(".")[: len(steps)] == steps}

    def _gives_states(self, part: Any) -> bool:
        import torch

        given = first_of(self._seen.out.get(id(part)))
        states = self._call.states
        return (
            torch.is_tensor(given) and given.numel() == states.numel() and given.shape[-1] == states.shape[-1]
        )

    def _is_apart(self, part: Any) -> bool:
        """Whether nothing of the layer's input comes out of a module but through its exits: no residual."""
        if self._seen.runs[id(part)] > 1:
            return False
        replayed = {one: self._seen.out[id(one)] for one in self._owners}
        changed = _noisy(self._call.states, self.plain)
        found = first_of(self._watched([part], changed, replayed).out[id(part)])
        return _moved(found, first_of(self._seen.out[id(part)])) <= _MOVED

    def _watched(self, parts: Sequence[Any], states: Any, replayed: Mapping[Any, Any]) -> _Seen:
        """What these modules took and gave in a run."""
        seen = _Seen()
        with ExitStack() as hooks:
            for part in parts:
                hooks.callback(part.register_forward_hook(seen.note).remove)
            self._run(states, replayed)
        return seen

    def _run(self, states: Any, replayed: Mapping[Any, Any]) -> Any:
        """What the layer gives, where some of its modules give again what they gave."""
        with ExitStack() as undo:
            for part, output in replayed.items():
                undo.callback(delattr, part, "forward")
                part.forward = _Replay(output)
            return self._call.run(self._module, states)


@dataclass(frozen=True)
class _Replay:
    """A forward that gives the same output, whatever it is called with."""

    output: Any

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.output


def _owns_matrix(module: Any) -> bool:
    """Whether a module has a matrix of its own, or several as one tensor (experts)."""
    return any(parameter.ndim >= 2 for parameter in module.parameters(recurse=False))


def _each(output: Any, like: Any) -> Any:
    """An output with noise in every number that is no whole one."""
    import torch

    if isinstance(output, tuple | list):
        return tuple(_each(one, like) for one in output)
    if torch.is_tensor(output) and output.is_floating_point():
        return _noisy(output, like)
    return output


def _noisy(given: Any, like: Any) -> Any:
    """Numbers with noise as large as the greatest of `like`, the same at every call."""
    import torch

    waves = torch.arange(given.numel(), device=given.device).cos().reshape(given.shape)
    return (given + waves * like.abs().max()).to(given.dtype)


def _moved(found: Any, plain: Any) -> float:
    """How far numbers are from the plain ones, as a share of these."""
    off = (found.float() - plain.float()).norm()
    return float(off / plain.float().norm().clamp(min=1e-30))
