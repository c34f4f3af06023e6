"""A thread takes so many messages and no more: here, three."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from runfsm_simulator import Switches

HI = {"role": "user", "content": "Hi"}
FULL = (
    400,
    {
        "message": "A thread can't have more than 3 messages.",
        "type": "invalid_request_error",
        "param": None,
        "code": None,
    },
)


@pytest.fixture
def stage(make_stage: Callable[..., Any]) -> Any:
    """A `Stage` whose threads are small."""
    assert Switches().messages_max == 100_000
    return make_stage(switches=Switches(messages_max=3))


def test_the_last_message_that_fits_is_taken(stage: Any) -> None:
    """There is one; two more fit, a further one does not, and nothing has changed."""
    for _ in range(2):
        stage.post(f"{stage.thread}/messages", HI)
    before = stage.everything()

    assert FULL == stage.refused("POST", f"{stage.thread}/messages", HI)
    assert before == stage.everything()


def test_a_run_brings_no_more_than_fit(stage: Any) -> None:
    """All of its messages, or none and no run."""
    more = {"assistant_id": stage.assistant_id, "additional_messages": [HI, HI, HI]}
    before = stage.everything()

    assert FULL == stage.refused("POST", f"{stage.thread}/runs", more)
    assert before == stage.everything()
    stage.create_run(additional_messages=[HI, HI])


def test_a_thread_begins_with_no_more_than_fit(stage: Any) -> None:
    """With a run, or without one; neither is there then."""
    wanted = {"thread": {"messages": [HI] * 4}, "assistant_id": stage.assistant_id}

    assert FULL == stage.refused("POST", "/v1/threads", wanted["thread"])
    assert FULL == stage.refused("POST", "/v1/threads/runs", wanted)
    assert [stage.thread_id] == [*stage.sim.world.store.threads]
    assert "thread" == stage.post("/v1/threads", {"messages": [HI] * 3})["object"]


def test_a_run_answers_on_a_full_thread(stage: Any) -> None:
    """The limit is on what clients add."""
    stage.create_run(additional_messages=[HI, HI])
    stage.advance(10)

    assert 4 == len(stage.get(f"{stage.thread}/messages")["data"])
    stage.create_run()  # brings no message, so there is no limit to it
