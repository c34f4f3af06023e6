"""Any troubles, in any order, at any call: a run ends, and nothing is done twice."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from runfsm import Outcome
from runfsm.driver.journal import FaultMet
from runfsm.errors import BackendError, RunCancelled
from runfsm.lifecycle import LIFECYCLE, RunEvent
from runfsm_simulator.world.script import call, say
from troubled import PORTS, TROUBLES, Port, Schedule, Troubled, end, paused, stage, stale

STALE = [stale(1), stale(2), stale(3)]
ANY = st.sampled_from([*TROUBLES.values(), *STALE, paused])
VERBS = ["create_thread", "create", "runs", "retrieve", "submit", "cancel", "messages"]
PLACES = st.tuples(st.sampled_from(VERBS), st.integers(0, 8))


@settings(max_examples=300)
@given(
    schedule=st.dictionaries(PLACES, ANY, max_size=10),
    cancel_at=st.none() | st.integers(-1, 12),
    port=st.sampled_from(PORTS),
)
def test_any_troubles_end_in_an_outcome_or_an_error_that_tells(
    schedule: Schedule, cancel_at: int | None, port: Port
) -> None:
    """There is one run at most, no call is made twice, none is submitted after it was accepted.

    And no run is left to go on alone that nobody was told of.
    """
    simulator = stage(call("f"), call("f"), say("Done."), cancel_s=1)
    service = Troubled(simulator, schedule, road=port)
    called: list[str] = []
    ended = end(service, f=lambda: called.append("f") or "42", cancel_at=cancel_at)
    statuses = {entry.dest for entry in service.simulator.trace}

    match ended:
        case Outcome():
            assert {ended.status} == statuses & LIFECYCLE.terminal
        case RunCancelled():
            assert set() == statuses
        case _:
            assert isinstance(ended, BackendError)
            assert any(isinstance(step, FaultMet) for step in ended.journal)
            if statuses and not ended.fault.maybe_applied:
                assert ended.ref is not None
                assert statuses & LIFECYCLE.terminal or service.count("cancel")
    assert service.events.count(RunEvent.CREATE) <= 1
    accepted = service.events.count(RunEvent.SUBMIT_TOOL_OUTPUTS)
    assert accepted <= len(called) <= accepted + 1
    _check_no_submit_after_acceptance(service)


def _check_no_submit_after_acceptance(service: Troubled) -> None:
    """An answer `queued` is an acceptance that the driver has heard of: nothing may follow it."""
    sent: Counter[Any] = Counter()
    for number, (verb, args) in enumerate(service.calls):
        if verb == "submit":
            ids = tuple(output.call_id for output in args[1])
            trouble = service.schedule.get(("submit", sent.total()))
            sent[ids] += 1
            if trouble in [None, *STALE, paused]:
                later = [a for v, a in service.calls[number + 1 :] if v == "submit"]
                assert ids not in [tuple(o.call_id for o in a[1]) for a in later]
