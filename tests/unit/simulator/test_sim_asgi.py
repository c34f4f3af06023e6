"""The ASGI application by itself: what a server and a framework around it rely on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest

from runfsm_simulator.doors.asgi import create_app
from runfsm_simulator.doors.asgirequest import RawHeaders
from runfsm_simulator.wire.http import Request, Response


class Noting:
    """A service that notes what it is asked, and says little."""

    def __init__(self, answer: Response | None = None) -> None:
        self.asked: list[Request] = []
        self._answer = answer or Response(200, {"content-type": "application/json"}, b"{}")

    def handle(self, request: Request) -> Response:
        """Answer one request."""
        self.asked.append(request)
        return self._answer


def play(app: Any, messages: Iterable[dict[str, Any]], **scope: Any) -> list[dict[str, Any]]:
    """What the application sends, having received these."""
    sent: list[dict[str, Any]] = []
    coming = iter(messages)

    async def receive() -> dict[str, Any]:
        return next(coming)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    http = {"type": "http", "method": "GET", "path": "/v1/models", "query_string": b""}
    asyncio.run(app({**http, "http_version": "1.1", "headers": [], **scope}, receive, send))
    return sent


@pytest.mark.parametrize(
    ("root_path", "path", "seen"),
    [
        ("", "/v1/models", "/v1/models"),
        ("/openai", "/openai/v1/models", "/v1/models"),
        ("/openai", "/openai", "/"),
        ("/openai", "/v1/models", "/v1/models"),  # a server that has cut the prefix off itself
        ("/v1", "/v1x/models", "/v1x/models"),
        ("", "/v1/a\nb", "/v1/a\nb"),
    ],
)
def test_a_path_is_without_the_prefix_of_a_mount(root_path: str, path: str, seen: str) -> None:
    """As a framework says it in `root_path`; what only looks like it stays."""
    service = Noting()
    play(create_app(service), [], root_path=root_path, path=path)

    assert [seen] == [request.path for request in service.asked]


def test_a_framework_can_mount_it() -> None:
    """Under a prefix of somebody else's application."""
    applications = pytest.importorskip("starlette.applications")
    routing = pytest.importorskip("starlette.routing")
    service = Noting()
    outer = applications.Starlette(routes=[routing.Mount("/openai", create_app(service))])
    play(outer, [], path="/openai/v1/models", root_path="")

    assert ["/v1/models"] == [request.path for request in service.asked]


def test_a_body_that_cannot_be_there_is_not_waited_for() -> None:
    """In HTTP/1 a header announces it; nothing is received for a request without one."""
    service = Noting()
    play(create_app(service), [])

    assert [b""] == [request.body for request in service.asked]


@pytest.mark.parametrize(
    "scope",
    [
        {"headers": [(b"content-length", b"4")]},
        {"headers": [(b"transfer-encoding", b"chunked")]},
        {"http_version": "2"},
    ],
)
def test_a_body_that_may_be_there_is_read(scope: dict[str, Any]) -> None:
    """Of any method; HTTP/2 needs no header to announce it."""
    service = Noting()
    chunks = [
        {"type": "http.request", "body": b"ab", "more_body": True},
        {"type": "http.request", "body": b"cd"},
    ]
    play(create_app(service), chunks, **scope)

    assert [b"abcd"] == [request.body for request in service.asked]


def test_a_client_that_leaves_in_the_middle_has_asked_nothing() -> None:
    """Half a request reaches nobody, and is answered for the server's log only."""
    service = Noting()
    chunks = [
        {"type": "http.request", "body": b"ab", "more_body": True},
        {"type": "http.disconnect"},
    ]
    sent = play(create_app(service), chunks, headers=[(b"content-length", b"4")])

    assert (400, []) == (sent[0]["status"], service.asked)


def test_a_query_has_all_values_of_a_name() -> None:
    """Decoded, in their order, the empty ones too."""
    service = Noting()
    play(create_app(service), [], query_string=b"include[]=a&include%5B%5D=b%20c&order=")

    assert [{"include[]": ["a", "b c"], "order": [""]}] == [one.query for one in service.asked]


def test_of_two_headers_of_one_name_the_first_counts() -> None:
    """They are found by names in lower case; each is there once."""
    headers = RawHeaders([(b"a", b"1"), (b"b", b"\xe9"), (b"a", b"2")])

    assert {"a": "1", "b": "é"} == dict(headers)
    assert ("1", None, 2) == (headers.get("a"), headers.get("c"), len(headers))


@pytest.mark.parametrize(("status", "length"), [(200, [b"2"]), (404, [b"2"]), (204, []), (304, [])])
def test_an_answer_tells_its_length(status: int, length: list[bytes]) -> None:
    """So that the connection can be kept; not where there is no body by definition."""
    app = create_app(Noting(Response(status, {"x-a": "é"}, b"{}")))
    start, body = play(app, [])

    assert status == start["status"]
    assert length == [value for name, value in start["headers"] if name == b"content-length"]
    assert (b"x-a", b"\xe9") in start["headers"]
    assert {"type": "http.response.body", "body": b"{}"} == body


def test_it_takes_part_in_the_start_and_the_end_of_a_server() -> None:
    """A server that asks is told that nothing stands in its way."""
    phases = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent = play(create_app(Noting()), phases, type="lifespan")

    assert ["lifespan.startup.complete", "lifespan.shutdown.complete"] == [
        it["type"] for it in sent
    ]


def test_a_websocket_is_refused() -> None:
    """Before it is open, so that the server answers 403."""
    sent = play(create_app(Noting()), [{"type": "websocket.connect"}], type="websocket")

    assert ["websocket.close"] == [it["type"] for it in sent]
