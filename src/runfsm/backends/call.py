"""One HTTP call through the official client: what to send, and how to read the answer. Pure.

Every call is sent once, with no repetition by the client: `max_retries=0`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pkgutil import resolve_name
from typing import Any, ClassVar, Final, Generic, Literal, TypeVar, cast
from urllib.parse import quote

from runfsm.backends.assistants_answers import read_poll_after_s
from runfsm.backends.faults import not_this_api
from runfsm.errors import BackendError, CallerError
from runfsm.lifecycle.snapshot import RunSnapshot

__all__ = ["Call", "safe"]

T = TypeVar("T")

#: Makes the client answer with head and body. Its own `with_raw_response` does no more than this.
RAW: Final = {"X-Stainless-Raw-Response": "true"}
#: The same of `with_streaming_response`: the body is still to be read.
UNREAD: Final = {"X-Stainless-Raw-Response": "stream"}


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """One HTTP call: what to send, and how to read the answer.

    Attributes:
        method: the client's method.
        path: below the client's `base_url`.
        cast_to: the class that the client reads the answer into, or its name
            (`"package.module:Class"`), which is imported when the call is sent: the client's own
            classes are not loaded before there is a client.
        read: reads that answer.
        body: what is posted, as JSON.
        query: the query parameters.
        headers: beside those of the wire.
    """

    method: Literal["get", "post", "delete"]
    path: str
    cast_to: Any
    read: Callable[[Any], T]
    body: Mapping[str, Any] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    #: What goes with every call of a wire.
    HEADERS: ClassVar[Mapping[str, str]] = {}

    @property
    def arguments(self) -> dict[str, Any]:
        """What `client.get` and `client.post` take."""
        return self._arguments(RAW, self.body)

    @property
    def streamed(self) -> dict[str, Any]:
        """The same, for an answer that comes as a stream of events."""
        body = {**self.body, "stream": True}
        return {"stream": True, **self._arguments(UNREAD, body)}

    @property
    def _answer_class(self) -> Any:
        return resolve_name(self.cast_to) if isinstance(self.cast_to, str) else self.cast_to

    def _arguments(self, headers: Mapping[str, str], body: Mapping[str, Any]) -> dict[str, Any]:
        # Sent once: the driver repeats what may be repeated, at its own pace, after a look.
        head = {**self.HEADERS, **self.headers, **headers}
        options = {"headers": head, "params": dict(self.query), "max_retries": 0}
        sent = {"body": dict(body)} if self.method == "post" else {}
        return {"path": self.path, "cast_to": self._answer_class, "options": options, **sent}

    def take(self, answer: Any) -> T:
        """Read the answer.

        Raises:
            BackendError: it is none of this API's.
        """
        try:
            if isinstance(answer, self._answer_class):
                return self.read(answer)
        except (AttributeError, TypeError, ValueError) as error:
            raise BackendError.of(not_this_api(f"not an answer of this API: {error}")) from error
        kind, wanted = type(answer).__name__, self._answer_class.__name__
        raise BackendError.of(not_this_api(f"not an answer of this API: {kind}, not {wanted}"))

    def take_raw(self, raw: Any) -> T:
        """Read an answer that comes with its head.

        Raises:
            BackendError: it is none of this API's.
        """
        taken = self.take(raw.parse())
        if isinstance(taken, RunSnapshot) and (wish_s := read_poll_after_s(raw.headers)):
            return cast("T", replace(taken, poll_after_s=wish_s))
        return taken


def safe(part: str) -> str:
    """An id, as a part of a path.

    Raises:
        CallerError: it would make another path of it.
    """
    if part in {"", ".", ".."}:
        raise CallerError(f"{part!r} is not an id")
    return quote(part, safe="")
