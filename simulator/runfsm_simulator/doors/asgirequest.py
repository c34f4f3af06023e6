"""A request as an ASGI server gives it, read only as far as somebody asks.

Most requests of a client that polls have no body and no query, and of their headers three are
looked at: so a body that cannot be there is not waited for, and headers stay bytes until then.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, MutableMapping
from contextlib import AbstractContextManager
from typing import Any, Final
from urllib.parse import parse_qsl

from runfsm_simulator.wire.http import NoAnswer, Request
from runfsm_simulator.wire.routes import MAX_BODY_BYTES

__all__ = ["ClientGone", "RawHeaders", "Receive", "Scope", "Send", "path_of", "read_request"]

#: The three arguments of an ASGI application.
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

NO_QUERY: Final[Mapping[str, list[str]]] = {}


class ClientGone(Exception):  # noqa: N818  # what a client does, not a defect
    """The client left before it had sent its request."""


class RawHeaders(Mapping[str, str]):
    """The headers of a request by their names in lower case. Of several of one name, the first.

    Args:
        raw: names (in lower case) and values, as ASGI has them.

    Example:
        >>> RawHeaders([(b"openai-beta", b"assistants=v2")])["openai-beta"]
        'assistants=v2'
    """

    __slots__ = ("_values",)

    def __init__(self, raw: Iterable[tuple[bytes, bytes]]) -> None:
        self._values = dict([*raw][::-1])  # the first of a name is set last

    def __getitem__(self, name: str) -> str:
        return self._values[name.encode("latin-1")].decode("latin-1")

    def __contains__(self, name: object) -> bool:  # the inherited one raises and catches
        return isinstance(name, str) and name.encode("latin-1") in self._values

    def get(self, name: str, default: Any = None) -> Any:  # as above
        """The value, or `default`."""
        value = self._values.get(name.encode("latin-1"))
        return default if value is None else value.decode("latin-1")

    def __iter__(self) -> Iterator[str]:
        return (name.decode("latin-1") for name in reversed(self._values))

    def __len__(self) -> int:
        return len(self._values)

    def has_body(self) -> bool:
        """Return whether a request of HTTP/1 with these headers has a body: RFC 9112, section 6."""
        return b"content-length" in self._values or b"transfer-encoding" in self._values


async def read_request(
    scope: Scope, receive: Receive, *, waiting: Callable[[], AbstractContextManager[object]]
) -> Request:
    """The request, read to its end, or so far that the wire will refuse it.

    Args:
        scope: see ASGI.
        receive: see ASGI.
        waiting: makes the context in which a body is waited for; it may end the waiting.

    Raises:
        ClientGone: the client left in the middle of it.
        NoAnswer: the waiting was ended.
    """
    headers = RawHeaders(scope["headers"])
    is_http1 = scope.get("http_version", "").startswith("1")
    body: bytes | None = b""
    if not is_http1 or headers.has_body():
        body = None
        with waiting():
            body = await _bounded_body(receive)
    if body is None:
        raise NoAnswer("drop")
    query = scope["query_string"]
    return Request(
        scope["method"], path_of(scope), _parsed(query) if query else NO_QUERY, headers, body
    )


def path_of(scope: Scope) -> str:
    """The path without the prefix of a mount, with the leading slash."""
    path: str = scope["path"]
    if prefix := scope.get("root_path", ""):
        rest = path.removeprefix(prefix)
        path = rest if not rest or rest.startswith("/") else path  # `/v1x` is not in `/v1`
    return path or "/"


def _parsed(query: bytes) -> dict[str, list[str]]:
    values: dict[str, list[str]] = {}
    for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
        values.setdefault(name, []).append(value)
    return values


async def _bounded_body(receive: Receive) -> bytes:
    body = bytearray()
    while len(body) <= MAX_BODY_BYTES:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        body += message.get("body", b"")
        if not message.get("more_body", False):
            break
    return bytes(body)
