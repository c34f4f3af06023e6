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

    Two names of one run are equal, however far each of them has followed it.

    Attributes:
        backend: which kind of service knows it: `"assistants"`, `"responses"`, `"agents"`.
        run_id: the run's id.
        thread_id: the thread that it runs on.
        chain: where a run is a chain of the service's own things, their ids, oldest first.
        record: where the service keeps too little, what its backend must know to go on with it,
            as JSON. It has instructions and tools in it: no text for a log.
    """

    backend: str
    run_id: str
    thread_id: str
    chain: tuple[str, ...] = field(default=(), compare=False, kw_only=True)
    record: str | None = field(default=None, compare=False, repr=False, kw_only=True)

    def names(self, remote_id: str) -> bool:
        """Whether this is a name that the service has for the run, or a part of it, or its thread.

        What happens to a turn is told of its session, which is the thread.
        """
        return remote_id in {self.run_id, self.thread_id, *self.chain}

    def to_dict(self) -> dict[str, Any]:
        """A JSON object: three texts, and the chain and the record of a run that has them."""
        more = {"chain": list(self.chain), "record": self.record}
        named = {"backend": self.backend, "run_id": self.run_id, "thread_id": self.thread_id}
        return named | {name: value for name, value in more.items() if value}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> RunRef:
        """The inverse of `to_dict`."""
        named = data["backend"], data["run_id"], data["thread_id"]
        return cls(*named, chain=tuple(data.get("chain", ())), record=data.get("record"))


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One function that the model wants called, or something else that it waits for.

    Attributes:
        call_id: the id that the output is handed in under.
        name: the function's name, as the model wrote it: it may not exist. What is no function has
            its kind for a name.
        arguments: the arguments, as the model wrote them: text that should be a JSON object.
        kind: what it is: `"function"`, or another kind of a wire that has others: `"custom"`,
            `"mcp_approval_request"`, `"computer_call"`.
    """

    call_id: str
    name: str
    arguments: str = field(repr=False)  # may hold what a user said; kept out of logs
    kind: str = field(default="function", kw_only=True)


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
        expires_here: whether no service ends it then, so that whoever drives it must.
        expires_after_s: how long it may take then, for whoever cannot tell when it was created.
        keeps_input: whether what was said with the run is on its thread, now that it is over. If
            not, another run must say it again.
        means: which of the nine statuses it is in, where the service says that in other words.
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
    expires_here: bool = field(default=False, kw_only=True)
    expires_after_s: float | None = field(default=None, kw_only=True)
    keeps_input: bool = field(default=True, kw_only=True, compare=False, repr=False)
    means: RunStatus | None = field(default=None, kw_only=True)
    error: RunError | None = None
    incomplete_reason: str | None = None
    usage: Usage | None = None
    key: str | None = field(default=None, compare=False, repr=False)
    poll_after_s: float | None = field(default=None, compare=False, repr=False)
    raw: Any = field(default=None, compare=False, repr=False)

    @property
    def status(self) -> RunStatus | None:
        """The status as one of the nine, or `None` if the service made up a tenth."""
        if self.means is not None:
            return self.means
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
