"""A request and a response: all that a door has to carry."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol

from pydantic_core import to_json

from runfsm_simulator.world.reasons import Reason

__all__ = ["Blocks", "Handle", "NoAnswer", "Request", "Response", "Trouble", "json_bytes"]

#: What comes in place of an answer: another one, none for ever, or a broken connection.
Trouble = Literal["answer", "timeout", "drop"]


class NoAnswer(Exception):  # noqa: N818  # what a client meets, not a defect
    """No answer will come, or no more of it. Each door does to its client what it can.

    Attributes:
        trouble: `"timeout"` or `"drop"`.
    """

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(f"no answer: {trouble}")
        self.trouble = trouble


@dataclass(slots=True)  # and not frozen, which costs: each request makes one
class Request:
    """A client's request. Nobody changes it.

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


class Blocks(Protocol):
    """A body that comes in pieces. Read once, by a thread or by a task, and closed.

    Reading may raise `NoAnswer`: no more comes.
    """

    def __iter__(self) -> Iterator[bytes]: ...
    def __aiter__(self) -> AsyncIterator[bytes]: ...

    def close(self) -> None:
        """The reader wants no more."""


@dataclass(slots=True)  # as above
class Response:
    """The answer to it. Nobody changes it.

    Attributes:
        status: the HTTP status.
        headers: names in lower case.
        body: pretty-printed JSON; empty if there is a stream.
        stream: what is sent in place of the body, block by block, as it comes.
        reasons: the rules that made it, for who asks why; never sent.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    stream: Blocks | None = None
    reasons: tuple[Reason, ...] = ()

    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)


#: The id of a request that has none, for it did not come by HTTP.
NO_REQUEST: Final = f"req_{0:032x}"

#: How every door is built: it answers by itself, or asks the one behind it.
Handle = Callable[[Request], Response]


def json_bytes(value: Any) -> bytes:
    """JSON indented by two spaces, as every recorded body that is not a stream."""
    try:
        return to_json(value, indent=2)  # to the letter as `json.dumps` does, eight times as fast
    except ValueError:  # an error may have to quote half of a surrogate pair, which has no UTF-8
        return json.dumps(value, indent=2).encode("ascii")
