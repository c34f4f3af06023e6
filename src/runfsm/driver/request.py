"""What an app hands in: what is to be run, and what its tools have answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from runfsm.driver.content import MessageContent, check_content
from runfsm.driver.jsonvalues import check_text, plain_json
from runfsm.driver.responseformat import response_format_of
from runfsm.errors import CallerError

__all__ = [
    "RunRequest",
    "ToolOutput",
    "check_id",
    "check_key",
    "checked_options",
]

#: The API's bound on a value of the metadata, in characters.
KEY_MAX: Final = 512

#: What something is added to.
SHAPES: Final = {
    "metadata": (dict, "{'user': 'u-1'}"),
    "additional_messages": (list, "[{'role': 'user', 'content': 'Hi'}]"),
}


def check_id(name: str, value: object, *, right: str) -> None:
    """Refuse what names nothing: `None`, an empty text, or the thing itself.

    Raises:
        CallerError: it is that; the message says what is `right`.
    """
    if isinstance(value, str) and value:
        check_text(value, name)
        return
    told = repr(value) if value is None or value == "" else f"a {type(value).__name__}"
    raise CallerError(f"{name} is {told}: {right}")


def check_key(key: str) -> None:
    """Refuse what metadata could not keep as a name.

    Raises:
        CallerError: it is no text, cannot be sent, or is too long.
    """
    check_id("key", key, right="give a text of your own, or leave it out")
    if len(key) > KEY_MAX:
        raise CallerError(
            f"key has {len(key)} characters, and metadata takes {KEY_MAX}: give a shorter one, "
            f"such as hashlib.sha256(key.encode()).hexdigest()"
        )


def checked_options(options: Mapping[str, Any], place: str = "options") -> dict[str, Any]:
    """Return parameters of an API as they are sent: JSON, with a schema for a pydantic model.

    Args:
        options: parameters by name.
        place: their name in an error.

    Raises:
        CallerError: they are no mapping, or no JSON; the message names the place.
    """
    if not isinstance(options, Mapping):
        kind = type(options).__name__
        raise CallerError(f"{place} is a {kind}: give a dict, such as {{'temperature': 0.2}}")
    given = dict(options)
    if "response_format" in given:
        given["response_format"] = response_format_of(given["response_format"])
    checked: dict[str, Any] = plain_json(given, place)
    for name, (kind, right) in SHAPES.items():
        if not isinstance(value := checked.get(name), kind | None):
            told = f"{place}[{name!r}] is a {type(value).__name__}"
            raise CallerError(f"{told}: give a {kind.__name__}, such as {right}")
    return checked


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What to run.

    Attributes:
        assistant_id: the assistant that answers.
        message: what the user says; added to the thread together with the run: a text, or a list
            of parts, such as `["What is this?", ImageUrl("https://...")]`. What was given is kept
            as a text or a tuple of parts.
        thread_id: the thread to run on; `None` makes a new one.
        options: further parameters of the API's own *create run* call, passed on as they are:
            `instructions`, `model`, `tools`, `tool_choice`, `metadata`, `temperature`,
            `max_completion_tokens` ... They are kept as a copy, in plain JSON; a pydantic model as
            `response_format` becomes its schema.
        key: a name of your own for this one run, at most 512 characters, kept in its metadata. A
            run whose creation was not answered is found by it, and taken over instead of being
            created twice; so never use one for two runs. A driver makes one up when it is `None`.
        idempotent: whether to look for a run of this key first, and take its outcome if there is
            one, also when it is over: an event that is delivered twice makes one run. The key must
            be the event's own.

    Raises:
        CallerError: an id or a key that is no text, or empty; a key that is too long; a message
            that is neither a text nor parts; options that are no mapping, or no JSON; a text that
            cannot be sent; `idempotent` without a key.

    Example:
        >>> RunRequest("asst_abc123", "How is the weather?", options={"temperature": 0.2})
        RunRequest(assistant_id='asst_abc123', thread_id=None)
    """

    assistant_id: str
    message: MessageContent | None = field(default=None, repr=False)
    thread_id: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)
    key: str | None = field(default=None, repr=False, kw_only=True)
    idempotent: bool = field(default=False, repr=False, kw_only=True)

    def __post_init__(self) -> None:
        check_id("assistant_id", self.assistant_id, right="give its id: RunRequest(assistant.id)")
        if self.thread_id is not None:
            right = "give its id, thread.id, or leave it out for a new thread"
            check_id("thread_id", self.thread_id, right=right)
        if self.key is not None:
            check_key(self.key)
        elif self.idempotent:
            right = "give the event's own id: RunRequest(..., key=event_id, idempotent=True)"
            raise CallerError(f"idempotent=True without a key: {right}")
        if self.message is not None:
            object.__setattr__(self, "message", check_content(self.message))
        object.__setattr__(self, "options", checked_options(self.options))


@dataclass(frozen=True, slots=True)
class ToolOutput:
    """What is handed in for one call.

    Attributes:
        call_id: which call.
        name: the tool's name, as the model wrote it.
        output: the text for the model: the result as JSON or plain text, or what went wrong.
        kind: the kind of the call, as `ToolCall.kind`.
        error: `None`, or what kind of failure `output` tells of: `"unknown_tool"`,
            `"malformed_arguments"`, `"invalid_arguments"`, `"raised"`, `"timed_out"`,
            `"unserialisable_result"`, `"too_large"`, `"abandoned"`.
        exception: what the tool raised, or what kept its result from being sent; it stays in the
            process.
        began_at: when the tool was called, Unix seconds; `None` if it was not.
        took_s: the seconds until it had answered, or was given up.
    """

    call_id: str
    name: str
    output: str = field(repr=False)
    error: str | None = None
    exception: BaseException | None = field(default=None, compare=False, repr=False)
    began_at: float | None = field(default=None, compare=False, repr=False)
    took_s: float | None = field(default=None, compare=False, repr=False)
    kind: str = "function"

    def __reduce__(self) -> tuple[Any, ...]:
        # Not with the exception: those of HTTP clients, say, cannot be pickled.
        told = (self.call_id, self.name, self.output, self.error)
        return ToolOutput, (*told, None, self.began_at, self.took_s, self.kind)
