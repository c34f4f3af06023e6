"""Webhooks that arrive: verified, each told once, and never more than a hint."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping
from typing import Any

import openai
import pytest

from runfsm.backends.webhooks import BODY_MAX, WebhookInbox
from runfsm.driver.hint import WebhookHint
from runfsm.errors import BackendError, CallerError, FaultKind
from runfsm_simulator import Script, Simulator, VirtualClock, Webhook, say

SECRET = "whsec_" + base64.b64encode(b"of this test").decode()
Letter = tuple[bytes, Mapping[str, str]]


def letters(*, at: float | None = None, times: int = 1, seed: int = 0) -> list[Letter]:
    """What the simulated service sends when one response is completed, delivered so many times."""
    heard: list[Letter] = []

    def receive(body: bytes, headers: Mapping[str, str]) -> int:
        heard.append((body, headers))
        return 500 if len(heard) < times else 204

    clock = VirtualClock(time.time() if at is None else at)
    sim = Simulator(
        Script.of(say("Hi")), seed=seed, clock=clock, webhooks=[Webhook(receive, SECRET)]
    )
    sim.client().responses.create(model="m", input="Hi", background=True)
    while len(heard) < times:
        sim.control.jump()
    return heard


@pytest.fixture(params=[openai.OpenAI, openai.AsyncOpenAI])
def inbox(request: pytest.FixtureRequest) -> WebhookInbox:
    """An inbox with the secret of this test."""
    return WebhookInbox(request.param(api_key="none"), secret=SECRET)


def test_a_signed_letter_is_a_hint(inbox: WebhookInbox) -> None:
    """What is signed tells which event, and what it happened to."""
    ((body, headers),) = letters()
    hint = inbox.parse_webhook(body, headers)
    about = json.loads(body)["data"]["id"]
    assert hint == WebhookHint("response.completed", about, headers["webhook-id"])


def test_headers_in_capitals_are_the_same(inbox: WebhookInbox) -> None:
    """HTTP's headers know no capitals, and a dict of them may have any."""
    ((body, headers),) = letters()
    assert inbox.parse_webhook(body, {name.title(): value for name, value in headers.items()})


def test_a_letter_that_comes_again_is_told_once(inbox: WebhookInbox) -> None:
    """A delivery that was repeated, under the same id, is no second hint."""
    told = [inbox.parse_webhook(body, headers) for body, headers in letters(times=2)]
    assert [True, False] == [hint is not None for hint in told]


def test_the_oldest_letters_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is remembered is bounded; a letter that was forgotten is told once more."""
    monkeypatch.setattr("runfsm.backends.webhooks.REMEMBERED_MAX", 1)
    inbox = WebhookInbox(openai.OpenAI(api_key="none"), secret=SECRET)
    (one,), (other,) = letters(), letters(seed=1)
    assert all(inbox.parse_webhook(*letter) for letter in (one, other, one))


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-signature": "v1,AAAA"},
        {"webhook-signature": "v1,Ä"},
        {"webhook-signature": ""},
        {"webhook-timestamp": "yesterday"},
        {"webhook-id": "another"},
    ],
)
def test_a_letter_that_was_changed_is_refused(inbox: WebhookInbox, change: dict[str, str]) -> None:
    """Whatever is changed of what was signed, it is not ours, and the error is of kind AUTH."""
    ((body, headers),) = letters()
    with pytest.raises(BackendError) as caught:
        inbox.parse_webhook(body, {**headers, **change})
    assert FaultKind.AUTH is caught.value.fault.kind
    assert inbox.parse_webhook(body, headers)  # the true one is told all the same


@pytest.mark.parametrize("body", [b"{}", b"\xff"])
def test_another_body_is_refused(inbox: WebhookInbox, body: bytes) -> None:
    """A signature is one of its body; bytes that are no text are nobody's."""
    ((_, headers),) = letters()
    with pytest.raises(BackendError) as caught:
        inbox.parse_webhook(body, headers)
    assert FaultKind.AUTH is caught.value.fault.kind


def test_an_old_letter_is_refused(inbox: WebhookInbox) -> None:
    """What was signed long ago may be somebody's copy of it."""
    ((body, headers),) = letters(at=time.time() - 3600)
    with pytest.raises(BackendError, match="not a signed webhook") as caught:
        inbox.parse_webhook(body, headers)
    assert FaultKind.AUTH is caught.value.fault.kind


def test_a_body_without_bound_is_not_looked_at(inbox: WebhookInbox) -> None:
    """What is too long is refused before it is hashed."""
    with pytest.raises(BackendError, match="65536 bytes"):
        inbox.parse_webhook(b" " * (BODY_MAX + 1), {})


@pytest.mark.parametrize("told", ["[]", "{}", '"hi"', "no json"])
def test_what_tells_of_no_event_is_refused(monkeypatch: pytest.MonkeyPatch, told: str) -> None:
    """A secret that is used for something else too brings letters that are no webhooks."""
    inbox = WebhookInbox(openai.OpenAI(api_key="none"), secret=SECRET)
    monkeypatch.setattr(inbox, "_letters", _Trusting())
    with pytest.raises(BackendError) as caught:
        inbox.parse_webhook(told.encode(), {"webhook-id": "wh_1"})
    assert FaultKind.INVALID is caught.value.fault.kind


def test_without_a_secret_nothing_can_be_verified(monkeypatch: pytest.MonkeyPatch) -> None:
    """Said when the inbox is made, with what to write."""
    monkeypatch.delenv("OPENAI_WEBHOOK_SECRET", raising=False)
    with pytest.raises(CallerError, match="secret='whsec_"):
        WebhookInbox(openai.OpenAI(api_key="none"))


class _Trusting:
    """Finds every signature right."""

    def verify_signature(self, *_: Any, **__: Any) -> None:
        """Yes."""
