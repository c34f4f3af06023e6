"""The door in which a storm strikes at the calls of the wire. What befalls each, `striker.py` says.

Rule: as with the faults that are armed by hand, the world does not know of it. It has done what was
asked, or it was never asked.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import count
from typing import Any, Final

from runfsm_simulator.doors.striker import Called, Strike, Striker
from runfsm_simulator.wire.http import Handle, NoAnswer, Request, Response, json_bytes
from runfsm_simulator.world.reasons import Reason
from runfsm_simulator.world.storm import REASONS

__all__ = ["StormDoor"]

#: The thread and the run that a path names, and what of them it asks for.
PATH: Final = re.compile(
    r"/v1/threads/(?P<thread_id>[^/]+)(/runs/(?P<run_id>[^/]+))?(?P<rest>/.*)?"
)

#: The same of a response, and of a turn, which are looked at as a run is.
RESPONSE: Final = re.compile(r"/v1/responses/(?P<run_id>[^/]+)(?P<rest>/.*)?")
SESSION: Final = re.compile(
    r"/v1/agents/sessions/(?P<thread_id>[^/]+)(/turns/(?P<run_id>[^/]+))?(?P<rest>/.*)?"
)

#: Counted from here, so that none is one that the router, or a fault armed by hand, counts.
REQUEST_IDS: Final = 1 << 127

PAGE: Final = (
    b"<!DOCTYPE html>\n<html><body><h1>This network needs you to log in</h1></body></html>\n"
)


class StormDoor:
    """The door in which a storm strikes.

    Args:
        inner: answers, when it does not.
        striker: says what befalls a call.
    """

    def __init__(self, inner: Handle, striker: Striker) -> None:
        self._inner = inner
        self._striker = striker
        self._ids = count(REQUEST_IDS)

    def handle(self, request: Request) -> Response:
        """Answer, or let the storm.

        Raises:
            NoAnswer: the fault is that none comes.
        """
        if self._striker.is_calm:
            return self._inner(request)
        paths = (one.fullmatch(request.path) for one in (PATH, RESPONSE, SESSION))
        found = next((match for match in paths if match), None)
        named = found.groupdict() if found else {}
        call = Called(named.get("thread_id"), named.get("run_id"))
        strike = self._striker.decide(call)
        if strike and not strike.applied:
            return self._struck(strike, None)
        answer = self._inner(request)
        if strike:
            if answer.stream:
                answer.stream.close()
            return self._struck(strike, answer)
        if request.method != "GET" or answer.status != 200 or answer.stream or not named:
            return answer
        return self._shown(answer, named["run_id"], named["rest"])

    def _struck(self, strike: Strike, answer: Response | None) -> Response:
        headers = {"content-type": "application/json"}
        headers["x-request-id"] = f"req_{next(self._ids):032x}"
        if strike.retry_after_s is not None:
            headers["retry-after"] = str(strike.retry_after_s)
        match strike.means:
            case "timeout" | "drop":
                raise NoAnswer(strike.means)
            case "error" if strike.error:
                return replace(strike.error.response(headers), reasons=(strike.reason,))
            case "half" if answer:
                half = answer.body[: len(answer.body) // 2]
                return Response(200, headers, half, reasons=(strike.reason,))
        headers["content-type"] = "text/html"
        return Response(200, headers, PAGE, reasons=(strike.reason,))

    def _shown(self, answer: Response, run_id: str | None, rest: str | None) -> Response:
        """The answer, less fresh or less whole than it came."""
        if run_id and rest is None:
            return self._look(answer, run_id)
        if rest in WRITTEN:
            return self._list(answer, WRITTEN[rest])
        return answer

    def _look(self, answer: Response, run_id: str) -> Response:
        body = self._striker.lagging(run_id, answer.body)
        if body is not answer.body:
            answer = _told(replace(answer, body=body), REASONS["stale_look"])
        tenth = self._striker.tenth_status(run_id)
        if tenth is None:
            return answer
        return _changed(answer, "unknown_status", lambda run: {**run, "status": tenth})

    def _list(self, answer: Response, writer: str) -> Response:
        page = answer.json()
        runs = dict.fromkeys(message[writer] for message in page["data"])
        hidden = [run_id for run_id in runs if run_id and self._striker.hides_messages(run_id)]
        if not hidden:
            return answer
        left = [message for message in page["data"] if message[writer] not in hidden]
        ends = {"first_id": left[0]["id"], "last_id": left[-1]["id"]} if left else NOBODY
        return _changed(answer, "missing_message", lambda page: {**page, "data": left, **ends})


#: Where what was written is listed, and the field that says by which run, or turn.
WRITTEN: Final[Mapping[str | None, str]] = {"/messages": "run_id", "/items": "turn_id"}

NOBODY: Final[Mapping[str, Any]] = {"first_id": None, "last_id": None}


def _changed(
    answer: Response, fault: str, change: Callable[[dict[str, Any]], dict[str, Any]]
) -> Response:
    body = json_bytes(change(json.loads(answer.body)))
    return _told(replace(answer, body=body), REASONS[fault])


def _told(answer: Response, reason: Reason) -> Response:
    return replace(answer, reasons=(*answer.reasons, reason))
