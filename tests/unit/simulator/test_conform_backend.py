"""`check_backend`: passes on the library's own backends, and finds what is broken in another."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from runfsm import AssistantsBackend, BackendError, Fault, FaultKind, RunSnapshot
from runfsm_simulator import Simulator
from runfsm_simulator.testing.conformance import NotConforming, Report, Verdict, check_backend

Make = Callable[[Simulator], Any]

BACKENDS: dict[str, Make] = {
    "direct": lambda simulator: simulator.backend,
    "direct, awaited": lambda simulator: simulator.async_backend,
    "client": lambda simulator: AssistantsBackend(simulator.client()),
    "client, awaited": lambda simulator: AssistantsBackend(simulator.async_client()),
}


def checked(make: Make, loop: Any = "asyncio") -> Report:
    """What is found of the backend that is made for a simulator."""
    simulator = Simulator()
    assistant_id = simulator.create_assistant()
    try:
        return check_backend(
            lambda: make(simulator), assistant_id=assistant_id, clock=simulator.clock, loop=loop
        )
    except NotConforming as error:
        return error.report


@pytest.mark.parametrize("loop", ["asyncio", "trio"])
@pytest.mark.parametrize("make", BACKENDS.values(), ids=BACKENDS)
def test_the_library_s_backends_keep_the_contract(make: Make, loop: str) -> None:
    """All of it; the direct ones do not stream, and say so."""
    report = checked(make, loop)
    reasons = {one.said for one in report.findings}

    assert () == report.failed + report.of(Verdict.UNREACHED)
    assert reasons <= {"", "this backend does not stream"}


# What is broken ----------------------------------------------------------------------------------


class Broken:
    """A backend that does what a good one does, but for what a test breaks."""

    def __init__(self, simulator: Simulator) -> None:
        self._good = AssistantsBackend(simulator.client())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._good, name)

    def create(self, request: Any) -> RunSnapshot:
        """See `Backend.create`."""
        return self._good.create(request)


class RaisesOthers(Broken):
    """What it cannot find is a `KeyError`."""

    def retrieve(self, ref: Any) -> RunSnapshot:
        """See `Backend.retrieve`."""
        try:
            return self._good.retrieve(ref)
        except BackendError:
            raise KeyError(ref.run_id) from None


class LosesKeys(Broken):
    """Lists runs without their keys."""

    def runs(self, thread_id: str) -> Sequence[RunSnapshot]:
        """See `Backend.runs`."""
        return [replace(run, key=None) for run in self._good.runs(thread_id)]


class OldestFirst(Broken):
    """Lists runs the wrong way round."""

    def runs(self, thread_id: str) -> Sequence[RunSnapshot]:
        """See `Backend.runs`."""
        return self._good.runs(thread_id)[::-1]


class PlainRefusal(Broken):
    """Does not tell a lock from a mistake of its caller."""

    def create(self, request: Any) -> RunSnapshot:
        """See `Backend.create`."""
        try:
            return super().create(request)
        except BackendError as error:
            raise BackendError(replace(error.fault, kind=FaultKind.INVALID)) from error


class CallsStay(Broken):
    """Shows calls that are answered already."""

    def submit(self, ref: Any, outputs: Any) -> RunSnapshot:
        """See `Backend.submit`."""
        calls = self._good.retrieve(ref).calls
        return replace(self._good.submit(ref, outputs), calls=calls)


class CancelRepeats(Broken):
    """Takes a late cancel for a good one."""

    def cancel(self, ref: Any) -> RunSnapshot:
        """See `Backend.cancel`."""
        try:
            return self._good.cancel(ref)
        except BackendError:
            return self._good.retrieve(ref)


class EagerStream(Broken):
    """Creates the run when the stream is made, not when it is read."""

    def stream_create(self, request: Any) -> Iterator[Any]:
        """See `StreamingBackend.stream_create`."""
        events = self._good.stream_create(request)
        first = next(events)

        def told() -> Iterator[Any]:
            yield first
            yield from events

        return told()


class GarbledFault(Broken):
    """Has one kind of fault for everything."""

    def submit(self, ref: Any, outputs: Any) -> RunSnapshot:
        """See `Backend.submit`."""
        try:
            return self._good.submit(ref, outputs)
        except BackendError:
            raise BackendError(Fault(FaultKind.TRANSIENT, "")) from None


BROKEN = {
    RaisesOthers: {"look-nowhere"},
    LosesKeys: {"key-kept"},
    OldestFirst: {"runs-newest-first"},
    PlainRefusal: {"busy-run"},
    CallsStay: {"calls-there"},
    CancelRepeats: {"cancel-late"},
    EagerStream: {"stream-lazy"},
    GarbledFault: {"submit-twice", "submit-part"},
}


@pytest.mark.parametrize(
    ("make", "found"), BROKEN.items(), ids=lambda it: getattr(it, "__name__", "")
)
def test_what_is_broken_is_found_and_named(make: Make, found: set[str]) -> None:
    """Each broken promise fails its own behaviour, and no other."""
    report = checked(make)

    assert found == {one.behaviour.name for one in report.failed}
    assert all(one.trace for one in report.failed)


def test_the_error_is_readable() -> None:
    """It says which promise is broken, what was expected and what came."""
    simulator = Simulator()
    assistant_id = simulator.create_assistant()
    with pytest.raises(NotConforming) as caught:
        check_backend(
            lambda: LosesKeys(simulator), assistant_id=assistant_id, clock=simulator.clock
        )

    told = str(caught.value)
    assert "key-kept: Who lists the runs of a thread finds a run by its key." in told
    assert "expected ['run_" in told
