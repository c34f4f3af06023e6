"""What was asked and answered, and what each answer rests on.

Kept: method, path, status, request id. Not kept: keys, queries, bodies. Bounded in lines and in
their length.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from runfsm.errors import CallerError
from runfsm.lifecycle import LIFECYCLE, RESPONSE, TURN, Evidence, Lifecycle, RunEvent
from runfsm_simulator.wire.http import Handle, NoAnswer, Request, Response
from runfsm_simulator.world.operations import World
from runfsm_simulator.world.reasons import RESPONSE_FIELDS, RUN_FIELDS, TURN_FIELDS, Reason
from runfsm_simulator.world.switches import REASONS, Switches
from runfsm_simulator.world.trace import TraceEntry

__all__ = ["Asking", "Journal", "Why"]

LINES_MAX: Final = 1_000
PATH_MAX: Final = 300  # characters of a path; the longest of the API's own has a third of it
NO_FIELD: Final = r"(?!id\b)"
HEAD: Final = 300  # bytes of a body: a run's begins with its id, an error's with its message


def _beginning(prefix: str, but: str = "") -> str:
    """A prefix of ids at the beginning of a word that is not the value of a field `run_id`.

    What is before it is looked at after it: so a search is quick that has to begin with a letter.
    """
    return rf'{prefix}(?<!\w{prefix})(?<!run_id": "{prefix})(?<!run_id":"{prefix}){but}'


#: Not the field `run_id`, nor what it holds: a message is not about the run that wrote it.
RUN_ID: Final = re.compile(
    rf"(?:{_beginning('run_', NO_FIELD)}|{_beginning('resp_')}|{_beginning('turn_', NO_FIELD)})"
    r"\w{1,100}"
)

#: The tables of what an entry of the trace can be about, by their names.
TABLES: Final[Mapping[str, Lifecycle[Any, RunEvent]]] = {
    table.name: table for table in (LIFECYCLE, RESPONSE, TURN)
}

#: Why the fields of it are what they are, by what its id begins with.
FIELDS: Final[Mapping[str, tuple[Reason, ...]]] = {
    "run": RUN_FIELDS,
    "resp": RESPONSE_FIELDS,
    "turn": TURN_FIELDS,
}


@dataclass(frozen=True, slots=True)
class Asking:
    """One request and its answer.

    Attributes:
        at: the world's time when it was answered, in Unix seconds.
        method: in capitals.
        path: without the query.
        status: `None` when no answer was given.
        request_id: of the answer.
        run_id: the run, the response or the turn that it was about: named in the path, or at the
            head of the answer.
        taken: how many edges the world had taken by then.
        reasons: the rules that made the answer, beside those of the run.
        switches: as they were then.
    """

    at: float
    method: str
    path: str
    status: int | None
    request_id: str | None
    run_id: str | None
    taken: int
    reasons: tuple[Reason, ...]
    switches: Switches

    def to_dict(self) -> dict[str, Any]:
        """A JSON object: all but what only `why` tells."""
        return {
            "at": self.at,
            "method": self.method,
            "path": self.path,
            "status": self.status,
            "request_id": self.request_id,
            "run_id": self.run_id,
        }


@dataclass(frozen=True, slots=True)
class Why:
    """What an answer rests on: only what was recorded.

    Attributes:
        asking: the request.
        reasons: the rules that made the answer. For a run, those of its fields too.
        edges: what had happened to the run that it was about, as far as the trace goes back.
    """

    asking: Asking
    reasons: tuple[Reason, ...]
    edges: tuple[TraceEntry, ...]

    def to_dict(self) -> dict[str, Any]:
        """A JSON object; each edge with its reason, as the lifecycle tells it.

        Switches that were not as documented are told too, whether or not they had a say in it.
        """
        switches = self.asking.switches
        return {
            "request": self.asking.to_dict(),
            "rules": [reason.to_dict() for reason in self.reasons],
            "edges": [{**entry.to_dict(), **_reason(entry).to_dict()} for entry in self.edges],
            "switches": {
                name: {"value": getattr(switches, name), **REASONS[name].to_dict()}
                for name in switches.thrown
            },
        }


def _reason(entry: TraceEntry) -> Reason:
    edge = TABLES[entry.table].next(entry.source, entry.event)
    return Reason(edge.why, Evidence(edge.evidence.source, edge.evidence.confidence))


class Journal:
    """The door in which every request is noted.

    Args:
        inner: answers.
        world: whose requests they are.
    """

    def __init__(self, inner: Handle, world: World) -> None:
        self._inner = inner
        self._world = world
        # The fields of each `Asking`: it is made when somebody asks, and few do.
        self._rows: deque[tuple[Any, ...]] = deque(maxlen=LINES_MAX)

    @property
    def requests(self) -> tuple[Asking, ...]:
        """The latest, oldest first."""
        return tuple(Asking(*row) for row in tuple(self._rows))

    @property
    def transitions(self) -> tuple[TraceEntry, ...]:
        """The latest edges that runs took, oldest first."""
        return self._world.trace

    def clear(self) -> None:
        """Forget the requests."""
        self._rows.clear()

    def handle(self, request: Request) -> Response:
        """Answer, and note it.

        Raises:
            NoAnswer: as it came.
        """
        try:
            answer = self._inner(request)
        except NoAnswer:
            self._note(request, None)
            raise
        self._note(request, answer)
        return answer

    def why(self, request_id: str) -> Why:
        """What an answer rests on.

        Raises:
            CallerError: no answer with this id is remembered.
        """
        for asking in reversed(self.requests):
            if asking.request_id == request_id:
                return Why(asking, (*asking.reasons, *_fields(asking)), self._edges(asking))
        raise CallerError(
            f"no answer {request_id} is remembered; its header x-request-id has the id, and the "
            f"latest {LINES_MAX} are kept"
        )

    def _note(self, request: Request, answer: Response | None) -> None:
        found = RUN_ID.search(request.path) or RUN_ID.search(_head(answer))
        at, taken, switches = self._world.noted()
        self._rows.append(
            (
                at,
                request.method[:PATH_MAX],
                request.path[:PATH_MAX],
                answer.status if answer else None,
                answer.headers.get("x-request-id") if answer else None,
                found[0] if found else None,
                taken,
                answer.reasons if answer else (),
                switches,
            )
        )

    def _edges(self, asking: Asking) -> tuple[TraceEntry, ...]:
        with self._world.operation():
            trace, taken = self._world.trace, self._world.taken
        by_then = max(0, asking.taken - (taken - len(trace)))
        return tuple(entry for entry in trace[:by_then] if entry.run_id == asking.run_id)


def _head(answer: Response | None) -> str:
    return answer.body[:HEAD].decode(errors="replace") if answer else ""


def _fields(asking: Asking) -> tuple[Reason, ...]:
    if asking.status != 200 or not asking.run_id:
        return ()
    return FIELDS[asking.run_id.partition("_")[0]]
