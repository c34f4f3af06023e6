"""What one look at a run shows, parsed once at the edge, whichever backend was asked.

A backend answers with a `RunSnapshot`; nobody behind that line asks again whether
`required_action` is null or what a vendor calls it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from runfsm.lifecycle.run import LIFECYCLE, RunStatus

__all__ = [
    "METADATA_KEY",
    "METADATA_MAX",
    "RunError",
    "RunMessage",
    "RunRef",
    "RunSnapshot",
    "ToolCall",
    "Usage",
    "has_room_for_key",
]

#: Where in the metadata of a run, or of a message, the name stands that its creator gave it.
METADATA_KEY: Final = "runfsm_key"
#: So many pairs they have at most.
METADATA_MAX: Final = 16


def has_room_for_key(metadata: object) -> bool:
    """Whether metadata can take the key as one more pair, or in place of an older one."""
    return isinstance(metadata, Mapping) and len({*metadata, METADATA_KEY}) <= METADATA_MAX


@dataclass(frozen=True, slots=True)
class RunRef:
    """The name of a run, to keep and to come back with. Serialises to JSON.

    Attributes:
        backend: which kind of service knows it: `"assistants"`.
        run_id: the run's id.
        thread_id: the thread that it runs on.
    """

    backend: str
    run_id: str
    thread_id: str

    def to_dict(self) -> dict[str, str]:
        """A JSON object of three strings."""
        return {"backend": self.backend, "run_id": self.run_id, "thread_id": self.thread_id}

    @classmethod
    def from_dict(cls, data: Mapping[str, str]) -> RunRef:
        """The inverse of `to_dict`."""
        return cls(data["backend"], data["run_id"], data["thread_id"])


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One function that the model wants called.

    Attributes:
        call_id: the id that the output is handed in under.
        name: the function's name, as the model wrote it: it may not exist.
        arguments: the arguments, as the model wrote them: text that should be a JSON object.
    """

    call_id: str
    name: str
    arguments: str = field(repr=False)  # may hold what a user said; kept out of logs


@dataclass(frozen=True, slots=True)
class RunError:
    """`last_error` of a failed run: a code such as `rate_limit_exceeded`, and a message."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of the whole run; the service tells them when the run is over."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


@dataclass(frozen=True, slots=True)
class RunSnapshot:
    """A run, as one look showed it.

    Attributes:
        ref: which run.
        raw_status: the status as the service wrote it.
        calls: the calls to answer; empty in every status but `requires_action`.
        created_at: Unix time in seconds, as is each time below.
        started_at: overwritten each time the run comes back from the queue.
        expires_at: when the service gives up; null once the run is over.
        error: why a failed run failed.
        incomplete_reason: why an incomplete run was cut short.
        usage: tokens, once the run is over.
        key: the name that its creator gave it, to find it by; `None` if it has none.
        poll_after_s: when the service wishes to be looked at again, in seconds from this look.
            Like the key, it is not part of equality.
        raw: the backend's own object, untouched; not part of equality.
    """

    ref: RunRef
    raw_status: str
    calls: tuple[ToolCall, ...] = ()
    created_at: float | None = None
    started_at: float | None = None
    expires_at: float | None = None
    error: RunError | None = None
    incomplete_reason: str | None = None
    usage: Usage | None = None
    key: str | None = field(default=None, compare=False, repr=False)
    poll_after_s: float | None = field(default=None, compare=False, repr=False)
    raw: Any = field(default=None, compare=False, repr=False)

    @property
    def status(self) -> RunStatus | None:
        """The status as one of the nine, or `None` if the service made up a tenth."""
        try:
            return RunStatus(self.raw_status)
        except ValueError:
            return None

    @property
    def is_terminal(self) -> bool:
        """Whether the run is over. An unknown status never is."""
        return self.status in LIFECYCLE.terminal


@dataclass(frozen=True, slots=True)
class RunMessage:
    """A message that the run wrote. `text` joins its text parts; `raw` is the service's object."""

    message_id: str
    role: str
    text: str = field(repr=False)
    raw: Any = field(default=None, compare=False, repr=False)
