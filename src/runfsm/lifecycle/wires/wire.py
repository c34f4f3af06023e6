"""What one wire is like: who says which status, what it refuses, what it promises.

A wire is a way to ask for runs: the calls, their answers, and the service behind them. Whatever
holds on one wire and not on another is a field here, with its evidence, so that whoever has a
wire asks for the field and never for the name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from enum import StrEnum
from typing import Any, Generic, TypeVar

from runfsm.lifecycle.run import RunEvent, RunStatus
from runfsm.lifecycle.table import Evidence, Lifecycle, Origin

__all__ = [
    "Answer",
    "CancelAnswer",
    "LockScope",
    "Occasion",
    "Streaming",
    "Submitting",
    "Trait",
    "Wire",
]

ValueT_co = TypeVar("ValueT_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Trait(Generic[ValueT_co]):
    """One thing that holds on a wire.

    Attributes:
        value: for programs. `None`, `False` and an empty set mean: there is no such thing here.
        told: for people, one clause.
        evidence: where we know it from.
    """

    value: ValueT_co
    told: str
    evidence: Evidence


class LockScope(StrEnum):
    """What takes one run at a time."""

    THREAD = "thread"
    CONVERSATION = "conversation"


class CancelAnswer(StrEnum):
    """What the answer to a cancel says."""

    ASKED = "asked"  # the run is still on its way; what becomes of it, a later look says
    DONE = "done"  # the run is over


class Submitting(StrEnum):
    """How the outputs of tools are handed in."""

    INTO_THE_RUN = "into the run"  # all at once
    AS_A_NEW_RESPONSE = "as a new response"  # all at once
    ONE_BY_ONE = "one by one"


class Streaming(StrEnum):
    """What a listener gets who lost the connection."""

    LIVE = "live"  # nothing: what was sent meanwhile is not sent again
    RESUMABLE = "resumable"  # what came after the last event that it has


class Occasion(StrEnum):
    """When a service refuses a call."""

    RUN_WHILE_BUSY = "create a run while another is on its way"
    MESSAGE_WHILE_BUSY = "add a message while a run is on its way"
    RUN_AFTER_UNANSWERED = "create a run after one whose calls nobody answered"
    CANCEL_TOO_LATE = "cancel what is over"
    OUTPUTS_TOO_LATE = "submit to what is over"
    OUTPUTS_MISSING = "submit without the output of some call"
    OUTPUTS_UNKNOWN = "submit the output of a call that there is not"
    PARENT_GONE = "submit to what is deleted"
    NOT_FOUND = "look at what there is not"


@dataclass(frozen=True, slots=True)
class Answer:
    """A refusal: the HTTP status, the error's code if it has one, and its text."""

    status: int
    text: str
    code: str | None = None

    def __str__(self) -> str:
        return " ".join(filter(None, (str(self.status), self.code and f"{self.code}:", self.text)))


@dataclass(frozen=True, kw_only=True)
class Wire:
    """A way to ask for runs.

    Attributes:
        name: `"responses"`, as the command line names it.
        title: what people call it.
        about: a sentence for lists.
        table: a run's lifecycle on this wire.
        statuses: who says each of the nine, and what the service shows then.
        refusals: what is answered when; `None` in the place of an answer: it is not refused.
        standing: whether one can still use it.
        run_id: whether a run has one id from its creation to its end.
        lock: what takes one run at a time.
        lock_holder: whether the refusal says which run holds the lock.
        expiry: how long after its creation the service ends a run.
        cancel: what the answer to a cancel says.
        submit: how the outputs of tools are handed in.
        resumed: what a run is in as soon as its last output is in.
        settings: whether the service keeps instructions and tools from one hop to the next.
        idempotency: the calls that take an idempotency key.
        listing: whether the runs of a thread can be listed.
        empty_threads: whether a thread can be there before its first run.
        messages: whether what a run has written is listed apart from the run.
        unfinished: after which ends one still has what was written until then.
        streaming: what a listener gets who lost the connection.
        retention: how long a run can be looked at.
        webhooks: the types of event that are delivered.
        error_codes: why a run can have failed.
        incomplete_reasons: why a run can have ended incomplete.
    """

    name: str
    title: str
    about: str
    table: Lifecycle[RunStatus, RunEvent]
    statuses: Mapping[RunStatus, Trait[Origin]]
    refusals: Mapping[Occasion, Trait[Answer | None]]
    standing: Trait[str]
    run_id: Trait[bool]
    lock: Trait[LockScope | None]
    lock_holder: Trait[bool]
    expiry: Trait[timedelta | None]
    cancel: Trait[CancelAnswer]
    submit: Trait[Submitting]
    resumed: Trait[RunStatus]
    settings: Trait[bool]
    idempotency: Trait[frozenset[str]]
    listing: Trait[bool]
    empty_threads: Trait[bool]
    messages: Trait[bool]
    unfinished: Trait[frozenset[RunStatus]]
    streaming: Trait[Streaming]
    retention: Trait[str]
    webhooks: Trait[frozenset[str]]
    error_codes: Trait[frozenset[str]]
    incomplete_reasons: Trait[frozenset[str]]

    @property
    def traits(self) -> Mapping[str, Trait[Any]]:
        """Each field that is one trait, by its name, in the order above."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in values.items() if isinstance(value, Trait)}
