"""What a server can do, found out once by asking it: its tokeniser, its template, and how exactly a log-probability can be read.

Nothing is believed from a name or a version: forcing a token by a bias, and the echo of a prompt, each count
only after they have given the log-probability that the list of the most likely tokens gives for the same
token.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from spexviz.errors import ModelError
from spexviz.models.completions import Door, Next, read_echo, read_next, read_next_or_held
from spexviz.models.wire import Refused

TEXT = "The most important thing about the old house was"  # many words may come next
BIAS = 100  # the most that servers take
# nats: two ways to the same log-probability agree so far (batches of another size round otherwise)
_NEAR = 0.05
UNKNOWN_CONTEXT = 2**31
T = TypeVar("T")


@dataclass(frozen=True)
class Ability:
    """What a server can do.

    `ids`: its tokeniser can be asked and its answers name ids, so texts are sent as ids and nothing is added
    to them. `counts`: its tokeniser can be asked. `whole`: a token that a bias was seen to force; `echo`: the
    echo of a prompt can be read (`echo_tokens` are then generated, since some servers refuse 0).
    `vocabulary`: tokens in all, 0 where unknown. `about`: what it says of itself.
    """

    model: str
    answers_as: str
    top: int
    options: Mapping[str, Any]
    ids: bool
    counts: bool
    pieces: bool
    whole: int | None
    echo: bool
    echo_tokens: int
    context: int
    vocabulary: int
    bos: str
    about: Mapping[str, Any] = field(default_factory=dict)

    @property
    def forced(self) -> bool:
        """Whether a token that is not listed can be read by a bias."""
        return self.whole is not None

    @property
    def exact(self) -> bool:
        """Whether every log-probability can be read, not only those of the most likely tokens."""
        return self.forced or self.echo


def probe(door: Door, model: str = "", top: int = 100) -> Ability:
    """Ask the server what it can do: some ten requests.

    Raises ModelError where it is no completions server with log-probabilities.
    """
    entry = _entry(door, model)
    props = _maybe(lambda: door.ask("/props", None, dict, tries=2)) or {}
    about = {
        "model": {
            key: entry.get(key) for key in ("id", "root", "parent", "owned_by", "max_model_len", "meta")
        }
    }
    about["server"] = {
        key: props.get(key)
        for key in ("model_path", "model_ftype", "build_info", "chat_template", "bos_token")
    }
    about["version"] = (_maybe(lambda: door.ask("/version", None, dict, tries=2)) or {}).get("version")
    name = model or str(entry.get("id", ""))
    tokens = _maybe(lambda: tokenize(door, name, TEXT, pieces=True, tries=2))
    options, top, answer = _listing(door, name, [token for token, _ in tokens] if tokens else TEXT, top)
    ids = bool(tokens) and isinstance(read_next(answer).chosen, int)
    asked: Any = [token for token, _ in tokens] if ids else TEXT
    if not ids:
        options, top, answer = _listing(door, name, TEXT, top)
    first = read_next(answer)
    token, log = min(first.top.items(), key=lambda item: item[1])
    body = {"model": name, "prompt": asked, "max_tokens": 1, "temperature": 0, "logprobs": top, **options}
    echo_tokens = next((count for count in (0, 1) if _echoes(door, body, token, log, count)), None)
    return Ability(
        model=name,
        answers_as=str(answer.get("model", "")),
        top=top,
        options=options,
        ids=ids,
        counts=tokens is not None,
        pieces=bool(tokens) and all(piece is not None for _, piece in tokens),
        whole=_forced(door, body, first) if ids else None,
        echo=echo_tokens is not None,
        echo_tokens=echo_tokens or 0,
        context=_context(entry, props),
        vocabulary=next(iter(_sizes(_dict(entry, "meta").get("n_vocab"))), 0),
        bos=str(props.get("bos_token") or ""),
        about=json.loads(json.dumps(about)),
    )


def tokenize(
    door: Door, model: str, text: str, pieces: bool = False, tries: int | None = None
) -> list[tuple[int, str | list[int] | None]] | None:
    """(id, piece) of each token, or None where the server has no such route. llama.cpp's and vLLM's questions go out as one."""
    body = {
        "model": model,
        "content": text,
        "prompt": text,
        "add_special": False,
        "add_special_tokens": False,
    }

    def read(answer: Any) -> list[tuple[int, str | list[int] | None]]:
        tokens = [(t["id"], t["piece"]) if isinstance(t, dict) else (t, None) for t in answer["tokens"]]
        if not all(isinstance(token, int) for token, _ in tokens):
            raise TypeError("no token ids")
        return tokens

    try:
        return door.ask("/tokenize", body | ({"with_pieces": True} if pieces else {}), read, tries)
    except Refused as error:
        if error.status in (401, 403):
            raise
        return None


def _entry(door: Door, model: str) -> Mapping[str, Any]:
    """What /models says of the model. Raises ModelError where there are several and none was chosen."""
    try:
        entries = door.ask("models", None, lambda answer: [dict(entry) for entry in answer["data"]], tries=2)
    except Refused as error:
        if error.status in (401, 403) or 300 <= error.status < 400 or not model:
            raise
        return {}
    if not model and len(entries) != 1:
        names = ", ".join(str(entry.get("id"))[:60] for entry in entries[:20])
        raise ModelError(
            f"The endpoint offers {len(entries)} models: set model to one of them in the file of endpoints: {names}."
        )
    return next((entry for entry in entries if not model or entry.get("id") == model), {})


def _maybe(ask: Callable[[], T]) -> T | None:
    """The answer of a route that a server need not have:

    None where it says no, breaks, or answers with something else (a page).
    """
    try:
        return ask()
    except ModelError as error:
        if isinstance(error, Refused) and error.status in (401, 403):
            raise
        return None


def _listing(
    door: Door, model: str, prompt: Any, top: int
) -> tuple[Mapping[str, Any], int, Mapping[str, Any]]:
    """(options, how many likely tokens, the answer): as many as the server lists, and named by id where it knows the option."""
    said: Refused | None = None
    while top >= 1:
        for options in ({"return_tokens_as_token_ids": True}, {}):
            body = {
                "model": model,
                "prompt": prompt,
                "max_tokens": 1,
                "temperature": 0,
                "logprobs": top,
                **options,
            }
            try:
                answer = door.ask("completions", body, dict)
            except Refused as error:
                if error.status not in (400, 422):
                    raise
                said = error
                continue
            try:
                read_next(answer)
            except (KeyError, TypeError, IndexError, ValueError, OverflowError, AttributeError):
                raise ModelError(
                    "The endpoint answers without log-probabilities: spexviz needs a completions server that gives them."
                ) from None
            return options, top, answer
        top = 20 if 20 < top < 40 else 5 if 5 < top < 10 else top // 2  # 20 is vLLM's limit, 5 that of OpenAI
    raise said or ModelError("The endpoint lists no likely tokens.")


def _forced(door: Door, body: Mapping[str, Any], first: Next) -> int | None:
    """A token that a bias makes the server choose while it reports the log-probability from before the bias;

    None if it cannot be done.
    """
    listed = sorted((token for token in first.top if token != first.chosen), key=first.top.__getitem__)
    for token in listed[:4]:  # the first may be a piece of a character, which llama.cpp holds back
        try:
            found = door.ask("completions", {**body, "logit_bias": {str(token): BIAS}}, read_next_or_held)
        except Refused:
            return None
        if found is not None:
            return token if found.chosen == token and abs(found.log - first.top[token]) < _NEAR else None
    return None


def _echoes(door: Door, body: Mapping[str, Any], token: Any, log: float, count: int) -> bool:
    """Whether the echo of a prompt carries log-probabilities, here of the token put behind the text."""
    prompt = [*body["prompt"], token] if isinstance(body["prompt"], list) else body["prompt"] + token
    start, by_offset = len(body["prompt"]), isinstance(prompt, str)
    try:
        answer = door.ask("completions", {**body, "prompt": prompt, "echo": True, "max_tokens": count}, dict)
        return abs(read_echo(answer, start, 1, by_offset) - log) < _NEAR
    except (Refused, KeyError, TypeError, IndexError, ValueError, OverflowError, AttributeError):
        return False


def _context(entry: Mapping[str, Any], props: Mapping[str, Any]) -> int:
    """Tokens of the longest text; where the server does not say it, the server itself refuses what is too long."""
    meta = _dict(entry, "meta")
    found = (
        entry.get("max_model_len"),
        meta.get("n_ctx"),
        meta.get("n_ctx_train"),
        _dict(props, "default_generation_settings").get("n_ctx"),
    )
    return min(_sizes(*found), default=UNKNOWN_CONTEXT)


def _dict(given: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = given.get(key)
    return found if isinstance(found, dict) else {}


def _sizes(*given: Any) -> list[int]:
    """Those that are sizes: a server may say anything."""
    return [value for value in given if isinstance(value, int) and value > 0]
