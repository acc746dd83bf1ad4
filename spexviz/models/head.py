"""The output head of a causal model, in fp32: a bf16 head rounds logits to 1/8."""

from __future__ import annotations

from typing import Any

from spexviz.models.checkpoint import may_have


class OutputHead:
    """Logits from last hidden states, scaled and capped as the model's family does it."""

    def __init__(self, module: Any, config: Any):
        # the last norm gives fp32, also where the whole model is asked by hand
        module.register_forward_pre_hook(_as_the_weight)
        self.weight = module.weight.detach().float()  # (vocabulary, width)
        bias = may_have(module, "bias")
        self._bias = None if bias is None else bias.detach().float()
        self._cap = may_have(config, "final_logit_softcapping")
        multiplied = float(may_have(config, "logit_scale") or 1.0)  # Cohere
        divided = float(may_have(config, "logits_scaling") or 1.0)  # Granite
        self._scale = multiplied / divided

    def logits(self, states: Any) -> Any:
        """(…, vocabulary) in fp32."""
        import torch

        logits = torch.nn.functional.linear(states.float(), self.weight, self._bias) * self._scale
        if self._cap:
            return self._cap * torch.tanh(logits / self._cap)
        return logits


def _as_the_weight(head: Any, inputs: tuple) -> tuple:
    return (inputs[0].to(head.weight.dtype), *inputs[1:])
