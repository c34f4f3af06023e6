"""The log: each step of each run as one record of the standard `logging`.

Rule: ids, statuses, kinds, times and counts, as in a journal. No message texts, no arguments, no
outputs, no keys, at whatever level: those only through `log_contents`, which an app must hand to
its driver, so that nobody turns them on by a level. The one thing more is the traceback of a tool
that raised: it is the app's own code, and nobody else would report it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

from runfsm.driver.content import text_of
from runfsm.driver.core import RunCore
from runfsm.driver.journal import (
    CancelWanted,
    DriveEnded,
    FaultMet,
    GaveUp,
    NoText,
    OutputTooLarge,
    RunAdopted,
    RunAgain,
    ThreadHeld,
    ToolAnswered,
)
from runfsm.driver.request import ToolOutput
from runfsm.driver.threadcore import ThreadCore
from runfsm.errors import CallerError
from runfsm.lifecycle.journal import Anomaly, JournalStep, Transition, UnknownStatus
from runfsm.lifecycle.run import RunEvent

__all__ = ["log_contents", "log_late", "log_step"]

RUNS: Final = logging.getLogger("runfsm.run")
CONTENTS: Final = logging.getLogger("runfsm.contents")

# A library says nothing until its app has set up logging.
logging.getLogger("runfsm").addHandler(logging.NullHandler())

#: What an operator should see.
STRANGE: Final = (Anomaly, FaultMet, GaveUp, OutputTooLarge, RunAgain, ThreadHeld, UnknownStatus)
NOTABLE: Final = (CancelWanted, DriveEnded, NoText, RunAdopted)

#: Names of ours that a log record has for something else.
RENAMED: Final = {"kind": "step", "name": "tool"}


def log_step(step: JournalStep, core: RunCore | ThreadCore) -> None:
    """Write one record: a line to read, and the facts as attributes of the record.

    Every record has `run_id`, `thread_id`, `step` (its kind) and `status`, each perhaps `None`;
    further ones are the fields of the step. A tool that raised has its traceback as `exc_info`.
    """
    level = _level(step)
    if RUNS.isEnabledFor(level):
        facts, raised = _facts(step, core), getattr(step, "exception", None)
        RUNS.log(level, "%s: %s", _subject(facts), _line(str(step)), extra=facts, exc_info=raised)


def log_late(output: ToolOutput) -> None:
    """Write a record of a tool that raised after its call was given up: no step reports it."""
    if output.exception is not None:
        facts = {"call_id": output.call_id, "tool": output.name, "error": output.error}
        line = _line(
            f"tool {output.name} ({output.call_id}): {output.error}, after it was given up"
        )
        RUNS.warning("%s", line, extra=facts, exc_info=output.exception)


def _level(step: JournalStep) -> int:
    if isinstance(step, STRANGE) or (isinstance(step, ToolAnswered) and step.error):
        return logging.WARNING
    if isinstance(step, NoText) and not step.messages:
        return logging.WARNING
    return logging.INFO if isinstance(step, NOTABLE) else logging.DEBUG


def _facts(step: JournalStep, core: RunCore | ThreadCore) -> dict[str, Any]:
    told = {RENAMED.get(name, name): value for name, value in step.to_dict().items()}
    status = step.edge.dest if isinstance(step, Transition) else getattr(core, "status", None)
    return {**_names(core), "status": status} | told


def _names(core: RunCore | ThreadCore) -> dict[str, str | None]:
    if isinstance(core, ThreadCore):
        return {"run_id": None, "thread_id": core.entry.thread_id}
    if core.snapshot is None:
        return {"run_id": None, "thread_id": core.request.thread_id}
    ref = core.snapshot.ref
    return {"run_id": ref.run_id, "thread_id": ref.thread_id}


def _subject(facts: dict[str, Any]) -> str:
    return facts["run_id"] or facts["thread_id"] or "a new run"


def _line(text: str) -> str:
    """The text on one line: a tool's name is the model's word, and may be anything."""
    return text if text.isprintable() else repr(text)


def log_contents(step: JournalStep, core: RunCore) -> None:
    """Log what is said, too: an observer, to be handed to a driver by whoever may read it.

    The user's message, the arguments of each call, what the tools answered, and the run's answer,
    at level INFO of the logger `runfsm.contents`; as the record's `content`, too.

    Example:
        >>> driver = RunDriver(backend, observers=[log_contents])  # doctest: +SKIP
    """
    if CONTENTS.isEnabledFor(logging.INFO):
        for who, content in _contents(step, core):
            facts = {**_names(core), "content": content}
            CONTENTS.info("%s: %s: %s", _subject(facts), who, _line(content), extra=facts)


def _contents(step: JournalStep, core: RunCore) -> Iterator[tuple[str, str]]:
    match step:
        case Transition(edge=edge) if edge.event is RunEvent.CREATE and core.request.message:
            yield "user", text_of(core.request.message)
        case Transition(edge=edge, inferred=False) if edge.event is RunEvent.REQUIRE_ACTION:
            for call in core.snapshot.calls if core.snapshot else ():
                yield f"calls {_line(call.name)} ({call.call_id})", call.arguments
        case ToolAnswered(call_id=call_id, name=name) if output := core.output(call_id):
            yield f"tool {_line(name)} ({call_id})", output.output
        case DriveEnded():
            with suppress(CallerError):  # it has no answer
                for message in core.outcome.messages:
                    yield message.role, message.text
