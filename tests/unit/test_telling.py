"""Who is told of a run, and what the log says: every step once, and nothing that anybody said."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from runfsm import (
    LIFECYCLE,
    Anomaly,
    CallerError,
    CancelReason,
    CancelWanted,
    DriveEnded,
    FaultKind,
    FaultMet,
    GaveUp,
    JournalStep,
    NoText,
    OutputTooLarge,
    RunAdopted,
    RunAgain,
    RunCore,
    RunEvent,
    RunRef,
    RunRequest,
    RunSnapshot,
    RunStatus,
    ThreadHeld,
    ToolAnswered,
    ToolCall,
    Transition,
    UnknownStatus,
    log_contents,
)
from runfsm.driver.actions import AddMessage
from runfsm.driver.replies import Faulted, Seen, ToolsRan
from runfsm.driver.request import ToolOutput
from runfsm.driver.telling import Teller, check_observers
from runfsm.driver.threadcore import ThreadCore
from runfsm.errors import Fault
from runfsm.lifecycle.snapshot import Usage

EDGE = LIFECYCLE.next(RunStatus.QUEUED, RunEvent.START)
REF = RunRef("assistants", "run_1", "thread_1")
CALL = ToolCall("call_1", "look_up", '{"who": "hushed arguments"}')
REQUEST = RunRequest("asst_1", "hushed message", "thread_1", key="hushed key")
WARNING, INFO, DEBUG = logging.WARNING, logging.INFO, logging.DEBUG

#: One of each kind, and how loudly the log tells it.
STEPS = [
    (Transition(1.0, EDGE), DEBUG),
    (UnknownStatus(1.0, "resting", "queued"), WARNING),
    (Anomaly(1.0, "completed", "queued"), WARNING),
    (ToolAnswered(1.0, "call_1", "look_up", None), DEBUG),
    (ToolAnswered(1.0, "call_1", "look_up", "raised"), WARNING),
    (FaultMet(1.0, "Retrieve", FaultKind.TRANSIENT, 500, "req_1"), WARNING),
    (CancelWanted(1.0, CancelReason.DEADLINE), INFO),
    (GaveUp(1.0, "cancelling"), WARNING),
    (NoText(1.0, 0), WARNING),
    (NoText(1.0, 1), INFO),
    (OutputTooLarge(1.0, "call_1", "f", 2_000_000), WARNING),
    (RunAgain(1.0, "run_1", 1, 6.0), WARNING),
    (ThreadHeld(1.0, "run_2", "wait"), WARNING),
    (RunAdopted(1.0, "run_1"), INFO),
    (DriveEnded(1.0, "completed", None, 4.0, Usage(10, 2, 12)), INFO),
]


@pytest.fixture
def records() -> Iterator[list[logging.LogRecord]]:
    """What runfsm logs, from DEBUG on."""
    heard: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = heard.append  # type: ignore[method-assign]  # all that is needed of a handler
    logger = logging.getLogger("runfsm")
    logger.addHandler(handler)
    logger.setLevel(DEBUG)
    yield heard
    logger.removeHandler(handler)
    logger.setLevel(logging.NOTSET)


def core_at(snapshot: RunSnapshot | None = None) -> RunCore:
    """A core that has seen this, at 100 s."""
    core = RunCore(REQUEST, 100.0)
    if snapshot is not None:
        core.next_action()
        core.receive(Seen(snapshot, 100.0))
    return core


def asking() -> RunCore:
    """A core whose run asks for a call."""
    return core_at(RunSnapshot(REF, "requires_action", calls=(CALL,)))


def told(core: Any, *steps: JournalStep) -> None:
    """Tell the log of these."""
    teller = Teller(core)
    core.journal.extend(steps)
    teller.news()


# Who is told ------------------------------------------------------------------------------------


def test_each_step_is_told_once_and_in_order() -> None:
    """Asked for news twice, a teller tells each step once; the end comes once, and last."""
    core, heard = core_at(), []
    teller = Teller(core, [lambda step, _core: heard.append(step)])
    steps = [GaveUp(float(number), "cancelling") for number in range(3)]
    core.journal.extend(steps[:2])

    assert tuple(steps[:2]) == teller.news()
    assert () == teller.news()
    core.journal.append(steps[2])
    teller.end(at=107.5)
    teller.end(at=108.5)
    assert [*steps, DriveEnded(107.5, None, None, 7.5)] == heard


def test_what_was_told_before_a_core_was_saved_is_not_told_again() -> None:
    """A teller of a core that is resumed begins after what the journal holds."""
    core = asking()
    heard: list[JournalStep] = []
    teller = Teller(core, [lambda step, _core: heard.append(step)])
    core.request_cancel()
    teller.news()

    assert [CancelWanted(100.0, CancelReason.ASKED)] == heard


def test_who_never_drove_has_no_end() -> None:
    """A teller that was never asked for news says nothing at the end."""
    heard: list[JournalStep] = []
    Teller(core_at(), [lambda step, _core: heard.append(step)]).end(at=100.0)

    assert [] == heard


def test_an_observer_that_raises_is_logged_and_the_others_hear(
    records: list[logging.LogRecord],
) -> None:
    """Its exception goes to the log `runfsm.observers`, and to nobody else."""
    core, heard = core_at(), []

    def broken(_step: JournalStep, _core: RunCore) -> None:
        raise ZeroDivisionError

    teller = Teller(core, [broken, lambda step, _core: heard.append(step)])
    core.journal.append(GaveUp(1.0, "cancelling"))
    teller.news()

    assert 1 == len(heard)
    loud = next(record for record in records if record.name == "runfsm.observers")
    assert ZeroDivisionError is (loud.exc_info or (None,))[0]


def test_an_observer_may_cancel() -> None:
    """What it asks of the core is a step, too, and is told to all."""
    core, heard = asking(), []

    def cancels(_step: JournalStep, core: RunCore) -> None:
        core.request_cancel()

    teller = Teller(core, [cancels, lambda step, _core: heard.append(step.kind)])
    core.journal.append(FaultMet(100.0, "Retrieve", FaultKind.TRANSIENT, 500))

    assert ["fault_met", "cancel_wanted"] == [step.kind for step in teller.news()]
    assert ["fault_met", "cancel_wanted"] == heard


class Awaited:
    """An observer by an async `__call__`."""

    async def __call__(self, step: JournalStep, core: RunCore) -> None:
        """Never awaited."""


async def awaited(_step: JournalStep, _core: RunCore) -> None:
    """Never awaited."""


@pytest.mark.parametrize("observer", [awaited, Awaited(), partial(awaited)])
def test_an_observer_that_would_have_to_be_awaited_is_refused(observer: Any) -> None:
    """Nobody would await it, so the driver says so when it is made."""
    with pytest.raises(CallerError, match="async, and nobody would await it"):
        check_observers([log_contents, observer])


# The end ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "line"),
    [
        (
            DriveEnded(1.0, "completed", None, 4.04, Usage(10, 2, 12)),
            "ended completed after 4.0 s, 12 tokens",
        ),
        (DriveEnded(1.0, "queued", "BackendError", 4.0), "ended in BackendError after 4.0 s"),
        (DriveEnded(1.0, "queued", None, 4.0), "left queued after 4.0 s"),
        (DriveEnded(1.0, None, None, 4.0), "left before its creation after 4.0 s"),
    ],
)
def test_the_end_says_how(step: DriveEnded, line: str) -> None:
    """Over, failed and left are told apart."""
    assert line == str(step)


def test_the_end_names_the_error() -> None:
    """A core that has an error ends in that, by its class."""
    core = core_at()
    teller = Teller(core, [lambda step, _core: heard.append(step)])
    heard: list[JournalStep] = []
    core.next_action()
    core.receive(Faulted(Fault(FaultKind.AUTH, "hushed words", status_code=401), 101.0))
    teller.news()
    teller.end(at=102.0)

    assert DriveEnded(102.0, None, "BackendError", 2.0) == heard[-1]


# The log ----------------------------------------------------------------------------------------


def test_every_kind_of_step_is_among_these() -> None:
    """A new kind of step must be given a level here."""

    def leaves(kind: type[JournalStep]) -> set[type[JournalStep]]:
        return {kind}.union(*map(leaves, kind.__subclasses__()))

    own = {kind for kind in leaves(JournalStep) if kind.__module__.startswith("runfsm.")}
    # `slots=True` makes each class twice; the first draft lives on as a subclass without slots.
    assert {kind.kind for kind in own} - {"step"} == {step.kind for step, _ in STEPS}


@pytest.mark.parametrize(("step", "level"), STEPS)
def test_each_step_is_one_record(
    step: JournalStep, level: int, records: list[logging.LogRecord]
) -> None:
    """With the ids and the kind as attributes, and a line that begins with the run."""
    told(core_at(RunSnapshot(REF, "queued")), step)

    (record,) = records
    assert ("runfsm.run", level) == (record.name, record.levelno)
    assert f"run_1: {step}" == record.getMessage()
    facts = vars(record)
    assert ("run_1", "thread_1", step.kind) == (
        facts["run_id"],
        facts["thread_id"],
        facts["step"],
    )
    assert "status" in facts


def test_the_fields_of_a_step_are_attributes_of_its_record(
    records: list[logging.LogRecord],
) -> None:
    """An edge, a tool, a fault with its request id, the tokens: each can be asked for by name."""
    core = core_at(RunSnapshot(REF, "queued"))
    fault = FaultMet(1.0, "Retrieve", FaultKind.RATE_LIMITED, 429, "req_7")
    told(core, Transition(1.0, EDGE), STEPS[4][0], fault, STEPS[-1][0])
    edge, tool, met, end = map(vars, records)

    assert ("in_progress", "start") == (edge["status"], edge["event"])
    assert ("queued", "look_up", "call_1", "raised") == (
        tool["status"],
        tool["tool"],
        tool["call_id"],
        tool["error"],
    )
    assert ("rate_limited", 429, "req_7") == (met["fault"], met["status_code"], met["request_id"])
    assert ("completed", 4.0, 12) == (end["status"], end["elapsed_s"], end["total_tokens"])


def test_before_there_is_a_run_the_thread_names_the_line(
    records: list[logging.LogRecord],
) -> None:
    """A run without one is *a new run*; for a message to a thread there is no run at all."""
    step = FaultMet(1.0, "Create", FaultKind.TRANSIENT, None)
    told(core_at(), step)
    told(RunCore(replace(REQUEST, thread_id=None), 100.0), step)
    told(ThreadCore(AddMessage("thread_9", "hushed", key="hushed"), 100.0), step)

    starts = [record.getMessage().split(":")[0] for record in records]
    assert ["thread_1", "a new run", "thread_9"] == starts
    assert [None, None, None] == [vars(record)["run_id"] for record in records]


def test_a_name_that_a_model_made_up_stays_on_its_line(
    records: list[logging.LogRecord],
) -> None:
    """A line break in a tool's name cannot forge a line of the log."""
    told(core_at(), ToolAnswered(1.0, "call_1", "x\nWARNING all is well", "unknown_tool"))

    assert "\n" not in records[0].getMessage()


def test_who_does_not_listen_pays_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Below the level of the logger no step is made into text or facts."""

    def never(_step: JournalStep) -> Any:
        raise AssertionError("made into facts for nobody")

    monkeypatch.setattr(Transition, "to_dict", never)
    monkeypatch.setattr(Transition, "__str__", never)
    told(core_at(), Transition(1.0, EDGE))


def test_without_a_handler_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    """A warning of a library whose app has not set up logging is not written to stderr."""
    logger = logging.getLogger("runfsm")
    logger.propagate = False  # pytest's own handlers are the root's
    try:
        told(core_at(), STEPS[1][0])
    finally:
        logger.propagate = True

    assert "" == capfd.readouterr().err


# What is said, for who asks ---------------------------------------------------------------------


def said(core: RunCore, step: JournalStep, records: list[logging.LogRecord]) -> list[str]:
    """What `log_contents` writes of a step."""
    log_contents(step, core)
    assert all(record.name == "runfsm.contents" for record in records)
    return [vars(record)["content"] for record in records]


def test_contents_are_the_message_and_the_arguments(records: list[logging.LogRecord]) -> None:
    """The user's at the creation, the model's where it asks for calls; a guess asks for none."""
    core = asking()
    create, start, ask = (step for step in core.journal if isinstance(step, Transition))
    for step in (create, start, replace(ask, inferred=True), ask):
        log_contents(step, core)

    assert ["hushed message", CALL.arguments] == [vars(record)["content"] for record in records]
    assert 'run_1: calls look_up (call_1): {"who": "hushed arguments"}' == records[1].getMessage()


def test_contents_are_what_the_tools_answered(records: list[logging.LogRecord]) -> None:
    """The text that goes to the model."""
    core = asking()
    core.next_action()
    core.receive(ToolsRan([ToolOutput("call_1", "look_up", "hushed output")], 101.0))

    assert ["hushed output"] == said(core, core.journal[-1], records)


def test_a_drive_without_an_answer_has_no_contents(records: list[logging.LogRecord]) -> None:
    """At the end of a drive that was left, there is nothing to log."""
    assert [] == said(asking(), DriveEnded(1.0, "queued", None, 1.0), records)
