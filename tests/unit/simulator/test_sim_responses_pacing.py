"""Virtual time passes by the looks of a client that polls a response in a loop of its own."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from responding import TWO_HOPS, Desk
from runfsm_simulator import Script, hang


def polled(desk: Desk, looks_max: int = 20) -> list[tuple[str, float]]:
    """A loop as every guide has it: statuses, and when; nobody else moves time."""
    response, start = desk.create(), desk.sim.clock.now()
    seen = [(response.status, 0.0)]
    while response.status in {"queued", "in_progress"} and len(seen) < looks_max:
        response = desk.look(response)
        seen.append((response.status, desk.sim.clock.now() - start))
    return seen


def test_everybodys_looks_let_time_pass(make_desk: Callable[..., Desk]) -> None:
    """The first look in each status is answered as it is; a further one jumps."""
    assert [
        ("queued", 0),
        ("queued", 0),
        ("in_progress", 1),
        ("in_progress", 2),
        ("completed", 3),
    ] == polled(make_desk(TWO_HOPS, pacing="everybody"))


@pytest.mark.parametrize("pacing", ["helpers", "nobody"])
def test_otherwise_time_stands_still(make_desk: Callable[..., Desk], pacing: str) -> None:
    """For responses there is no poll helper, whose looks could be told from others."""
    assert {("queued", 0)} == {*polled(make_desk(TWO_HOPS, pacing=pacing))}


def test_who_polls_what_hangs_comes_to_a_deadline(make_desk: Callable[..., Desk]) -> None:
    """Each look passes five seconds: there is no expiry to jump to."""
    seen = polled(make_desk(Script.of(hang(queue_s=1)), pacing="everybody"))

    assert ("in_progress", 86) == seen[-1]


def test_a_client_that_heeds_it_is_told_to_look_again_at_once() -> None:
    """As long as it is not over."""
    desk = Desk(TWO_HOPS, pacing="everybody")
    path = f"/responses/{desk.create().id}"
    headers = [desk.ask("GET", path).headers.get("openai-poll-after-ms") for _ in range(6)]

    assert ["1", "1", "1", "1", None, None] == headers
