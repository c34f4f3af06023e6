"""What each exception of the `openai` client means, as a `Fault`.

The classes are the same in openai 2.x and 3.x. The service gives state conflicts no code of their
own: they are all HTTP 400, and only the text tells a lock from a late cancel (recorded texts:
openai-python#1023, openai-dotnet#214, and public code; see `TEXTS`).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Final

from runfsm.errors import BackendError, Fault, FaultKind

__all__ = ["map_errors", "not_this_api"]

K = FaultKind

#: What the service says in a 400, what it means, and where it names the run that holds the thread.
TEXTS: Final = (
    (re.compile(r"already has an active run (?P<holder>[\w-]+)"), K.LOCKED),
    (re.compile(r"Can't add messages to \S+ while a run (?P<holder>[\w-]+) is active"), K.LOCKED),
    (re.compile(r"Cannot cancel run with status"), K.ALREADY_TERMINAL),
    (re.compile(r'Runs in status "\w+" do not accept tool outputs'), K.STALE_ACTION),
    # Outputs of another round: another client may have answered ours.
    (re.compile(r"Expected tool outputs for call_ids"), K.STALE_ACTION),
    # The Responses API; what is known of these texts is in `lifecycle/wires/responses.py`.
    (re.compile(r"Another process is currently operating on this conversation"), K.LOCKED),
    (re.compile(r"Cannot cancel a synchronous response"), K.UNSUPPORTED),
    (re.compile(r"Cannot cancel an? (\w+ response|response in terminal)"), K.ALREADY_TERMINAL),
    (re.compile(r"No tool call found for"), K.STALE_ACTION),
    # The Agents API: too early by a moment, or answered; `lifecycle/wires/agents.py`.
    (re.compile(r"Unknown pending tool call"), K.STALE_ACTION),
    (re.compile(r"Previous response with id \S+ not found"), K.NOT_FOUND),
)

#: The codes that say the same, where there is one. They go before the texts.
CODES: Final[Mapping[str, FaultKind]] = {
    "conversation_locked": K.LOCKED,
    "previous_response_not_found": K.NOT_FOUND,
    "insufficient_quota": K.QUOTA,
}

#: A proxy's word for a time-out; the SDK has no class for it, and repeats it like one.
TIMED_OUT: Final = 408


@cache
def kinds() -> tuple[tuple[type[Exception], FaultKind], ...]:
    """Return the client's exceptions, each with its meaning: the first class that fits wins.

    A function, for the client is imported when a first call has failed, not before there is one.
    """
    import openai

    return (
        (openai.APITimeoutError, K.TRANSIENT),
        (openai.APIConnectionError, K.TRANSIENT),
        (openai.OAuthError, K.AUTH),
        (openai.AuthenticationError, K.AUTH),
        (openai.PermissionDeniedError, K.AUTH),
        (openai.NotFoundError, K.NOT_FOUND),
        (openai.RateLimitError, K.RATE_LIMITED),
        (openai.ConflictError, K.TRANSIENT),  # "not now": other servers, and the Agents API
        (openai.BadRequestError, K.INVALID),
        (openai.UnprocessableEntityError, K.INVALID),
        (openai.InternalServerError, K.TRANSIENT),
        (openai.APIStatusError, K.INVALID),
        (openai.APIResponseValidationError, K.GARBLED),  # not the shape of this API at all
        (
            openai.LengthFinishReasonError,
            K.UNSUPPORTED,
        ),  # this and the next: other parts of the API
        (openai.ContentFilterFinishReasonError, K.UNSUPPORTED),
        (openai.InvalidWebhookSignatureError, K.AUTH),
        (openai.WebSocketConnectionClosedError, K.TRANSIENT),
        (openai.WebSocketQueueFullError, K.TRANSIENT),
        (openai.APIError, K.TRANSIENT),  # an error event in the middle of a stream
        (openai.OpenAIError, K.INVALID),
    )


@contextmanager
def map_errors() -> Iterator[None]:
    """Turn whatever the `openai` client raises into a `BackendError` with a `Fault`.

    Raises:
        BackendError: for every exception of the client, for an answer that is no JSON, and for a
            connection that breaks in the midst of a stream; `ThreadBusy` for a locked thread. The
            original is its `__cause__`. Other exceptions pass through.

    Example:
        >>> with map_errors():                                      # doctest: +SKIP
        ...     client.get("/threads/thread_gone", cast_to=object)
        runfsm.errors.BackendError: No thread found with id 'thread_gone'.
    """
    try:
        yield
    except tuple(kind for kind, _ in kinds()) as error:
        raise BackendError.of(_fault_of(error)) from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise BackendError.of(not_this_api(f"the answer is no JSON: {error}")) from error
    except Exception as error:
        if not _is_of_the_line(error):
            raise
        raise BackendError.of(Fault(K.TRANSIENT, str(error), maybe_applied=True)) from error


def _is_of_the_line(error: Exception) -> bool:
    """Whether the HTTP library lost the connection: nobody wraps that in the midst of a stream."""
    return type(error).__module__.partition(".")[0] in {"httpx", "httpx2"}


def not_this_api(message: str) -> Fault:
    """The fault of an answer that is not of this API's shape: a proxy's page, half a body.

    What was asked for may have been done all the same.
    """
    return Fault(K.GARBLED, message, maybe_applied=True)


def _fault_of(error: Exception) -> Fault:
    """The fault that an exception of the `openai` client stands for."""
    import openai

    kind = next(kind for cls, kind in kinds() if isinstance(error, cls))
    message, status_code = _message(error), getattr(error, "status_code", None)
    holder = None
    if isinstance(error, openai.BadRequestError):
        kind, holder = _read_conflict(message, kind)
    kind = CODES.get(str(getattr(error, "code", None)), kind)
    if status_code == TIMED_OUT:
        kind = K.TRANSIENT
    lost = isinstance(error, openai.APIConnectionError | openai.InternalServerError)
    return Fault(
        kind,
        message,
        retry_after_s=_retry_after_s(error),
        maybe_applied=lost or status_code == TIMED_OUT,
        holder=holder,
        status_code=status_code,
        request_id=getattr(error, "request_id", None),
    )


def _read_conflict(message: str, kind: FaultKind) -> tuple[FaultKind, str | None]:
    for pattern, meaning in TEXTS:
        if found := pattern.search(message):
            return meaning, found.groupdict().get("holder")
    return kind, None


def _message(error: Exception) -> str:
    """The service's own words: openai 2.x wraps them into the repr of a dict."""
    body = getattr(error, "body", None)
    if isinstance(body, dict) and isinstance(body.get("message"), str):
        return str(body["message"])
    return str(error)


def _retry_after_s(error: Exception) -> float | None:
    headers = getattr(getattr(error, "response", None), "headers", {})
    for name, scale in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            seconds = float(headers[name]) * scale
        except (KeyError, ValueError):  # absent, or a date: our own pacing will do
            continue
        if math.isfinite(seconds):
            return max(0.0, seconds)
    return None
