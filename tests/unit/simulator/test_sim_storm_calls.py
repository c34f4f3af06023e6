"""Each fault of a storm that strikes a call, at probability 1: on the wire and beside it."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from typing import Any

import openai
import pytest

from runfsm import RunRequest
from runfsm.errors import BackendError, FaultKind
from runfsm.lifecycle import ResponseStatus, RunStatus, TurnStatus
from runfsm_simulator import Simulator, Storm
from runfsm_simulator.doors import striker
from runfsm_simulator.doors.direct import DirectBackend
from struck import OverSdk, Picky

# The SDK warns at every call of this API.
pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")

K, S = FaultKind, RunStatus


# Any call -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "kind", "status", "maybe_applied", "applied"),
    [
        ("rate_limited", K.RATE_LIMITED, 429, False, False),
        ("quota", K.QUOTA, 429, False, False),
        ("server_error", K.TRANSIENT, 503, True, False),
        ("timeout", K.TRANSIENT, None, True, False),
        ("dropped", K.TRANSIENT, None, True, False),
        ("error_after_effect", K.TRANSIENT, 500, True, True),
        ("timeout_after_effect", K.TRANSIENT, None, True, True),
        ("dropped_after_effect", K.TRANSIENT, None, True, True),
        ("missing_after_write", K.NOT_FOUND, 404, False, False),
    ],
)
def test_a_call_that_a_fault_strikes(
    client: Any, fault: str, kind: str, status: int, *, maybe_applied: bool, applied: bool
) -> None:
    """Both roads tell a driver the same of it, and the call has taken effect, or has not."""
    picky = Picky(server_error__which=1, rate_limited__retry_after_s=2)
    here = client(chooser=picky, **{fault: 1})
    with pytest.raises(BackendError) as caught:
        here.create()

    told = caught.value.fault
    assert (kind, status, maybe_applied) == (told.kind, told.status_code, told.maybe_applied)
    assert (5 if fault == "rate_limited" else None) == told.retry_after_s
    assert [S.QUEUED] * applied == here.runs


@pytest.mark.parametrize(
    ("fault", "raised"),
    [
        ("rate_limited", openai.RateLimitError),
        ("quota", openai.RateLimitError),
        ("server_error", openai.InternalServerError),
        ("timeout", openai.APITimeoutError),
        ("dropped", openai.APIConnectionError),
        ("missing_after_write", openai.NotFoundError),
    ],
)
def test_a_fault_is_the_sdks_own_exception(fault: str, raised: type[Exception]) -> None:
    """As over a real network."""
    sim = Simulator(storm=Storm(**{fault: 1}))
    thread_id = sim.create_thread()
    with sim.client(max_retries=0) as sdk, pytest.raises(raised) as caught:
        sdk.beta.threads.retrieve(thread_id)
    assert raised is caught.type


@pytest.mark.parametrize("half", [True, False], ids=["half an answer", "a page"])
def test_an_answer_that_is_none(client: Any, *, half: bool) -> None:
    """Half of the true answer, of what was done; or a proxy's page, of what was not."""
    here = client(chooser=Picky(malformed__how=0 if half else 1), malformed=1)
    if isinstance(here, OverSdk) and not half:
        body = here.threads.runs.create(here.thread_id, assistant_id=here.assistant_id)
        assert str(body).startswith("<!DOCTYPE html>")
    else:
        with pytest.raises(BackendError) as caught:
            here.create()
        fault = caught.value.fault
        assert (K.GARBLED, True) == (fault.kind, fault.maybe_applied)

    assert half == bool(here.runs)


def test_every_call_of_the_direct_port_meets_a_storm() -> None:
    """A method that is added later cannot be forgotten."""
    public = {name for name in vars(DirectBackend) if not name.startswith("_")}

    assert public == {
        name for name in public if hasattr(getattr(DirectBackend, name), "__wrapped__")
    }


def test_the_async_port_meets_it_too() -> None:
    """The same fault, awaited."""
    sim = Simulator(storm=Storm(timeout=1))

    with pytest.raises(BackendError, match="timed out"):
        asyncio.run(sim.async_backend.create(RunRequest(sim.create_assistant(), "Hi")))


def test_a_new_thread_is_known_everywhere_after_a_while(client: Any) -> None:
    """Until then it is not found, however often one asks."""
    here = client(missing_after_write=1)
    for _ in range(2):
        with pytest.raises(BackendError, match="No thread found with id"):
            here.create()
    here.sim.clock.advance(striker.LAG_S)
    here.create()
    with pytest.raises(BackendError, match="No run found with id"):
        here.status()
    here.sim.clock.advance(striker.LAG_S)

    assert "completed" == here.status()


# What a look shows --------------------------------------------------------------------------------


def test_a_replica_lags_by_one_look(client: Any) -> None:
    """Each look shows what the one before would have shown in truth."""
    here = client(stale_look=1)
    here.create()
    seen = []
    for _ in range(4):
        seen.append(here.status())
        here.sim.clock.advance(1.5)

    assert ["queued", "queued", "in_progress", "completed"] == seen


def test_a_tenth_status_is_seen_once(client: Any) -> None:
    """Then the true one again."""
    here = client(chooser=Picky(unknown_status__name=0), unknown_status=1)
    here.create()

    assert ["paused", "queued", "queued"] == [here.status() for _ in range(3)]


@pytest.mark.parametrize("statuses", [RunStatus, ResponseStatus, TurnStatus])
def test_a_tenth_status_is_one_on_no_wire(statuses: type[StrEnum]) -> None:
    """What a run never is may be what a turn is: waiting, say."""
    assert not {*striker.TENTH} & {*statuses}


def test_the_first_list_lacks_the_message(client: Any) -> None:
    """The run is completed; its message comes with the second look for it."""
    here = client(missing_message=1)
    here.create()
    here.sim.clock.advance(3)

    assert "completed" == here.status()
    assert [[], ["Hello!"], ["Hello!"]] == [here.texts() for _ in range(3)]
