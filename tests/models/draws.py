"""The draws of the differential campaign (differential.py): what is asked of which family, made by a seed.

The same seed and number are always the same draw.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from spexviz.masks import Masks
from tests.models import tiny, zoo

MASKS = 64  # of a draw
PER_CALL = (1, 7, 64)  # masks in one call of the game: micro-batches and packed rows differ
WIDE = 40  # tokens of a window that no text of a probe at load reaches the end of
_WINDOWS = ("sliding_window", "local_attention", "window_size", "attention_window_size")
_PLAIN = ("the", "film", "is", "not", "bad", "at", "all", "never", "really", "dull", "boring", "good", "to")
_STRANGE = (
    "naïve",
    "nai\u0308ve",  # the accent is a character of its own
    "e\u0301\u0302",
    "😀",
    "👩\u200d👧",
    "中文很好",
    "日本語です。",
    "ไม่ดี",
    "Ωmega",
    "don't",
    "U.S.A.",
    "3.14159",
    "2026-11-27",
    "1000000",
    "—",
    "...",
    "!?",
    "(never)",
    "«bad»",
    "NOT",
    "antidisestablishmentarianism",
    "a",
    "\u00adsoft",
)
_ENDS = (".", "!", "?", ",", ":", "…")
_GAPS = ("  ", "\n", "\n\n", "\t", " \n ", "\u00a0", "\r\n")
_LENGTHS = ((1, 1), (2, 6), (5, 12), (10, 20), (25, 40))  # words of a prompt
_SPLITS = (
    *("words", "words", "words", "tokens", "sentences"),
    *("lines", "paragraphs", "boundaries", "regex", "spans"),
)
_PATTERNS = (r"\w+", r"[a-z]+", r"\S\S?", r"[^\W\d]+")
_REPLACEMENTS = ("_", "...", "", " ", "😀", "something")
_ANSWERS = {  # of one token each where the tokeniser allows, and of several
    "hf": (" good", " bad", " positive", " negative", " dull", "b", "d", "!", " film"),
    "classifier": ("fine", "dull"),
    "masked-lm": ("good", "bad", "film", "never"),
}
_LONG_ANSWERS = (" positive", " not bad at all", " 😀!", "b", "naïve", " neither\nnor", "中文")
_TEMPLATES = {
    "hf": ("{}", "Review: {}\nSentiment:", "{}\n\nAnswer:", "Q: {} A:", "\n{}", "{} really"),
    "classifier": ("{}", "Review: {}", "{} — not bad", "Q: {}\nA:"),
    "masked-lm": ("{} It was %s.", "It was %s: {}", "{}\n%s", "Review: {} %s !"),
}
_KINDS = {"ForSequenceClassification": "classifier", "ForMaskedLM": "masked-lm"}
_TOKENISERS = ("plain", "plain", "begins", "marks", "marks and begins")


@dataclass(frozen=True)
class Draw:
    """What is asked: `settings` are fields of a PromptGame, or with `parts` of a HeadsGame.

    `tokeniser`: of a causal model, "plain", or one that "begins" texts with a token or "marks" the beginnings
    of words; `window`: of its sliding attention in place of the one in zoo.py, None for that; `per_call`:
    masks in one call of the game.
    """

    seed: int
    number: int
    family: str
    tokeniser: str
    window: int | None
    parts: bool
    per_call: int
    settings: dict[str, Any]

    @property
    def kind(self) -> str:
        """The backend that asks its model."""
        return kind_of(self.family)

    def save(self, folder: Path, weights: int = 0) -> Path:
        """Its checkpoint in `folder`; `weights`: their seed."""
        family = zoo.ALL[self.family]
        settings = dict(family.settings)
        if self.window is not None:
            settings |= {name: self.window for name in _WINDOWS if name in settings}
        config = zoo.config_of(self.family)
        tiny.save_as(folder, self.family, config, settings, family.tokenizer, weights)
        if "marks" in self.tokeniser:
            tiny.mark_words(folder)
        if "begins" in self.tokeniser:
            tiny.let_begin(folder)
        return folder

    def masks(self, players: int) -> Masks:
        """(b, players): the full and the empty one, uniform ones, and some that keep few or most."""
        rng = np.random.default_rng([self.seed, self.number, players])
        keep = np.full((MASKS, 1), 0.5)
        keep[MASKS // 2 :, 0] = rng.choice([0.1, 0.25, 0.75, 0.9], size=MASKS - MASKS // 2)
        masks = rng.random((MASKS, players)) < keep
        masks[0] = True
        masks[1] = False
        return masks[rng.permutation(MASKS)]

    def __str__(self) -> str:
        what = {name: value for name, value in self.settings.items() if name != "prompt"}
        rest = f"tokeniser {self.tokeniser}, window {self.window}, {self.per_call} masks a call"
        return (
            f"draw {self.number}: {self.family}, {rest}, {what}, prompt {self.settings.get('prompt', '')!r}"
        )


def kind_of(family: str) -> str:
    """The backend of a class of transformers."""
    return next((kind for ending, kind in _KINDS.items() if family.endswith(ending)), "hf")


def draw(seed: int, number: int) -> Draw:
    """The draw of this number."""
    rng = np.random.default_rng([seed, number])
    names = list(zoo.ALL)
    family = names[rng.integers(len(names))]
    tokeniser, window = "plain", None
    if kind_of(family) == "hf":
        tokeniser = _one(rng, _TOKENISERS)
    if _often(rng, 0.5) and any(name in zoo.ALL[family].settings for name in _WINDOWS):
        window = WIDE
    parts = bool(zoo.ALL[family].attention) and _often(rng, 0.25)
    if parts:
        tokeniser = "plain"
    settings = (_parts if parts else _prompt)(rng, family)
    per_call = _one(rng, PER_CALL)
    return Draw(seed, number, family, tokeniser, window, parts, per_call, settings)


def _prompt(rng: np.random.Generator, family: str) -> dict[str, Any]:
    """The fields of a PromptGame but for its model."""
    kind = kind_of(family)
    prompt = _text(rng)
    settings = {
        "prompt": prompt,
        "template": _template(rng, family),
        "masking": _masking(rng, kind),
        "replacement": _one(rng, _REPLACEMENTS),
        "space": _one(rng, ("typed", "one")),
        "beginning": _one(rng, ("tokeniser", "tokeniser", "none")),
        "answer_tokens": int(rng.integers(1, 7)),
        **_answers(rng, family),
        **_split(rng, prompt),
    }
    if settings["masking"] == "attention" and kind == "hf":
        settings["template"] = _one(rng, _TEMPLATES["hf"][1:4])  # the answer is read behind the prompt
    return settings


def _parts(rng: np.random.Generator, family: str) -> dict[str, Any]:
    """The fields of a HeadsGame but for its model."""
    answers = _answers(rng, family)
    while answers["value"] == "greedy":
        answers = _answers(rng, family)
    questions = [
        (_in_template(rng, family), answers["target"], answers["contrast"]) for _ in range(rng.integers(1, 4))
    ]
    if answers["value"] == "log-probability":  # of one token here
        single = _own(family, _one(rng, _ANSWERS[kind_of(family)]))
        questions = [(prompt, single, "") for prompt, _, _ in questions]
    return {
        "questions": tuple(questions),
        "layers": "all",
        "part": _one(rng, ("head", "head", "mlp", "layer")),
        "ablation": _one(rng, ("zero", "mean")),
        "reference_prompts": tuple(_in_template(rng, family) for _ in range(rng.integers(1, 4))),
        "value": answers["value"],
    }


def _in_template(rng: np.random.Generator, family: str) -> str:
    return _template(rng, family).replace("{}", _text(rng, longest=3))


def _template(rng: np.random.Generator, family: str) -> str:
    """A template; of a masked language model with its mask token."""
    kind = kind_of(family)
    template = _one(rng, _TEMPLATES[kind])
    return template.replace("%s", "<mask>" if zoo.ALL[family].tokenizer == "bytes" else "[MASK]")


def _masking(rng: np.random.Generator, kind: str) -> str:
    """What removing means; the mask token only where a tokeniser has one."""
    known = ["delete", "delete", "delete", "replace", "attention"]
    if kind != "hf":
        known += ["mask-token", "mask-token"]
    return _one(rng, known)


def _answers(rng: np.random.Generator, family: str) -> dict[str, str]:
    """The value, and the answers that it is of."""
    kind = kind_of(family)
    value = _one(rng, ("log-odds", "log-odds", "log-probability", "greedy"))
    first, second = rng.permutation(len(_ANSWERS[kind]))[:2]
    target, contrast = _ANSWERS[kind][first], _ANSWERS[kind][second]
    if value == "log-probability" and kind == "hf":
        target = _one(rng, _LONG_ANSWERS)
    return {"value": value, "target": _own(family, target), "contrast": _own(family, contrast)}


def _own(family: str, answer: str) -> str:
    """An answer as its family has it: a tokeniser of bytes keeps the space before a word in its token."""
    if kind_of(family) == "masked-lm" and zoo.ALL[family].tokenizer == "bytes":
        return f" {answer}"
    return answer


def _split(rng: np.random.Generator, prompt: str) -> dict[str, Any]:
    """How the prompt is cut into players, and what of it is none."""
    split = _one(rng, _SPLITS)
    found: dict[str, Any] = {"split": split}
    if split == "regex":
        found["pattern"] = _one(rng, _PATTERNS)
    if split == "spans":
        found["spans"] = _ranges(rng, prompt)
    if split != "spans" and len(prompt) > 20 and _often(rng, 0.15):
        start = int(rng.integers(len(prompt) - 8))
        found["protected"] = ((start, start + 8),)
    return found


def _ranges(rng: np.random.Generator, text: str) -> tuple[tuple[int, int], ...]:
    """Disjoint ranges of characters, which may cut words and characters of several code points."""
    count = min(len(text), 16) // 2
    edges = sorted(int(edge) for edge in rng.choice(len(text) + 1, size=2 * max(1, count), replace=False))
    return tuple(zip(edges[::2], edges[1::2], strict=True))


def _text(rng: np.random.Generator, longest: int = len(_LENGTHS)) -> str:
    """A prompt: words, marks, digits and other scripts, with white space of all kinds between them.

    `longest`: how many of the lengths it may have.
    """
    low, high = _LENGTHS[rng.integers(longest)]
    strange = _one(rng, (0.0, 0.1, 0.4))
    spaced = _one(rng, (0.0, 0.1, 0.3))
    words: list[str] = []
    for _ in range(rng.integers(low, high + 1)):
        word = _one(rng, _STRANGE if _often(rng, strange) else _PLAIN)
        if words and _often(rng, 0.1):
            word = words[-1]
        if _often(rng, 0.2):
            word += _one(rng, _ENDS)
        words.append(word)
    gaps = [_one(rng, _GAPS) if _often(rng, spaced) else " " for _ in words]
    text = "".join(word + gap for word, gap in zip(words, gaps, strict=True))
    if _often(rng, 0.85):
        return text.strip()
    return _one(rng, _GAPS) + text


def _one(rng: np.random.Generator, given: Sequence[Any]) -> Any:
    return given[rng.integers(len(given))]


def _often(rng: np.random.Generator, share: float) -> bool:
    return bool(rng.random() < share)
