"""A server or a backend in, a report out: behaviour by behaviour, with evidence and trace."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any, Final

import openai

from runfsm.clock import SystemClock
from runfsm.errors import CallerError
from runfsm_simulator.testing.conformance import (
    always,
    calling,
    cancelling,
    contract,
    creating,
    expiring,
    listing,
    locking,
    refusals,
    stepping,
    streaming,
)
from runfsm_simulator.testing.conformance.backendstage import BackendStage
from runfsm_simulator.testing.conformance.behaviour import Behaviour, Finding
from runfsm_simulator.testing.conformance.blocking import Loop, blocking
from runfsm_simulator.testing.conformance.report import Report, judge
from runfsm_simulator.testing.conformance.stage import CALLS, Clock, Stage

__all__ = ["SUBJECTS", "behaviours", "check_backend", "check_server", "findings"]


def _in(room: ModuleType) -> tuple[Behaviour, ...]:
    return tuple(one for one in vars(room).values() if isinstance(one, Behaviour))


#: Every behaviour of a server, by subject, in the order in which they are played.
SUBJECTS: Final[Mapping[str, Sequence[Behaviour]]] = {
    "Creation": _in(creating),
    "Thread lock": _in(locking),
    "Calls and outputs": _in(calling),
    "Cancels": _in(cancelling),
    "Run steps": _in(stepping),
    "Lists": _in(listing),
    "Refusals": _in(refusals),
    "Streams": _in(streaming),
    "Expiry": _in(expiring),
    "Always": _in(always),
}


def behaviours(only: Collection[str] = ()) -> tuple[Behaviour, ...]:
    """Those of these names; all of them if none is named. What holds always is judged last.

    Raises:
        CallerError: there is none of a name.
    """
    every = tuple(one for subject in SUBJECTS.values() for one in subject)
    if unknown := set(only) - {one.name for one in every}:
        names = ", ".join(one.name for one in every)
        raise CallerError(f"no behaviour {', '.join(sorted(unknown))}; there are {names}")
    return tuple(one for one in every if not only or one.name in only)


def findings(stage: Stage, only: Collection[str] = ()) -> Iterator[Finding]:
    """Play the behaviours on a stage, one after the other."""
    for one in behaviours(only):
        yield judge(one, stage)


def check_server(  # noqa: PLR0913  # its settings; all but the client by keyword
    client: openai.OpenAI,
    *,
    clock: Clock | None = None,
    model: str = "gpt-4o-mini",
    assistant_id: str | None = None,
    slow: bool = False,
    only: Collection[str] = (),
) -> Report:
    """Compare an Assistants-compatible server with what is known of the API.

    Everything is seen from outside, through the client. A server of ours with a side door is helped
    along in time; any other one is waited for.

    Args:
        client: reaches the server. Some 50 short runs are made; what was made is deleted.
        clock: to wait by; real time if `None`. For `Simulator().client()`, the simulator's.
        model: of the assistant that is made for it. It must be able to call functions.
        assistant_id: one that is there already, to be used in place of a new one.
        slow: whether to wait for what takes ten minutes in real time.
        only: the names of the behaviours to play; all of them if empty.

    Returns:
        What was found: also what could not be brought about, or differs from a mere guess.

    Raises:
        NotConforming: the server does otherwise than is certain or likely.
        CallerError: there is no behaviour of a name; or nobody answers.

    Example:
        >>> from runfsm_simulator import Simulator
        >>> simulator = Simulator()
        >>> report = check_server(simulator.client(), clock=simulator.clock)
        >>> report.failed
        ()
    """
    behaviours(only)  # a misspelt name is told before anything is asked
    waits = SystemClock() if clock is None else clock
    stage = Stage(client, clock=waits, model=model, assistant_id=assistant_id, slow=slow)
    try:
        report = Report(tuple(findings(stage, only)))
    finally:
        stage.leave()
    report.raise_for_failures()
    return report


def check_backend(
    factory: Callable[[], Any],
    *,
    assistant_id: str,
    calls: Mapping[str, Any] = CALLS,
    clock: Clock | None = None,
    loop: Loop = "asyncio",
) -> Report:
    """Hold a `Backend`, or an `AsyncBackend`, to the contract that drivers rely on.

    Args:
        factory: makes a backend; each time another one, of the same service.
        assistant_id: an assistant that answers.
        calls: options of a run in which it calls functions, in the words of the backend; those of
            the Assistants API if left out.
        clock: to wait by; real time if `None`.
        loop: where the calls of an `AsyncBackend` are awaited.

    Returns:
        What was found: also what could not be brought about.

    Raises:
        NotConforming: the contract is broken.

    Example:
        >>> from runfsm_simulator import Simulator
        >>> simulator = Simulator()
        >>> assistant_id = simulator.create_assistant()
        >>> report = check_backend(
        ...     lambda: simulator.backend, assistant_id=assistant_id, clock=simulator.clock
        ... )
        >>> sorted({finding.verdict.value for finding in report.findings})
        ['passed', 'skipped']
    """
    waits = SystemClock() if clock is None else clock
    made, another = factory(), factory()
    with blocking(made, loop) as backend, blocking(another, loop) as other:
        stage = BackendStage(
            backend, another=other, assistant_id=assistant_id, calls=calls, clock=waits
        )
        report = Report(tuple(judge(one, stage) for one in _in(contract)))
    report.raise_for_failures()
    return report
