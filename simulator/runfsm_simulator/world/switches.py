"""What nobody recorded about the service, as one value: each field a question, and its answer.

Rule 1: a switch stands where the evidence leaves two ways open, or more. Its default is the
documented or the likelier one; a client that is to survive the real service is tried on the others.

Rule 2: a switch decides nothing itself. It is read in the room of the rule that it is about; and
what it wants to happen to a run takes edges of the lifecycle, like all else.

What a switch decides is told at its field, with why we believe in its default. What can be chosen
elsewhere, by a script or by a fault, is told in `ELSEWHERE`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from typing import Annotated, Any, Final, Literal, Self, TypeGuard, get_args, get_type_hints

from runfsm.errors import CallerError
from runfsm_simulator.world.reasons import Reason

__all__ = [
    "DOCUMENTED",
    "ELSEWHERE",
    "OPTIONS",
    "REASONS",
    "Switches",
    "UnknownCursor",
    "WhileLocked",
]


_certain, _likely, _inferred = Reason.certain, Reason.likely, Reason.inferred

ANALOGY: Final = "by analogy with the other ends, which are recorded"
NO_REFUSAL: Final = "no refusal is reported"

AtCancel = Literal["cancelling", "cancelled"]
Left = Literal["null", "kept"]
WhileLocked = Literal["allow", "refuse"]
UnknownCursor = Literal["not_found", "ignore", "empty"]
Code = Literal["code", "null"]
Way = str | bool | int | None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Switches:
    """Which of its possible ways the simulated service goes.

    `None` for a number means that there is no such limit.

    Raises:
        CallerError: there is no such switch, or no such way.

    Example:
        >>> Switches(cancel_from_queued="cancelled")
        Switches(cancel_from_queued='cancelled')
        >>> Switches(cancel_from_queue="cancelled")
        Traceback (most recent call last):
        runfsm.errors.CallerError: there is no switch cancel_from_queue; did you mean \
cancel_from_queued? `runfsm switches` lists them
    """

    # A cancel ------------------------------------------------------------------------------------

    cancel_from_queued: Annotated[
        AtCancel,
        _inferred(
            "how a cancel in the queue is answered; `cancelled` is confirmed at the same instant",
            "by analogy with in_progress, which is recorded",
        ),
    ] = "cancelling"
    cancel_from_requires_action: Annotated[
        AtCancel,
        _inferred(
            "how a cancel in place of outputs is answered",
            "by analogy with in_progress; agency-swarm PR#298 found it unreliable",
        ),
    ] = "cancelling"

    # What is left in a run that is over ----------------------------------------------------------

    cancelled_expires_at: Annotated[
        Left, _certain("`expires_at` of a cancelled run", "recording: simple-openai 2024-05")
    ] = "null"
    expired_expires_at: Annotated[
        Left, _inferred("`expires_at` of an expired run", "a printout of 2023-12 has null")
    ] = "null"
    cancelled_usage: Annotated[
        Literal["object", "null"],
        _certain(
            "`usage` of a cancelled run; an object is zeros if no model was called",
            "recording: simple-openai 2024-05, with zeros",
        ),
    ] = "object"
    expired_usage: Annotated[
        Literal["object", "null"],
        _inferred("`usage` of an expired run; an object is zeros if no model was called", ANALOGY),
    ] = "object"
    expired_completed_at: Annotated[
        Literal["null", "set"],
        _inferred(
            "`completed_at` of an expired run",
            "the published API schema; one printout of 2023-12 has it set",
        ),
    ] = "null"
    unstarted_started_at: Annotated[
        Literal["null", "set"],
        _inferred("`started_at` of a run that ended before any worker came", "what the name says"),
    ] = "null"
    completion_cap_reason: Annotated[
        Literal["max_completion_tokens", "max_prompt_tokens"],
        _inferred(
            "the reason of a run that passes `max_completion_tokens`",
            "the published API schema; ruby-openai 2024-04-29 recorded max_prompt_tokens",
        ),
    ] = "max_completion_tokens"

    # While a run is active -----------------------------------------------------------------------

    modify_run_while_active: Annotated[
        WhileLocked,
        _likely(
            "whether metadata of a run may be modified before it is over",
            "recordings: ruby-openai 2023-11 and 2024-04; later behaviour unknown",
        ),
    ] = "refuse"
    modify_message_while_locked: Annotated[
        WhileLocked, _inferred("whether a message of a locked thread may be modified", NO_REFUSAL)
    ] = "allow"
    delete_message_while_locked: Annotated[
        WhileLocked, _inferred("whether a message of a locked thread may be deleted", NO_REFUSAL)
    ] = "allow"
    delete_thread_while_locked: Annotated[
        WhileLocked,
        _inferred(
            "whether a locked thread may be deleted, and its run with it",
            "jvm-openai's live tests delete a thread right after createThreadAndRun",
        ),
    ] = "allow"
    additional_messages_checked: Annotated[
        Literal["before", "after"],
        _inferred(
            "whether `additional_messages` are checked before the thread's lock, or after it",
            "recording: ruby-openai 2024-04-29, where a body comes before a state",
        ),
    ] = "before"
    partial_content: Annotated[
        bool,
        _inferred("whether a message shows what is written of it so far", "no evidence"),
    ] = False

    # Streams -------------------------------------------------------------------------------------

    cut_order: Annotated[
        Literal["step_first", "message_first"],
        _inferred(
            "what ends first where a cancel, a failure or an expiry cuts a message",
            "no evidence; a message that is whole, or capped, ends before its step",
        ),
    ] = "step_first"
    incomplete_event: Annotated[
        Literal["thread.run.incomplete", "thread.run.completed"],
        _certain(
            "the event that tells of an incomplete run",
            "openai-php/client PR#421, openai-node#1306; `completed` until 2024-04: ruby-openai",
        ),
    ] = "thread.run.incomplete"

    # Limits --------------------------------------------------------------------------------------

    messages_max: Annotated[
        int | None,
        _likely("how many messages of clients a thread takes", "documentation of the late API"),
    ] = 100_000
    tools_max: Annotated[
        int | None, _likely("how many tools an assistant takes", "published API schema")
    ] = 128
    tool_outputs_max_kb: Annotated[
        int | None,
        _likely(
            "under how many kB all outputs of one submit must be together",
            "semantic-kernel#12814; that a kB is 1,024 bytes of UTF-8 is inferred",
        ),
    ] = 512
    token_cap_min: Annotated[
        int | None,
        _likely(
            "the least that `max_prompt_tokens` and `max_completion_tokens` may be",
            "recording: ruby-openai 2024-04; openai-node#1465; the published API schema says 256",
        ),
    ] = 16
    limit_out_of_range: Annotated[
        Literal["refuse", "refuse_as_schema", "clamp"],
        _inferred(
            "what becomes of a `limit` out of range: refused in the platform's words, or in those "
            "of its older endpoints; or brought into the range",
            "the wording of the platform's other endpoints",
        ),
    ] = "refuse"
    unknown_cursor: Annotated[
        UnknownCursor,
        _inferred("what a list does of a cursor that is nothing in it", "no evidence"),
    ] = "not_found"

    # Words ---------------------------------------------------------------------------------------

    missing_text: Annotated[
        Literal["none_found", "no_such_object"],
        _inferred(
            "how an unknown run or message is missed",
            "by analogy with thread and run step; of files, `No such File object` is recorded",
        ),
    ] = "none_found"
    malformed_id: Annotated[
        Literal["prefix", "prefix_and_underscore", "not_found"],
        _inferred(
            "what is said to an id of a run or a message that begins otherwise; `not_found` is "
            "recorded for a step (ruby-openai 2024-04-29, under v2)",
            "by analogy with thread and assistant, which public code of 2024 and 2025 quotes",
        ),
    ] = "prefix"
    stray_output_text: Annotated[
        Literal["expected", "named"],
        _inferred(
            "whether an output too much gets the text known for missing ones, or one that names it",
            "community thread 560554, for missing ids",
        ),
    ] = "expected"
    empty_outputs: Annotated[
        Literal["mismatch", "too_short"],
        _inferred(
            "whether empty `tool_outputs` are outputs that are missing, or a body that is wrong",
            "community thread 560554, for missing ids",
        ),
    ] = "mismatch"
    empty_text: Annotated[
        Literal["too_short", "empty"],
        _inferred(
            "how an empty string or array is refused",
            "the wording recorded for long ones; `empty array` is that of chat completions",
        ),
    ] = "too_short"
    string_above_max_length_code: Annotated[
        Code,
        _likely("the code beside a text that is too long", "semantic-kernel#12814, for an output"),
    ] = "code"
    unknown_parameter_code: Annotated[
        Code,
        _likely("the code beside a parameter that is unknown", "MicrosoftDocs/azure-docs#122953"),
    ] = "code"

    # The end -------------------------------------------------------------------------------------

    endpoint: Annotated[
        Literal["alive", "gone"],
        _likely(
            "whether there is an Assistants API; since 2026-08-26 the hosted one is a 404",
            "openai-kotlin#470; that its text is that of any unknown URL is inferred",
        ),
    ] = "alive"

    def __new__(cls, **given: object) -> Self:
        """Refuse what is no switch before the dataclass does, in words that help."""
        for name in given:
            if name not in OPTIONS:
                close = get_close_matches(name, OPTIONS, n=1)
                meant = f"; did you mean {close[0]}?" if close else "."
                raise CallerError(f"there is no switch {name}{meant} `runfsm switches` lists them")
        return object.__new__(cls)

    def __post_init__(self) -> None:
        for field in fields(self):
            _check(field.name, getattr(self, field.name), field.default)

    def __repr__(self) -> str:
        return f"Switches({', '.join(f'{name}={getattr(self, name)!r}' for name in self.thrown)})"

    @classmethod
    def read(cls, texts: Iterable[str]) -> Self:
        """The switches of a command line, each as `NAME=VALUE`.

        Raises:
            CallerError: one is not of this form; or see the class.

        Example:
            >>> Switches.read(["endpoint=gone", "messages_max=none"])
            Switches(messages_max=None, endpoint='gone')
        """
        given: dict[str, Any] = {}
        for text in texts:
            name, equals, value = text.partition("=")
            if not equals:
                raise CallerError(f"'{text}' throws no switch: write NAME=VALUE, as endpoint=gone")
            given[name] = _read(value, OPTIONS.get(name, ()))
        return cls(**given)

    @property
    def thrown(self) -> tuple[str, ...]:
        """The names of those that are not as documented."""
        return tuple(
            field.name for field in fields(self) if getattr(self, field.name) != field.default
        )


def _check(name: str, value: object, default: object) -> None:
    options = OPTIONS[name]
    if any(value == option and type(value) is type(option) for option in options):
        return
    if _is_number(default) and _is_number(value) and value >= 0:
        return
    some = (
        "a whole number from 0 on, or None"
        if _is_number(default)
        else " or ".join(map(repr, options))
    )
    raise CallerError(f"Switches({name}={value!r}): give {some}, as {name}={default!r}")


def _is_number(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _read(text: str, options: Iterable[Way]) -> Way:
    """A value as one types it. What is none of the options, the check will tell."""
    typed = {
        str(option) if isinstance(option, str) else str(option).lower(): option
        for option in options
    }
    return typed.get(text.lower(), int(text) if re.fullmatch(r"\d{1,18}", text) else text)


def _options(hint: Any, default: Any) -> tuple[Way, ...]:
    """The ways that a type has, the default first."""
    kind, *_ = get_args(hint)  # of what is annotated
    ways = (True, False) if kind is bool else get_args(kind)
    return tuple(
        dict.fromkeys(
            [default, *(None if way is type(None) else way for way in ways if way is not int)]
        )
    )


_HINTS: Final = get_type_hints(Switches, include_extras=True)

#: Every switch by its name: what it decides, and why its default is what it is.
REASONS: Final[Mapping[str, Reason]] = {name: hint.__metadata__[0] for name, hint in _HINTS.items()}

#: The ways of each, the documented one first. A number may be any from 0 on.
OPTIONS: Final[Mapping[str, tuple[Way, ...]]] = {
    field.name: _options(_HINTS[field.name], field.default) for field in fields(Switches)
}

#: The service as it is documented, or as it likelier was.
DOCUMENTED: Final = Switches()

#: What nobody recorded either, and where it is chosen.
ELSEWHERE: Final[Mapping[str, Reason]] = {
    "the shape of an `error` event": _certain(
        '`StreamFault(shape="nested")` or `"flat"`; in a storm, either',
        "recording: simple-openai 2024-05 (nested, and no `done` follows); published API schema "
        "(flat)",
    ),
    "how long `cancelling` lasts": _likely(
        '`cancel_s` of a script: seconds, a range, or `"never"`',
        "reports: within seconds; agency-swarm#279",
    ),
    "whether a run leaves `cancelling` otherwise than cancelled": _likely(
        "a script whose `cancel_s` is longer than its `work_s`; `Storm(completes_after_cancel=1)`",
        "deep dive: 'Cancellation is attempted but not guaranteed'",
    ),
}
