"""What was asked and answered, to be shown: shapes, ids, statuses and times.

Rule: no key, and nothing that anybody said. Of a text only its length is told, unless its name is
one of those that hold an id, a kind or a time; an error's message is the service's own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

__all__ = ["Answer", "Exchange"]

#: Texts that are no texts: ids, kinds, statuses.
TOLD: Final = frozenset(
    {
        "id",
        "object",
        "status",
        "type",
        "role",
        "code",
        "param",
        "model",
        "assistant_id",
        "thread_id",
        "run_id",
        "message_id",
        "first_id",
        "last_id",
        "tool_call_id",
        "order",
        "after",
        "before",
        "event",
    }
)
TEXT_MAX: Final = 300
ITEMS_MAX: Final = 8
KEY: Final = re.compile(r"\bsk-[\w*-]+")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service answered.

    Attributes:
        status: the HTTP status.
        headers: names in lower case.
        body: the JSON; `None` if it was none.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: Any = field(repr=False)

    @property
    def error(self) -> Mapping[str, Any]:
        """What stands under `error`; empty if nothing does."""
        found = self.body.get("error") if isinstance(self.body, Mapping) else None
        return found if isinstance(found, Mapping) else {}

    @property
    def said(self) -> str:
        """The status, and the error's message if it has one; without keys."""
        message = self.error.get("message")
        return (
            f"{self.status} {_shown(message, 'message', 'error')}" if message else str(self.status)
        )

    def get(self, name: str) -> Any:
        """A field of the body, or `None`."""
        return self.body.get(name) if isinstance(self.body, Mapping) else None


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and what came of it.

    Attributes:
        method: in capitals.
        path: without the base URL.
        sent: body and query.
        answer: what was answered; of a stream, its events as a list.
    """

    method: str
    path: str
    sent: Mapping[str, Any] = field(repr=False)
    answer: Answer

    def is_about(self, run_id: str) -> bool:
        """Whether it asks for this run, or was answered with it."""
        return run_id in self.path or self.answer.get("id") == run_id

    def to_dict(self) -> dict[str, Any]:
        """A JSON object, without keys and texts."""
        shown = {name: value for name, value in self.sent.items() if value}
        return {
            "method": self.method,
            "path": self.path,
            "sent": _shown(shown),
            "status": self.answer.status,
            "answer": _shown(self.answer.body),
        }


def _shown(value: Any, name: str = "", within: str = "") -> Any:
    """A value, less what anybody said."""
    match value:
        case str():
            is_told = name in TOLD or (name == "message" and within == "error")
            return KEY.sub("sk-…", value[:TEXT_MAX]) if is_told else f"<{len(value)} characters>"
        case Mapping():
            return {key: _shown(one, key, name) for key, one in value.items()}
        case list() | tuple():
            few = [_shown(one, name, within) for one in value[:ITEMS_MAX]]
            return few if len(value) <= ITEMS_MAX else [*few, f"… {len(value) - ITEMS_MAX} more"]
    return value
