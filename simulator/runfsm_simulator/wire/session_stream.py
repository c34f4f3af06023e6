"""The events of a session, as a stream: live, without a number, never told again.

How they are written down and sent, is in `livestream.py`. Others who watched the live service
(MiniMax-AI/OpenAgentCore, contracts/agents-api, probes of 2026-09) tell when a stream ends: one
that a creation answers with ends with the session's first turn, one that was asked for does not.

So who reads of a session in which nothing happens is left as a client leaves by itself: after ten
minutes of silence, the SDKs' time-out.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from itertools import chain
from typing import Any, Final, Self

from runfsm_simulator.wire import session_events, sse
from runfsm_simulator.wire.errors import REFUSALS
from runfsm_simulator.wire.http import NO_REQUEST, NoAnswer
from runfsm_simulator.wire.http import Response as Answer
from runfsm_simulator.wire.livestream import LiveStream
from runfsm_simulator.wire.reading import NotYet
from runfsm_simulator.wire.response_stream import SILENCE_MAX_S
from runfsm_simulator.world.happenings import Happening, RunMoved
from runfsm_simulator.world.operations import World
from runfsm_simulator.world.sessionmodels import Session

__all__ = ["SessionStream"]

CREATED: Final = 201


class SessionStream(LiveStream):
    """What happens in a session from now on.

    Args:
        world: where it is.
        session: of which is told.
        request_id: of the request that began the stream.

    Raises:
        ApiError: the world's clock is one that nobody can wait at.
    """

    def __init__(self, world: World, session: Session, *, request_id: str = NO_REQUEST) -> None:
        super().__init__(world, request_id=request_id)
        self._session = session
        self._since = self._clock.now()
        self._begun_at = self._since
        self._of_creation = False
        world.attend(session.id, self)

    @classmethod
    def of_creation(cls, world: World, session: Session, *, request_id: str = NO_REQUEST) -> Self:
        """What happens from the creation on, to the end of the first turn."""
        stream = cls(world, session, request_id=request_id)
        stream._of_creation = True  # its own class
        begun = (session_events.begun(turn) for turn in session.turns.values())
        for name, payload in [session_events.created(session), *chain.from_iterable(begun)]:
            if not stream._hangs(over=False):
                stream._tell(name, payload)
        return stream

    def response(self) -> Answer:
        """The answer that sends it."""
        answer = super().response()
        return replace(answer, status=CREATED) if self._of_creation else answer

    def hear(self, happening: Happening) -> None:
        """See `Listener.hear`."""
        over = isinstance(happening, RunMoved) and happening.run.is_over
        if self._ended or self._hangs(over=over):
            return
        told = list(session_events.events(happening, self._session))
        broken = over and self._breaks_off(at_end=True)
        for name, payload in told[:-1] if broken else told:
            self._tell(name, payload)
        if broken or (over and self._of_creation):
            self._end(self._broken() if broken else b"")

    def event(self, name: str, payload: dict[str, Any]) -> dict[str, Any]:
        """One event whole. Its id tells nothing, least of all an order."""
        source = f"{self._session.id} {self._begun_at} {self._events}"
        event_id = f"event_{hashlib.sha256(source.encode()).hexdigest()[:32]}"
        return {"event_id": event_id, "type": name, **payload}

    def _tell(self, name: str, payload: dict[str, Any]) -> None:
        self._event(sse.block(name, self.event(name, payload)))

    def _broken(self) -> bytes:
        if self._fault is None or self._fault.kind != "error":
            return b""
        error = REFUSALS["broken_stream"].error(request_id=self._request_id).body()["error"]
        payload = {"session_id": self._session.id, "error": error}
        return sse.block("error", self.event("error", payload))

    def _leave(self) -> None:
        self._world.unlisten(self._session.id, self)

    def _take(self) -> bytes | NotYet | None:
        found = super()._take()
        now = self._clock.now()
        if not isinstance(found, NotYet):
            self._since = now
        elif now - self._since >= SILENCE_MAX_S:
            raise NoAnswer("timeout")
        return found

    def _is_gone(self) -> bool:
        found = self._world.store.sessions.get(self._session.id)
        return found is not self._session or found.is_deleted
