"""Endpoints by name: the file that says which servers there are.

A key is never in it, only the name of the environment variable that holds one.

`$SPEXVIZ_ENDPOINTS`, by default `$SPEXVIZ_HOME/endpoints.toml`; "endpoint:my-vllm" is then a model's name:

    [my-vllm]
    url = "http://gpu.example:8000/v1"
    model = "meta-llama/Llama-3.1-8B"    # may be left out where the server has one
    key_env = "MY_VLLM_KEY"              # the environment variable; left out where no key is needed
    concurrency = 16
"""

from __future__ import annotations

import dataclasses
import ipaddress
import os
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from spexviz.errors import ModelError
from spexviz.kit.paths import home

PREFIX = "endpoint:"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}\Z")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*\Z")
_FRACTIONS = ("requests_per_minute", "timeout")  # settings that need not be whole numbers
_LIMITS = {  # (least, most) of each setting that is a number
    "concurrency": (1, 256),
    "requests_per_minute": (0, 1_000_000),
    "timeout": (0.001, 3600),
    "tries": (1, 20),
    "top": (1, 1000),
}


@dataclass(frozen=True)
class Endpoint:
    """One server. Raises ModelError for a setting that cannot be.

    No message repeats a URL or a value that may be a key.

    `concurrency`: most requests under way at once; `requests_per_minute`: most in a minute, 0 for no limit;
    `timeout`: seconds for one answer, whole; `tries`: how often one request is sent before the run stops;
    `top`: the most likely tokens asked for (halved until the server agrees); `insecure`: a key may travel
    unencrypted to another machine.
    """

    name: str
    url: str
    model: str = ""
    key_env: str = ""
    concurrency: int = 8
    requests_per_minute: float = 0
    timeout: float = 60
    tries: int = 6
    top: int = 100
    insecure: bool = False

    def __post_init__(self) -> None:
        if not _NAME.match(self.name):
            raise self._error("has a name that is none: use letters, digits, dots and dashes")
        for field in dataclasses.fields(self):
            self._check_kind(field)
        for name, (least, most) in _LIMITS.items():
            if not least <= getattr(self, name) <= most:
                raise self._error(f"has a {name} outside {least} to {most}")
        self._check_url()
        if self.key_env:
            self._check_key_env()

    def _check_kind(self, field: dataclasses.Field[Any]) -> None:
        value = getattr(self, field.name)
        kind = str
        if field.default is not dataclasses.MISSING:
            kind = type(field.default)
        allowed = (int, float) if field.name in _FRACTIONS else (kind,)
        is_switch = isinstance(value, bool)  # which Python takes for a number
        if not isinstance(value, allowed) or (is_switch and kind is not bool):
            raise self._error(f"has a {field.name} of the wrong kind: it must be {kind.__name__}")

    def _check_url(self) -> None:
        if not self._has_usable_url():
            raise self._error('has no usable url: it must look like "https://host/v1"')
        parts = self.parts
        if parts.username or parts.password or parts.query or parts.fragment:
            raise self._error(
                "has a url with a user, password or question mark in it: "
                "a key goes into an environment variable that key_env names"
            )

    def _has_usable_url(self) -> bool:
        if not self.url.isprintable() or " " in self.url:
            return False
        try:
            parts = self.parts
            has_port = parts.port is None or parts.port > 0
            return parts.scheme in ("http", "https") and bool(parts.hostname) and has_port
        except ValueError:  # no host or port that could be one
            return False

    def _check_key_env(self) -> None:
        if not _VARIABLE.match(self.key_env):
            raise self._error(
                "has a key_env that is no name of an environment variable: "
                'write the key into one, and its name here, as in "MY_KEY"'
            )
        unencrypted = self.parts.scheme == "http" and not self.is_local
        if unencrypted and not self.insecure:
            raise self._error(
                "would send its key unencrypted to another machine: "
                "use https, or set insecure = true on a network of your own"
            )

    def _error(self, what: str) -> ModelError:
        return ModelError(f"The endpoint {self.name!r:.62} {what}. Change it in {path()}.")

    @property
    def parts(self) -> SplitResult:
        """The URL in its parts."""
        return urlsplit(self.url)

    @property
    def host(self) -> str:
        """Host and port, as error messages name the server."""
        return self.parts.netloc

    @property
    def is_local(self) -> bool:
        """Whether the server stands on this machine."""
        host = self.parts.hostname or ""
        try:
            return host == "localhost" or ipaddress.ip_address(host).is_loopback
        except ValueError:
            return False

    @property
    def key(self) -> str:
        """The key as the environment has it now, "" where none is needed.

        Raises ModelError where the variable is not set.
        """
        if not self.key_env:
            return ""
        key = os.environ.get(self.key_env, "").strip()
        if not key:
            raise ModelError(
                f"The endpoint {self.name} needs a key: "
                f"set the environment variable {self.key_env} where spexviz is started."
            )
        if not (key.isascii() and key.isprintable() and " " not in key):  # a header's error would repeat it
            raise ModelError(
                f"What the environment variable {self.key_env} holds is no key "
                "(it has spaces, or letters that no key has): set it anew."
            )
        return key


def path() -> Path:
    """The file of endpoints, whether it is there or not."""
    given = os.environ.get("SPEXVIZ_ENDPOINTS")
    if given:
        return Path(given).expanduser()
    return home() / "endpoints.toml"


def configured() -> dict[str, Endpoint]:
    """{name: endpoint} of the file; nothing where there is none.

    Raises ModelError where it cannot be read.
    """
    try:
        data = tomllib.loads(path().read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:  # a parser's message has the place, never the text
        raise ModelError(
            f"The file of endpoints {path()} cannot be read ({_place(error)}): "
            "see assets/docs/endpoints.md for its form."
        ) from None
    return {name: _endpoint(name, settings) for name, settings in data.items()}


def find(name: str) -> Endpoint:
    """The endpoint of that name, without the prefix. Raises ModelError naming those there are."""
    known = configured()
    if name in known:
        return known[name]
    there = f"There are: {', '.join(known)}." if known else "There are none yet."
    shown = f'"{name}"' if _NAME.match(name) else "of that name"  # not repeated: it may hold a key
    raise ModelError(
        f"There is no endpoint {shown} in {path()}. {there} "
        "Endpoints are chosen by name, and their URLs stand in that file only."
    )


def _endpoint(name: str, settings: object) -> Endpoint:
    """The endpoint of a table of the file. Raises ModelError, with the remedy, for what is none."""
    fields = {field.name for field in dataclasses.fields(Endpoint)} - {"name"}
    if not isinstance(settings, dict):
        raise ModelError(
            f"In {path()}, {name!r:.62} is no endpoint: begin each with a line such as [my-server]."
        )
    unknown = sorted(set(settings) - fields)
    if unknown:
        raise ModelError(
            f"The endpoint {name!r:.62} has no setting {', '.join(map(repr, unknown))}. "
            f"Its settings: {', '.join(sorted(fields))}."
        )
    if "url" not in settings:
        raise ModelError(
            f'The endpoint {name!r:.62} in {path()} has no url: give one such as "https://host/v1".'
        )
    return Endpoint(name, **settings)


def _place(error: Exception) -> str:
    """Where a file is wrong, as its parser says it, or why it cannot be opened."""
    kind = type(error).__name__
    if isinstance(error, OSError):
        return error.strerror or kind
    found = re.search(r"\(at ([^()]*)\)", str(error))
    if not found:
        return kind
    return f"at {found[1]}"
