"""Webhooks: the service tells that something has happened, and a driver looks sooner.

Rule: a webhook is a hint, and is never believed further. What it tells of may be old by now, come
twice, or come never; the look that it wakes says what is true. Who loses one loses time only.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Protocol

from runfsm.driver.hint import WebhookHint
from runfsm.errors import BackendError, CallerError, Fault, FaultKind
from runfsm.latemodule import LateModule

if TYPE_CHECKING:
    import openai
else:
    openai = LateModule("openai")

__all__ = ["WebhookInbox"]

#: The longest body that is looked at: those of the service have some 200 bytes.
BODY_MAX: Final = 64 * 1024

#: How many letters are remembered, so that one that comes again is known. The service repeats one
#: for up to 72 hours (webhooks guide); who forgets it earlier looks once more, and that is all.
REMEMBERED_MAX: Final = 10_000


class _Letters(Protocol):
    """What `client.webhooks` can do, sync or async: it verifies without asking anybody."""

    def verify_signature(
        self,
        payload: str | bytes,
        headers: Mapping[str, str],
        *,
        secret: str | None = None,
        tolerance: int = 300,
    ) -> None: ...


class WebhookInbox:
    """Where webhooks arrive: verified, each told once.

    Args:
        client: a ready client, `openai.OpenAI` or `openai.AsyncOpenAI`; it verifies the signatures
            (Standard Webhooks: an HMAC over id, time and body).
        secret: of the endpoint, `whsec_...`; if `None`, the client's own, which may come from
            `OPENAI_WEBHOOK_SECRET`.
        tolerance_s: how far the time in a letter may be from ours, in seconds.

    Raises:
        CallerError: there is no secret.

    Example:
        >>> inbox = WebhookInbox(client)                               # doctest: +SKIP
        >>> hint = inbox.parse_webhook(body, request.headers)          # doctest: +SKIP
        >>> if hint:                                                   # doctest: +SKIP
        ...     driver.wake(hint)
    """

    def __init__(
        self,
        client: openai.OpenAI | openai.AsyncOpenAI,
        *,
        secret: str | None = None,
        tolerance_s: int = 300,
    ) -> None:
        self._letters: _Letters = client.webhooks
        self._secret = secret or client.webhook_secret
        if not self._secret:
            raise CallerError(
                "webhooks cannot be verified without a secret: WebhookInbox(client, "
                "secret='whsec_...'), or set OPENAI_WEBHOOK_SECRET"
            )
        self._tolerance_s = tolerance_s
        self._seen: dict[str, None] = {}  # in the order in which they came
        self._lock = threading.Lock()

    def parse_webhook(self, body: bytes, headers: Mapping[str, str]) -> WebhookHint | None:
        """What a webhook tells; `None` if it was told before, or is of nothing that has an id.

        Answer the request with a 2xx in either case: what is refused comes again.

        Args:
            body: the request's body, byte for byte.
            headers: the request's headers; capitals do not matter.

        Raises:
            BackendError: of kind `AUTH`: it is not signed with this secret, or too old; of kind
                `INVALID`: it is signed, and no webhook all the same. Answer with a 4xx.
        """
        self._verify(body, headers)
        event, remote_id = _read(body)
        webhook_id = next(v for k, v in headers.items() if k.lower() == "webhook-id")
        if not self._is_new(webhook_id) or remote_id is None:
            return None
        return WebhookHint(event, remote_id, webhook_id)

    def _verify(self, body: bytes, headers: Mapping[str, str]) -> None:
        if len(body) > BODY_MAX:
            raise BackendError(Fault(FaultKind.INVALID, f"a webhook of more than {BODY_MAX} bytes"))
        import openai

        secret, tolerance = self._secret, self._tolerance_s
        try:
            self._letters.verify_signature(body, headers, secret=secret, tolerance=tolerance)
        # A wrong signature; a header that is missing, or a body that is no text; a signature that
        # is not of ASCII.
        except (openai.InvalidWebhookSignatureError, ValueError, TypeError) as error:
            raise BackendError(Fault(FaultKind.AUTH, f"not a signed webhook: {error}")) from error

    def _is_new(self, webhook_id: str) -> bool:
        with self._lock:
            if webhook_id in self._seen:
                return False
            self._seen[webhook_id] = None
            if len(self._seen) > REMEMBERED_MAX:
                del self._seen[next(iter(self._seen))]
            return True


def _read(body: bytes) -> tuple[str, str | None]:
    """The event's name, and what it is about."""
    # Not by `client.webhooks.unwrap`: openai 2 reads events that it does not know into the class of
    # another one.
    try:
        told: Any = json.loads(body)
        event, data = told["type"], told.get("data")
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        said = "a webhook that is signed, and tells of no event"
        raise BackendError(Fault(FaultKind.INVALID, said)) from error
    remote_id = data.get("id") if isinstance(data, dict) else None
    return str(event), remote_id if isinstance(remote_id, str) else None
