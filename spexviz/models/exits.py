"""What a layer is made of, found by running it again: where its output comes from, and what each part does.

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
from typing import Any

from spexviz.kit.cached import cached_property
from spexviz.models.checkpoint import may_have
from spexviz.models.hooks import forward_as

_MOVED = 1e-5  # of the numbers (root sum of squares): what rounding in fp32 moves is less
_MUCH = 0.05  # of the numbers, or of what moves most: noise as large as the states moves more, rounding less
_UNEVEN = 10  # times what the same numbers, computed again, differ by (a GPU may add in any order)
_PARALLEL = 0.999  # cosine


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
    """How a module was called, with states (1, tokens, width). `of` leaves out what keeps keys and values."""

    args: tuple
    kwargs: Mapping[str, Any]

    @classmethod
    def of(cls, args: tuple, kwargs: Mapping[str, Any]) -> Call:
        """The call without a cache, which would grow with every run."""
        from transformers import Cache

        def without(given: Any) -> Any:
            return None if isinstance(given, Cache) else given

        return cls(tuple(map(without, args)), {key: without(given) for key, given in kwargs.items()})

    @property
    def states(self) -> Any:
        """The states that the module was given; None where it was given none."""
        import torch

        given = self.args[0] if self.args else self.kwargs.get("hidden_states")
        if not torch.is_tensor(given) or not given.is_floating_point():
            return None
        return given if given.ndim == 3 and len(given) == 1 else None

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
    if not trial.once or trial.plain.shape != states.shape:
        return []
    sites = {place: trial.site(exits) for place, exits in trial.places.items()}
    if None in sites.values():
        return []
    mixed = {place: trial.mixing(place, site) for place, site in sites.items()}
    least = max(trial.least, _MUCH * max(mixed.values(), default=0.0))
    found = []
    for place, site in sites.items():
        mixes = mixed[place] > least
        averaging = trial.averaging(site, heads) if mixes else None
        found.append(Branch(site, trial.width_into(site), mixes, averaging))
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
        self.into[id(module)] = _copied(first_of(inputs)) if inputs else None
        self.out[id(module)] = _copied(output)


class _Trial:
    """A layer that is run again and again by itself.

    `plain`: what it gives. `once`: whether each matrix is used once, so that its output can be replayed.
    `least`: how far numbers move, as a share of them, where more than rounding moved them.
    """

    def __init__(self, module: Any, call: Call):
        self._module = module
        self._call = call
        self._names = {part: name for name, part in module.named_modules() if name}
        self._seen = self._watched(list(self._names), call.states, {})
        self._owners = [part for part in self._names if _owns_matrix(part) and id(part) in self._seen.out]
        self.plain: Any = call.run(module, call.states)
        self.once = all(self._seen.runs[id(part)] == 1 for part in self._owners)
        self.least = _MOVED
        if self.once:
            again = self._run(call.states, self._all_replayed())
            self.least = max(_MOVED, _UNEVEN * _moved(again, self.plain))

    @cached_property
    def places(self) -> dict[str, list[Any]]:
        """The exits, by where they lie: the first step on the way to them that is not the way to all."""
        exits = [part for part in self._owners if self._reaches(part)]
        ways = [self._names[part].split(".") for part in exits]
        most = min((len(way) for way in ways), default=0)
        shared = 0  # steps that all have in common
        while shared < most and len({way[shared] for way in ways}) == 1:
            shared += 1
        found: dict[str, list[Any]] = {}
        for part, way in zip(exits, ways, strict=True):
            found.setdefault(".".join(way[: shared + 1]), []).append(part)
        return found

    def mixing(self, place: str, site: Any) -> float:
        """How far what a site carries at other tokens moves with the first, through its place alone."""
        changed = self._call.states.clone()
        changed[:, 0] = _noisy(changed[:, 0], self.plain)
        inside = place.split(".")
        beside = [part for part in self._owners if self._names[part].split(".")[: len(inside)] != inside]
        seen = self._watched([site], changed, {part: self._seen.out[id(part)] for part in beside})
        return _moved(self._carried(site, seen)[1:], self._carried(site, self._seen)[1:])

    def site(self, parts: Sequence[Any]) -> Any:
        """The smallest module that gives what leads out through these exits and nothing else;

        None where there is none.
        """
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

    def averaging(self, site: Any, heads: int) -> int | None:
        """`heads` where each of so many pieces of the site's input points one way at all tokens.

        That is with the same state at every one. 0 where this can only be told of its output, which does.
        """
        same = self._call.states[:, :1].expand_as(self._call.states).clone()
        into = self.width_into(site)
        apart = into > 0 and into % heads == 0
        carried = self._carried(site, self._watched([site], same, {}))
        pieces = carried.reshape(len(carried), heads if apart else 1, -1)
        size = pieces.norm(dim=-1)
        along = (pieces * pieces[:1]).sum(-1)
        if bool((along < _PARALLEL * size * size[:1]).any()):
            return None
        return heads if apart else 0

    def _carried(self, site: Any, seen: _Seen) -> Any:
        """What a site carries (tokens, size): the input of a linear map, the output of another module."""
        found = seen.into[id(site)] if self.width_into(site) else first_of(seen.out[id(site)])
        return found.float().reshape(self._call.states.shape[1], -1)

    def _reaches(self, part: Any) -> bool:
        """Whether noise in what a module gives reaches the layer's output past all other matrices."""
        replayed = self._all_replayed()
        replayed[part] = _each(replayed[part], self.plain)
        try:
            return _moved(self._run(self._call.states, replayed), self.plain) > self.least
        except (RuntimeError, IndexError, ValueError):  # a router that chose other experts than were seen
            return True

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
        changed = _noisy(self._call.states, self.plain)
        found = first_of(self._watched([part], changed, self._all_replayed()).out[id(part)])
        return _moved(found, first_of(self._seen.out[id(part)])) <= _MUCH

    def _all_replayed(self) -> dict[Any, Any]:
        """What every module with matrices gave."""
        return {part: self._seen.out[id(part)] for part in self._owners}

    def _watched(self, parts: Sequence[Any], states: Any, replayed: Mapping[Any, Any]) -> _Seen:
        """What these modules took and gave in a run."""
        seen = _Seen()
        with ExitStack() as hooks:
            for part in parts:
                hooks.enter_context(part.register_forward_hook(seen.note))
            self._run(states, replayed)
        return seen

    def _run(self, states: Any, replayed: Mapping[Any, Any]) -> Any:
        """What the layer gives, where some of its modules give again what they gave."""
        with ExitStack() as undo:
            for part, output in replayed.items():
                undo.enter_context(forward_as(part, _Replay(output)))
            return self._call.run(self._module, states)


@dataclass(frozen=True)
class _Replay:
    """A forward that gives the same output, whatever it is called with."""

    output: Any

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return _copied(self.output)


def _copied(output: Any) -> Any:
    """A copy of what a module gives: layers may add to it in place."""
    import torch

    if isinstance(output, tuple | list):
        return tuple(_copied(one) for one in output)
    return output.clone() if torch.is_tensor(output) else output


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
