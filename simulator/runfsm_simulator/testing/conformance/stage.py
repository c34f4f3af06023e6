"""What behaviours are played on: an assistant, threads and runs, on a service seen from outside.

Every run that any answer or event shows is noted: a tracker follows it, and its fields are looked
at. So what must hold always is judged over the whole session, at its end (`always.py`).

Rule: what goes wrong while the stage is set is no failure of the behaviour that wants it; that
could then not be brought about.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

import openai

from runfsm.errors import CallerError
from runfsm.lifecycle import LIFECYCLE, RunStatus
from runfsm.lifecycle.journal import Transition
from runfsm.lifecycle.tracker import RunTracker
from runfsm_simulator.testing.conformance.behaviour import NotSo, Skipped, Unreached
from runfsm_simulator.testing.conformance.exchange import Answer, Exchange
from runfsm_simulator.testing.conformance.fields import wrong_fields
from runfsm_simulator.testing.conformance.service import BETA, Event, Service

__all__ = ["CALLS", "LOOK_S", "NAMES", "PATIENCE_S", "Clock", "Stage", "outputs"]

LOOK_S: Final = 0.5
PATIENCE_S: Final = 120.0
ROUNDS_MAX: Final = 5
NOTED_MAX: Final = 1_000

#: Two functions without parameters: any model can call them, and both at once.
NAMES: Final = ("first_probe", "second_probe")
TOOLS: Final = [
    {
        "type": "function",
        "function": {
            "name": name,
            "description": "Answers with a number.",
            "parameters": {"type": "object", "properties": {}},
        },
    }
    for name in NAMES
]
INSTRUCTIONS: Final = (
    "You take part in a test of this service. Where functions are offered, call each of them once, "
    "all at once and in parallel, before you say anything. Then answer in one short sentence."
)
#: What a service has, one of them at least. The last makes nothing: its messages are no list.
PROBES: Final = (
    ("GET", "/assistants", None),
    ("GET", "/models", None),
    ("POST", "/threads", {"messages": 1}),
)
#: What makes the model call them, whoever the assistant is.
CALLS: Final[Mapping[str, Any]] = {"instructions": INSTRUCTIONS, "tools": TOOLS}


class Alarm(Protocol):
    """Something to wait at."""

    def wait(self, timeout_s: float) -> bool:
        """Wait so many seconds."""


class Clock(Protocol):
    """Time, as far as one waits by it: a `SystemClock`, or a simulator's."""

    def alarm(self) -> Alarm:
        """A new alarm to wait at."""


class Stage:
    """A service, and what is needed to see how it behaves.

    Args:
        client: reaches it.
        clock: to wait by.
        model: of the assistant that is made.
        assistant_id: an assistant that is there already; nothing is made or deleted then.
        slow: whether to wait for what takes minutes.

    Raises:
        CallerError: nobody answers there, or with nothing of the API.

    Attributes:
        service: what is asked; it keeps all exchanges.
        odd_steps: what the trackers found odd: run id, and what it is.
        odd_fields: what is not as recorded: run id, field, expected, got.
    """

    def __init__(
        self,
        client: openai.OpenAI,
        *,
        clock: Clock,
        model: str,
        assistant_id: str | None = None,
        slow: bool = False,
    ) -> None:
        self.service = Service(client)
        _check_reachable(client, self.service)
        self.odd_steps: list[tuple[str, str]] = []
        self.odd_fields: list[tuple[str, str, str, str]] = []
        self._clock = clock
        self._model = model
        self._is_guest = assistant_id is not None
        self._assistant_id = assistant_id
        self._threads: list[str] = []
        self._seen: dict[str, tuple[RunTracker, dict[str, Any]]] = {}
        self._door = _side_door(client, self.service)
        self._is_patient = slow or self._door is not None or hasattr(clock, "advance_to")

    # What is asked -------------------------------------------------------------------------------

    def ask(self, method: str, path: str, body: Any = None, **more: Any) -> Answer:
        """See `Service.ask`; every run in the answer is noted."""
        answer = self.service.ask(method, path, body, **more)
        self._note(answer.body)
        return answer

    def hear(self, path: str, body: Mapping[str, Any]) -> list[Event]:
        """See `Service.events`; every run in an event is noted."""
        events = self.service.events(path, body)
        for _, payload in events:
            self._note(payload)
        return events

    def look(self, run: Mapping[str, Any]) -> dict[str, Any]:
        """The run, as it is now."""
        return self._given(self.ask("GET", self.at(run)), "a look at a run")

    def wait(self, seconds: float) -> None:
        """Let time pass: by the side door if there is one, or by waiting."""
        if self._door is None:
            self._clock.alarm().wait(seconds)
        else:
            self.service.ask("POST", f"{self._door}/clock/advance", {"seconds": seconds})

    @staticmethod
    def at(run: Mapping[str, Any], *parts: str) -> str:
        """The path of a run, or of something of it."""
        return "/".join([f"/threads/{run['thread_id']}/runs/{run['id']}", *parts])

    # What is set ---------------------------------------------------------------------------------

    @property
    def assistant_id(self) -> str:
        """Who answers."""
        if self._assistant_id is None:
            body = {
                "model": self._model,
                "instructions": INSTRUCTIONS,
                "tools": TOOLS,
                "name": "runfsm conform",
            }
            made = self._given(self.ask("POST", "/assistants", body), "an assistant")
            self._assistant_id = str(made["id"])
        return self._assistant_id

    def thread(self, *texts: str) -> str:
        """A new thread with these messages; its id."""
        messages = [{"role": "user", "content": text} for text in texts]
        made = self._given(self.ask("POST", "/threads", {"messages": messages}), "a thread")
        return str(made["id"])

    def wish(self, *, calls: bool = False) -> dict[str, Any]:
        """The body of *create run*: one that calls functions, or one that only answers."""
        wish: dict[str, Any] = {"assistant_id": self.assistant_id}
        if self._is_guest:
            wish |= CALLS if calls else {"tools": []}
        elif not calls:
            wish["tool_choice"] = "none"
        return wish

    def begun(self, thread_id: str | None = None, *, calls: bool = False) -> dict[str, Any]:
        """A run that has just been created."""
        thread_id = thread_id or self.thread("Hello!")
        made = self.ask("POST", f"/threads/{thread_id}/runs", self.wish(calls=calls))
        return self._given(made, "a run")

    def calling(self, thread_id: str | None = None) -> dict[str, Any]:
        """A run that waits for outputs: it holds still, and its thread is locked."""
        run = self.settled(self.begun(thread_id, calls=True))
        if run["status"] != RunStatus.REQUIRES_ACTION:
            raise Unreached(f"the model called no function: its run is {run['status']}")
        return run

    def ended(self, thread_id: str | None = None) -> dict[str, Any]:
        """A run that has answered, and is completed."""
        run = self.settled(self.begun(thread_id))
        if run["status"] != RunStatus.COMPLETED:
            raise Unreached(f"a run that should answer is {run['status']}")
        return run

    def settled(self, run: Mapping[str, Any]) -> dict[str, Any]:
        """The run, when it is over or it is the client's turn."""
        stays = {RunStatus.REQUIRES_ACTION, *LIFECYCLE.terminal}
        found = self.later(run, stays)
        if found["status"] in stays:
            return found
        raise Unreached(f"after {PATIENCE_S:.0f} s a run is still {found['status']}")

    def later(self, run: Mapping[str, Any], statuses: Collection[RunStatus]) -> dict[str, Any]:
        """The run, when it has one of these statuses, or when it took too long."""
        waited_s = 0.0
        found = dict(run)
        while found["status"] not in statuses and waited_s < PATIENCE_S:
            self.wait(LOOK_S)
            waited_s += LOOK_S
            found = self.look(run)
        return found

    def finished(self, run: Mapping[str, Any]) -> dict[str, Any]:
        """The run, when it is over: whatever it asks is answered."""
        found = dict(run)
        for _ in range(ROUNDS_MAX):
            found = self.settled(found)
            if found["status"] in LIFECYCLE.terminal:
                return found
            found = self._given(self.submit(found, outputs(found)), "a submit")
        raise Unreached(f"a run still calls functions after {ROUNDS_MAX} rounds")

    def submit(self, run: Mapping[str, Any], given: list[dict[str, str]], **more: Any) -> Answer:
        """Hand in these outputs."""
        body = {"tool_outputs": given, **more}
        return self.ask("POST", self.at(run, "submit_tool_outputs"), body)

    def check_patience(self, seconds: float) -> None:
        """Refuse to wait so long in real time, unless told to.

        Raises:
            Skipped: nobody has told.
        """
        if not self._is_patient:
            raise Skipped(f"takes {seconds / 60:.0f} minutes of real time; say --slow")

    @property
    def exchanges(self) -> list[Exchange]:
        """What was asked and answered, oldest first."""
        return self.service.exchanges

    # What was seen -------------------------------------------------------------------------------

    @property
    def runs(self) -> list[dict[str, Any]]:
        """Each run, as it was last seen."""
        return [run for _, run in self._seen.values()]

    def _note(self, value: Any) -> None:
        match value:
            case {"object": "thread", "id": str(thread_id)}:
                self._threads.append(thread_id)
        for run in _runs_in(value):
            run_id = run["id"]
            if run_id not in self._seen and len(self._seen) >= NOTED_MAX:
                continue
            tracker, _ = self._seen.setdefault(run_id, (RunTracker(), run))
            own = {"cancel", "submit_tool_outputs"}
            for step in tracker.observe(run, own=own):
                if not isinstance(step, Transition):
                    self.odd_steps.append((run_id, str(step)))
            self._seen[run_id] = tracker, run
            self.odd_fields += [(run_id, *wrong) for wrong in wrong_fields(run)]

    def _given(self, answer: Answer, what: str) -> dict[str, Any]:
        if answer.status != 200 or not isinstance(answer.body, dict):
            raise Unreached(f"{what} was wanted, and the service answered {answer.said}")
        return answer.body

    def leave(self) -> None:
        """Tidy up, as far as the service lets: no run goes on, and what was made is deleted."""
        threads = dict.fromkeys([*self._threads, *(run["thread_id"] for run in self.runs)])
        made = [f"/threads/{thread_id}" for thread_id in threads]
        if not self._is_guest and self._assistant_id is not None:
            made.append(f"/assistants/{self._assistant_id}")
        with suppress(NotSo):
            for run in self.runs:
                if run["status"] in LIFECYCLE.locks:
                    self.service.ask("POST", self.at(run, "cancel"))
            for path in made:
                self.service.ask("DELETE", path)


def outputs(run: Mapping[str, Any]) -> list[dict[str, str]]:
    """An output for each call that the run waits for."""
    calls = run["required_action"]["submit_tool_outputs"]["tool_calls"]
    return [{"tool_call_id": call["id"], "output": "42"} for call in calls]


def _runs_in(value: Any) -> Iterator[dict[str, Any]]:
    match value:
        case {"object": "thread.run", "id": str(), "status": str(), "thread_id": str()}:
            yield value
        case {"object": "list", "data": [*found]}:
            for one in found:
                yield from _runs_in(one)


def _check_reachable(client: openai.OpenAI, service: Service) -> None:
    answered: dict[str, None] = {}
    try:
        for probe in PROBES:
            answer = service.ask(*probe)
            if answer.status != 404 and isinstance(answer.body, dict):
                return
            answered["404" if answer.status == 404 else f"{answer.status} and no JSON object"] = (
                None
            )
    except NotSo as nothing:
        raise CallerError(f"nobody answers at {client.base_url}: {nothing.got}") from nothing
    raise CallerError(
        f"{client.base_url} has nothing of the API: to GET /assistants, GET /models and POST "
        f"/threads it answers {' or '.join(answered)}; is the path right? It mostly ends with "
        "/v1, as http://127.0.0.1:4010/v1"
    )


def _side_door(client: openai.OpenAI, service: Service) -> str | None:
    """Where the side door is that moves the service's time, if it has one."""
    url = urlsplit(str(client.base_url))
    door = f"{url.scheme}://{url.netloc}/_sim"
    with suppress(NotSo):
        if service.ask("GET", f"{door}/clock", headers=BETA).get("now") is not None:
            moved = service.ask("POST", f"{door}/clock/advance", {"seconds": 0})
            return door if moved.status == 200 else None
    return None
