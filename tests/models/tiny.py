"""Tiny language models with random weights and a tokeniser of their own, saved as folders: every family in milliseconds."""

from __future__ import annotations

from pathlib import Path

CORPUS = ["Review: the film is not bad at all", "Sentiment: positive negative good boring dull never fails to impress", "naïve 😀 really — not, bad"]
COMMON = {"vocab_size": 400, "max_position_embeddings": 256, "bos_token_id": 0, "eos_token_id": 0, "pad_token_id": None}
ROPE = {"hidden_size": 32, "num_attention_heads": 4, "num_key_value_heads": 2, "num_hidden_layers": 2, "intermediate_size": 64}
FAMILIES = {
    "LlamaForCausalLM": ("LlamaConfig", ROPE),
    "Qwen2ForCausalLM": ("Qwen2Config", ROPE),
    "GPT2LMHeadModel": ("GPT2Config", {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 256}),
    "GPTNeoXForCausalLM": ("GPTNeoXConfig", {"hidden_size": 32, "num_attention_heads": 4, "num_hidden_layers": 2, "intermediate_size": 64}),
    "OPTForCausalLM": ("OPTConfig", {"hidden_size": 32, "num_attention_heads": 4, "num_hidden_layers": 2, "ffn_dim": 64, "word_embed_proj_dim": 32}),
    "Gemma2ForCausalLM": ("Gemma2Config", {**ROPE, "head_dim": 8, "final_logit_softcapping": 5.0}),
    "CohereForCausalLM": ("CohereConfig", {**ROPE, "logit_scale": 0.25}),
    "GraniteForCausalLM": ("GraniteConfig", {**ROPE, "logits_scaling": 4.0}),
}


def save(folder: Path, family: str = "LlamaForCausalLM", seed: int = 0) -> Path:
    """A randomly made checkpoint of a family in `folder`."""
    import torch
    import transformers
    from tokenizers import ByteLevelBPETokenizer

    trained = ByteLevelBPETokenizer()
    trained.train_from_iterator(CORPUS * 5, vocab_size=400, min_frequency=1, special_tokens=["<|end|>"])
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=trained._tokenizer, bos_token="<|end|>", eos_token="<|end|>")
    tokenizer.save_pretrained(folder)
    kind, settings = FAMILIES[family]
    config = getattr(transformers, kind)(**{**COMMON, **settings})
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = getattr(transformers, family)(config).float()
        for parameter in model.parameters():
            parameter.data += 0.15 * torch.randn_like(parameter)  # as made, every token is about as likely as another
    model.save_pretrained(folder)
    return folder
