"""`check_server`: passes on the simulator, and finds what was planted in a broken one."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from dataclasses import replace
from typing import Any

import pytest

from runfsm.clock import SystemClock
from runfsm.errors import CallerError
from runfsm_simulator import Script, Simulator
from runfsm_simulator.doors import transport
from runfsm_simulator.doors.sidedoor import SideDoor
from runfsm_simulator.doors.worlds import Worlds
from runfsm_simulator.testing.conformance import NotConforming, Report, Verdict, check_server
from runfsm_simulator.testing.conformance.check import SUBJECTS, behaviours
from runfsm_simulator.wire.http import Blocks, Handle, NoAnswer, Request, Response, json_bytes
from runfsm_simulator.world.script import say

Plant = Callable[[Handle, Simulator], Handle]


def checked(plant: Plant | None = None, *, only: Collection[str] = (), **settings: Any) -> Report:
    """What is found of a simulator, in front of which something was planted."""
    simulator = Simulator(**settings)
    handle = plant(simulator.handle, simulator) if plant else simulator.handle
    try:
        return check_server(transport.client(handle), clock=simulator.clock, only=only)
    except NotConforming as error:
        return error.report


def names(report: Report, verdict: Verdict) -> set[str]:
    """The behaviours of a verdict."""
    return {one.behaviour.name for one in report.of(verdict)}


# What is planted ---------------------------------------------------------------------------------


def altered(change: Callable[[Request, Any], Any]) -> Plant:
    """Each answer of JSON, changed; a change of status is by a key `http`."""

    def plant(handle: Handle, _: Simulator) -> Handle:
        def answer(request: Request) -> Response:
            given = handle(request)
            if given.stream or not given.body:
                return given
            body = change(request, given.json())
            status = body.pop("http", given.status)
            return replace(given, status=status, body=json_bytes(body))

        return answer

    return plant


def no_lock_for(ending: str, *, answered: dict[str, Any]) -> Plant:
    """Refusals of a locked thread, taken for a yes."""

    def change(request: Request, body: Any) -> Any:
        locked = re.search("active", str((body.get("error") or {}).get("message")))
        return {"http": 200, **answered} if locked and request.path.endswith(ending) else body

    return altered(change)


def each_run(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Plant:
    """Every run that is answered, changed."""
    return altered(lambda _, body: change(body) if body.get("object") == "thread.run" else body)


def cancelled_completes() -> Plant:
    """A cancelled run turns out to be completed, some looks later."""
    looks: dict[str, int] = {}

    def change(run: dict[str, Any]) -> dict[str, Any]:
        if run["status"] == "cancelled":
            looks[run["id"]] = looks.get(run["id"], 0) + 1
            if looks[run["id"]] > 1:
                usage = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
                done = {"status": "completed", "completed_at": run["cancelled_at"], "usage": usage}
                return {**run, **done, "cancelled_at": None}
        return run

    return each_run(change)


def without_usage(run: dict[str, Any]) -> dict[str, Any]:
    """A field is forgotten while it is null."""
    return {key: value for key, value in run.items() if key != "usage" or value}


def missing_output_accepted(handle: Handle, simulator: Simulator) -> Handle:
    """What is missing is made up."""

    def answer(request: Request) -> Response:
        if request.path.endswith("submit_tool_outputs"):
            body = json.loads(request.body)
            run = simulator.world.store.runs[request.path.split("/")[5]]
            given = {one.get("tool_call_id") for one in body["tool_outputs"]}
            made_up = [
                {"tool_call_id": call.call_id, "output": ""}
                for call in run.calls
                if call.call_id not in given
            ]
            body["tool_outputs"] += made_up
            request = replace(request, body=json.dumps(body).encode())
        return handle(request)

    return answer


def oldest_first(_: Request, body: Any) -> Any:
    """Lists, the wrong way round."""
    return {**body, "data": body["data"][::-1]} if body.get("object") == "list" else body


def never_more(_: Request, body: Any) -> Any:
    """No list has a further page."""
    return {**body, "has_more": False} if "has_more" in body else body


def expiry_extended(run: dict[str, Any]) -> dict[str, Any]:
    """A submit gives the run ten more minutes."""
    again = run["status"] == "queued" and run["started_at"]
    return {**run, "expires_at": run["expires_at"] + 60} if again else run


def never_expires(run: dict[str, Any]) -> dict[str, Any]:
    """A run that nobody answers waits for ever."""
    fields = {"required_action": {"submit_tool_outputs": {"tool_calls": []}}}
    later = {"status": "requires_action", "expires_at": 1, "started_at": 1}
    return {**run, **later, **fields} if run["status"] == "expired" else run


def another_text(_: Request, body: Any) -> Any:
    """Not found, in other words."""
    missing = "No thread" in str((body.get("error") or {}).get("message"))
    return {"error": {**body["error"], "message": "Not found"}} if missing else body


def any_key(handle: Handle, _: Simulator) -> Handle:
    """Who has no key, may come in."""
    return lambda request: handle(
        replace(request, headers={**request.headers, "authorization": "Bearer sk-any"})
    )


def never_ends(run: dict[str, Any]) -> dict[str, Any]:
    """Whoever has an answer, goes on thinking."""
    return {**run, "status": "in_progress"} if run["status"] == "completed" else run


def cancel_never_confirmed(run: dict[str, Any]) -> dict[str, Any]:
    """A cancel is taken, and nothing comes of it."""
    return {**run, "status": "cancelling"} if run["status"] == "cancelled" else run


class WithoutEvent:
    """A stream that leaves an event out."""

    def __init__(self, blocks: Blocks, event: bytes) -> None:
        self._blocks = blocks
        self._event = event

    def __iter__(self) -> Iterator[bytes]:
        return (block for block in self._blocks if not block.startswith(self._event))

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for block in self:
            yield block

    def close(self) -> None:
        """Nobody listens any more."""
        self._blocks.close()


def no_event(event: bytes) -> Plant:
    """An event that is left out of every stream."""

    def plant(handle: Handle, _: Simulator) -> Handle:
        def answer(request: Request) -> Response:
            given = handle(request)
            blocks = given.stream
            return replace(given, stream=WithoutEvent(blocks, event)) if blocks else given

        return answer

    return plant


MESSAGE = {"id": "msg_1", "object": "thread.message"}
RUN = {"id": "run_1", "object": "thread.run.other"}

PLANTED: dict[str, tuple[Plant, set[str]]] = {
    "no lock for messages": (no_lock_for("messages", answered=MESSAGE), {"lock-message"}),
    "no lock for runs": (
        no_lock_for("runs", answered=RUN),
        {"lock-run", "lock-queued", "stream-refused"},
    ),
    "a cancelled run completes": (cancelled_completes(), {"always-final", "always-legal"}),
    "a field is forgotten": (each_run(without_usage), {"always-fields"}),
    "a missing output is accepted": (missing_output_accepted, {"outputs-missing"}),
    "the wrong order": (
        altered(oldest_first),
        {"list-order", "list-runs-order", "list-pages", "list-before"},
    ),
    "no further page": (altered(never_more), {"list-pages"}),
    "expiry is extended": (each_run(expiry_extended), {"outputs-all"}),
    "expiry never comes": (each_run(never_expires), {"expire-unanswered"}),
    "no run ends": (each_run(never_ends), {"answer-ends"}),
    "no cancel is honoured": (each_run(cancel_never_confirmed), {"cancel-ends"}),
    "another text": (altered(another_text), {"wrong-thread"}),
    "no key is needed": (any_key, {"wrong-no-key"}),
    "an event is left out": (no_event(b"event: thread.run.queued"), {"stream-answer"}),
}


# The kit -----------------------------------------------------------------------------------------


def test_the_simulator_behaves_as_it_must() -> None:
    """Every behaviour is brought about, and holds."""
    report = checked()

    assert "" == "".join(one.said for one in report.findings)
    assert {one.name for one in behaviours()} == names(report, Verdict.PASSED)


@pytest.mark.parametrize(("plant", "found"), PLANTED.values(), ids=PLANTED)
def test_what_is_planted_is_found_and_named(plant: Plant, found: set[str]) -> None:
    """Each fault fails the behaviours that it breaks, and shows what was asked and answered."""
    report = checked(plant, only={*found, "cancel-ends", "outputs-lead-on"})

    assert found <= names(report, Verdict.FAILED)
    assert all(one.trace and one.expected != one.got for one in report.failed)
    assert all(name in str(NotConforming(report)) for name in found)


def test_every_name_is_a_behaviour_s_own() -> None:
    """Names tell behaviours apart, and each says what must hold."""
    every = behaviours()

    assert len(every) == len({one.name for one in every})
    assert all(one.must.endswith(".") for one in every)
    assert len(every) == sum(map(len, SUBJECTS.values()))


def test_what_the_model_does_not_do_is_no_failure() -> None:
    """A model that calls no function leaves open what is seen of calls only."""
    report = checked(script=Script.of(say("Hello!")))

    assert () == report.failed
    assert {"lock-run", "outputs-missing", "stream-calls"} <= names(report, Verdict.UNREACHED)


def test_what_is_only_inferred_does_not_fail() -> None:
    """A difference from a guess of ours is told as one."""

    def any_limit(request: Request, body: Any) -> Any:
        too_much = "limit" in request.query and "error" in body
        return {"http": 200, "object": "list", "data": []} if too_much else body

    report = checked(altered(any_limit), only=["list-limit"])

    assert () == report.failed
    assert {"list-limit"} == names(report, Verdict.DIFFERS)


def test_ten_minutes_of_real_time_are_not_waited_for() -> None:
    """Unless somebody says so; the reason is told."""
    simulator = Simulator(pacing="everybody")
    report = check_server(
        simulator.client(), clock=SystemClock(speed=10_000), only=["expire-unanswered"]
    )

    assert ["takes 10 minutes of real time; say --slow"] == [
        one.said for one in report.of(Verdict.SKIPPED)
    ]


def test_a_side_door_is_found_and_used() -> None:
    """A server of ours whose time can be moved need not be waited for."""
    worlds = Worlds(Simulator)
    door = SideDoor(worlds)

    def handle(request: Request) -> Response:
        if request.path.startswith("/_sim/"):
            return door.handle(replace(request, headers={"host": "localhost"}), peer="127.0.0.1")
        return worlds.handle(request)

    class NoWaiting:
        def alarm(self) -> Any:
            raise AssertionError("it was waited")

    report = check_server(transport.client(handle), clock=NoWaiting())

    assert () == report.failed + report.of(Verdict.SKIPPED)


def test_nothing_is_left_behind() -> None:
    """No thread and no assistant that was made for it, and so no run."""
    simulator = Simulator()
    check_server(simulator.client(), clock=simulator.clock)
    store = simulator.world.store

    assert [] == [*store.threads, *store.assistants]


def test_an_assistant_that_is_there_is_used_and_stays() -> None:
    """Its tools are given to each run, and it is not deleted."""
    simulator = Simulator()
    mine = simulator.create_assistant()
    report = check_server(simulator.client(), clock=simulator.clock, assistant_id=mine)

    assert () == report.failed + report.of(Verdict.UNREACHED)
    assert [mine] == [*simulator.world.store.assistants]


def test_a_trace_tells_neither_keys_nor_texts() -> None:
    """Of texts the length alone; of the key nothing."""
    simulator = Simulator()
    handle = altered(oldest_first)(simulator.handle, simulator)
    client = transport.client(handle, api_key="sk-unsaid-0123")
    with pytest.raises(NotConforming, match="list-order") as caught:
        check_server(client, clock=simulator.clock, only=["list-order", "list-runs-order"])
    told = json.dumps(caught.value.report.to_dict())

    assert "<6 characters>" in told  # "Hello!"
    assert not [unsaid for unsaid in ("sk-unsaid", "Hello!", "first_probe") if unsaid in told]


def test_a_name_that_is_none_is_refused_before_anything_is_asked() -> None:
    """The error has the names that there are."""
    with pytest.raises(CallerError, match="no behaviour lock-rum; there are create-queued"):
        check_server(Simulator().client(), only=["lock-rum"])


def test_a_server_that_is_not_there_is_told_once() -> None:
    """And not sixty times."""

    def nobody(_: Request) -> Response:
        raise NoAnswer("drop")

    with pytest.raises(CallerError, match=r"nobody answers at http://simulator\.invalid"):
        check_server(transport.client(nobody), clock=SystemClock())


@pytest.mark.parametrize("body", [b"<html>no such page</html>", b'{"error": {"message": "No"}}'])
def test_a_server_of_something_else_is_told_once(body: bytes) -> None:
    """By its pages: a path that was forgotten looks like that."""

    def pages(_: Request) -> Response:
        return Response(404, {}, body)

    with pytest.raises(CallerError, match=r"simulator\.invalid.* has nothing of the API: .*/v1"):
        check_server(transport.client(pages), clock=SystemClock())


@pytest.mark.parametrize("status", [200, 302, 401, 502])
@pytest.mark.parametrize("body", [b"<html>Log in</html>", b"", b'"fine"'])
def test_a_server_that_answers_with_pages_is_told_once(status: int, body: bytes) -> None:
    """A login page comes with 200: it is no API, and not sixty failures."""

    def pages(_: Request) -> Response:
        return Response(status, {"content-type": "text/html"}, body)

    with pytest.raises(CallerError, match=rf"nothing of the API: .* {status} and no JSON object"):
        check_server(transport.client(pages), clock=SystemClock())
