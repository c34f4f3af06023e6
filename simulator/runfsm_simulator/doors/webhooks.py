"""Webhooks: who is told of responses in background mode and of sessions, and how it is signed.

The signatures are those of Standard Webhooks (standardwebhooks.com), as `client.webhooks.unwrap`
verifies them. The SDK compares the time in a signature with the real time: where they are to agree
within its five minutes, begin virtual time at the real one, `VirtualClock(time.time())`.

Anything but a 2xx is a failure, a redirect too; then the same letter comes again, under the same
`webhook-id`. In virtual time each comes at the moment at which it is due, as long as somebody waits
for a later one.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import logging
import threading
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from math import floor
from typing import Final, Protocol, runtime_checkable
from urllib.parse import urlsplit

from runfsm.errors import CallerError
from runfsm_simulator.doors.pacing import Movable
from runfsm_simulator.wire.reading import WaitableClock
from runfsm_simulator.wire.webhook_events import EVENTS, event
from runfsm_simulator.world.operations import World
from runfsm_simulator.world.post import Letter

__all__ = ["Receive", "Webhook", "Webhooks"]

LOG: Final = logging.getLogger(__name__)

#: For who gives none: whoever knows this repository knows it.
SECRET: Final = "whsec_" + base64.b64encode(b"a secret of the simulator").decode()

WEBHOOKS_MAX: Final = 100
TIMEOUT_S: Final = 10.0  # real seconds, for a receiver on the web
LOOK_S: Final = 1.0  # how often a real clock is looked at for letters that are due

#: A receiver in this process: (body, headers) -> HTTP status.
Receive = Callable[[bytes, Mapping[str, str]], int]


@dataclass(frozen=True, slots=True)
class Webhook:
    """Who is told, and of what.

    Args:
        to: a function of the body and the headers that returns an HTTP status; or a URL.
        secret: with which it is signed: `whsec_` and base64.
        events: some of `EVENTS`.

    Raises:
        CallerError: it is no URL, no secret, or an event that there is not.

    Example:
        >>> heard = []
        >>> def receive(body, headers):
        ...     heard.append(headers["webhook-id"])
        ...     return 204
        >>> webhook = Webhook(receive)
    """

    to: Receive | str
    secret: str = field(default=SECRET, repr=False)
    events: tuple[str, ...] = tuple(EVENTS)

    def __post_init__(self) -> None:
        if isinstance(self.to, str) and urlsplit(self.to).scheme not in {"http", "https"}:
            raise CallerError(f"'{self.to}' is no URL to post to; give http://... or a function")
        if unknown := {*self.events} - {*EVENTS}:
            raise CallerError(f"there is no event '{unknown.pop()}'; there are {', '.join(EVENTS)}")
        _key(self.secret)

    @property
    def receive(self) -> Receive:
        """How to hand it a letter, and wait for its answer."""
        to = self.to
        return to if callable(to) else lambda body, headers: _posted(to, body, headers)


def _key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        raise CallerError("no secret for signatures; give 'whsec_' and base64") from None


def _posted(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    request = urllib.request.Request(url, data=body, headers=dict(headers), method="POST")  # noqa: S310  # the scheme was checked
    with OPENER.open(request, timeout=TIMEOUT_S) as answer:
        status: int = answer.status
    return status


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect is a failure, as the service has it."""

    def redirect_request(self, *_: object) -> None:
        """Follow none."""


OPENER: Final = urllib.request.build_opener(_NoRedirect)


@runtime_checkable
class Remembering(Protocol):
    """A clock that can call somebody at a moment: a `VirtualClock`."""

    def remind(self, moment: float, call: Callable[[], object]) -> None:
        """Call at this moment (Unix seconds)."""


class Webhooks:
    """Carries the letters of one world.

    Args:
        world: writes them.

    Attributes:
        has_clerk: whether somebody looks after letters in real time, once one goes to the web.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._webhooks: dict[str, Webhook] = {}
        self._numbers = count(1)
        self._clerk: threading.Thread | None = None
        self._reminded: tuple[Remembering, float] | None = None  # on which clock, of which moment
        self.has_clerk = True
        world.carrier = self

    @property
    def registered(self) -> Mapping[str, Webhook]:
        """By their ids, oldest first."""
        return dict(self._webhooks)

    def register(self, webhook: Webhook) -> str:
        """Tell it from now on; its id.

        Raises:
            CallerError: there are too many.
        """
        if len(self._webhooks) >= WEBHOOKS_MAX:
            raise CallerError(f"{WEBHOOKS_MAX} webhooks are registered already; drop one first")
        ident = f"we_{next(self._numbers)}"
        self._webhooks[ident] = webhook
        self._world.receivers[ident] = frozenset(webhook.events)
        if isinstance(webhook.to, str) and self.has_clerk:
            self._begin_clerk()
        return ident

    def drop(self, webhook_id: str) -> None:
        """Tell it no more, not even what has failed so far.

        Raises:
            CallerError: there is none of this id.
        """
        if self._webhooks.pop(webhook_id, None) is None:
            known = ", ".join(self._webhooks) or "none"
            raise CallerError(f"there is no webhook {webhook_id}; there are {known}")
        del self._world.receivers[webhook_id]

    def carry(self, letter: Letter) -> None:
        """Carry a letter, and report if it did not arrive. To the web, in a thread."""
        webhook = self._webhooks.get(letter.to)
        if webhook is None:
            return
        if callable(webhook.to):
            self._hand_over(webhook, letter)
        else:
            threading.Thread(target=self._hand_over, args=(webhook, letter), daemon=True).start()

    def come_at(self, due: float) -> None:
        """Have virtual time remember when there may be a letter next; real time has a clerk."""
        clock = self._world.clock
        if isinstance(clock, Remembering) and self._reminded != (clock, due):
            self._reminded = (clock, due)
            clock.remind(due, self._world.next_due)  # any operation will do: it brings what is due

    def _hand_over(self, webhook: Webhook, letter: Letter) -> None:
        body, headers = signed(letter, webhook.secret)
        try:
            arrived = 200 <= webhook.receive(body, headers) < 300
        except Exception as error:  # noqa: BLE001  # a receiver, or the network, may raise anything
            LOG.warning("%s did not arrive: %s", letter.id, error)
            arrived = False
        if not arrived:
            self._world.try_again(letter)

    def _begin_clerk(self) -> None:
        """Have real time looked at while nobody asks for anything; virtual time others move."""
        if self._clerk is None and not isinstance(self._world.clock, Movable):
            self._clerk = threading.Thread(target=self._look_for_ever, daemon=True)
            self._clerk.start()

    def _look_for_ever(self) -> None:
        while isinstance(clock := self._world.clock, WaitableClock):
            clock.alarm().wait(LOOK_S)
            self._world.next_due()


def signed(letter: Letter, secret: str) -> tuple[bytes, dict[str, str]]:
    """The body and the headers in which a letter goes out."""
    body = json.dumps(event(letter), separators=(",", ":")).encode()
    stamp = str(floor(letter.due))
    content = b".".join((letter.id.encode(), stamp.encode(), body))
    digest = hmac.new(_key(secret), content, hashlib.sha256).digest()
    return body, {
        "content-type": "application/json",
        "user-agent": "runfsm-simulator",
        "webhook-id": letter.id,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }
