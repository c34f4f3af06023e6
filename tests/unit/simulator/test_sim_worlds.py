"""Several worlds behind one address, and the side door to them: who may use it, what it answers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from runfsm_simulator import Simulator
from runfsm_simulator.doors.powers import POWERS
from runfsm_simulator.doors.sidedoor import SideDoor
from runfsm_simulator.doors.worlds import WORLD_HEADER, Worlds
from runfsm_simulator.wire.http import Request, Response

BETA = {"openai-beta": "assistants=v2"}
LOCAL = {"host": "127.0.0.1:4010"}
TOKEN = "open-sesame"  # noqa: S105  # opens nothing


def say_hello(worlds: Worlds, *, key: str = "sk-any", world: str | None = None) -> Response:
    """An answer of the API, in the world that key or header mean."""
    headers = {**BETA, "authorization": f"Bearer {key}"}
    if world is not None:
        headers[WORLD_HEADER] = world
    return worlds.handle(Request("POST", "/v1/threads", headers=headers))


class Side:
    """A side door, and somebody who comes through it."""

    def __init__(self, by: Any = "one", *, token: str | None = None, **headers: str) -> None:
        self.worlds = Worlds(Simulator, by=by, worlds_max=3)
        self._door = SideDoor(self.worlds, token=token)
        self._headers = {**LOCAL, **headers}

    def ask(
        self, method: str, path: str, body: Any = None, *, peer: str = "127.0.0.1", **more: Any
    ) -> Response:
        data = body if isinstance(body, bytes) else b"" if body is None else _json(body)
        asked = Request(method, f"/_sim{path}", more.pop("query", {}), self._headers, data)
        return self._door.handle(asked, peer=peer)

    def get(self, path: str) -> Any:
        return _ok(self.ask("GET", path))

    def post(self, path: str, body: Any = None) -> Any:
        return _ok(self.ask("POST", path, body))

    def delete(self, path: str) -> Any:
        return _ok(self.ask("DELETE", path))


def _json(body: Any) -> bytes:
    return json.dumps(body).encode()


def _ok(answer: Response) -> Any:
    assert answer.status == 200, answer.body
    return answer.json()


# Worlds ------------------------------------------------------------------------------------------


def test_worlds_do_not_meet() -> None:
    """Each has its own things, its own clock and its own ids, from the same seed."""
    worlds = Worlds(Simulator, by="header")
    ids = [say_hello(worlds, world=name).json()["id"] for name in ("a", "b")]
    worlds.world("a").clock.advance(60)

    assert ids[0] == ids[1]
    assert 60 == worlds.world("a").clock.now() - worlds.world("b").clock.now()
    assert [1, 1] == [len(worlds.world(name).world.store.threads) for name in ("a", "b")]


@pytest.mark.parametrize(
    ("by", "names"),
    [
        ("one", ("main",)),
        ("header", ("main", "b")),
        ("key", ("key-16c2e9a3b8c0", "key-cfcead19ff9b", "b")),
    ],
)
def test_what_tells_worlds_apart(by: Any, names: tuple[str, ...]) -> None:
    """Nothing, the header, or the key; and then the header all the same."""
    worlds = Worlds(Simulator, by=by)
    for asked in ({"key": "1"}, {"key": "2"}, {"key": "1", "world": "b"}):
        say_hello(worlds, **asked)

    assert names == worlds.names


@pytest.mark.parametrize(("by", "told"), [("one", None), ("header", "b")])
def test_an_answer_tells_its_world_where_there_are_several(by: Any, told: str | None) -> None:
    """So that who asks by key learns the name by which the side door knows it."""
    answer = say_hello(Worlds(Simulator, by=by), world="b")
    assert told == answer.headers.get(WORLD_HEADER)


def test_a_key_is_not_kept() -> None:
    """Neither as a name nor in a journal."""
    worlds = Worlds(Simulator, by="key")
    say_hello(worlds, key="sk-secret")
    simulator = worlds.world(worlds.names[0])

    assert "secret" not in repr((worlds.names, simulator.control.journal.requests))


@pytest.mark.parametrize("name", ["a/b", "x" * 65, "ü", "a b"])
def test_a_world_has_a_plain_name(name: str) -> None:
    """Another one is refused, and no world comes of it."""
    worlds = Worlds(Simulator, by="header")
    answer = say_hello(worlds, world=name)

    assert (400, "no_world") == (answer.status, answer.json()["error"]["code"])
    assert () == worlds.names


def test_the_number_of_worlds_is_bounded() -> None:
    """One more is refused, those that there are go on; one that is ended makes room."""
    worlds = Worlds(Simulator, by="header", worlds_max=2)
    statuses = [say_hello(worlds, world=name).status for name in ("a", "b", "c", "a")]
    worlds.end("b")
    statuses.append(say_hello(worlds, world="c").status)

    assert [200, 200, 400, 200, 200] == statuses
    assert ("a", "c") == worlds.names


# Who may come in ---------------------------------------------------------------------------------


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
@pytest.mark.parametrize("host", ["127.0.0.1:4010", "localhost:4010", "[::1]:4010"])
def test_programs_on_this_machine_may(peer: str, host: str) -> None:
    """By whichever of its addresses."""
    assert 200 == Side(host=host).ask("GET", "/clock", peer=peer).status


@pytest.mark.parametrize(
    ("peer", "headers", "why"),
    [
        ("192.0.2.1", {}, "192.0.2.1 is not this machine"),
        ("testclient", {}, "testclient is not this machine"),
        ("127.0.0.1", {"host": "evil.example:4010"}, "host 'evil.example'"),
        ("127.0.0.1", {"origin": "https://evil.example"}, "page of https://evil.example"),
        ("127.0.0.1", {"origin": "null"}, "page of null"),
    ],
)
def test_others_may_not(peer: str, headers: dict[str, str], why: str) -> None:
    """Neither another machine, nor another site's page in a browser on this one."""
    answer = Side(**headers).ask("POST", "/reset", peer=peer)

    assert 403 == answer.status
    assert why in answer.json()["error"]["message"]


def test_a_page_of_its_own_may() -> None:
    """The browser names the same host as origin."""
    side = Side(origin="http://127.0.0.1:4010")
    assert 200 == side.ask("POST", "/reset").status


@pytest.mark.parametrize(
    ("sent", "status"),
    [(f"Bearer {TOKEN}", 200), ("Bearer wrong", 403), (TOKEN, 403), ("Bearer ü", 403)],
)
@pytest.mark.parametrize("peer", ["192.0.2.1", "127.0.0.1"])
def test_with_a_token_whoever_knows_it_may(sent: str, status: int, peer: str) -> None:
    """And nobody else, not even on this machine: a proxy there would let everybody in."""
    side = Side(token=TOKEN, authorization=sent, host="sim.example")
    assert status == side.ask("GET", "/clock", peer=peer).status


def test_the_token_is_no_key_of_a_world() -> None:
    """Who comes in by a token means the main world, unless the header names another."""
    bearer = f"Bearer {TOKEN}"
    assert "main" == Side("key", token=TOKEN, authorization=bearer).get("/worlds")["this"]
    assert "main" != Side("key", authorization=bearer).get("/worlds")["this"]


# What it answers ---------------------------------------------------------------------------------


def test_the_side_door_lists_its_paths() -> None:
    """Each with what it does, in a line."""
    listed = Side().get("/")

    assert sum(map(len, POWERS.values())) == len(listed)
    assert all(line and "\n" not in line for line in listed.values())
    assert "Let time pass until something happens by itself." == listed["POST /_sim/clock/jump"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "why"),
    [
        ("GET", "/nowhere", None, 404, "Invalid URL (GET /_sim/nowhere)"),
        ("DELETE", "/clock", None, 405, "Not allowed to DELETE"),
        ("POST", "/clock/advance", {}, 400, "'seconds'"),
        ("POST", "/clock/advance", {"seconds": -1}, 400, "give 0 or more"),
        ("POST", "/clock/advance", b"{", 400, "could not parse the JSON"),
        ("POST", "/runs", {"status": "asleep"}, 400, "There are: queued"),
        ("POST", "/runs", {"id": "bob"}, 400, "as in 'run_1'"),
        ("GET", "/runs/run_0", None, 404, "No run found"),
        ("POST", "/runs/run_0/events", {"event": "start"}, 404, "No run found"),
        ("POST", "/faults", {"status": 99}, 400, "'status'"),
        ("POST", "/faults", {"headers": {"a": "b\r\nc: d"}}, 400, "'headers"),
        ("POST", "/script", b"turns: []", 400, "script:1"),
        ("GET", "/why/req_0", None, 400, "x-request-id"),
        ("POST", "/snapshots/snap_0/restore", None, 400, "kept: none"),
        ("POST", "/fork", {"into": "main"}, 400, "there is a world 'main' already"),
        ("DELETE", "/worlds/b", None, 400, "there is no world 'b'; there are main"),
    ],
)
def test_a_mistake_is_told(method: str, path: str, body: Any, status: int, why: str) -> None:
    """In the same envelope as the API's own errors; and nothing has changed."""
    side = Side()
    before = side.get("/journal"), side.get("/clock"), side.get("/worlds")
    answer = side.ask(method, path, body)

    assert (status, True) == (answer.status, why in answer.json()["error"]["message"]), answer.body
    assert before == (side.get("/journal"), side.get("/clock"), side.get("/worlds"))


def test_an_illegal_edge_is_told_with_those_that_there_are() -> None:
    """The lifecycle's own words."""
    side = Side()
    side.post("/runs", {"id": "run_1"})
    answer = side.ask("POST", "/runs/run_1/events", {"event": "complete"})

    assert 400 == answer.status
    assert "legal here: start (service" in answer.json()["error"]["message"]


def test_a_run_is_seeded_looked_at_and_moved() -> None:
    """From requires_action, by a chosen edge, to its end."""
    side = Side()
    made = side.post("/runs", {"id": "run_1", "status": "requires_action"})
    events = [edge["event"] for edge in side.get("/runs/run_1")["next"]]
    taken = side.post("/runs/run_1/events", {"event": "expire"})

    assert ("run_1", "requires_action") == (made["id"], made["status"])
    assert ["submit_tool_outputs", "cancel", "expire"] == events
    assert {"source": "requires_action", "event": "expire", "dest": "expired"} == taken


def test_things_are_seeded_with_the_apis_own_bodies() -> None:
    """And with chosen ids."""
    side = Side()
    side.post("/assistants", {"id": "asst_1", "name": "Bob"})
    side.post("/threads", {"id": "thread_1", "metadata": {"lesson": "1"}})
    side.post("/runs", {"thread_id": "thread_1", "assistant_id": "asst_1"})
    store = side.worlds.world("main").world.store

    assert "Bob" == store.assistants["asst_1"].name
    assert {"lesson": "1"} == store.threads["thread_1"].metadata
    assert 1 == len(store.threads["thread_1"].runs)


def test_time_is_moved() -> None:
    """By seconds, and to the next event; each answer says what time it is then."""
    side = Side()
    began = side.get("/clock")["now"]
    side.post("/runs")
    due = side.get("/clock")["next_due"]
    assert due == side.post("/clock/jump")["now"]
    assert due + 60 == side.post("/clock/advance", {"seconds": 60})["now"]
    assert {"now": began, "next_due": None} == side.post("/reset", {"seed": 7})


def test_a_fault_is_armed_listed_and_disarmed() -> None:
    """What is left out has its default."""
    side = Side()
    side.post("/faults", {"path": "/v1/threads", "status": 503, "headers": {"retry-after": "1"}})
    armed = side.get("/faults")["faults"]
    assert [503] == [say_hello(side.worlds).status]
    side.post("/faults", {"trouble": "drop"})

    assert ["/v1/threads"] == [fault["path"] for fault in armed]
    assert {"faults": []} == side.delete("/faults")
    assert 200 == say_hello(side.worlds).status


def test_a_script_is_loaded() -> None:
    """As YAML, or as the JSON that is YAML too."""
    side = Side()
    assert {"script": "greet"} == side.post("/script", b"name: greet\nturns: [{say: Hello}]")
    assert {"script": "hi"} == side.post("/script", {"name": "hi", "turns": [{"say": "Hi"}]})


def test_the_journal_and_why_are_read() -> None:
    """By as many lines as are asked for; by the id that an answer had."""
    side = Side()
    answers = [say_hello(side.worlds) for _ in range(3)]
    side.post("/runs", {"status": "completed"})
    lines = _ok(side.ask("GET", "/journal", query={"last": ["2"]}))
    why = side.get(f"/why/{answers[0].headers['x-request-id']}")

    assert 2 == len(lines["requests"]) == len(lines["transitions"])
    assert "POST" == why["request"]["method"]
    assert 400 == side.ask("GET", "/journal", query={"last": ["all"]}).status


def test_a_world_is_saved_restored_dropped_forked_and_ended() -> None:
    """Each in one call; the header says in which world."""
    side = Side("header")
    side.post("/runs", {"id": "run_1"})
    snapshot = side.post("/snapshots")["id"]
    side.post("/runs/run_1/events", {"event": "expire"})
    side.post("/fork", {"into": "b"})
    side.post(f"/snapshots/{snapshot}/restore")
    statuses = [side.worlds.world(name).world.store.runs["run_1"].status for name in ("main", "b")]

    assert ["queued", "expired"] == statuses
    assert {"snapshots": []} == side.delete(f"/snapshots/{snapshot}")
    assert {"worlds": ["main"], "this": "main"} == side.delete("/worlds/b")
