"""What the world refuses, as facts: no status code, no wording. A refusal changes nothing.

An event that the lifecycle does not allow is refused by the lifecycle itself, with
`IllegalTransition`. How each refusal sounds on the wire is said in `wire/refused.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal

from runfsm.errors import CallerError
from runfsm.lifecycle import RunStatus

__all__ = [
    "CallHasResult",
    "CallIsOver",
    "ChangeLocked",
    "ConversationLocked",
    "EmptyThread",
    "Kind",
    "LostPrevious",
    "MissingToolOutput",
    "NotAttached",
    "NotBackground",
    "NotDownloadable",
    "NotFound",
    "NotRepeated",
    "NotStored",
    "NotStreamed",
    "OtherTurnsCall",
    "Refusal",
    "RunActive",
    "SessionBusy",
    "StorageFull",
    "ThreadFull",
    "ThreadLocked",
    "UnknownPendingCall",
    "UnknownRequest",
    "UnknownToolCall",
    "WrongToolOutputs",
]

Kind = Literal[
    "assistant",
    "thread",
    "message",
    "run",
    "run step",
    "file",
    "vector store",
    "response",
    "conversation",
    "item",
    "session",
    "turn",
    "agent",
    "session item",
]


class Refusal(CallerError):  # noqa: N818  # a refusal is an answer, not a defect
    """The world said no."""


class NotFound(Refusal):
    """Nothing of this kind has this id, or it has been deleted."""

    def __init__(self, kind: Kind, id: str) -> None:
        super().__init__(f"there is no {kind} {id}")
        self.kind = kind
        self.id = id


class ThreadLocked(Refusal):
    """A run holds the thread: it takes no new message and no new run.

    Attributes:
        thread_id: the thread.
        run_id: the run that holds it.
        wanted: what was to be added.
    """

    def __init__(self, thread_id: str, run_id: str, wanted: Literal["message", "run"]) -> None:
        super().__init__(f"{thread_id} takes no {wanted} while {run_id} is active")
        self.thread_id = thread_id
        self.run_id = run_id
        self.wanted = wanted


class ChangeLocked(Refusal):
    """A run holds the thread, and this may not be modified or deleted meanwhile.

    Attributes:
        id: the thread, or a message on it.
        run_id: the run that holds the thread.
        wanted: what was to be done with it.
    """

    def __init__(self, id: str, run_id: str, wanted: Literal["modify", "delete"]) -> None:
        super().__init__(f"nobody may {wanted} {id} while {run_id} is active")
        self.id = id
        self.run_id = run_id
        self.wanted = wanted


class ThreadFull(Refusal):
    """A thread would have more messages than it takes."""

    def __init__(self, messages_max: int) -> None:
        super().__init__(f"a thread takes {messages_max} messages")
        self.messages_max = messages_max


class EmptyThread(Refusal):
    """A run would have nothing to go on: no user message, and no instructions."""

    def __init__(self) -> None:
        super().__init__("a run needs a user message on its thread, or instructions")


class WrongToolOutputs(Refusal):
    """The outputs are not exactly one for each pending call."""

    def __init__(self, expected: Sequence[str], got: Sequence[str | None]) -> None:
        super().__init__(f"expected one output for each of {list(expected)}, got {list(got)}")
        self.expected = tuple(expected)
        self.got = tuple(got)

    @property
    def stray(self) -> int | None:
        """Where the first output is that is for no pending call, or for one that has its own."""
        fresh = Counter(self.expected)
        for nth, call_id in enumerate(self.got):
            if call_id is None or not fresh[call_id]:
                return nth
            fresh[call_id] -= 1
        return None


class RunActive(Refusal):
    """The run cannot be modified before it is over."""

    def __init__(self, run_id: str, status: RunStatus) -> None:
        super().__init__(f"{run_id} is still {status}")
        self.run_id = run_id
        self.status = status


class NotAttached(Refusal):
    """The vector store has no such file."""

    def __init__(self, file_id: str, vector_store_id: str) -> None:
        super().__init__(f"there is no {file_id} in {vector_store_id}")
        self.file_id = file_id
        self.vector_store_id = vector_store_id


class NotDownloadable(Refusal):
    """Files of this purpose are not given out again."""

    def __init__(self, purpose: str) -> None:
        super().__init__(f"files of purpose {purpose} are not given out")
        self.purpose = purpose


class StorageFull(Refusal):
    """All uploads together would be more bytes than the simulator keeps."""

    def __init__(self, bytes_max: int) -> None:
        super().__init__(f"uploads are kept up to {bytes_max} bytes; delete some")
        self.bytes_max = bytes_max


# The Responses API ---------------------------------------------------------------------------


class ConversationLocked(Refusal):
    """A response is being made on the conversation; which one, the service does not say."""

    def __init__(self, conversation_id: str) -> None:
        super().__init__(f"{conversation_id} takes no response while one is active on it")
        self.conversation_id = conversation_id


class MissingToolOutput(Refusal):
    """A call that the response would read has no output."""

    def __init__(self, call_id: str) -> None:
        super().__init__(f"there is no output of {call_id}")
        self.call_id = call_id


class UnknownToolCall(Refusal):
    """An output of a call that nobody made."""

    def __init__(self, call_id: str) -> None:
        super().__init__(f"there is no call {call_id} for this output")
        self.call_id = call_id


class LostPrevious(Refusal):
    """The predecessor of a response is not there."""

    def __init__(self, id: str) -> None:
        super().__init__(f"there is no response {id} to go on from")
        self.id = id


class NotBackground(Refusal):
    """Only a response in background mode can be cancelled."""

    def __init__(self, id: str) -> None:
        super().__init__(f"{id} was not created in background mode")
        self.id = id


class NotStored(Refusal):
    """A response in background mode has to be stored."""

    def __init__(self) -> None:
        super().__init__("a response in background mode has to be stored")


class NotRepeated(Refusal):
    """A response that was not made in background mode tells its events once."""

    def __init__(self, id: str) -> None:
        super().__init__(f"{id} was not made in background mode, and has told its events")
        self.id = id


class NotStreamed(Refusal):
    """The response was not created to be streamed, or too long ago."""

    def __init__(self, id: str) -> None:
        super().__init__(f"{id} has no stream, or not any more")
        self.id = id


# The Agents API ------------------------------------------------------------------------------


class UnknownPendingCall(Refusal):
    """A result of a call that no turn of the session has made."""

    def __init__(self, call_id: str) -> None:
        super().__init__(f"there is no call {call_id} in this session")
        self.call_id = call_id


class OtherTurnsCall(Refusal):
    """A result that names another turn than the one that has made the call."""

    def __init__(self, call_id: str) -> None:
        super().__init__(f"{call_id} is a call of another turn")
        self.call_id = call_id


class CallIsOver(Refusal):
    """A result that comes too late: its turn has ended, or is being cancelled."""

    def __init__(self, call_id: str) -> None:
        super().__init__(f"{call_id} waits for no result any more")
        self.call_id = call_id


class CallHasResult(Refusal):
    """A result of a call that has another one already."""

    def __init__(self, call_id: str) -> None:
        super().__init__(f"{call_id} has another result already")
        self.call_id = call_id


class UnknownRequest(Refusal):
    """A decision about a request that nobody made."""

    def __init__(self, request_id: str) -> None:
        super().__init__(f"there is no request {request_id} for an approval")
        self.request_id = request_id


class SessionBusy(Refusal):
    """A session is not deleted while a turn of it is on its way."""

    def __init__(self, session_id: str) -> None:
        super().__init__(f"a turn of {session_id} is on its way; cancel it first")
        self.session_id = session_id
