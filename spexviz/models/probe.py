"""What a server can do, found out once by asking it: its tokeniser, its template, how exactly it can be read.

Nothing is believed from a name or a version: forcing a token by a bias, and the echo of a prompt, each count
only after they have given the log-probability that the list of the most likely tokens gives for the same
token.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from spexviz.errors import ModelError
from spexviz.models.completions import (
    Door,
    Next,
    read_echo,
    read_echo_of_text,
    read_next,
    read_next_or_held,
    read_next_text,
)
from spexviz.models.wire import Refused

TEXT = "The most important thing about the old house was"  # many words may come next
BIAS = 100  # the most that servers take
# nats: two ways to the same log-probability agree so far (batches of another size round otherwise)
_NEAR = 0.05
UNKNOWN_CONTEXT = 2**31
_NAMED_BY_IDS = {"return_tokens_as_token_ids": True}  # an option of vLLM
_DENIED = (401, 403)  # HTTP: the key is wrong or missing
_UNREADABLE = (KeyError, TypeError, IndexError, ValueError, OverflowError, AttributeError)  # no such answer
_OF_MODEL = ("id", "root", "parent", "owned_by", "max_model_len", "meta")
_OF_SERVER = ("model_path", "model_ftype", "build_info", "chat_template", "bos_token")
T = TypeVar("T")
Piece = str | list[int] | None
"""What a token stands for: text, bytes where it is no whole text, or None where the server does not say."""


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
    version = _maybe(lambda: door.ask("/version", None, dict, tries=2)) or {}
    about = {
        "model": {key: entry.get(key) for key in _OF_MODEL},
        "server": {key: props.get(key) for key in _OF_SERVER},
        "version": version.get("version"),
    }
    name = model or str(entry.get("id", ""))
    tokens = _maybe(lambda: tokenize(door, name, TEXT, pieces=True, tries=2))
    listing, ids = _listing_of(door, name, tokens or [], top)
    first = listing.first(ids)
    echo_tokens = _echo_tokens(door, listing, first)
    return Ability(
        model=name,
        answers_as=str(listing.answer.get("model", "")),
        top=listing.top,
        options=listing.options,
        ids=ids,
        counts=tokens is not None,
        pieces=bool(tokens) and all(piece is not None for _, piece in tokens),
        whole=_forced(door, listing.body, first) if ids else None,
        echo=echo_tokens is not None,
        echo_tokens=echo_tokens or 0,
        context=_context(entry, props),
        vocabulary=next(iter(_sizes(_dict(entry, "meta").get("n_vocab"))), 0),
        bos=str(props.get("bos_token") or ""),
        about=json.loads(json.dumps(about)),
    )


def tokenize(
    door: Door,
    model: str,
    text: str,
    pieces: bool = False,
    tries: int | None = None,
    special: bool = False,
) -> list[tuple[int, Piece]] | None:
    """(id, piece) of each token, or None where the server has no such route.

    `special`: with the special tokens that the server's tokeniser sets around a text.
    llama.cpp's and vLLM's questions go out as one.
    """
    body = {
        "model": model,
        "content": text,
        "prompt": text,
        "add_special": special,
        "add_special_tokens": special,
    }
    if pieces:
        body["with_pieces"] = True
    try:
        return door.ask("/tokenize", body, _read_tokens, tries)
    except Refused as error:
        if error.status in _DENIED:
            raise
        return None


def _read_tokens(answer: Any) -> list[tuple[int, Piece]]:
    found: list[tuple[int, Piece]] = []
    for token in answer["tokens"]:
        piece = None
        if isinstance(token, dict):
            piece = token["piece"]
            token = token["id"]
        if not isinstance(token, int):
            raise TypeError("no token ids")
        found.append((token, piece))
    return found


def _entry(door: Door, model: str) -> Mapping[str, Any]:
    """What /models says of the model. Raises ModelError where there are several and none was chosen."""
    try:
        entries = door.ask("models", None, lambda answer: [dict(entry) for entry in answer["data"]], tries=2)
    except Refused as error:
        is_redirect = 300 <= error.status < 400
        if error.status in _DENIED or is_redirect or not model:
            raise
        return {}
    if model:
        return next((entry for entry in entries if entry.get("id") == model), {})
    if len(entries) != 1:
        names = ", ".join(str(entry.get("id"))[:60] for entry in entries[:20])
        raise ModelError(
            f"The endpoint offers {len(entries)} models: "
            f"set model to one of them in the file of endpoints: {names}."
        )
    return entries[0]


def _maybe(ask: Callable[[], T]) -> T | None:
    """The answer of a route that a server need not have:

    None where it says no, breaks, or answers with something else (a page).
    """
    try:
        return ask()
    except ModelError as error:
        if isinstance(error, Refused) and error.status in _DENIED:
            raise
        return None


@dataclass(frozen=True)
class _Listing:
    """A question that a server answered with its most likely tokens: as many as it lists (`top`).

    `options` go with every question: tokens are named by id where the server knows that option.
    """

    body: Mapping[str, Any]
    options: Mapping[str, Any]
    top: int
    answer: Mapping[str, Any]

    def first(self, ids: bool) -> Next:
        """The next token, by `ids` or by text."""
        return read_next(self.answer) if ids else read_next_text(self.answer)


def _listing_of(door: Door, model: str, tokens: list[tuple[int, Piece]], top: int) -> tuple[_Listing, bool]:
    """The list of likely tokens, and whether texts may be sent as ids: it then names tokens by theirs."""
    if tokens:
        asked = [token for token, _ in tokens]
        listing = _listing(door, model, asked, top, (_NAMED_BY_IDS, {}))
        if isinstance(listing.first(ids=True).chosen, int):
            return listing, True
        top = listing.top
    return _listing(door, model, TEXT, top, ({},)), False


def _listing(
    door: Door, model: str, prompt: Any, top: int, choices: Sequence[Mapping[str, bool]]
) -> _Listing:
    """The list of likely tokens, with the first of the `choices` of options that the server takes."""
    said: Refused | None = None
    while top >= 1:
        for options in choices:
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
            _check_listing(answer)
            return _Listing(body, options, top, answer)
        top = _fewer(top)
    raise said or ModelError("The endpoint lists no likely tokens.")


def _check_listing(answer: Mapping[str, Any]) -> None:
    try:
        read_next(answer)
    except _UNREADABLE:
        raise ModelError(
            "The endpoint answers without log-probabilities: "
            "spexviz needs a completions server that gives them."
        ) from None


def _fewer(top: int) -> int:
    """Half as many, but stopping at two known limits: 20 is vLLM's, 5 that of OpenAI."""
    for limit in (20, 5):
        if limit < top < 2 * limit:
            return limit
    return top // 2


def _forced(door: Door, body: Mapping[str, Any], first: Next) -> int | None:
    """A token that a bias makes the server choose while it reports the log-probability from before the bias;

    None if it cannot be done.
    """
    others = (token for token in first.top if isinstance(token, int) and token != first.chosen)
    listed = sorted(others, key=first.top.__getitem__)
    for token in listed[:4]:  # the first may be a piece of a character, which llama.cpp holds back
        try:
            found = door.ask("completions", {**body, "logit_bias": {str(token): BIAS}}, read_next_or_held)
        except Refused:
            return None
        if found is not None:
            proved = found.chosen == token and abs(found.log - first.top[token]) < _NEAR
            return token if proved else None
    return None


def _echo_tokens(door: Door, listing: _Listing, first: Next) -> int | None:
    """How many tokens to generate so that the echo of a prompt can be read; None where it cannot."""
    token, log = min(first.top.items(), key=lambda item: item[1])
    for count in (0, 1):
        if _echoes(door, listing.body, token, log, count):
            return count
    return None


def _echoes(door: Door, body: Mapping[str, Any], token: Any, log: float, count: int) -> bool:
    """Whether the echo of a prompt carries log-probabilities, here of the token put behind the text."""
    before = body["prompt"]
    by_text = isinstance(before, str)
    prompt = before + token if by_text else [*before, token]
    try:
        answer = door.ask("completions", {**body, "prompt": prompt, "echo": True, "max_tokens": count}, dict)
        if by_text:
            echoed = read_echo_of_text(answer, len(before), len(prompt))
        else:
            echoed = read_echo(answer, len(before), 1)
    except (Refused, *_UNREADABLE):
        return False
    return abs(echoed - log) < _NEAR


def _context(entry: Mapping[str, Any], props: Mapping[str, Any]) -> int:
    """Tokens of the longest text; where the server does not say it, it refuses by itself what is too long."""
    meta = _dict(entry, "meta")
    settings = _dict(props, "default_generation_settings")
    found = _sizes(
        entry.get("max_model_len"), meta.get("n_ctx"), meta.get("n_ctx_train"), settings.get("n_ctx")
    )
    return min(found, default=UNKNOWN_CONTEXT)


def _dict(given: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = given.get(key)
    return found if isinstance(found, dict) else {}


def _sizes(*given: Any) -> list[int]:
    """Those that are sizes: a server may say anything."""
    return [value for value in given if isinstance(value, int) and value > 0]
