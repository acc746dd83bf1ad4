"""Prompts in a conversation: rendered exactly as transformers renders the whole list of messages."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spexviz.errors import GameError, SpecError
from spexviz.games.prompt.game import PromptGame
from spexviz.games.prompt.turns import MOST_TURNS, told
from spexviz.masks import uniform_masks
from spexviz.models.hf import TransformersModel
from spexviz.models.toy import ToyModel
from spexviz.run.plan import Request
from spexviz.spec import RunSpec, describe
from tests.models import tiny

TURNS = (("system", "Be\n\nbrief."), ("user", "Hi {}"), ("assistant", " Yes "))
TEXT = "not bad at all"
# as their makers published them, without what tools need
# fmt: off
TEMPLATES = {
    "ChatML": "{% for m in messages %}{{'<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>' + "
    "'\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}",
    "Llama 3": "{% for message in messages %}{% set content = '<|start_header_id|>' + message['role'] + "
    "'<|end_header_id|>\n\n'+ message['content'] | trim + '<|eot_id|>' %}{% if loop.index0 == 0 %}"
    "{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}",
    "Zephyr": "{% for message in messages %}{{ '<|' + message['role'] + '|>\n' + message['content'] + "
    "eos_token }}\n{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}",
    "Gemma 2": "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not "
    "supported') }}{% endif %}{% for message in messages %}{% if (message['role'] == 'user') != "
    "(loop.index0 % 2 == 0) %}{{ raise_exception('Conversation roles must alternate "
    "user/assistant/user/assistant/...') }}{% endif %}"
    "{% if (message['role'] == 'assistant') %}{% set role = 'model' %}{% else %}{% set role = "
    "message['role'] %}{% endif %}{{ '<start_of_turn>' + role + '\n' + message['content'] | trim + "
    "'<end_of_turn>\n' }}{% endfor %}{% if add_generation_prompt %}{{'<start_of_turn>model\n'}}{% endif %}",
    "Mistral": "{{ bos_token }}{% for message in messages %}{% if (message['role'] == 'user') != "
    "(loop.index0 % 2 == 0) %}{{ raise_exception('Conversation roles must alternate "
    "user/assistant/user/assistant/...') }}{% endif %}"
    "{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'] + ' [/INST]' }}"
    "{% elif message['role'] == 'assistant' %}{{ message['content'] + eos_token}}{% else %}"
    "{{ raise_exception('Only user and assistant roles are supported!') }}{% endif %}{% endfor %}",
    "Phi 3": "{{ bos_token }}{% for message in messages %}{% if (message['role'] == 'user') %}{{'<|user|>' + "
    "'\n' + message['content'] + '<|end|>' + '\n' + '<|assistant|>' + '\n'}}"
    "{% elif (message['role'] == 'assistant') %}{{message['content'] + '<|end|>' + '\n'}}{% endif %}"
    "{% endfor %}",
}
# fmt: on
REFUSES = {
    "Gemma 2": "refuses these messages .System role not supported.*first message of the user",
    "Mistral": "refuses these messages .*alternate.*first message of the user",
    "Phi 3": "leaves out a message of the system.*message of the user",
}


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> TransformersModel:
    folder: Path = tiny.save(tmp_path_factory.mktemp("llama"))
    return TransformersModel(str(folder), precision="fp32")


def rendered(model: TransformersModel, turns: tuple, text: str) -> str:
    whole = [{"role": role, "content": text if said is None else said} for role, said in turns]
    return model.tokenizer.apply_chat_template(whole, tokenize=False, add_generation_prompt=True)


@pytest.mark.parametrize("name", TEMPLATES)
@pytest.mark.parametrize(
    "turns",
    [
        (("user", None),),
        (*TURNS[1:], ("user", None)),
        (("user", None), ("assistant", TEXT), ("user", TEXT)),  # the same words in other messages
        (("user", "Well?"), ("assistant", None), ("user", "Sure?")),
    ],
)
def test_what_is_asked_is_what_transformers_makes_of_the_whole_list(
    llama: TransformersModel, name: str, turns: tuple
) -> None:
    llama.tokenizer.chat_template = TEMPLATES[name]
    game = PromptGame(llama, TEXT, "Review: {}\nWell?", " good", " bad", chat=True, turns=turns)
    masks = uniform_masks(4, 6, 0)
    for masking in ("delete", "attention"):
        one = replace(game, masking=masking)
        inner = [
            text if masking == "delete" else TEXT for text in replace(game, chat=False, turns=()).texts(masks)
        ]
        bare = [text.removeprefix("Review: ").removesuffix("\nWell?") for text in inner]
        wanted = [rendered(llama, turns, f"Review: {text}\nWell?") for text in bare]
        assert one.texts(masks) == wanted
    asked = one.texts(masks)[0]
    for (start, stop), label in zip(one._hidden(~np.ones((1, 4), bool))[0], one.players, strict=True):
        assert asked[start:stop] == label
    place = asked.index("Review: ") + len("Review: ")
    assert one._hidden(~np.ones((1, 4), bool))[0][0] == (place, place + 3)
    game.check()


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_that_does_not_take_a_system_message_says_what_to_do(
    llama: TransformersModel, name: str
) -> None:
    llama.tokenizer.chat_template = TEMPLATES[name]
    game = PromptGame(llama, TEXT, target=" good", contrast=" bad", chat=True, turns=TURNS)
    if name in REFUSES:
        with pytest.raises(GameError, match=REFUSES[name]):
            game.check()
        return
    game.check()
    assert game.wrap(TEXT) == rendered(llama, (*TURNS, ("user", None)), TEXT)
    assert llama.chat("x") == rendered(llama, (("user", "x"),), "")


@pytest.mark.model
def test_the_bundled_model_is_asked_in_a_conversation(bundled: TransformersModel) -> None:
    turns = (*TURNS, ("user", None))
    game = PromptGame(bundled, TEXT, "Review: {}\nSentiment (positive or negative):", chat=True, turns=TURNS)
    inner = "Review: not at\nSentiment (positive or negative):"
    (asked,) = game.texts(np.array([[True, False, True, False]]))
    assert asked == rendered(bundled, turns, inner)
    ids = bundled.tokenizer.apply_chat_template(
        [{"role": role, "content": inner if text is None else text} for role, text in turns],
        add_generation_prompt=True,
        return_dict=True,
    )["input_ids"]
    assert bundled.encode(asked) == list(ids)
    alone = replace(game, turns=())
    masks = uniform_masks(4, 4, 0)
    assert not np.allclose(game(masks), alone(masks), atol=1e-3)
    assert game.fingerprint != alone.fingerprint


def test_turns_have_one_form_and_old_specs_keep_theirs() -> None:
    plain = PromptGame("toy", TEXT, chat=True)
    for same in ((), [], [["user", None]]):
        one = replace(plain, turns=same)
        assert one == plain and "turns" not in describe(one) and one.fingerprint == plain.fingerprint
    last = replace(plain, turns=[["system", "Brief."]])
    assert last.turns == (("system", "Brief."), ("user", None))
    assert last == replace(plain, turns=(("system", "Brief."), ("user", None)))
    spec = RunSpec.from_json(Request(last, _solver(), 64).spec.to_json())
    assert Request.of(spec).game == last and Request.of(spec).spec.id == Request(last, _solver(), 64).spec.id


def test_they_stand_around_the_text_in_words() -> None:
    game = PromptGame(
        "toy", TEXT, "Review: {}.", chat=True, turns=[("user", None), ("assistant", "So?"), ("user", "Go")]
    )
    subject = game.subject
    assert (subject.before, subject.after) == ("User: Review: ", ".\n\nAssistant: So?\n\nUser: Go")
    assert "asked in a conversation of 3 messages in the model's chat format" in subject.question
    assert game.texts(np.ones((1, 4), bool)) == [
        "User: Review: not bad at all.\nAssistant: So?\nUser: Go\nAnswer:"
    ]
    assert told(()) == ("", "")


class Merging(ToyModel):
    """Its template says nothing of where a message ends."""

    def chat(self, text, turns=()):
        return super().chat(text, turns).replace("User: ", "").replace("\n", "")


def test_where_the_prompt_stands_is_in_the_fingerprint() -> None:
    first = PromptGame(Merging(), "a", chat=True, turns=[("user", None), ("user", "b")])
    then = PromptGame(Merging(), "a", chat=True, turns=[("user", "b"), ("user", None)])
    assert first.wrap("") == then.wrap("") and first.fingerprint != then.fingerprint


@pytest.mark.parametrize(
    ("turns", "says"),
    [
        ([("system", "a"), ("robot", "b")], "no role 'robot'. Choose one of: system, user, assistant"),
        ([("system", " \n")], "message of the system is empty"),
        ([("user", None), ("user", None)], "stands in the conversation once"),
        ([("user", None), ("assistant", "yes")], "cannot be the assistant's"),
        ([("assistant", None)], "cannot be the assistant's"),
        ([("user", 3)], "message of the user is empty"),
        ([("user",)], "must hold pairs"),
        (["us"], "must hold pairs"),
        ("user", "must hold pairs"),
        ({"user": None}, "must hold pairs"),
        ([("user", "half \ud83d")], "half a character"),
        ([("user", "a")] * MOST_TURNS, "at most 50 messages"),
        ([("user", "a" * 4_000_001)], "characters long"),
        ([([], "a")], "no role"),
    ],
)
def test_messages_that_are_none_are_refused_with_what_to_do(turns: object, says: str) -> None:
    with pytest.raises((GameError, SpecError), match=says):
        PromptGame("toy", TEXT, chat=True, turns=turns)


def test_without_the_chat_template_there_is_no_conversation() -> None:
    with pytest.raises(GameError, match=r"use it .chat=True., or remove the messages"):
        PromptGame("toy", TEXT, turns=[("system", "Be brief.")])
    data = json.loads('{"name": "prompt", "prompt": "a", "chat": true, "turns": [["system", {"a": 1}]]}')
    with pytest.raises(GameError, match="message of the system is empty"):
        Request.of(RunSpec(data, {"name": "linear"}, 64))


def _solver() -> object:
    from spexviz.solvers.linear import Linear

    return Linear()
