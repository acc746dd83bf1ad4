"""The table of families whose tiny checkpoints are tried (families.py): configurations, and what to hook.

A family is a class of transformers. Adding one is one line.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.models import tiny

_WIDTHS = {**tiny.ROPE, "head_dim": 8, "max_position_embeddings": 256, "pad_token_id": 0}
_PLAIN = {key: value for key, value in tiny.ROPE.items() if key != "num_key_value_heads"} | {
    "max_position_embeddings": 256
}
_EXPERTS = {"num_local_experts": 4, "num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 16}


@dataclass(frozen=True)
class Family:
    """How a tiny checkpoint of a family is made.

    `settings`: of its configuration, whose class is `config` (by default by the name of the family).
    `attention`, `mlp`: ends of the names of the modules that a person would hook: the map that closes the
    attention, whose input are the heads, and what gives the output of the MLP; "" where there is none.
    `within`: what the names begin with, where the model has several kinds of layers.
    """

    settings: dict[str, Any] = field(default_factory=dict)
    attention: str = "self_attn.o_proj"
    mlp: str = "mlp"
    config: str = ""
    tokenizer: str = "causal"
    within: str = ""


def _rope(**settings: Any) -> Family:
    """A decoder as Llama is: the names of its modules are the usual ones."""
    return Family({**_WIDTHS, **settings})


def _none(**settings: Any) -> Family:
    """One without attention in every layer: nothing to hook."""
    return Family({**_WIDTHS, **settings}, "", "")


_BERT = {**_PLAIN, "embedding_size": 32}
_AS_BERT = ("attention.output.dense", "output.dense")


def _bert(tokenizer: str = "wordpiece", **settings: Any) -> Family:
    return Family({**_BERT, **settings}, *_AS_BERT, tokenizer=tokenizer)


_GPT2 = {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 256}
_BART = {
    "d_model": 32,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 4,
    "encoder_ffn_dim": 64,
    "decoder_ffn_dim": 64,
    "max_position_embeddings": 256,
}
_T5 = {"d_model": 32, "d_kv": 8, "d_ff": 64, "num_layers": 2, "num_heads": 4, "decoder_start_token_id": 0}
_MAMBA = {"hidden_size": 32, "num_hidden_layers": 2, "state_size": 8, "conv_kernel": 4}
_HYBRID = {"mamba_d_state": 8, "mamba_d_conv": 4, "mamba_expand": 2, "mamba_n_heads": 4, "mamba_d_head": 16}
_DENSE_FIRST = {
    "first_k_dense_replace": 1,
    "n_routed_experts": 4,
    "n_shared_experts": 1,
    "n_group": 1,
    "topk_group": 1,
}
_MLA = {"kv_lora_rank": 16, "q_lora_rank": 16, "qk_rope_head_dim": 8, "qk_nope_head_dim": 8, "v_head_dim": 8}

DECODERS = {
    "LlamaForCausalLM": _rope(),
    "MistralForCausalLM": _rope(sliding_window=12),
    "Qwen2ForCausalLM": _rope(),
    "Qwen3ForCausalLM": _rope(),
    "GemmaForCausalLM": _rope(),
    "Gemma2ForCausalLM": _rope(
        final_logit_softcapping=5.0, attn_logit_softcapping=5.0, query_pre_attn_scalar=8
    ),
    "Gemma3ForCausalLM": Family({**_WIDTHS, "sliding_window": 12}, config="Gemma3TextConfig"),
    "PhiForCausalLM": Family({**_PLAIN}, "self_attn.dense"),
    "Phi3ForCausalLM": _rope(),
    "GPT2LMHeadModel": Family(_GPT2, "attn.c_proj", "mlp"),
    "GPTBigCodeForCausalLM": Family(_GPT2, "attn.c_proj", "mlp"),
    "GPTNeoForCausalLM": Family(
        {
            "hidden_size": 32,
            "num_layers": 2,
            "num_heads": 4,
            "attention_types": [[["global", "local"], 1]],
            "window_size": 8,
        },
        "attention.out_proj",
    ),
    "GPTJForCausalLM": Family({**_GPT2, "rotary_dim": 4}, "attn.out_proj"),
    "CodeGenForCausalLM": Family({**_GPT2, "rotary_dim": 4}, "attn.out_proj"),
    "GPTNeoXForCausalLM": Family({**_PLAIN}, "attention.dense"),
    "OPTForCausalLM": Family(
        {**_PLAIN, "ffn_dim": 64, "word_embed_proj_dim": 32}, "self_attn.out_proj", "fc2"
    ),
    "FalconForCausalLM": Family({**_PLAIN}, "self_attention.dense"),
    "BloomForCausalLM": Family(
        {"hidden_size": 32, "n_layer": 2, "n_head": 4}, "self_attention.dense", "dense_4h_to_h"
    ),
    "MptForCausalLM": Family(
        {"d_model": 32, "n_layers": 2, "n_heads": 4, "max_seq_len": 256}, "attn.out_proj", "down_proj"
    ),
    "OlmoForCausalLM": _rope(),
    "Olmo2ForCausalLM": _rope(),
    "Olmo3ForCausalLM": _rope(sliding_window=12),
    "SmolLM3ForCausalLM": _rope(),
    "StableLmForCausalLM": _rope(),
    "Starcoder2ForCausalLM": _rope(),
    "CohereForCausalLM": _rope(logit_scale=0.25),
    "Cohere2ForCausalLM": _rope(logit_scale=0.25, sliding_window=12),
    "GraniteForCausalLM": _rope(logits_scaling=4.0, residual_multiplier=0.5),
    "NemotronForCausalLM": _rope(),
    "HeliumForCausalLM": _rope(),
    "GlmForCausalLM": _rope(),
    "Glm4ForCausalLM": _rope(),
    "Exaone4ForCausalLM": _rope(sliding_window=12),
    "ArceeForCausalLM": _rope(),
    "SeedOssForCausalLM": _rope(),
    "Ernie4_5ForCausalLM": _rope(),
    "DiffLlamaForCausalLM": _rope(),
    "PersimmonForCausalLM": Family({**_PLAIN}, "self_attn.dense"),
    "BioGptForCausalLM": Family({**_PLAIN}, "self_attn.out_proj", "fc2"),
    "XGLMForCausalLM": Family(
        {"d_model": 32, "num_layers": 2, "attention_heads": 4, "ffn_dim": 64, "max_position_embeddings": 256},
        "self_attn.out_proj",
        "fc2",
    ),
    "OpenAIGPTLMHeadModel": Family(_GPT2, "attn.c_proj", "mlp"),
    "CTRLLMHeadModel": Family({**_GPT2, "dff": 64}, "multi_head_attention.dense", "ffn"),
    "XLNetLMHeadModel": Family({"d_model": 32, "n_layer": 2, "n_head": 4, "d_inner": 64}, "", ""),
    "ModernBertDecoderForCausalLM": Family({**_PLAIN, "local_attention": 8}, "attn.Wo", "mlp"),
    "BertLMHeadModel": Family({**_BERT, "is_decoder": True}, *_AS_BERT),
    "RobertaForCausalLM": Family({**_BERT, "is_decoder": True}, *_AS_BERT),
    "ElectraForCausalLM": Family({**_BERT, "embedding_size": 16, "is_decoder": True}, *_AS_BERT),
    "BartForCausalLM": Family(_BART, "self_attn.out_proj", "fc2"),
}
EXPERTS = {
    "MixtralForCausalLM": _rope(**_EXPERTS),
    "Qwen2MoeForCausalLM": _rope(**_EXPERTS, shared_expert_intermediate_size=32),
    "Qwen3MoeForCausalLM": _rope(**_EXPERTS),
    "OlmoeForCausalLM": _rope(**_EXPERTS),
    "GptOssForCausalLM": _rope(**_EXPERTS, sliding_window=12),
    "PhimoeForCausalLM": _rope(**_EXPERTS),
    "GraniteMoeForCausalLM": Family({**_WIDTHS, **_EXPERTS}, mlp="block_sparse_moe"),
    "JetMoeForCausalLM": Family(
        {**_WIDTHS, **_EXPERTS, "kv_channels": 8, "num_key_value_heads": 2}, "self_attention"
    ),
    "DeepseekV3ForCausalLM": _rope(**_EXPERTS, **_DENSE_FIRST, **_MLA, num_key_value_heads=4),
    "Glm4MoeForCausalLM": _rope(**_EXPERTS, **_DENSE_FIRST),
}
RECURRENT = {
    "MambaForCausalLM": Family(_MAMBA, "", ""),
    "Mamba2ForCausalLM": Family({**_MAMBA, "num_heads": 4, "head_dim": 16, "n_groups": 1}, "", ""),
    "FalconMambaForCausalLM": Family(_MAMBA, "", ""),
    "RwkvForCausalLM": Family(
        {
            "hidden_size": 32,
            "num_hidden_layers": 2,
            "attention_hidden_size": 32,
            "intermediate_size": 64,
            "context_length": 256,
        },
        "",
        "",
    ),
    "FalconH1ForCausalLM": Family(
        {**_WIDTHS, **_HYBRID, "mamba_d_ssm": 64, "mamba_n_groups": 1, "lm_head_multiplier": 0.25},
        mlp="feed_forward",
    ),
    "RecurrentGemmaForCausalLM": _none(num_hidden_layers=3, attention_window_size=12, lru_width=32),
    "JambaForCausalLM": _none(
        **_HYBRID,
        num_experts=2,
        num_experts_per_tok=1,
        attn_layer_period=2,
        attn_layer_offset=1,
        use_mamba_kernels=False,
    ),
    "BambaForCausalLM": _none(**_HYBRID, attn_layer_indices=[1]),
    "Lfm2ForCausalLM": _none(layer_types=["conv", "full_attention"]),
    "Qwen3NextForCausalLM": _none(
        **_EXPERTS,
        shared_expert_intermediate_size=16,
        layer_types=["linear_attention", "full_attention"],
        linear_num_value_heads=4,
        linear_num_key_heads=2,
        linear_key_head_dim=8,
        linear_value_head_dim=8,
    ),
}
ENCODERS = {
    "BertForSequenceClassification": _bert(),
    "RobertaForSequenceClassification": _bert("bytes", type_vocab_size=1),
    "XLMRobertaForSequenceClassification": _bert("bytes", type_vocab_size=1),
    "ElectraForSequenceClassification": _bert(embedding_size=16),
    "DistilBertForSequenceClassification": Family(
        {"dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 64},
        "attention.out_lin",
        "ffn",
        tokenizer="wordpiece",
    ),
    "ModernBertForSequenceClassification": Family(
        {**_PLAIN, "local_attention": 8}, "attn.Wo", "mlp", tokenizer="wordpiece"
    ),
    "DebertaForSequenceClassification": _bert(relative_attention=True, pos_att_type=["c2p", "p2c"]),
    "DebertaV2ForSequenceClassification": _bert(relative_attention=True, pos_att_type=["c2p", "p2c"]),
    "AlbertForSequenceClassification": Family(_BERT, "", "", tokenizer="wordpiece"),
    "MPNetForSequenceClassification": Family(
        {**_PLAIN}, "attention.attn.o", "output.dense", tokenizer="bytes"
    ),
    "FNetForSequenceClassification": Family(_BERT, "", "", tokenizer="wordpiece"),
    "BertForMaskedLM": _bert(),
    "RobertaForMaskedLM": _bert("bytes", type_vocab_size=1),
    "ElectraForMaskedLM": _bert(embedding_size=16),
    "DistilBertForMaskedLM": Family(
        {"dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 64},
        "attention.out_lin",
        "ffn",
        tokenizer="wordpiece",
    ),
    "ModernBertForMaskedLM": Family(
        {**_PLAIN, "local_attention": 8}, "attn.Wo", "mlp", tokenizer="wordpiece"
    ),
    "DebertaV2ForMaskedLM": _bert(),
    "T5ForSequenceClassification": Family(
        _T5, "SelfAttention.o", "DenseReluDense", tokenizer="bytes", within="transformer.encoder"
    ),
    "BartForSequenceClassification": Family(
        _BART, "self_attn.out_proj", "fc2", tokenizer="bytes", within="model.encoder"
    ),
    "MBartForSequenceClassification": Family(
        _BART, "self_attn.out_proj", "fc2", tokenizer="bytes", within="model.encoder"
    ),
    "LlamaForSequenceClassification": Family(_WIDTHS, tokenizer="bytes"),
    "GPT2ForSequenceClassification": Family(_GPT2, "attn.c_proj", "mlp", tokenizer="bytes"),
    "Qwen3ForSequenceClassification": Family(_WIDTHS, tokenizer="bytes"),
}
ALL = {**DECODERS, **EXPERTS, **RECURRENT, **ENCODERS}


def save(folder: Path, name: str) -> Path:
    """A randomly made checkpoint of the family in `folder`."""
    family = ALL[name]
    return tiny.save_as(folder, name, config_of(name), family.settings, family.tokenizer)


def config_of(name: str) -> str:
    """The class of the configuration of a family."""
    return ALL[name].config or name.split("For")[0].removesuffix("LMHeadModel") + "Config"
