"""Who may come in, as this server was started: by which names, with which token.

All of it is in the environment, so that `spexviz serve` and `streamlit run app.py` mean the same:
`SPEXVIZ_ALLOW_HOSTS`, `SPEXVIZ_TOKEN`, `SPEXVIZ_NO_TOKEN`, `SPEXVIZ_EMBED_ORIGINS`.
"""

from __future__ import annotations

import ipaddress
import os
import re
import secrets
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache

from streamlit import config

from spexviz.errors import ServeError

HOSTS, TOKEN, NO_TOKEN = "SPEXVIZ_ALLOW_HOSTS", "SPEXVIZ_TOKEN", "SPEXVIZ_NO_TOKEN"
EMBEDS = "SPEXVIZ_EMBED_ORIGINS"
EMBED = "/embed"  # the address of runs that are shown in pages of other sites
SHORTEST = 16  # letters of a token that is given
UNGUARDED = "Anybody who reaches this address can use this server: it was started without a token."
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_NAME = re.compile(r"[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9_])?\Z")
_ORIGIN = re.compile(r"https?://(?P<name>[a-z0-9.-]+|\[[0-9a-f:]+\])(:[0-9]{1,5})?\Z")
_GIVEN = re.compile(r"[A-Za-z0-9_.~-]+\Z")  # letters that an address and a cookie hold as they are


@dataclass(frozen=True)
class Access:
    """`address`: what the server is bound to; `names`: the others that it is reached by, lower case.

    `token`: what a visitor must bring, None for nothing; `given`: whether it is the operator's own. `embeds`:
    the sites that may show a run in a frame.
    """

    address: str
    names: frozenset[str] = frozenset()
    token: str | None = None
    given: bool = False
    embeds: tuple[str, ...] = ()

    @property
    def beyond(self) -> bool:
        """Whether other machines reach the server."""
        return not _is_loopback(self.address)

    @property
    def unguarded(self) -> bool:
        """Whether whoever reaches the address is in: said at the start and on every page."""
        return self.beyond and self.token is None

    @property
    def shared(self) -> bool:
        """Whether strangers may be among the visitors: each then has runs of their own.

        Who has the token is no stranger, and neither is who sits at the machine. A name for a server on
        loopback means that something passes others on to it.
        """
        return self.token is None and (self.beyond or bool(self.names))

    def is_embed(self, path: str) -> bool:
        """Whether a path is that of embedded runs, which ask for a key of their own (`ui/embedding.py`)."""
        return bool(self.embeds) and path == EMBED

    def knows(self, host: str) -> bool:
        """Whether a name, lower case and without port or brackets, is one of this server's.

        Beyond loopback every numeric address is: a foreign site can take over a name, never a number.
        """
        if host in LOOPBACK or host in self.names or host == self.address:
            return True
        return self.beyond and (_is_number(host) or host == socket.gethostname().lower())

    def addresses(self, port: int) -> list[str]:
        """The addresses to open; with the token where it was made here and is known to nobody yet."""
        hosts = [self.address]
        if self.address in ("", "0.0.0.0", "::"):
            hosts = [socket.gethostname().lower(), "127.0.0.1"]
        bracketed = [f"[{host}]" if ":" in host else host for host in (*hosts, *sorted(self.names))]
        query = f"/?token={self.token}" if self.token and not self.given else ""
        return [f"http://{host}:{port}{query}" for host in bracketed]


@cache
def access() -> Access:
    """What this process was started with. Raises ServeError as `read` does."""
    return read(config.get_option("server.address") or "", os.environ)


def announce() -> None:
    """Print where the server is, and what everybody should know of it, as it starts."""
    rules = access()
    port = config.get_option("server.port")
    print(f"spexviz serves on {' and '.join(rules.addresses(port))} (Ctrl+C ends it)", flush=True)
    if rules.given:
        print(f"It asks for the token in {TOKEN}: add /?token=… to the address once.", flush=True)
    if rules.unguarded:
        print(f"WARNING: {UNGUARDED} Leave --no-token away to have it ask for a token.", flush=True)


def read(address: str, environment: Mapping[str, str]) -> Access:
    """The rules for a server on `address`; a token is made where one is needed and none is given.

    Raises ServeError for a name, a token or a site that cannot be one.
    """
    embeds = tuple(dict.fromkeys(map(origin, filter(str.strip, environment.get(EMBEDS, "").split(",")))))
    return replace(_guarded(address, environment), embeds=embeds)


def _guarded(address: str, environment: Mapping[str, str]) -> Access:
    """By which names and with which token."""
    names = frozenset(map(host_name, filter(str.strip, environment.get(HOSTS, "").split(","))))
    token = environment.get(TOKEN) or None
    open_ = environment.get(NO_TOKEN, "") not in ("", "0")
    if open_:
        return Access(address, names)
    if token:
        return Access(address, names, _checked(token), given=True)
    if _is_loopback(address):
        return Access(address, names)
    return Access(address, names, secrets.token_urlsafe(24))


def host_name(text: str) -> str:
    """A name that the server is reached by, as it is compared. Raises ServeError for what is none."""
    name = text.strip().lower().removesuffix(".")
    if _NAME.match(name) or _is_number(name):
        return name
    raise ServeError(
        f"{text!r:.60} is no name of a machine: give it without http:// and without a port, "
        "as in --allow-host dashboard.example.org."
    )


def origin(text: str) -> str:
    """A site as a browser names it. Raises ServeError for what is none."""
    found = text.strip().lower()
    parts = _ORIGIN.match(found)
    if parts and (_NAME.match(parts["name"]) or _is_number(parts["name"].strip("[]"))):
        return found
    raise ServeError(
        f"{text.strip()!r:.80} in {EMBEDS} is no site: give each with its scheme, without a path and without "
        f"wildcards, as in {EMBEDS}=https://lab.example.org,https://wiki.example.org:8443."
    )


def joined(names: Iterable[str]) -> str:
    """Names for the environment. Raises ServeError for what is none."""
    return ",".join(map(host_name, names))


def _checked(token: str) -> str:
    if len(token) >= SHORTEST and _GIVEN.match(token):
        return token
    raise ServeError(
        f"The token in {TOKEN} must have at least {SHORTEST} letters, digits, or any of . _ ~ -: "
        "choose another, or leave it away to have one made."
    )


def is_elsewhere(address: str) -> bool:
    """Whether an address on which a request came in is one that other machines reach."""
    return _is_number(address) and not _is_loopback(address)


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_loopback(address: str) -> bool:
    if address == "localhost":
        return True
    return _is_number(address) and ipaddress.ip_address(address).is_loopback
