"""Every answer of every simulator in every test of this process is one that the client would take.

A plugin of the suite. Whichever profile a test asks for, the same body is made in profile `spec`
too, and validated as a client with `_strict_response_validation=True` does it. It listens where a
body and the world that it is a picture of are at hand together:

* at each handler in the table of routes, for the answers;
* at `EventStream.hear`, `Events` and `SessionStream.event`, for the payloads of streams;
* at `Late.body`, for what is answered only when it is over;
* at `ApiError.response`, for the refusals: the platform's envelope, to the key. A fault that a test
  has armed is no refusal, and may look as the test likes.

What is wrong is kept until the test is over, and fails it then: raised in a handler it would become
one more answer, with status 500.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import wraps
from threading import Lock
from typing import Any, Final

import pytest

import sdk_drift
from runfsm_simulator.wire import routes, sse
from runfsm_simulator.wire.asked import Answer, Asked, Handler
from runfsm_simulator.wire.bodycache import Shaped
from runfsm_simulator.wire.http import Request, Response
from runfsm_simulator.wire.paths import Paths
from runfsm_simulator.wire.profiles import PROFILES
from runfsm_simulator.wire.response_events import Events
from runfsm_simulator.wire.response_stream import Late
from runfsm_simulator.wire.session_stream import SessionStream
from runfsm_simulator.wire.stream import EventStream
from runfsm_simulator.wire.wording import ApiError
from runfsm_simulator.world.happenings import Happening
from sdk_types import EVENTS, RESPONSE_EVENTS, ROUTES, SESSION_EVENTS, check, event_type

__all__ = ["LEDGER", "Ledger"]

SPEC: Final = PROFILES["spec"]
OUTPUT: Final = "schema_check"  # under which a worker of pytest-xdist hands on what it has counted
OF_THE_CLIENT: Final = {"responses", "events"}  # kinds that are checked by its types
WRONG_MAX: Final = 20  # of one test: a shape that is broken is broken in all its answers


class Ledger:
    """How much has been checked, and what of it was wrong. Any thread may write in it.

    Attributes:
        counts: what has been looked at, by kind; of `"given"`, those that the service sent.
    """

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._wrong: list[str] = []
        self._lock = Lock()

    def count(self, kind: str) -> None:
        """One more of a kind."""
        with self._lock:
            self.counts[kind] += 1

    @contextmanager
    def looking(self, kind: str, what: str) -> Iterator[None]:
        """Note one more of a kind as checked; and what the check raised, if it did.

        With a client that the record does not know, that is its types' drift.
        """
        try:
            with sdk_drift.tolerated(what) if kind in OF_THE_CLIENT else nullcontext():
                yield
        except Exception as error:  # noqa: BLE001  # whatever it is, the test hears of it
            if len(self._wrong) < WRONG_MAX:
                self._wrong.append(f"{what}: {type(error).__name__}: {error}")
        self.count(kind)

    def take(self) -> list[str]:
        """What was wrong since this was asked last."""
        with self._lock:
            taken, self._wrong = self._wrong, []
        return taken

    def lines(self) -> Iterator[str]:
        """All of it, for the end of the session."""
        counts = self.counts
        yield (
            f"responses checked against the SDK's types: {counts['responses']} of {counts['given']}"
        )
        yield f"events of streams, likewise: {counts['events']}"
        yield f"refusals checked against the platform's envelope: {counts['refusals']}"


LEDGER: Final = Ledger()


def pytest_configure() -> None:
    """Listen from now on."""
    routes.PATHS = Paths(  # type: ignore[misc]  # a Final for all but this
        {
            path: {name: _checked(name, path, one) for name, one in handlers.items()}
            for path, handlers in routes.ROUTES.items()
        }
    )
    routes.Router.handle = _counted(routes.Router.handle)  # type: ignore[method-assign]  # as above
    EventStream.hear = _heard(EventStream.hear)  # type: ignore[method-assign]  # as above
    Events.__iter__ = _told(Events.__iter__)  # type: ignore[method-assign]  # as above
    SessionStream.event = _live(SessionStream.event)  # type: ignore[method-assign]  # as above
    Late.body = _late(Late.body)  # type: ignore[method-assign]  # as above
    ApiError.response = _refused(ApiError.response)  # type: ignore[method-assign]  # as above


def _checked(method: str, path: str, handler: Handler) -> Handler:
    type_ = ROUTES[method, path]

    @wraps(handler)
    def checked(asked: Asked) -> Answer:
        answer = handler(asked)
        if not isinstance(answer, Response):
            body = answer.made() if isinstance(answer, Shaped) else answer
            with LEDGER.looking("responses", f"{method} {path}"):
                check(type_, SPEC(body, asked.world.store))
        return answer

    return checked


def _counted(handle: Callable[..., Response]) -> Callable[..., Response]:
    @wraps(handle)
    def counted(router: routes.Router, request: Request) -> Response:
        answer = handle(router, request)
        made = (answer.status in {200, 201}, answer.headers["content-type"])
        if made == (True, "application/json"):
            LEDGER.count("late" if answer.stream else "given")
        return answer

    return counted


def _heard(hear: Callable[..., None]) -> Callable[..., None]:
    @wraps(hear)
    def heard(stream: EventStream, happening: Happening) -> None:
        hear(stream, happening)
        for name, payload in sse.events(happening):
            with LEDGER.looking("events", f"event {name}"):
                data = SPEC(payload, stream._world.store)
                check(event_type(EVENTS, name), {"event": name, "data": data})

    return heard


def _told(iterate: Callable[..., Iterator[Any]]) -> Callable[..., Iterator[Any]]:
    @wraps(iterate)
    def told(events: Events) -> Iterator[Any]:
        for event in iterate(events):
            with LEDGER.looking("events", f"event {event['type']}"):
                check(event_type(RESPONSE_EVENTS, event["type"]), event)
            yield event

    return told


def _live(event: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(event)
    def live(stream: SessionStream, name: str, payload: Any) -> Any:
        made = event(stream, name, payload)
        with LEDGER.looking("events", f"event {name}"):
            check(SESSION_EVENTS.get(name), made)
        return made

    return live


def _late(body: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(body)
    def late(answer: Late) -> Any:
        made = body(answer)
        LEDGER.count("given")  # not every late answer is waited for
        with LEDGER.looking("responses", "POST /v1/responses, late"):
            check(ROUTES["POST", "/v1/responses"], made)
        return made

    return late


def _refused(response: Callable[..., Response]) -> Callable[..., Response]:
    @wraps(response)
    def refused(error: ApiError, *headers: Any) -> Response:
        answer = response(error, *headers)
        with LEDGER.looking("refusals", f"refusal {error.status}"):
            check_envelope(json.loads(answer.body))
        return answer

    return refused


def check_envelope(body: Any) -> None:
    """Check that an error's body is the platform's, with no key more and none less.

    Raises:
        ValueError: it is not.
    """
    match body:
        case {"error": {"message": str(), "type": str(), "param": param, "code": code} as error}:
            texts = all(one is None or isinstance(one, str) for one in (param, code))
            if texts and len(body) == 1 and len(error) == 4:
                return
    raise ValueError(f"not the platform's envelope: {body}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Iterator[None]:
    """Fail a test in which the client would have refused an answer, whatever else it found."""
    try:
        return (yield)
    finally:
        wrong = LEDGER.take()
        assert not wrong, "the client would refuse what was answered:\n" + "\n".join(wrong)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand the counts on, as a worker."""
    output = getattr(session.config, "workeroutput", {})
    output[OUTPUT] = dict(LEDGER.counts)


@pytest.hookimpl(optionalhook=True)  # of pytest-xdist
def pytest_testnodedown(node: Any) -> None:
    """A worker is done: add what it has counted. One that crashed has left nothing."""
    LEDGER.counts.update(getattr(node, "workeroutput", {}).get(OUTPUT, {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how much was checked."""
    if LEDGER.counts:
        terminalreporter.section("answers of the simulator")
        for line in LEDGER.lines():
            terminalreporter.write_line(line)
