"""Tiny language models with random weights and a tokeniser of their own, saved as folders.

Every family in milliseconds.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

CORPUS = [
    "Review: the film is not bad at all",
    "Sentiment: positive negative good boring dull never fails to impress",
    "naïve 😀 really — not, bad",
]
COMMON = {
    "vocab_size": 400,
    "max_position_embeddings": 256,
    "bos_token_id": 0,
    "eos_token_id": 0,
    "pad_token_id": None,
}
ROPE = {
    "hidden_size": 32,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "num_hidden_layers": 2,
    "intermediate_size": 64,
}
BERT = {"hidden_size": 32, "num_attention_heads": 4, "num_hidden_layers": 2, "intermediate_size": 64}
FAMILIES = {
    "LlamaForCausalLM": ("LlamaConfig", ROPE),
    "Qwen2ForCausalLM": ("Qwen2Config", ROPE),
    "GPT2LMHeadModel": ("GPT2Config", {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 256}),
    "GPTNeoXForCausalLM": (
        "GPTNeoXConfig",
        {"hidden_size": 32, "num_attention_heads": 4, "num_hidden_layers": 2, "intermediate_size": 64},
    ),
    "OPTForCausalLM": (
        "OPTConfig",
        {
            "hidden_size": 32,
            "num_attention_heads": 4,
            "num_hidden_layers": 2,
            "ffn_dim": 64,
            "word_embed_proj_dim": 32,
        },
    ),
    "Gemma2ForCausalLM": ("Gemma2Config", {**ROPE, "head_dim": 8, "final_logit_softcapping": 5.0}),
    "CohereForCausalLM": ("CohereConfig", {**ROPE, "logit_scale": 0.25}),
    "GraniteForCausalLM": ("GraniteConfig", {**ROPE, "logits_scaling": 4.0}),
    "BertLMHeadModel": ("BertConfig", {**BERT, "is_decoder": True}),  # a transform before the decoder
}
RECURRENT = {  # what a text leaves behind goes on to the next in its row
    "MambaForCausalLM": ("MambaConfig", {"hidden_size": 32, "num_hidden_layers": 2, "state_size": 8}),
    "FalconH1ForCausalLM": (  # attention and a recurrence in each layer, logits scaled
        "FalconH1Config",
        {
            **ROPE,
            "mamba_d_ssm": 32,
            "mamba_n_heads": 4,
            "mamba_d_head": 8,
            "mamba_d_state": 8,
            "mamba_chunk_size": 8,
            "lm_head_multiplier": 0.25,
        },
    ),
}

ENCODERS = {  # body: tokeniser and configuration of both of its heads
    "Bert": ("wordpiece", BERT),
    "DistilBert": ("wordpiece", {"dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 64}),
    "Roberta": ("bytes", {**BERT, "type_vocab_size": 1}),
    "ModernBert": ("wordpiece", {**BERT, "local_attention": 8}),
}
CLASSIFIERS = [f"{body}ForSequenceClassification" for body in ENCODERS]
MASKED = [f"{body}ForMaskedLM" for body in ENCODERS]


def save(folder: Path, family: str = "LlamaForCausalLM", seed: int = 0) -> Path:
    """A randomly made checkpoint of a family in `folder`."""
    kind, settings = {**FAMILIES, **RECURRENT}[family]
    _causal().save_pretrained(folder)
    return _made(folder, family, kind, {**COMMON, **settings}, seed)


def save_as(
    folder: Path, family: str, kind: str, settings: dict[str, object], tokenizer: str, seed: int = 0
) -> Path:
    """A randomly made checkpoint of any class of transformers, with a configuration of class `kind`.

    `tokenizer`: "causal", "wordpiece" or "bytes"; `seed`: of its weights.
    """
    made = {"causal": _causal, "wordpiece": _wordpiece, "bytes": _bytes}[tokenizer]()
    made.save_pretrained(folder)
    if tokenizer == "causal":
        names: dict[str, object] = {**COMMON, "pad_token_id": 0}
        names.pop("max_position_embeddings")
    else:
        names = {
            "vocab_size": len(made),
            "pad_token_id": made.pad_token_id,
            "bos_token_id": made.cls_token_id,
            "eos_token_id": made.sep_token_id,
            "id2label": {0: "dull", 1: "fine"},
        }
    return _made(folder, family, kind, {**names, **settings}, seed)


def _made(folder: Path, family: str, kind: str, settings: dict[str, object], seed: int = 0) -> Path:
    import torch
    import transformers

    config = getattr(transformers, kind)(**settings)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = getattr(transformers, family)(config).float()
        for parameter in model.parameters():
            # as made, every token is about as likely as another
            parameter.data += 0.15 * torch.randn_like(parameter)
    model.save_pretrained(folder)
    return folder


def let_begin(folder: Path) -> Path:
    """Let the tokeniser of a tiny checkpoint set a token before each text, as that of Llama does."""
    from tokenizers import processors
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    start = (tokenizer.bos_token, tokenizer.bos_token_id)
    tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{start[0]} $A", pair=f"{start[0]} $A $B", special_tokens=[start]
    )
    tokenizer.save_pretrained(folder)
    return folder


def mark_words(folder: Path) -> Path:
    """Give the checkpoint in `folder` a tokeniser as of Llama 2, which marks the beginnings of words by ▁."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    made = Tokenizer(models.BPE(unk_token="<unk>"))
    made.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    made.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")
    made.decoder = decoders.Metaspace(prepend_scheme="first")
    trainer = trainers.BpeTrainer(vocab_size=400, special_tokens=["<unk>", "<s>"], show_progress=False)
    made.train_from_iterator([f"{text} {text}" for text in CORPUS * 5], trainer)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=made, bos_token="<s>", eos_token="<s>", unk_token="<unk>"
    )
    tokenizer.save_pretrained(folder)
    return folder


def save_encoder(
    folder: Path,
    family: str = "BertForSequenceClassification",
    labels: tuple[str, ...] = ("dull", "fine"),
    **config: object,
) -> Path:
    """A randomly made classifier with these labels, or masked language model, in `folder`."""
    import torch
    import transformers

    body = family.split("For")[0]
    kind, settings = ENCODERS[body]
    tokenizer = {"wordpiece": _wordpiece, "bytes": _bytes}[kind]()
    tokenizer.save_pretrained(folder)
    names = {
        "cls_token_id": tokenizer.cls_token_id,
        "sep_token_id": tokenizer.sep_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    names |= {
        "bos_token_id": tokenizer.cls_token_id,
        "eos_token_id": tokenizer.sep_token_id,
        "id2label": dict(enumerate(labels)),
    }
    made = {"vocab_size": len(tokenizer), "max_position_embeddings": 256, **names, **settings, **config}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = getattr(transformers, family)(getattr(transformers, f"{body}Config")(**made)).float()
        for parameter in model.parameters():
            parameter.data += 0.15 * torch.randn_like(parameter)
    model.save_pretrained(folder)
    return folder


def _causal() -> Any:
    """A tokeniser as of GPT-2, whose one special token begins and ends."""
    from tokenizers import ByteLevelBPETokenizer
    from transformers import PreTrainedTokenizerFast

    trained = ByteLevelBPETokenizer()
    trained.train_from_iterator(CORPUS * 5, vocab_size=400, min_frequency=1, special_tokens=["<|end|>"])
    return PreTrainedTokenizerFast(
        tokenizer_object=trained._tokenizer, bos_token="<|end|>", eos_token="<|end|>"
    )


def _wordpiece() -> Any:
    """A tokeniser as of BERT: whole words of CORPUS, else letters."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    words = {
        word
        for text in CORPUS
        for word, _ in pre_tokenizers.BertPreTokenizer().pre_tokenize_str(text.lower())
    }
    letters = "abcdefghijklmnopqrstuvwxyz:,.!1—"
    vocabulary = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        "[MASK]",
        *sorted({*words, *letters} | {f"##{letter}" for letter in letters}),
    ]
    made = Tokenizer(models.WordPiece({word: i for i, word in enumerate(vocabulary)}, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer()
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    special = {
        "pad_token": "[PAD]",
        "unk_token": "[UNK]",
        "cls_token": "[CLS]",
        "sep_token": "[SEP]",
        "mask_token": "[MASK]",
    }
    return PreTrainedTokenizerFast(tokenizer_object=made, **special)


def _bytes() -> Any:
    """A tokeniser as of RoBERTa: byte pairs, where a word with the space before it is another token."""
    from tokenizers import ByteLevelBPETokenizer, processors
    from transformers import AddedToken, PreTrainedTokenizerFast

    trained = ByteLevelBPETokenizer()
    trained.train_from_iterator(
        CORPUS * 5, vocab_size=400, min_frequency=1, special_tokens=["<s>", "<pad>", "</s>", "<unk>"]
    )  # <mask> comes below: it swallows the space before it
    trained._tokenizer.post_processor = processors.RobertaProcessing(
        ("</s>", 2), ("<s>", 0), trim_offsets=True, add_prefix_space=False
    )
    special = {
        "bos_token": "<s>",
        "cls_token": "<s>",
        "pad_token": "<pad>",
        "sep_token": "</s>",
        "eos_token": "</s>",
        "unk_token": "<unk>",
    }
    return PreTrainedTokenizerFast(
        tokenizer_object=trained._tokenizer,
        mask_token=AddedToken("<mask>", lstrip=True, special=True),
        **special,
    )
