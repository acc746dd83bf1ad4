"""Given: a model that somebody holds in memory, asked as any model by name is.

    sv.PromptGame((model, tokenizer), "…")    # a pipeline, a PEFT, a quantised or a dispatched model likewise

Its modules are copied, and their weights are not: nothing of what was given is changed, and no weight lies
in memory twice. Every proof of a loaded model holds for it (compared.py, head.py). In the cache of ablations
it is known by the content of its weights, its settings and its tokeniser, or by a name that its holder
answers for.
"""

from __future__ import annotations

import copy
import hashlib
import json
import sys
import threading
import weakref
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from spexviz.errors import ModelError
from spexviz.kit.cached import cached_property
from spexviz.models import checkpoint
from spexviz.models.base import LanguageModel
from spexviz.models.checkpoint import may_have
from spexviz.models.fastpath import is_plain, made_of, tensors_of

PREFIX = "given:"  # of the name of such a model in a run's file
InMemory = Any
"""(model, tokenizer) of transformers, a pipeline of it, or a model of PEFT with its tokeniser."""
_PRECISIONS = {"torch.float16": "fp16", "torch.bfloat16": "bf16"}
_OF_FILES = ("_name_or_path", "transformers_version", "dtype", "torch_dtype")  # settings that change no value
_LETTERS = 60  # of a name
_made: weakref.WeakValueDictionary[tuple[str, int, int], LanguageModel] = weakref.WeakValueDictionary()
_guard = threading.Lock()


def model_of(thing: str | Path | LanguageModel | InMemory, name: str = "") -> str | LanguageModel:
    """The name of a model, or the model itself, of all that a game takes for one.

    `name`: of a model in memory, in the place of the content of its weights. Raises ModelError, with the
    remedy, for what is none.
    """
    if isinstance(thing, Path):
        return str(thing)
    if isinstance(thing, str | LanguageModel):
        return thing
    network, tokenizer = _pair(thing)
    network = _unwrapped(network)
    given = Given(network, copy.deepcopy(tokenizer), name)
    key = (given.label, id(network), id(tokenizer))
    with _guard:
        found = _made.get(key)
        if found is None:
            found = _made[key] = _backend(network)(given)
    return found


def _pair(thing: Any) -> tuple[Any, Any]:
    """The model of transformers and its tokeniser. Raises ModelError for anything else."""
    pair = (may_have(thing, "model"), may_have(thing, "tokenizer"))
    if isinstance(thing, tuple | list) and len(thing) == 2:
        pair = (thing[0], thing[1])
    if _is_network(pair[0]) and callable(pair[1]) and not _is_network(pair[1]):
        return pair
    if _is_network(thing):
        raise ModelError(
            f"{type(thing).__name__} is a model without its tokeniser: give both, (model, tokenizer)."
        )
    raise ModelError(
        f"This is no model, but {type(thing).__name__}: give a name, a folder, a model of transformers with "
        "its tokeniser, (model, tokenizer), or a pipeline of transformers."
    )


def _is_network(thing: Any) -> bool:
    """Whether it is a module of torch; whoever holds one has imported torch."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(thing, torch.nn.Module)


def _unwrapped(network: Any) -> Any:
    """The model of transformers inside a wrapper of PEFT, or of torch.compile, with all that it computes.

    Raises ModelError for what is none, and for adapters that set something before each text.
    """
    network = may_have(network, "_orig_mod", network)
    if (inside := may_have(network, "get_base_model")) is not None:
        method = may_have(network, "active_peft_config")
        if may_have(method, "is_prompt_learning", False):
            raise ModelError(
                f"{type(method).__name__} sets virtual tokens before each text, which a game cannot see: "
                "give a model with an adapter in its layers, such as LoRA, or merge it."
            )
        network = inside()
    from transformers import PreTrainedModel

    if not isinstance(network, PreTrainedModel):
        raise ModelError(
            f"{type(network).__name__} is no model of transformers: make a game of a function that asks it, "
            "spexviz.game(function, players=[…])."
        )
    return network


def _backend(network: Any) -> Any:
    """What asks a model of this class. Raises ModelError for one without a head."""
    from spexviz.models.classifier import ClassifierModel
    from spexviz.models.hf import TransformersModel
    from spexviz.models.masked import MaskedModel

    kinds = {kind.kind: kind for kind in (ClassifierModel, MaskedModel)}
    kind = checkpoint.kind_of(type(network).__name__)
    if kind == "hf" and network.get_output_embeddings() is None:
        raise ModelError(
            f"{type(network).__name__} has no head that answers: load it as a causal language model, such as "
            "AutoModelForCausalLM.from_pretrained(…)."
        )
    return kinds.get(kind, TransformersModel)


@dataclass(frozen=True)
class Given:
    """The origin of a model that was given: a network of transformers, and a tokeniser of its own.

    `name`: what its holder calls it, and answers for: another name for other weights.
    """

    network: Any
    tokenizer: Any
    name: str = ""
    versions: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "versions", self._versions())
        quick = may_have(self.tokenizer, "backend_tokenizer")
        if quick is not None:  # what was set for one batch is no part of it
            quick.no_padding()
            quick.no_truncation()

    @property
    def label(self) -> str:
        if self.name:
            return f"{PREFIX}{self.name[:_LETTERS]}"
        called = Path(str(may_have(self.network.config, "_name_or_path") or type(self.network).__name__)).name
        return f"{PREFIX}{called[:_LETTERS]}-{self.digests().hex()[:8]}"

    def digests(self) -> bytes:
        return self._digest

    @cached_property
    def _digest(self) -> bytes:
        content = hashlib.sha256()
        for part in [self.name] if self.name else self._content():
            content.update(part.encode() if isinstance(part, str) else part)
        return content.digest()

    def _content(self) -> Iterator[str | bytes | memoryview]:
        """All that changes a value: settings, what stands in the modules, weights, the tokeniser."""
        settings = self.network.config.to_dict()
        yield json.dumps({k: v for k, v in settings.items() if k not in _OF_FILES}, default=str)
        for where, module in self.network.named_modules():
            yield f"{where} {type(module).__name__} {_settings(module)}"
        for where, tensor in _named_tensors(self.network):
            yield f"{where} {tensor.dtype} {tuple(tensor.shape)}"
            yield from _bytes(where, tensor)
        yield _written(self.tokenizer)

    def device(self) -> Any:
        import torch

        embeddings = self.network.get_input_embeddings()
        hook = may_have(embeddings, "_hf_hook")  # of accelerate: they may lie elsewhere
        where = may_have(hook, "execution_device")
        return embeddings.weight.device if where is None else torch.device(where)

    def precision(self, device: Any, asked: str, on_gpu: str) -> str:
        """That of its weights, whatever this machine would choose; fp32 where that is asked for."""
        return "fp32" if asked == "fp32" else _PRECISIONS.get(str(self.network.dtype), "fp32")

    def load(self, precision: str, device: Any, auto: str, wanted: str) -> tuple[Any, Any]:
        """A copy of its modules with the same weights in memory; others where the precision is another."""
        import torch

        dtype = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}[precision]
        return self.tokenizer, _copied(self.network, dtype)

    def can_be_in_fp32(self) -> bool:
        weights = [tensor for tensor in self.network.parameters() if not is_plain(tensor)]
        return not weights or _PRECISIONS.get(str(self.network.dtype)) is None

    def check_unchanged(self) -> None:
        if self._versions() != self.versions:
            raise ModelError(
                "The weights of the model that was given have changed since the game was made, which would "
                "mix two models in one run: make the game again."
            )

    def _versions(self) -> tuple[int, ...]:
        """How often each tensor was written to; those made in inference mode do not count it."""
        tensors = tensors_of(self.network)
        return tuple(may_have(one, "_version") for one in tensors if not one.is_inference())


def _copied(network: Any, dtype: Any) -> Any:
    """The same modules once more, on the same weights; floats of another precision in this one.

    Raises ModelError for modules that cannot be copied.
    """
    import torch

    held: dict[int, Any] = {}
    for tensor in tensors_of(network):
        one = tensor
        if is_plain(tensor):
            one = tensor.detach()
            if one.is_floating_point() and one.dtype == network.dtype:
                one = one.to(dtype)
            if isinstance(tensor, torch.nn.Parameter):
                one = torch.nn.Parameter(one, requires_grad=False)
        held[id(tensor)] = one
    for module in network.modules():  # of accelerate: weights that it lays elsewhere are not copied either
        kept = may_have(may_have(module, "_hf_hook"), "weights_map")
        held[id(kept)] = kept
    try:
        made = copy.deepcopy(network, held)
    except Exception as error:  # whatever a module holds beside its weights
        raise ModelError(
            f"The modules of {type(network).__name__} cannot be copied ({type(error).__name__}: "
            f"{str(error)[:200]}): save the model by save_pretrained and give the folder."
        ) from error
    if dtype != network.dtype:
        made.config.dtype = dtype
    return made


def _settings(module: Any) -> str:
    """What a module holds beside tensors and modules, as far as it is numbers, texts and lists of them.

    Of an adapter which one is active, and how strong it is.
    """
    held = {name: value for name, value in vars(module).items() if name != "training"}
    return json.dumps({name: value for name, value in sorted(held.items()) if _is_plainly(value)})


def _is_plainly(value: Any) -> bool:
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_plainly(one) for key, one in value.items())
    if isinstance(value, list | tuple):
        return all(map(_is_plainly, value))
    return value is None or type(value) in (bool, int, float, str)


def _named_tensors(network: Any) -> Iterator[tuple[str, Any]]:
    """Every parameter and buffer by its name; of one that is made of others (quantised) each of these."""
    import torch

    inside = {**network.state_dict(), **dict(network.named_buffers())}  # of which some are not saved
    for where, tensor in sorted(inside.items()):
        if isinstance(tensor, torch.Tensor):  # packages save other things beside them
            yield from ((f"{where}{name}", part) for name, part in made_of(tensor))


def _bytes(where: str, tensor: Any) -> Iterator[memoryview]:
    """The bytes of a tensor. Raises ModelError where it lies on no device."""
    import torch

    if tensor.device.type == "meta":
        raise ModelError(
            f"The weights {where} lie on a disk, where their content is not read: give the model a name that "
            'you answer for, spexviz.model((model, tokenizer), name="…").'
        )
    if tensor.numel():
        flat = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8)
        yield memoryview(flat.numpy())


def _written(tokenizer: Any) -> str:
    """A tokeniser as text: what it makes of texts, and its chat template."""
    quick = may_have(tokenizer, "backend_tokenizer")
    made = quick.to_str() if quick is not None else json.dumps(sorted(tokenizer.get_vocab().items()))
    special = json.dumps(tokenizer.special_tokens_map, default=str, sort_keys=True)
    return f"{type(tokenizer).__name__} {made} {special} {may_have(tokenizer, 'chat_template')}"
