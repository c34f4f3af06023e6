"""What each exception of the `openai` client means; on openai 2.x and 3.x alike."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

import openai
import pytest

from runfsm.backends.faults import kinds, map_errors
from runfsm.errors import BackendError, Fault, FaultKind, ThreadBusy

# openai 2.x stands on httpx, 3.x on httpx2: the client tells which.
http: Any = import_module(openai.DefaultHttpxClient.__mro__[1].__module__.split(".")[0])

K = FaultKind

EXPECTED: Mapping[str, FaultKind] = {
    "APIConnectionError": K.TRANSIENT,
    "APIError": K.TRANSIENT,
    "APIResponseValidationError": K.GARBLED,
    "APIStatusError": K.INVALID,
    "APITimeoutError": K.TRANSIENT,
    "AuthenticationError": K.AUTH,
    "BadRequestError": K.INVALID,
    "ConflictError": K.TRANSIENT,
    "ContentFilterFinishReasonError": K.UNSUPPORTED,
    "InternalServerError": K.TRANSIENT,
    "InvalidWebhookSignatureError": K.AUTH,
    "LengthFinishReasonError": K.UNSUPPORTED,
    "NotFoundError": K.NOT_FOUND,
    "OAuthError": K.AUTH,
    "OpenAIError": K.INVALID,
    "PermissionDeniedError": K.AUTH,
    "RateLimitError": K.RATE_LIMITED,
    "UnprocessableEntityError": K.INVALID,
    "WebSocketConnectionClosedError": K.TRANSIENT,
    "WebSocketQueueFullError": K.TRANSIENT,
}


def _exported() -> dict[str, type[BaseException]]:
    found = {name: thing for name, thing in vars(openai).items() if name[0] != "_"}
    return {
        name: thing
        for name, thing in found.items()
        if isinstance(thing, type) and issubclass(thing, BaseException)
    }


def _fault(answer: Callable[[Any], Any], *, method: str = "post") -> Fault:
    """What a request that is answered so becomes, through a real client."""
    client = openai.OpenAI(
        api_key="sk-any",
        base_url="http://service.invalid/v1",
        http_client=http.Client(transport=http.MockTransport(answer)),
        max_retries=0,
    )
    with client, pytest.raises(BackendError) as caught, map_errors():
        getattr(client, method)("/threads", cast_to=object)
    assert isinstance(caught.value.__cause__, openai.OpenAIError)
    return caught.value.fault


def _answer(
    status: int, message: Any = "No.", headers: Mapping[str, str] | None = None, **fields: Any
) -> Callable[[Any], Any]:
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": None}
    body = {"error": error | fields}
    return lambda _request: http.Response(status, json=body, headers=headers)


# The classes -------------------------------------------------------------------------------------


def test_every_exported_exception_is_judged() -> None:
    """The table above names all that the SDK exports: a new one fails here until it is judged."""
    assert set(EXPECTED) == set(_exported())


@pytest.mark.parametrize("name", EXPECTED)
def test_an_exception_has_a_row_of_its_own(name: str) -> None:
    """The first row that fits a class is that class's own, not a parent's, and says its kind."""
    cls = _exported()[name]
    row, kind = next((row, kind) for row, kind in kinds() if issubclass(cls, row))

    assert (cls, EXPECTED[name]) == (row, kind)


def test_other_exceptions_pass_through() -> None:
    """A mistake in a program is not the service's fault."""
    with pytest.raises(KeyError, match="mine"), map_errors():
        raise KeyError("mine")


# The statuses ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "kind", "maybe_applied"),
    [
        (400, K.INVALID, False),
        (401, K.AUTH, False),
        (403, K.AUTH, False),
        (404, K.NOT_FOUND, False),
        (405, K.INVALID, False),
        (408, K.TRANSIENT, True),  # the SDK itself repeats it: a proxy's word for a time-out
        (409, K.TRANSIENT, False),
        (422, K.INVALID, False),
        (429, K.RATE_LIMITED, False),
        (500, K.TRANSIENT, True),
        (502, K.TRANSIENT, True),
        (503, K.TRANSIENT, True),
    ],
)
def test_a_status_has_its_kind(status: int, kind: FaultKind, *, maybe_applied: bool) -> None:
    """Each HTTP status has a kind; after a server's error the call may have taken effect."""
    fault = _fault(_answer(status))

    assert (kind, maybe_applied, status) == (fault.kind, fault.maybe_applied, fault.status_code)


@pytest.mark.parametrize("lost", [http.ConnectError, http.ReadTimeout, http.WriteError])
def test_a_lost_call_may_have_been_applied(lost: Any) -> None:
    """When no answer came, nobody knows: transient, maybe applied, no status."""

    def answer(request: Any) -> Any:
        raise lost("gone", request=request)

    fault = _fault(answer)

    assert (K.TRANSIENT, True, None) == (fault.kind, fault.maybe_applied, fault.status_code)


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize(
    "body", [b"<html>a proxy's</html>", b"", b'"text"', b'{"error": "text"}', b'{"detail": []}']
)
def test_an_error_without_the_envelope_is_still_a_fault(method: str, body: bytes) -> None:
    """A proxy's page and a look-alike's own envelope are transient at 502, with some message."""
    fault = _fault(lambda _request: http.Response(502, content=body), method=method)

    assert K.TRANSIENT is fault.kind
    assert fault.message


# The texts: openai-python#1023, openai-dotnet#214, ruby-openai's recordings, public code ----------


@pytest.mark.parametrize(
    ("text", "kind", "holder"),
    [
        ("Thread thread_X already has an active run run_Y.", K.LOCKED, "run_Y"),
        ("Can't add messages to thread_X while a run run_Y is active.", K.LOCKED, "run_Y"),
        ("Thread 1f-2e already has an active run 3d-4c.", K.LOCKED, "3d-4c"),
        ("Can't add messages to 1f-2e while a run 3d-4c is active.", K.LOCKED, "3d-4c"),
        ("Cannot cancel run with status 'completed'.", K.ALREADY_TERMINAL, None),
        ("Cannot cancel run with status 'cancelled'.", K.ALREADY_TERMINAL, None),
        ("Cannot cancel run with status 'cancelling'.", K.ALREADY_TERMINAL, None),
        ("Cannot cancel a response in terminal state.", K.ALREADY_TERMINAL, None),
        ('Runs in status "expired" do not accept tool outputs.', K.STALE_ACTION, None),
        ('Runs in status "in_progress" do not accept tool outputs.', K.STALE_ACTION, None),
        (
            "Expected tool outputs for call_ids ['call_A', 'call_B'], got ['call_A']",
            K.STALE_ACTION,
            None,
        ),
        ("Cannot update run with status 'in_progress'.", K.INVALID, None),
        (
            "Run creation requires a Thread with a user message or an assistant with instructions.",
            K.INVALID,
            None,
        ),
        ("Unknown parameter: 'role'.", K.INVALID, None),
    ],
)
def test_a_recorded_text_is_understood(text: str, kind: FaultKind, holder: str | None) -> None:
    """State conflicts are all HTTP 400; their text tells them apart, and names the holder."""
    fault = _fault(_answer(400, text))

    assert (kind, holder, text) == (fault.kind, fault.holder, fault.message)


def test_a_locked_thread_is_thread_busy() -> None:
    """The error of a lock is `ThreadBusy`, and has the holder at hand."""
    error = BackendError.of(_fault(_answer(400, "Thread t already has an active run run_Y.")))

    assert isinstance(error, ThreadBusy)
    assert "run_Y" == error.holder


@pytest.mark.parametrize(
    ("code", "kind"), [("insufficient_quota", K.QUOTA), ("rate_limit_exceeded", K.RATE_LIMITED)]
)
def test_no_money_is_not_a_rate_limit(code: str, kind: FaultKind) -> None:
    """Both are HTTP 429; only one of them gets better by waiting."""
    assert kind is _fault(_answer(429, code=code, type=code)).kind


def test_the_request_id_is_kept() -> None:
    """The service's id of the request is in the fault, to quote in a report."""
    assert "req_1" == _fault(_answer(500, headers={"x-request-id": "req_1"})).request_id


@pytest.mark.parametrize(
    ("headers", "retry_after_s"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"Retry-After": "1.5"}, 1.5),
        ({"retry-after-ms": "1500"}, 1.5),
        ({"retry-after-ms": "1500", "retry-after": "7"}, 1.5),
        ({"retry-after-ms": "soon", "retry-after": "7"}, 7.0),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),  # our own pacing will do
        ({"retry-after": "-5"}, 0.0),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "1e999"}, None),
        ({"retry-after": "nan"}, None),
    ],
)
def test_the_services_wish_to_wait_is_read(
    headers: Mapping[str, str], retry_after_s: float | None
) -> None:
    """Seconds, or milliseconds before them; whatever is no number of seconds is no wish."""
    assert retry_after_s == _fault(_answer(429, headers=headers)).retry_after_s


# The error itself --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [K.TRANSIENT, K.LOCKED])
def test_the_error_crosses_a_process_border(kind: FaultKind) -> None:
    """Pickled, as an executor's worker does, it keeps its class, its text and its fault."""
    error = BackendError.of(Fault(kind, "No.", retry_after_s=2.0, holder="run_1"))
    twin = pickle.loads(pickle.dumps(error))  # noqa: S301  # our own bytes

    assert (type(error), "No.", error.fault) == (type(twin), str(twin), twin.fault)
