"""Self-hosted servers whose messages do not name their run, or have a text of another shape."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import pytest

from lookalike import Json, Lookalike
from runfsm import BackendError, RunStatus
from runfsm.driver.journal import NoText
from runfsm.lifecycle.journal import JournalStep
from runfsm_simulator import Script, fail, say
from runfsm_simulator.wire.http import Request, Response

ONE: Final = Script.of(say("Hello!", queue_s=1, work_s=1))

both = pytest.mark.parametrize("is_async", [False, True], ids=["threads", "tasks"])


def _without(name: str) -> Callable[[Json], Json]:
    return lambda message: {key: value for key, value in message.items() if key != name}


def _with(**fields: Any) -> Callable[[Json], Json]:
    return lambda message: {**message, **fields}


UNNAMED: Final = {
    "null": _with(run_id=None),
    "absent": _without("run_id"),
    "foreign": _with(run_id="task_7f"),
    "empty": _with(run_id=""),
    "no time": lambda message: {**message, "run_id": None, "created_at": None},
    "a time as a text": lambda message: {**message, "run_id": None, "created_at": "2026-12-01"},
}


def _no_text(journal: tuple[JournalStep, ...]) -> list[int]:
    return [step.messages for step in journal if isinstance(step, NoText)]


@pytest.mark.reported(
    "samuelint/langchain-openai-api-bridge PR 19, MLT-OSS/open-assistant-api PR 57",
    "A server whose messages do not name their run, or name another: completed, with no text.",
    now="The assistant's messages since the run began are taken; a warning says so.",
)
@both
@pytest.mark.parametrize("change", UNNAMED.values(), ids=UNNAMED)
def test_an_answer_that_names_no_run_is_found(change: Any, caplog: Any, *, is_async: bool) -> None:
    """Messages without their run's id are found by time and place.

    samuelint/langchain-openai-api-bridge PR 19; MLT-OSS/open-assistant-api PR 57.
    """
    server = Lookalike(ONE, change)
    with caplog.at_level(logging.WARNING, "runfsm.backends"):
        texts = [server.run(is_async=is_async).text for _ in range(2)]

    assert ["Hello!", "Hello!"] == texts
    assert not server.backend.capabilities.names_runs
    assert 2 == len(caplog.records)  # once for each backend


@both
def test_a_faithful_server_is_believed(*, is_async: bool) -> None:
    """Where messages name their runs, one list is asked for, and the capability stands."""
    server = Lookalike(ONE, filters=True)
    outcome = server.run(is_async=is_async)

    assert ("Hello!", 1, True) == (
        outcome.text,
        server.lists,
        server.backend.capabilities.names_runs,
    )


@both
@pytest.mark.parametrize("page", [100, 2, 1])
@pytest.mark.parametrize("orders", [True, False])
@pytest.mark.parametrize("change", [dict, _with(run_id=None)], ids=["named", "unnamed"])
def test_pages_and_orders_are_as_a_server_likes(
    change: Any, page: int, *, orders: bool, is_async: bool
) -> None:
    """Lists that come oldest first, and a few at a time, are read until the run's own are there."""
    server = Lookalike(ONE, change, orders=orders, page=page)
    texts = [server.run(message, is_async=is_async).text for message in ("One", "Two", "Three")]

    assert ["Hello!"] * 3 == texts
    assert 3 == len({server.run(message, is_async=is_async).messages for message in "abc"})


@both
def test_a_filter_that_knows_no_run_is_left_out(*, is_async: bool) -> None:
    """A server may filter by an id that its messages lack: without the filter, they are there."""
    server = Lookalike(ONE, _with(run_id=None), filters=True)

    assert "Hello!" == server.run(is_async=is_async).text


@both
@pytest.mark.parametrize("filters", [True, False])
def test_messages_of_an_earlier_run_are_not_taken(*, filters: bool, is_async: bool) -> None:
    """A run that fails in the same second, and says nothing, does not get the last one's answer."""
    server = Lookalike(ONE, filters=filters)
    server.run(is_async=is_async)
    server.simulator.world.play(Script.of(fail("server_error")))
    outcome = server.run(None, is_async=is_async)

    assert (RunStatus.FAILED, "") == (outcome.status, outcome.text)
    assert server.backend.capabilities.names_runs


CONTENTS: Final = {
    "a text": "Hello!",
    "a part with a text": [{"type": "text", "text": "Hello!"}],
    "an output text": [{"type": "output_text", "text": "Hello!"}],
    "texts in a list": ["Hel", "lo!"],
    "one part": {"type": "text", "text": {"value": "Hello!", "annotations": []}},
}


@both
@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_a_text_of_another_shape_is_read(content: Any, *, is_async: bool) -> None:
    """Plain strings stand where the API has parts with a text object (open-assistant-api PR 57)."""
    assert "Hello!" == Lookalike(ONE, _with(content=content)).run(is_async=is_async).text


def test_a_message_with_a_text_of_its_own_is_read() -> None:
    """A message may have a `text` and no content."""
    server = Lookalike(ONE, lambda message: {**_without("content")(message), "text": "Hello!"})

    assert "Hello!" == server.run().text


@pytest.mark.parametrize("content", [None, [], "", [{"type": "text", "text": None}]], ids=repr)
def test_a_completed_run_without_a_text_says_so(content: Any) -> None:
    """The journal of a completed run tells that its messages have no text."""
    outcome = Lookalike(ONE, _with(content=content)).run()

    assert ("", [1]) == (outcome.text, _no_text(outcome.journal))


def test_a_completed_run_without_a_message_says_so(caplog: Any) -> None:
    """The journal tells that none was found, and the log warns of it."""
    server = Lookalike(ONE, _with(role="bot", run_id=None))
    with caplog.at_level(logging.WARNING, "runfsm.run"):
        outcome = server.run()

    assert ("", [0]) == (outcome.text, _no_text(outcome.journal))
    assert ["completed, and no message of it was found"] == [
        record.getMessage().partition(": ")[2] for record in caplog.records
    ]


@both
def test_a_run_with_a_text_has_no_such_step(*, is_async: bool) -> None:
    """A run that answered is not told of as one that did not."""
    assert [] == _no_text(Lookalike(ONE).run(is_async=is_async).journal)


class Odd(Lookalike):
    """A server whose every list is changed as a whole."""

    def __init__(self, change: Callable[[Any], Any], kinds: tuple[str, ...]) -> None:
        super().__init__(ONE)
        self._change, self._kinds = change, kinds

    def handle(self, request: Request) -> Response:
        """One request in, one answer out."""
        answer = self.simulator.handle(request)
        if request.method != "GET" or not request.path.endswith(self._kinds):
            return answer
        body = self._change(json.loads(answer.body))
        return replace(answer, body=json.dumps(body).encode())


@both
def test_messages_that_are_null_are_none(*, is_async: bool) -> None:
    """Servers in Go write an empty list as `null`."""
    outcome = Odd(lambda body: {**body, "data": None}, ("/messages",)).run(is_async=is_async)

    assert ("", [0]) == (outcome.text, _no_text(outcome.journal))


ODD: Final[dict[str, Callable[[Any], Any]]] = {
    "no data": lambda body: {"messages": body["data"]},
    "an object": lambda body: {"data": {"0": body["data"]}},
    "with null": lambda body: {"data": [None, *body["data"]]},
    "of texts": lambda _: {"data": ["Hello!"]},
    "of lists": lambda body: {"data": [body["data"]]},
    "a plain list": lambda body: body["data"],
    "without ids": lambda body: {"data": [_without("id")(it) for it in body["data"]]},
}


@both
@pytest.mark.parametrize("change", ODD.values(), ids=ODD)
def test_a_list_that_is_none_is_told_as_a_fault(change: Any, *, is_async: bool) -> None:
    """Messages that are no objects with an id are no answer of this API; nothing else is raised."""
    with pytest.raises(BackendError, match="not an answer of this API"):
        Odd(change, ("/messages",)).run(is_async=is_async)
