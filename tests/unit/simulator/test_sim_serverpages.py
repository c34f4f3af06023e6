"""Pages about a server itself, its metrics, and what observers of its answers are given."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from runfsm_simulator import Simulator
from runfsm_simulator.doors.metrics import Metrics
from runfsm_simulator.doors.serverpages import (
    ServerPages,
    about_page,
    access_line,
    guarded,
    health_page,
)
from runfsm_simulator.doors.worlds import Worlds
from runfsm_simulator.wire.http import NoAnswer, Request, Response
from runfsm_simulator.wire.routes import ROUTES

SECRET = "sk-secret"  # noqa: S105  # opens nothing
HEADERS = {"authorization": f"Bearer {SECRET}", "openai-beta": "assistants=v2"}
FACTS = {
    "version": "1.2.3",
    "what": "A <simulator> & more.",
    "time": "virtual",
    "links": {"health": "/healthz"},
}


class Bench:
    """Served worlds behind pages, at a time that goes on by a quarter of a millisecond a look."""

    def __init__(self) -> None:
        self.worlds = Worlds(Simulator, by="header")
        self.metrics = Metrics(self.worlds, open_streams=lambda: 2)
        self.seen: list[tuple[str, int | None, float]] = []
        self._time = 0.0
        self._pages = ServerPages(
            {"/healthz": health_page("1.2.3", now=self.now), "/metrics": self.metrics.page},
            observers=[self.metrics.note, self._see],
            now=self.now,
        )

    def now(self) -> float:
        self._time += 0.00025
        return self._time

    def ask(self, method: str, path: str, inner: Callable[..., Response] | None = None) -> Response:
        answer = inner or (lambda request, _: self.worlds.handle(request))
        return self._pages.handle(Request(method, path, headers=HEADERS), {}, answer)

    def numbers(self) -> dict[str, float]:
        """What the metrics say, by name and labels."""
        text = self.metrics.page(Request("GET", "/metrics")).body.decode()
        lines = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
        return {name: float(value) for name, _, value in lines}

    def _see(self, request: Request, status: int | None, took_s: float) -> None:
        self.seen.append((request.path, status, took_s))


@pytest.mark.reported(
    "localstack#1095; imposter#460",
    "A readiness probe: every path wanted a key.",
    now="GET /healthz answers 200 without one.",
)
def test_a_probe_needs_no_key_and_leaves_no_trace() -> None:
    """localstack#1095, imposter#460: and no world comes into being by it."""
    bench = Bench()
    answer = bench.ask("GET", "/healthz")

    assert (200, "ok", "1.2.3") == (answer.status, *_part(answer, "status", "version"))
    assert (200, ()) == (bench.ask("HEAD", "/healthz").status, bench.worlds.names)


def _part(answer: Response, *names: str) -> tuple[Any, ...]:
    body = answer.json()
    return tuple(body[name] for name in names)


def test_other_methods_are_the_services() -> None:
    """A page is looked at, and that is all."""
    assert 404 == Bench().ask("POST", "/healthz").status


def test_each_answer_is_observed_with_its_time() -> None:
    """Also one that is none, and one of a page."""

    def no_answer(*_: object) -> Response:
        raise NoAnswer("drop")

    bench = Bench()
    bench.ask("GET", "/v1/models")
    bench.ask("GET", "/healthz")
    with pytest.raises(NoAnswer):
        bench.ask("GET", "/v1/threads/thread_1", no_answer)

    assert [("/v1/models", 200, 0.00025), ("/healthz", 200, 0.0005)] == [
        (path, status, round(took_s, 5)) for path, status, took_s in bench.seen[:2]
    ]
    assert ("/v1/threads/thread_1", None) == bench.seen[2][:2]


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("text/html,application/xhtml+xml;q=0.9", "text/html; charset=utf-8"),
        ("application/json", "application/json"),
        ("*/*", "application/json"),
        (None, "application/json"),
    ],
)
def test_a_browser_gets_html_and_everybody_else_json(accept: str | None, kind: str) -> None:
    """With the base_url by which this client reached it."""
    headers = {"host": "127.0.0.1:4010"} | ({"accept": accept} if accept else {})
    answer = about_page(FACTS)(Request("GET", "/", headers=headers))

    assert (200, kind) == (answer.status, answer.headers["content-type"])
    assert b"http://127.0.0.1:4010/v1" in answer.body


def test_nothing_of_a_request_gets_into_the_page_unescaped() -> None:
    """A header `host` that is none is not repeated."""
    headers = {"host": "<script>alert(1)</script>", "accept": "text/html"}
    text = about_page(FACTS)(Request("GET", "/", headers=headers)).body.decode()

    assert "script" not in text
    assert "A &lt;simulator&gt; &amp; more." in text


@pytest.mark.parametrize(
    ("headers", "is_local", "status"),
    [
        ({"host": "127.0.0.1:4010"}, True, 200),
        ({"host": "localhost:4010", "origin": "http://localhost:4010"}, True, 200),
        ({"host": "rebound.example:4010"}, True, 403),
        ({"host": "127.0.0.1:4010", "origin": "https://evil.example"}, True, 403),
        ({"host": "simulator.internal:4010"}, False, 200),
        ({"host": "simulator.internal:4010", "origin": "https://evil.example"}, False, 403),
    ],
)
def test_pages_of_other_sites_may_not_read_the_metrics(
    headers: dict[str, str], *, is_local: bool, status: int
) -> None:
    """The rule of the side door; a server that others can reach may be called by any name."""
    page = guarded(lambda _: Response(200, {}, b""), is_local=is_local)

    assert status == page(Request("GET", "/metrics", headers=headers)).status


def test_requests_are_counted_by_route_and_not_by_path() -> None:
    """A hundred threads are one series; what is no path of the API is another; so are methods."""
    bench = Bench()
    for number in range(100):
        bench.ask("GET", f"/v1/threads/thread_{number}")
        bench.ask("GET", f"/nonsense/{number}")
    bench.ask("GET", "/openai/threads/thread_1")
    bench.ask("BREW", "/v1/models")
    found = {name for name in bench.numbers() if name.startswith("runfsm_http_requests_total")}

    assert {
        'runfsm_http_requests_total{method="GET",route="/v1/threads/{thread_id}",status="4xx"}',
        'runfsm_http_requests_total{method="GET",route="other",status="4xx"}',
        'runfsm_http_requests_total{method="other",route="/v1/models",status="4xx"}',
    } == found


def test_durations_add_up_in_buckets() -> None:
    """Each holds what those below it hold; the last one holds all."""
    bench = Bench()
    for took_s in (0.0004, 0.0005, 0.002, 9.0):
        bench.metrics.note(Request("GET", "/v1/models"), 200, took_s)
    numbers, series = bench.numbers(), "runfsm_http_request_duration_seconds"
    buckets = [
        numbers[f'{series}_bucket{{le="{le}",route="/v1/models"}}']
        for le in ("0.0005", "0.0025", "1", "+Inf")
    ]

    assert [2, 3, 3, 4] == buckets
    assert 4 == numbers[f'{series}_count{{route="/v1/models"}}']
    assert 9.0029 == numbers[f'{series}_sum{{route="/v1/models"}}']


def test_what_the_worlds_hold_is_shown() -> None:
    """All worlds together: runs by their status, also those of which there is none."""
    bench = Bench()
    bench.worlds.world("a").control.seed.run()
    bench.worlds.world("b").control.seed.run()
    numbers = bench.numbers()

    assert (2, 2) == (numbers["runfsm_worlds"], numbers["runfsm_open_streams"])
    assert 2 == numbers['runfsm_runs{status="queued"}']
    assert 0 == numbers['runfsm_runs{status="failed"}']


def test_no_secret_and_no_id_is_in_the_metrics() -> None:
    """Keys, worlds' names and ids stay out."""
    bench = Bench()
    bench.worlds.world("my-world")
    bench.ask("GET", "/v1/threads/thread_mine")
    text = bench.metrics.page(Request("GET", "/metrics")).body.decode()

    assert [] == [one for one in (SECRET, "my-world", "thread_mine") if one in text]


def test_each_route_has_a_label_of_its_own() -> None:
    """The path as it is written in the table of routes."""
    bench = Bench()
    for path in ROUTES:
        bench.ask("GET", path.replace("{", "").replace("}", ""))
    shown = json.dumps(sorted(bench.numbers()))

    assert [] == [path for path in ROUTES if f'route=\\"{path}\\"' not in shown]


def test_a_line_of_the_access_log_has_neither_keys_nor_values() -> None:
    """And nothing of a path breaks the line."""
    asked = Request("GET", "/v1/a\nb", {"api-version": ["v1"], "key": [SECRET]}, HEADERS)

    assert "GET /v1/a%0Ab?api-version&key 404 2.5 ms" == access_line(asked, 404, 0.0025)
    assert "GET / no answer 0.0 ms" == access_line(Request("GET", "/"), None, 0)
