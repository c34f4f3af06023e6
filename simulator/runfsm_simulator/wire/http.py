"""A request and a response: all that a door has to carry."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Request", "Response", "json_bytes"]


@dataclass(frozen=True, slots=True)
class Request:
    """What a client sent.

    Attributes:
        method: in capitals.
        path: decoded, with the leading slash, without the query.
        query: each parameter's values, in their order.
        headers: names in lower case.
        body: as it came; empty for none.
    """

    method: str
    path: str
    query: Mapping[str, Sequence[str]] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Response:
    """What it gets.

    Attributes:
        status: the HTTP status.
        headers: names in lower case.
        body: pretty-printed JSON.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)


def json_bytes(value: Any) -> bytes:
    """JSON indented by two spaces, as every recorded body that is not a stream.

    ASCII only: an error may have to quote half of a surrogate pair, which has no UTF-8.
    """
    return json.dumps(value, indent=2).encode("ascii")
