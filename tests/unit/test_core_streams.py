"""What the core does with a stream, told by hand: listen as long as there is one, then look."""

from __future__ import annotations

import pytest

from by_hand import LOST, REF, REFUSED, REQUEST, K, a_run, fetched, listed, met, ran, seen, told
from runfsm import Fault, Policy, RunCore, TextDelta
from runfsm.driver.actions import (
    Cancel,
    Create,
    Done,
    FetchMessages,
    Listen,
    Retrieve,
    RunTools,
    Sleep,
    SubmitOutputs,
)
from runfsm.driver.live import SILENCE_S
from runfsm.driver.replies import Heard, Reply, Silent, Slept

PIECE = Heard(TextDelta("msg_1", "Hel"), 0.0)


def _heard(status: str, *call_ids: str, now: float = 0.0) -> Heard:
    """The stream shows our run."""
    return Heard(a_run(status, *call_ids), now)


def _streaming(*replies: Reply) -> RunCore:
    core = RunCore(REQUEST, 0.0, streaming=True)
    for reply in replies:
        core.receive(reply)
    return core


def test_a_run_that_was_created_is_listened_to() -> None:
    """Its stream tells of all until its end; nobody looks, and nobody sleeps."""
    assert [Create, Listen, Listen, Listen, FetchMessages, Done] == told(
        _streaming(),
        [seen("queued"), PIECE, _heard("in_progress"), _heard("completed"), fetched("Hello")],
    )


def test_without_the_wish_nobody_listens() -> None:
    """A core polls unless it was told to stream."""
    core = RunCore(REQUEST, 0.0)

    assert Create(REQUEST, stream=False) == core.next_action()
    assert [Create, Sleep] == told(core, [seen("queued")])


def test_a_stream_is_heard_out_past_the_expiry() -> None:
    """It tells of that itself; only silence, and the driver's own time, end the waiting."""
    assert Listen(REF, SILENCE_S) == _streaming(seen("queued", now=590.0)).next_action()


def test_a_run_that_was_taken_over_is_polled() -> None:
    """There is no stream of it: the creation's answer was lost."""
    core = _streaming(met(LOST), Slept(0.5), listed(a_run("queued"), now=0.5))

    assert isinstance(core.next_action(), Sleep)


def test_a_stream_that_falls_silent_is_followed_by_a_look_at_once() -> None:
    """And then by polling: it does not come back."""
    core = _streaming(seen("queued"))

    assert [Listen, Retrieve, Sleep, Retrieve] == told(
        core, [Silent(1.0), seen("in_progress", now=1.0), Slept(1.5)]
    )


@pytest.mark.parametrize("fault", [REFUSED, Fault(K.AUTH, "No."), Fault(K.INVALID, "No.")])
def test_a_stream_that_breaks_is_no_end(fault: Fault) -> None:
    """Whatever broke it, a look tells more; and after it one polls."""
    core = _streaming(seen("queued"))

    assert [Listen, Sleep, Retrieve, Sleep] == told(
        core, [met(fault), Slept(1.0), seen("in_progress", now=1.0)]
    )


@pytest.mark.parametrize(("piece", "after"), [([PIECE], Sleep), ([], Done)])
def test_a_run_that_was_heard_writing_has_a_message(piece: list[Reply], after: type) -> None:
    """Even one that failed in the middle: its messages are asked for until they are there."""
    core = _streaming(seen("queued"), *piece, _heard("failed"), fetched())

    assert after is type(core.next_action())


def test_submitted_outputs_are_followed_by_their_stream() -> None:
    """The stream of the run pauses with it; that of the submit goes on."""
    core = _streaming(seen("queued"), _heard("requires_action", "call_1"))

    assert [RunTools, SubmitOutputs, Listen] == told(core, [ran("call_1"), seen("queued")])


def test_outputs_that_are_polled_after_are_followed_by_a_pause() -> None:
    """As they were submitted without a stream."""
    core = RunCore(REQUEST, 0.0)

    assert [Create, RunTools, SubmitOutputs, Sleep] == told(
        core, [seen("requires_action", "call_1"), ran("call_1"), seen("queued")]
    )


def test_tools_that_were_given_up_end_the_listening() -> None:
    """A look says what has become of the run."""
    core = _streaming(seen("queued"), _heard("requires_action", "call_1"))

    assert [RunTools, Retrieve, Sleep] == told(
        core, [ran("call_1", error="abandoned"), seen("in_progress")]
    )


def test_a_cancel_ends_the_listening() -> None:
    """What the stream says of the time before is of no use any more."""
    core = _streaming(seen("queued"), _heard("in_progress"))
    core.request_cancel()

    assert [Cancel, Sleep] == told(core, [seen("cancelling")])


def test_an_interrupt_ends_the_listening() -> None:
    """Also where another client has cancelled already, so that nothing is left to be sent."""
    core = _streaming(seen("queued"), _heard("cancelling"))
    assert isinstance(core.next_action(), Listen)
    core.interrupt(1.0)

    assert Retrieve(REF) == core.next_action()


def test_a_stream_of_a_run_that_another_cancels_is_heard_out() -> None:
    """Nobody here wants it cancelled, so nothing is given up."""
    core = RunCore(REQUEST, 0.0, Policy(cancel_grace_s=1.0), streaming=True)

    assert [Create, Listen, Listen, FetchMessages] == told(
        core, [seen("queued"), _heard("cancelling", now=50.0), _heard("cancelled", now=99.0)]
    )
