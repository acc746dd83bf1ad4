"""Wire: requests to one server, and an answer or an error that says what to do.

It knows nothing of what is asked. Bounded: so many requests under way at once, so many a minute. Patient:
dropped connections, slow answers, HTTP 408, 425, 429 and 5xx, and answers that are no JSON are asked again,
after a wait that doubles and is drawn at random (so that many clients do not come back together), or as long
as the server says (Retry-After: then all of them wait). Discreet: the key goes to the host of its endpoint
and nowhere else: no redirect is followed, no proxy or netrc of the environment used; no message holds it.
"""

from __future__ import annotations

import json
import random
import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from spexviz.errors import ModelError
from spexviz.kit.cached import cached_property
from spexviz.kit.handover import Handover
from spexviz.models.endpoints import Endpoint

T = TypeVar("T")
LONGEST_WAIT = 120.0  # seconds: a server that asks for more has no room for this run
_FIRST_WAIT, _LAST_WAIT = 0.5, 30.0
_CONNECT = 10.0  # seconds
_LARGEST = 64 * 2**20  # bytes of one answer
_AGAIN = {408, 425, 429, 500, 502, 503, 504}
_UNREADABLE = (  # what reading a broken answer raises
    ValueError,
    KeyError,
    TypeError,
    IndexError,
    AttributeError,
    OverflowError,
    RecursionError,
)


class Refused(ModelError):
    """The server understood and said no (HTTP 4xx): asking again would not help."""

    def __init__(self, status: int, message: str):
        super().__init__(message)
        self.status = status


class _Again(Exception):
    """What may be different the next time; `after`: seconds that the server asks for."""

    def __init__(self, reason: str, after: float | None = None):
        super().__init__(reason)
        self.after = after


class Pace:
    """At most so many turns a minute, evenly spaced, and none while the server asks for quiet.

    Thread-safe.
    """

    def __init__(self, per_minute: float, sleep: Callable[[float], object], clock: Callable[[], float]):
        self._gap = 60.0 / per_minute if per_minute else 0.0  # seconds from turn to turn
        self._sleep = sleep
        self._clock = clock
        self._lock = threading.Lock()
        self._next = clock()

    def turn(self) -> None:
        """Wait for the next turn."""
        with self._lock:
            now = self._clock()
            start = max(now, self._next)
            if start > now or self._gap:
                self._next = start + self._gap
        if start > now:
            self._sleep(start - now)

    def hold(self, seconds: float) -> None:
        """No turn for so long."""
        with self._lock:
            self._next = max(self._next, self._clock() + seconds)


class Wire:
    """Requests to one endpoint, with its key or that of `key`; tests give `transport`, `sleep` and `clock`.

    Thread-safe.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        key: Callable[[], str] | None = None,
        transport: Any = None,
        sleep: Callable[[float], object] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ):
        self.endpoint = endpoint
        self._key = key or (lambda: endpoint.key)
        self.retries = 0  # requests sent again, for whoever wants to know
        self._base = endpoint.url.rstrip("/")
        self._root = self._base.removesuffix("/v1")
        self._transport = transport
        self._sleep = sleep
        self._clock = clock
        self._pace = Pace(endpoint.requests_per_minute, sleep, clock)
        self._slots = Handover(endpoint.concurrency)
        self._jitter = random.Random()  # of waits only: no value depends on it

    def ask(
        self,
        route: str,
        body: Any = None,
        read: Callable[[Any], T] = lambda answer: answer,
        tries: int | None = None,
    ) -> T:
        """`read` of the JSON answer: to a POST of `body`, or to a GET without one.

        A route that begins with "/" is the server's own, others lie below the endpoint's URL. What `read`
        cannot read (KeyError, TypeError, …) counts as a broken answer and is asked again.
        Raises Refused for HTTP 4xx, ModelError when all tries are spent.
        """
        url = f"{self._base}/{route}"
        if route.startswith("/"):
            url = self._root + route
        most = tries or self.endpoint.tries
        reason = ""
        for attempt in range(most):
            is_last = attempt + 1 == most
            try:
                with self._slots:
                    self._pace.turn()
                    answer = self._once(url, body)
                return self._read(answer, read)
            except _Again as again:
                reason = str(again)
                self._wait(again, attempt, is_last)
                if not is_last:
                    self.retries += 1
        times = "1 try" if most == 1 else f"{most} tries"
        raise self._error(
            f"gave no usable answer in {times} (the last: {reason}): "
            "see whether it runs; a lower concurrency or a "
            "longer timeout may help. What was measured is kept, so the same run goes on from there."
        )

    def _wait(self, again: _Again, attempt: int, is_last: bool) -> None:
        """As long as the server asks for, and all with it; else longer each time, and not after the last."""
        if again.after:
            if again.after > LONGEST_WAIT:
                raise self._error(
                    f"asks for a pause of {again.after:.0f} s ({again}): "
                    "run later, or lower requests_per_minute."
                ) from None
            self._pace.hold(again.after)
        elif not is_last:
            longest = min(_LAST_WAIT, _FIRST_WAIT * 2**attempt)
            self._sleep(self._jitter.uniform(0.5, 1.0) * longest)

    def _once(self, url: str, body: Any) -> bytes:
        """The answer to one request."""
        import httpx2

        deadline = self._clock() + self.endpoint.timeout
        method = "GET"
        given: dict[str, Any] = {}
        if body is not None:
            method = "POST"
            given["json"] = body
        try:
            with self._client.stream(method, url, **given) as response:
                raw = bytearray()
                for part in response.iter_bytes():
                    raw += part
                    if self._clock() > deadline:  # a timeout of the library begins anew with every byte
                        raise _Again(f"no whole answer in {self.endpoint.timeout:g} s")
                    if len(raw) > _LARGEST:
                        raise self._error("sent more than 64 MB at once: lower top.")
        except httpx2.TimeoutException:
            raise _Again(f"no answer in {self.endpoint.timeout:g} s") from None
        except httpx2.InvalidURL:
            raise self._error("has a url that cannot be used: change it in the file of endpoints.") from None
        except (httpx2.HTTPError, httpx2.StreamError) as error:
            raise _Again(f"{type(error).__name__}: {self._clean(str(error))}") from None
        if response.status_code != 200:
            self._raise(response.status_code, response.headers, bytes(raw))
        return bytes(raw)

    def _read(self, raw: bytes, read: Callable[[Any], T]) -> T:
        try:
            return read(json.loads(raw))
        except _UNREADABLE as error:
            raise _Again(f"an answer that cannot be read ({type(error).__name__})") from None

    def _raise(self, status: int, headers: Any, raw: bytes) -> None:
        if status in _AGAIN:
            raise _Again(f"HTTP {status}", _retry_after(headers.get("retry-after")))
        if 300 <= status < 400:
            raise self._error(
                "answers with a redirect, which is not followed, "
                "so that the key stays with its host: give its final URL.",
                Refused,
                status,
            )
        if status in (401, 403):  # its words may repeat the key
            remedy = "give it a key_env"
            if self.endpoint.key_env:
                remedy = f"see whether {self.endpoint.key_env} holds the right key"
            raise self._error(f"refuses the key (HTTP {status}): {remedy}.", Refused, status)
        said = self._clean(raw.decode("utf-8", "replace"))
        raise self._error(
            f"refuses the request (HTTP {status}: {said}): see the endpoint's url and model.", Refused, status
        )

    def _error(self, what: str, kind: type = ModelError, *arguments: int) -> ModelError:
        return kind(*arguments, f"The endpoint {self.endpoint.name} ({self.endpoint.host}) {what}")

    def _clean(self, text: str) -> str:
        """A server's words for an error message: short, one line, without the key."""
        key = self._key()
        if key:
            text = text.replace(key, "…")
        return " ".join(text.split())[:300]

    @cached_property
    def _client(self) -> Any:
        import httpx2

        seconds = self.endpoint.timeout
        most = self.endpoint.concurrency
        client = httpx2.Client(
            auth=Authorisation(self._base, self._key),
            transport=self._transport,
            follow_redirects=False,
            trust_env=False,
            timeout=httpx2.Timeout(seconds, connect=min(_CONNECT, seconds)),
            limits=httpx2.Limits(max_connections=most, max_keepalive_connections=most),
        )
        # its connections end with this object; nothing that the client holds may lead back here
        weakref.finalize(self, client.close)
        return client


@dataclass(frozen=True)
class Authorisation:
    """The key, read anew for each request and put on those to its own scheme, host and port only."""

    base: str
    key: Callable[[], str]

    def __call__(self, request: Any) -> Any:
        own = type(request.url)(self.base)
        key = self.key()
        if key and _origin(request.url) == _origin(own):
            request.headers["Authorization"] = f"Bearer {key}"
        return request


def _origin(url: Any) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _retry_after(given: str | None) -> float | None:
    """Seconds of a Retry-After header: a number, or a date."""
    if given is None:
        return None
    try:
        if given.strip().replace(".", "", 1).isdecimal():
            seconds = float(given)
        else:
            seconds = parsedate_to_datetime(given).timestamp() - time.time()
    except (ValueError, TypeError, OverflowError):
        return None
    return max(0.0, seconds)
