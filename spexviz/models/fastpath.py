"""What a fast path is proved with: made-up tokens, and how near its states must be to the plain forward's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from spexviz.models.checkpoint import may_have


def made_up(vocabulary: int, count: int, first: int = 0) -> list[int]:
    """Tokens without a meaning, to find out how fast or how exact a model is.

    Another `first`, and no beginning is common.
    """
    return [(7 * i * i + 11 * i + first) % vocabulary for i in range(count)]


def off(found: Any, plain: Any) -> float:
    """By which share of the plain forward's states others differ (root mean squares, in fp32)."""
    distance = (found - plain).square().mean().sqrt()
    size = plain.square().mean().sqrt()
    return float(distance / size)


def near(found: Any, plain: Any, tolerance: float) -> bool:
    """Whether states in fp32 differ by at most this share of the plain forward's (root mean squares)."""
    return off(found, plain) <= tolerance


def near_each(found: Any, plain: Any, tolerance: float) -> bool:
    """Whether every single state (…, width) differs by at most this share of the plain forward's."""
    distance = (found - plain).square().mean(-1).sqrt()
    size = plain.square().mean(-1).sqrt()
    return bool((distance <= tolerance * size).all())


@contextmanager
def in_fp32(body: Any) -> Iterator[None]:
    """Let a body compute in fp32, whatever its weights are.

    Its layers are widened one after another while they run, so that memory holds only one of them twice.
    """
    layers = list(layers_of(body))
    inside = {id(tensor) for layer in layers for tensor in tensors_of(layer)}
    with ExitStack() as whole:
        widen(whole, [tensor for tensor in tensors_of(body) if id(tensor) not in inside])
        for layer in layers:
            running = whole.enter_context(ExitStack())
            whole.enter_context(layer.register_forward_pre_hook(_widening(running)))
            whole.enter_context(layer.register_forward_hook(_narrowing(running), always_call=True))
        yield


def layers_of(module: Any) -> Iterator[Any]:
    """The items of the outermost lists of modules: what a forward pass calls one after another."""
    import torch

    for child in module.children():
        if isinstance(module, torch.nn.ModuleList) and not isinstance(child, torch.nn.ModuleList):
            yield child
        else:
            yield from layers_of(child)


def tensors_of(module: Any) -> list[Any]:
    """All parameters and buffers of a module."""
    return [*module.parameters(), *module.buffers()]


def is_plain(tensor: Any) -> bool:
    """Whether a tensor holds its numbers as they are.

    A quantised one is made of others, and those of one that lies on a disk come when its module is called.
    """
    import torch

    return type(tensor) in (torch.Tensor, torch.nn.Parameter) and tensor.device.type != "meta"


def made_of(tensor: Any) -> Iterator[tuple[str, Any]]:
    """The tensors that hold the numbers of one, each under a name: itself, or those of a quantised one."""
    flatten = may_have(tensor, "__tensor_flatten__")
    if is_plain(tensor) or flatten is None:
        yield "", tensor
        return
    names, _ = flatten()
    for name in names:
        for inside, part in made_of(may_have(tensor, name)):
            yield f".{name}{inside}", part


def widen(held: ExitStack, tensors: list[Any]) -> None:
    """Give tensors of half precision their numbers in fp32, until `held` is closed."""
    import torch

    for tensor in tensors:
        if tensor.dtype in (torch.bfloat16, torch.float16) and is_plain(tensor):
            held.callback(setattr, tensor, "data", tensor.data)
            tensor.data = tensor.data.float()


def _widening(held: ExitStack) -> Callable[..., None]:
    def before(layer: Any, inputs: tuple) -> None:
        widen(held, tensors_of(layer))

    return before


def _narrowing(held: ExitStack) -> Callable[..., None]:
    def after(layer: Any, inputs: tuple, output: Any) -> None:
        held.close()

    return after
