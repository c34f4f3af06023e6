"""What a served simulator says of its clients: nothing of who has left, and no id that is none."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from runfsm import AssistantsBackend, RunDriver, RunRequest
from runfsm_simulator import Simulator

pytest.importorskip("starlette", reason="an extra")


def test_a_client_that_leaves_in_the_middle_of_its_request_is_no_error() -> None:
    """A client that met Ctrl-C had a traceback printed by the server; and nothing is created."""
    from runfsm_simulator.doors.asgi import create_app  # noqa: PLC0415  # an extra

    simulator, sent = Simulator(), list[Any]()
    scope: dict[str, Any] = {
        "type": "http",
        "method": "POST",
        "path": "/v1/threads",
        "query_string": b"",
        "headers": [(b"authorization", b"Bearer any"), (b"content-length", b"99")],
    }
    messages = iter(
        [
            {"type": "http.request", "body": b'{"metadata"', "more_body": True},
            {"type": "http.disconnect"},
        ]
    )

    async def receive() -> Any:
        return next(messages)

    async def send(message: Any) -> None:
        sent.append(message)

    anyio.run(create_app(simulator), scope, receive, send)

    assert {} == simulator.world.store.threads
    assert [400] == [message["status"] for message in sent if "status" in message]


def test_the_journal_names_runs_and_nothing_else() -> None:
    """A list of messages has a field called `run_id`; that is the id of no run."""
    simulator = Simulator()
    driver = RunDriver(AssistantsBackend(simulator.client()), clock=simulator.clock)
    run_id = driver.run(RunRequest(simulator.create_assistant(), "Hello")).ref.run_id

    assert {None, run_id} == {line.run_id for line in simulator.control.journal.requests}
