"""A request, and what came of it or of a call, as a line of a tape has them."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from runfsm_simulator.wire.http import NoAnswer, Request

__all__ = ["answered", "raised", "request_from_dict", "request_to_dict"]

#: The headers that an answer may depend on. Keys are never written; any will do.
HEADERS: Final = frozenset({"openai-beta", "content-type", "x-stainless-poll-helper"})
KEY: Final = "authorization"


def request_to_dict(request: Request) -> dict[str, Any]:
    """A request, less its key and whatever no answer depends on."""
    headers = {name: text for name, text in request.headers.items() if name in HEADERS}
    return {
        "method": request.method,
        "path": request.path,
        "query": {name: list(values) for name, values in request.query.items()},
        "headers": dict(sorted(headers.items())),
        "has_key": bool(request.headers.get(KEY, "").partition(" ")[2].strip()),
        **_body(request.body),
    }


def request_from_dict(written: Mapping[str, Any]) -> Request:
    """The request that can be asked again, with another key if there was one."""
    key = {KEY: "Bearer sk-replayed"} if written["has_key"] else {}
    local = {"host": "localhost"}  # for the side door
    headers = {**written["headers"], **key, **local}
    return Request(written["method"], written["path"], written["query"], headers, _bytes(written))


#: How a body is written, and read: as JSON where it is some, for a client's spaces do not count.
READERS: Final[Mapping[str, Callable[[Any], bytes]]] = {
    "json": lambda value: json.dumps(value).encode(),
    "text": lambda text: str(text).encode(),
    "base64": base64.b64decode,
}


def _body(body: bytes) -> dict[str, Any]:
    if not body:
        return {}
    try:
        return {"json": json.loads(body)}
    except (ValueError, RecursionError):
        pass
    try:
        return {"text": body.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(body).decode()}


def _bytes(written: Mapping[str, Any]) -> bytes:
    for form, read in READERS.items():
        if form in written:
            return read(written[form])
    return b""


def answered(status: int | None, body: bytes, *, full: bool) -> dict[str, Any]:
    """An answer, or a block of a stream: what it is compared by, and itself if that is wished."""
    told: dict[str, Any] = {"status": status, "sha256": hashlib.sha256(body).hexdigest()}
    return told | ({"body": body.decode(errors="replace")} if full else {})


def raised(error: Exception, *, full: bool) -> dict[str, Any]:
    """What comes in place of an answer: none, or an error of the simulator or of its planner."""
    if isinstance(error, NoAnswer):
        return {"status": None, "trouble": error.trouble}
    text = f"{getattr(error, 'fault', '')} {error}"
    return {**answered(None, text.encode(), full=full), "raised": type(error).__name__}
