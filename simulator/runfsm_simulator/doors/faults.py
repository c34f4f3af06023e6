"""Calls that go wrong on purpose: each armed fault strikes once, at the next call that it fits.

Rule: a fault is of the way to the service, not of the service. The world does not know of it; it
has done what was asked (`applied`), or it was never asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from threading import Lock
from typing import Any, Final

from runfsm.errors import CallerError
from runfsm.lifecycle import Confidence, Evidence
from runfsm_simulator.wire.http import (
    Handle,
    NoAnswer,
    Request,
    Response,
    Trouble,
    json_bytes,
)
from runfsm_simulator.wire.outages import OUTAGES
from runfsm_simulator.world.reasons import Reason

__all__ = ["ArmedFault", "Faults"]

ARMED_MAX: Final = 100
REQUEST_IDS: Final = 1 << 128

ARMED: Final = Reason(
    "a fault that was armed by hand struck in place of the service's own answer",
    Evidence("no claim about the real service is made", Confidence.INFERRED),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmedFault:
    """A fault, and the calls that it fits.

    Attributes:
        method: in capitals; `None` fits all.
        path: with `*` for anything: `/v1/threads/*/runs`.
        trouble: what comes in place of the answer.
        status: of the answer, 100 to 599.
        headers: of the answer, in lower case, beside its own: `{"retry-after-ms": "10"}`.
        body: of the answer, as JSON; `None` is the service's own word for an error of its own.
        applied: whether the call takes effect all the same.
    """

    method: str | None = None
    path: str = "*"
    trouble: Trouble = "answer"
    status: int = 500
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    applied: bool = False

    def fits(self, request: Request) -> bool:
        """Whether it strikes at this call."""
        return self.method in {None, request.method} and fnmatchcase(request.path, self.path)


class Faults:
    """The door in which armed faults strike, the oldest that fits first.

    Args:
        inner: answers, when none strikes.
    """

    def __init__(self, inner: Handle) -> None:
        self._inner = inner
        self._armed: list[ArmedFault] = []
        self._struck = 0
        self._lock = Lock()

    @property
    def armed(self) -> tuple[ArmedFault, ...]:
        """Those that have not struck yet, oldest first."""
        return tuple(self._armed)

    def arm(self, fault: ArmedFault) -> None:
        """Let it strike at the next call that it fits.

        Raises:
            CallerError: too many wait already.
        """
        with self._lock:
            if len(self._armed) >= ARMED_MAX:
                raise CallerError(f"{ARMED_MAX} faults wait to strike already; disarm them first")
            self._armed.append(fault)

    def disarm(self) -> None:
        """Forget all of them."""
        with self._lock:
            self._armed.clear()

    def handle(self, request: Request) -> Response:
        """Answer, or let a fault strike.

        Raises:
            NoAnswer: the fault is that none comes.
        """
        fault = self._next(request) if self._armed else None
        if fault is None:
            return self._inner(request)
        if fault.applied and (stream := self._inner(request).stream):
            stream.close()
        if fault.trouble != "answer":
            raise NoAnswer(fault.trouble)
        return self._answer(fault)

    def _next(self, request: Request) -> ArmedFault | None:
        with self._lock:
            for index, fault in enumerate(self._armed):
                if fault.fits(request):
                    return self._armed.pop(index)
        return None

    def _answer(self, fault: ArmedFault) -> Response:
        self._struck += 1
        headers = {
            "content-type": "application/json",
            # Counted from the top, so that it is none of those that the router counts up.
            "x-request-id": f"req_{REQUEST_IDS - self._struck:032x}",
            **fault.headers,
        }
        body = OUTAGES["error"].error().body() if fault.body is None else fault.body
        return Response(fault.status, headers, json_bytes(body), reasons=(ARMED,))
