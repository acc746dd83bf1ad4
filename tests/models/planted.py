"""A tiny Llama with weights set by hand: its answer needs two heads of different layers together, neither does anything alone.

Every token has the same large number in place 0, so that every head reads the same whatever it attends to.
Head A writes a 1 into place 1 of the residual stream, head B into place 2; the MLP of the last layer
multiplies the two (its gate reads place 1, its other half place 2) and writes the product into place 3, which
the output reads. The other heads write a little straight into place 3: they have main effects and no
interactions, but for what the norms mix.
"""

from __future__ import annotations

from pathlib import Path

from tests.models import tiny

A, B = "L1.H2", "L2.H1"
PROMPT, TARGET, CONTRAST = "the film is not bad", " good", " bad"
LAYERS, HEADS, WIDTH, LARGE = 4, 4, 32, 10.0


def save(folder: Path) -> Path:
    """The checkpoint in `folder`; it answers " good" as far as both heads are on."""
    import torch
    import transformers

    tiny.save(folder)
    settings = {
        **tiny.COMMON,
        **tiny.ROPE,
        "num_hidden_layers": LAYERS,
        "num_key_value_heads": HEADS,
        "tie_word_embeddings": False,
    }
    model = transformers.LlamaForCausalLM(transformers.LlamaConfig(**settings)).float()
    size = WIDTH // HEADS
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.fill_(1.0 if "norm" in name else 0.0)
        model.model.embed_tokens.weight[:, 0] = LARGE
        for i, layer in enumerate(model.model.layers):
            for head in range(HEADS):
                layer.self_attn.v_proj.weight[head * size, 0] = 1.0 / WIDTH**0.5
                place, much = {A: (1, 1.0), B: (2, 1.0)}.get(f"L{i}.H{head}", (3, 0.02 * (i + head + 1)))
                layer.self_attn.o_proj.weight[place, head * size] = much
        mlp = model.model.layers[-1].mlp
        mlp.gate_proj.weight[0, 1], mlp.up_proj.weight[0, 2], mlp.down_proj.weight[3, 0] = 10.0, 1.0, 1.0
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
        (good,) = tokenizer(TARGET, add_special_tokens=False)["input_ids"]
        model.lm_head.weight[good, 3] = 2.0
    model.save_pretrained(folder)
    return folder
