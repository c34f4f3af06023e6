"""`Retry-After` as a date: read in all its forms, and no request before it."""

from __future__ import annotations

from email.utils import formatdate
from typing import Any, Final

import pytest

from by_hand import LOST, a_core, met, seen
from roads import Road
from runfsm import Fault, FaultKind, Policy, RunEvent, RunRequest, RunStatus, Transition
from runfsm.backends.retryafter import read_retry_after
from runfsm.driver.actions import Retrieve, Sleep
from runfsm.driver.journal import FaultMet
from runfsm.driver.pacing import FOREVER_S, Pacing
from runfsm.driver.replies import Slept
from runfsm_simulator import Script, Simulator, hang, say
from runfsm_simulator.doors.faults import ArmedFault

#: 2026-10-21 07:28:00 UTC.
MOMENT: Final = 1_792_567_680.0

FORMS: Final = {
    "IMF-fixdate": "Wed, 21 Oct 2026 07:28:00 GMT",
    "RFC 850": "Wednesday, 21-Oct-26 07:28:00 GMT",
    "asctime": "Wed Oct 21 07:28:00 2026",
    "an offset": "Wed, 21 Oct 2026 09:28:00 +0200",
}


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS)
def test_a_date_is_read_in_each_of_its_forms(text: str) -> None:
    """RFC 9110 5.6.7 has three forms of a date, two of them obsolete; a recipient takes all."""
    assert (None, MOMENT) == read_retry_after({"retry-after": text})


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS)
def test_a_date_is_compared_with_the_date_of_the_answer(text: str) -> None:
    """The service's clock may be wrong: what counts is how long it is from its own `Date`."""
    headers = {"retry-after": text, "date": "Wed, 21 Oct 2026 07:27:50 GMT"}

    assert (10.0, None) == read_retry_after(headers)


@pytest.mark.parametrize("date", ["yesterday", ", ".join([FORMS["IMF-fixdate"]] * 2)])
def test_a_garbled_date_of_the_answer_is_no_date(date: str) -> None:
    """An answer whose `Date` is none leaves the moment to the driver's clock."""
    headers = {"retry-after": FORMS["IMF-fixdate"], "date": date}

    assert (None, MOMENT) == read_retry_after(headers)


def test_a_date_in_the_past_is_now() -> None:
    """A date that has passed asks for no wait."""
    headers = {"retry-after": FORMS["IMF-fixdate"], "date": "Wed, 21 Oct 2026 08:00:00 GMT"}

    assert (0.0, None) == read_retry_after(headers)
    assert 0.0 == Fault(FaultKind.TRANSIENT, "", retry_at=MOMENT).wait_s(now=MOMENT + 1)


@pytest.mark.parametrize(
    "text", ["", "soon", "5 s", "Wed, 32 Oct 2026 07:28:00 GMT", "21 Oct 2026 07:28 +9999999999"]
)
def test_garbage_is_no_wish(text: str) -> None:
    """What is neither seconds nor a date is ignored: the pacing says when to ask again."""
    assert (None, None) == read_retry_after({"retry-after": text})


def test_milliseconds_go_before_a_date() -> None:
    """`retry-after-ms`, which OpenAI sends, is the more exact of the two."""
    headers = {"retry-after-ms": "250", "retry-after": FORMS["asctime"]}

    assert (0.25, None) == read_retry_after(headers)


def test_a_far_date_waits_no_longer_than_the_deadline() -> None:
    """The year 9999 ends with the app's own deadline, and no timer is given more than it takes."""
    far = Fault(FaultKind.RATE_LIMITED, "slow", retry_at=253_402_300_799.0)
    core = a_core(seen("queued"), Slept(0.5), met(far, 1.0), policy=Policy(deadline_s=90))
    endless = a_core(met(far, 1.0), policy=Policy(deadline_s=None))

    assert Sleep(89.0) == core.next_action()
    assert Pacing().fault_delay_s(1, 1e12) <= FOREVER_S + Pacing().longest_s
    assert isinstance(endless.next_action(), Sleep)


def test_a_wish_without_a_time_is_none() -> None:
    """A fault that asks for nothing leaves the wait to the pacing."""
    assert None is LOST.wait_s(now=0.0)
    assert Retrieve is not type(a_core(seen("queued"), Slept(0.5), met(LOST, 1.0)).next_action())


@pytest.mark.reported(
    "austind/retryhttp#8, duolahypercho/codex-router PR 573",
    "`Retry-After` with a date was not understood: asked again after 0.4 s.",
    now="No request is sent before that date, in any of its three forms.",
)
@pytest.mark.parametrize("has_date", [True, False], ids=["with Date", "without Date"])
@pytest.mark.parametrize("status", [429, 503])
def test_a_service_is_not_asked_before_its_date(http: Road, status: int, *, has_date: bool) -> None:
    """Asked to wait until a date, the driver does (austind/retryhttp#8, codex-router PR 573)."""
    simulator = Simulator(Script.of(say("Hello!")))
    request = RunRequest(simulator.create_assistant(), "Hi", http.thread(simulator))
    until = simulator.clock.now() + 30
    headers = {"retry-after": formatdate(until, usegmt=True)}
    if has_date:
        headers["date"] = formatdate(simulator.clock.now(), usegmt=True)
    fault = ArmedFault(method="POST", path=http.creates, status=status, headers=headers)
    simulator.control.faults.arm(fault)
    outcome = http.drive(simulator, request)

    assert RunStatus.COMPLETED is outcome.status
    assert outcome.snapshot.created_at is not None
    assert outcome.snapshot.created_at >= until - 1  # a date has whole seconds


#: Where a cancel is asked for.
CANCELS: Final = {"assistants": "*/cancel", "responses": "*/cancel", "agents": "*/events"}


@pytest.mark.parametrize(("asked_s", "gap_s"), [(20.0, (20.0, 26.0)), (3600.0, (0.4, 5.0))])
def test_a_refused_cancel_is_not_repeated_too_early(
    http: Road, asked_s: float, gap_s: tuple[float, float]
) -> None:
    """A cancel heeds `Retry-After`, too, as long as another attempt has time within its grace."""
    simulator = Simulator(Script.of(hang()))
    request = RunRequest(simulator.create_assistant(), "Hi", http.thread(simulator))
    headers = {"retry-after": f"{asked_s:.0f}"}
    fault = ArmedFault(method="POST", path=CANCELS[http.wire], status=429, headers=headers)
    simulator.control.faults.arm(fault)

    def cancel(watch: Any, _: object) -> None:
        watch.cancel()

    outcome = http.drive(simulator, request, on_step=cancel)
    met = next(it.at for it in outcome.journal if isinstance(it, FaultMet))
    done = next(
        it.at
        for it in outcome.journal
        if isinstance(it, Transition) and it.edge.event is RunEvent.CANCEL
    )

    assert RunStatus.CANCELLED is outcome.status
    assert gap_s[0] <= done - met <= gap_s[1]
