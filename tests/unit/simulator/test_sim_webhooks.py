"""Webhooks: the ends of responses in background mode are told, signed, and told again."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, Self

import openai
import pytest

from responding import Desk
from runfsm import SystemClock
from runfsm.errors import CallerError
from runfsm_simulator import (
    Script,
    Simulator,
    VirtualClock,
    Webhook,
    call,
    fail,
    hang,
    say,
    truncate,
)
from runfsm_simulator.doors.sidedoor import SideDoor
from runfsm_simulator.doors.worlds import Worlds
from runfsm_simulator.wire.http import Request

SECRET = "whsec_" + base64.b64encode(b"of this test").decode()
GREETING = Script.of(say("Hello!", queue_s=1, work_s=2))


class Receiver:
    """Keeps what it is told, and answers with these statuses in turn; 204 after them."""

    def __init__(self, *statuses: int | Exception) -> None:
        self.letters: list[tuple[bytes, Mapping[str, str]]] = []
        self._statuses = list(statuses)

    def __call__(self, body: bytes, headers: Mapping[str, str]) -> int:
        self.letters.append((body, headers))
        status = self._statuses.pop(0) if self._statuses else 204
        if isinstance(status, Exception):
            raise status
        return status

    @property
    def events(self) -> list[dict[str, Any]]:
        """What the letters say."""
        return [json.loads(body) for body, _ in self.letters]

    def headers(self, name: str) -> list[str]:
        """One header of each letter."""
        return [headers[name] for _, headers in self.letters]


def settle(sim: Simulator) -> float:
    """Let time pass until nothing is due any more; when the last thing was."""
    last = sim.clock.now()
    while (due := sim.control.jump()) is not None:
        last = due
    return last


@pytest.mark.parametrize(
    ("turn", "event"),
    [
        (say("Hi"), "response.completed"),
        (call("a"), "response.completed"),
        (fail(), "response.failed"),
        (truncate(), "response.incomplete"),
        (hang(), "response.cancelled"),
    ],
)
def test_each_end_is_told(turn: Any, event: str) -> None:
    """Once, when it happens, and with no more than an id; a call is an end like another."""
    receiver = Receiver()
    script = Script.of(turn, say("So.")) if turn.call else Script.of(turn)
    desk = Desk(script, webhooks=[Webhook(receiver)])
    response = desk.create()
    if turn.hang:
        desk.client.responses.cancel(response.id)
    else:
        desk.sim.clock.advance(10)
    ended = desk.look(response)
    (told,) = receiver.events

    assert {"type": event, "object": "event", "data": {"id": response.id}}.items() <= told.items()
    assert told["created_at"] == (ended.completed_at or told["created_at"])
    assert event.endswith(ended.status)


def test_who_waits_is_not_told() -> None:
    """Only background mode is announced."""
    receiver = Receiver()
    desk = Desk(GREETING, webhooks=[Webhook(receiver)])
    desk.create(background=False)
    desk.create(background=False, stream=True)

    assert [] == receiver.letters


def test_a_receiver_hears_what_it_wants() -> None:
    """Of these events alone; two who want one hear the same event, in letters of their own."""
    some, others, none = Receiver(), Receiver(), Receiver()
    desk = Desk(
        GREETING,
        webhooks=[
            Webhook(some),
            Webhook(others, events=("response.completed",)),
            Webhook(none, events=("response.failed",)),
        ],
    )
    desk.finished()

    assert [1, 1, 0] == [len(one.letters) for one in (some, others, none)]
    assert some.events == others.events
    assert some.headers("webhook-id") != others.headers("webhook-id")


# Signatures --------------------------------------------------------------------------------------


def test_the_client_verifies_it() -> None:
    """`unwrap` takes it, where virtual time begins at the real one, and types it."""
    receiver = Receiver()
    clock = VirtualClock(time.time())
    desk = Desk(GREETING, clock=clock, webhooks=[Webhook(receiver, secret=SECRET)])
    response = desk.finished()
    ((body, headers),) = receiver.letters
    event = desk.client.webhooks.unwrap(body, headers, secret=SECRET)

    assert ("response.completed", response.id) == (event.type, event.data.id)
    with pytest.raises(openai.InvalidWebhookSignatureError):
        desk.client.webhooks.unwrap(body + b" ", headers, secret=SECRET)


def test_in_another_time_the_clients_tolerance_has_to_be_wider() -> None:
    """The SDK compares with the real time; the signature itself is right."""
    receiver = Receiver()
    desk = Desk(GREETING, webhooks=[Webhook(receiver, secret=SECRET)])
    desk.finished()
    ((body, headers),) = receiver.letters
    verify = desk.client.webhooks.verify_signature
    with pytest.raises(openai.InvalidWebhookSignatureError, match="too old"):
        verify(body, headers, secret=SECRET)

    assert verify(body, headers, secret=SECRET, tolerance=10**10) is None


@pytest.mark.parametrize(
    ("wish", "why"),
    [
        ({"to": "ftp://example.com"}, "no URL"),
        ({"secret": "whsec_?"}, "no secret"),
        ({"events": ("response.queued",)}, "no event 'response.queued'"),
    ],
)
def test_a_webhook_that_is_none(wish: Any, why: str) -> None:
    """Found when it is made."""
    with pytest.raises(CallerError, match=why):
        Webhook(**{"to": Receiver(), **wish})


def test_a_secret_is_not_shown() -> None:
    """Not in its repr."""
    assert SECRET not in repr(Webhook("http://127.0.0.1:1", secret=SECRET))


# Again -------------------------------------------------------------------------------------------


def test_what_does_not_arrive_comes_again() -> None:
    """The same letter, later and later, until a 2xx; a redirect is none, nor is an error."""
    receiver = Receiver(500, 302, OSError("away"))
    desk = Desk(GREETING, webhooks=[Webhook(receiver)])
    desk.create()
    start = desk.sim.clock.now()
    last = settle(desk.sim)

    assert 4 == len(receiver.letters)
    assert 1 == len({*receiver.headers("webhook-id")})
    assert [3, 8, 18, 38] == [int(stamp) - start for stamp in receiver.headers("webhook-timestamp")]
    assert 38 == last - start


def test_it_is_given_up_after_three_days() -> None:
    """Then nothing is due any more."""
    receiver = Receiver(*[500] * 99)
    desk = Desk(GREETING, webhooks=[Webhook(receiver)])
    desk.create()
    start = desk.sim.clock.now()
    settle(desk.sim)

    assert int(receiver.headers("webhook-timestamp")[-1]) <= start + 72 * 3600 + 3
    assert 16 == len(receiver.letters)


def test_a_receiver_may_ask_back() -> None:
    """What it was told of is there already; it may even begin the next response."""
    seen = []

    def receive(body: bytes, _: Mapping[str, str]) -> int:
        response = desk.client.responses.retrieve(json.loads(body)["data"]["id"])
        seen.append((response.status, response.output_text))
        if len(seen) < 3:
            desk.create("And then?")
        return 200

    desk = Desk(GREETING, webhooks=[Webhook(receive)])
    desk.create()
    settle(desk.sim)

    assert [("completed", "Hello!")] * 3 == seen


def test_a_letter_survives_a_snapshot_and_a_file(tmp_path: Path) -> None:
    """What has not arrived is told by whoever restores it, and by another process."""
    receiver = Receiver(500, 204, 500)
    make = {"script": GREETING, "webhooks": [Webhook(receiver)]}
    desk = Desk(**make)  # type: ignore[arg-type]  # its arguments, by name
    desk.create()
    desk.sim.clock.advance(3)
    desk.sim.control.next_due()
    saved = desk.sim.control.save()
    desk.sim.control.dump(tmp_path / "state.json")
    desk.sim.control.restore(saved)
    settle(desk.sim)
    other = Simulator(**make)  # type: ignore[arg-type]  # as above
    other.control.load(tmp_path / "state.json")
    settle(other)

    assert [3, 8, 8, 18] == [int(stamp[-2:]) for stamp in receiver.headers("webhook-timestamp")]
    assert 1 == len({*receiver.headers("webhook-id")})


def test_nobody_is_told_for_whom_nothing_was_registered() -> None:
    """Then no id is drawn either: the world is the same as without this file."""
    desks = [Desk(GREETING), Desk(GREETING, webhooks=[])]

    assert desks[0].finished() == desks[1].finished()
    assert [] == desks[0].sim.world._engine.post.waiting


def test_who_is_dropped_is_told_no_more() -> None:
    """Not even what has failed so far."""
    receiver = Receiver(500)
    desk = Desk(GREETING)
    ident = desk.sim.control.webhooks.register(Webhook(receiver))
    response = desk.create()
    desk.sim.clock.advance(3)
    desk.look(response)
    desk.sim.control.webhooks.drop(ident)
    desk.sim.clock.advance(3600)
    desk.sim.control.next_due()

    assert 1 == len(receiver.letters)
    with pytest.raises(CallerError, match="there is no webhook"):
        desk.sim.control.webhooks.drop(ident)


# Over the web ------------------------------------------------------------------------------------


class Web:
    """A receiver with a URL."""

    def __init__(self) -> None:
        self.letters: list[tuple[bytes, dict[str, str]]] = []
        self.heard = threading.Event()
        web = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                web.letters.append((body, {k.lower(): v for k, v in self.headers.items()}))
                self.send_response(204)
                self.end_headers()
                web.heard.set()

            def log_message(self, *_: object) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        self._thread = threading.Thread(target=self._server.serve_forever)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def test_over_the_web() -> None:
    """Registered at the side door, and told though nobody asks for anything: time is real."""
    script = Script.of(say("Hello!", queue_s=0, work_s=0.05))
    simulator = Simulator(script, clock=SystemClock(speed=10))
    door = SideDoor(Worlds(lambda: simulator))

    def ask(method: str, path: str, body: Any = None) -> Any:
        data = json.dumps(body).encode() if body else b""
        headers = {"host": "127.0.0.1"}
        request = Request(method, f"/_sim/webhooks{path}", headers=headers, body=data)
        return door.handle(request, peer="127.0.0.1").json()

    client = simulator.client()
    with Web() as web:
        made = ask("POST", "", {"url": web.url, "events": ["response.completed"]})
        response = client.responses.create(model="m", input="Hi", background=True)

        assert web.heard.wait(10)
    ((body, headers),) = web.letters
    client.webhooks.verify_signature(body, headers, secret=made["secret"], tolerance=3600)

    assert response.id == json.loads(body)["data"]["id"]
    listed = ask("GET", "")["webhooks"]
    assert [(made["id"], web.url, ["response.completed"])] == [(*one.values(),) for one in listed]
    assert {"webhooks": []} == ask("DELETE", f"/{made['id']}")


def test_a_receiver_that_is_not_there(caplog: pytest.LogCaptureFixture) -> None:
    """It is tried again; in the log stands no secret."""
    desk = Desk(GREETING, webhooks=[Webhook("http://127.0.0.1:9/", secret=SECRET)])
    response = desk.create()
    desk.sim.clock.advance(3)
    desk.look(response)
    for _ in range(100):
        if desk.sim.world._engine.post.waiting:
            break
        time.sleep(0.05)  # real: a thread is at work
    (letter,) = desk.sim.world._engine.post.waiting

    assert 1 == letter.attempts
    assert "did not arrive" in caplog.text
    assert SECRET not in caplog.text
