"""Lists: order, cursors, limit, envelope."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def five(stage: Any) -> Any:
    """A thread with the user's messages 0 to 4, and their ids."""
    stage.thread = f"/v1/threads/{stage.sim.create_thread()}"
    stage.thread_id = stage.thread.rpartition("/")[2]
    stage.ids = [stage.sim.add_message(stage.thread_id, str(number)) for number in range(5)]
    return stage


@pytest.mark.parametrize(
    ("query", "numbers", "has_more"),
    [
        ({}, [4, 3, 2, 1, 0], False),
        ({"order": "asc"}, [0, 1, 2, 3, 4], False),
        ({"limit": "2"}, [4, 3], True),
        ({"limit": "5"}, [4, 3, 2, 1, 0], False),
        ({"limit": "2", "after": 3}, [2, 1], True),
        ({"limit": "2", "after": 2}, [1, 0], False),
        ({"after": 0}, [], False),
        ({"order": "asc", "after": 1}, [2, 3, 4], False),
        ({"order": "asc", "before": 2}, [0, 1], False),
        ({"order": "asc", "before": 4, "limit": "2"}, [2, 3], True),
        ({"order": "asc", "after": 0, "before": 3}, [1, 2], False),
        ({"include[]": "whatever"}, [4, 3, 2, 1, 0], False),
    ],
)
def test_pages(five: Any, query: dict[str, Any], numbers: list[int], *, has_more: bool) -> None:
    """Newest first by default, cursors exclusive; one second's messages keep their order."""
    asked = {
        name: five.ids[value] if isinstance(value, int) else value for name, value in query.items()
    }
    page = five.get(f"{five.thread}/messages", **asked)
    expected = [five.ids[number] for number in numbers]

    assert ["object", "data", "first_id", "last_id", "has_more"] == list(page)
    assert expected == [message["id"] for message in page["data"]]
    assert has_more == page["has_more"]
    assert (expected[0] if expected else None) == page["first_id"]
    assert (expected[-1] if expected else None) == page["last_id"]


def test_a_page_has_20_unless_asked_otherwise(five: Any) -> None:
    """The default limit."""
    for number in range(20):
        five.sim.add_message(five.thread_id, str(number))

    assert 20 == len(five.get(f"{five.thread}/messages")["data"])


@pytest.mark.parametrize(
    ("query", "message", "code"),
    [
        (
            {"limit": "1000"},
            (
                "Invalid 'limit': integer above maximum value. "
                "Expected a value <= 100, but got 1000 instead."
            ),
            "integer_above_max_value",
        ),
        (
            {"limit": "0"},
            (
                "Invalid 'limit': integer below minimum value. "
                "Expected a value >= 1, but got 0 instead."
            ),
            "integer_below_min_value",
        ),
        (
            {"limit": "ten"},
            "Invalid type for 'limit': expected an integer, but got a string instead.",
            "invalid_type",
        ),
        (
            {"order": "up"},
            "Invalid value: 'up'. Supported values are: 'asc' and 'desc'.",
            "invalid_value",
        ),
    ],
)
def test_a_mistake_in_the_query(five: Any, query: dict[str, Any], message: str, code: str) -> None:
    """It is told as a mistake in a body is."""
    status, error = five.refused("GET", f"{five.thread}/messages", **query)

    assert (400, message, code) == (status, error["message"], error["code"])


def test_a_cursor_that_is_not_in_the_list(five: Any) -> None:
    """It is not found."""
    assert 404 == five.ask("GET", f"{five.thread}/messages", after="msg_x").status


def test_the_messages_of_a_run(stage: Any) -> None:
    """`run_id` leaves what that run wrote, hence nothing of the user's."""
    run = stage.create_run()
    stage.advance(10)
    run_id = run.rpartition("/")[2]
    page = stage.get(f"{stage.thread}/messages", run_id=run_id)

    assert [("assistant", run_id)] == [(it["role"], it["run_id"]) for it in page["data"]]


def test_assistants_and_runs_are_listed_too(stage: Any) -> None:
    """Both newest first."""
    newer = stage.sim.create_assistant()
    runs = []
    for _ in range(2):
        runs.append(stage.create_run().rpartition("/")[2])
        stage.advance(10)

    assert [newer, stage.assistant_id] == [it["id"] for it in stage.get("/v1/assistants")["data"]]
    assert runs[::-1] == [it["id"] for it in stage.get(f"{stage.thread}/runs")["data"]]
