"""The two roads from a function to the service: the `openai` client, and the direct port.

Each tells the watch what is asked and what is answered, and lets time pass for who only polls.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from runfsm.errors import BackendError
from runfsm.lifecycle import RunSnapshot
from runfsm_simulator.doors.pacing import Pacing
from runfsm_simulator.explore.asked import Answer, Asking
from runfsm_simulator.explore.watch import Watch
from runfsm_simulator.wire.http import Handle, NoAnswer, Request, Response

__all__ = ["Port", "wired"]

#: The requests that concern a run: method, path, verb. All others are only counted.
ROUTES: Final = tuple(
    (method, re.compile(path), verb)
    for method, path, verb in (
        ("POST", r"/v1/threads/runs", "create"),
        ("POST", r"/v1/threads/(?P<thread_id>[^/]+)/runs", "create"),
        ("GET", r"/v1/threads/(?P<thread_id>[^/]+)/runs/(?P<run_id>[^/]+)", "look"),
        ("POST", r"/v1/threads/(?P<thread_id>[^/]+)/runs/(?P<run_id>[^/]+)/cancel", "cancel"),
        (
            "POST",
            r"/v1/threads/(?P<thread_id>[^/]+)/runs/(?P<run_id>[^/]+)/submit_tool_outputs",
            "submit",
        ),
        ("POST", r"/v1/threads/(?P<thread_id>[^/]+)/messages", "say"),
    )
)


#: What a client does, in a story.
DOES: Final = {
    "create": "creates a run",
    "look": "looks at the run",
    "submit": "hands in outputs",
    "cancel": "cancels the run",
    "say": "adds a message",
}

IDS: Final = re.compile(r"/[a-z]+[_-]\w{8,}")


# The openai client -------------------------------------------------------------------------------


def wired(watch: Watch) -> Handle:
    """The simulator's wire, watched: to be given to a transport."""
    simulator = watch.simulator
    paced = Pacing(simulator.handle, simulator.world, "everybody").handle

    def handle(request: Request) -> Response:
        asking = _asking(request)
        before = watch.before(asking)
        try:
            answer = paced(request)
        except NoAnswer as nothing:
            watch.after(before, asking, Answer(None, nothing.trouble))
            raise
        watch.after(before, asking, _answer(answer))
        return answer

    return handle


def _asking(request: Request) -> Asking:
    found = (
        (verb, re_path.fullmatch(request.path))
        for method, re_path, verb in ROUTES
        if method == request.method
    )
    verb, match = next(((verb, match) for verb, match in found if match), ("other", None))
    named: Mapping[str, str] = match.groupdict() if match else {}
    return Asking(
        verb,
        DOES.get(verb) or f"{request.method} {IDS.sub('/…', request.path.removeprefix('/v1'))}",
        (request.method, request.path, request.query, request.body),
        thread_id=named.get("thread_id"),
        run_id=named.get("run_id"),
        call_ids=tuple(_call_ids(request.body)) if verb == "submit" else (),
        is_repeat=request.headers.get("x-stainless-retry-count", "0") != "0",
    )


def _call_ids(body: bytes) -> Iterator[str]:
    outputs = (_parsed(body) or {}).get("tool_outputs") or []
    yield from (str(one.get("tool_call_id")) for one in outputs if isinstance(one, Mapping))


def _answer(answer: Response) -> Answer:
    found = _parsed(answer.body) or {}
    said = str((found.get("error") or {}).get("message", ""))
    if answer.status != 200 or found.get("object") != "thread.run":
        return Answer(answer.status, said, body=answer.body)
    wanted = (found.get("required_action") or {}).get("submit_tool_outputs") or {}
    pending = tuple(dict.fromkeys(call["id"] for call in wanted.get("tool_calls", ())))
    shown = (found["id"], found["status"], pending)
    return Answer(200, shown=shown, body=answer.body)


def _parsed(body: bytes) -> Any:
    try:
        found = json.loads(body)
    except ValueError:
        return None
    return found if isinstance(found, Mapping) else None


# The direct port ---------------------------------------------------------------------------------

VERBS: Final = {"create": "create", "retrieve": "look", "submit": "submit", "cancel": "cancel"}


class Port:
    """The simulator's direct port, watched: goes where a backend goes.

    Args:
        watch: is told.
    """

    def __init__(self, watch: Watch) -> None:
        self._backend = watch.simulator.backend
        self._watch = watch

    def create_thread(self) -> str:
        """See `DirectBackend.create_thread`; so are the others the backend's."""
        made: str = self._ask("create_thread")
        return made

    def create(self, request: Any) -> RunSnapshot:
        """Create a run."""
        run: RunSnapshot = self._ask("create", request)
        return run

    def retrieve(self, ref: Any) -> RunSnapshot:
        """Look at the run."""
        run: RunSnapshot = self._ask("retrieve", ref)
        return run

    def submit(self, ref: Any, outputs: Sequence[Any]) -> RunSnapshot:
        """Hand in outputs."""
        run: RunSnapshot = self._ask("submit", ref, outputs)
        return run

    def cancel(self, ref: Any) -> RunSnapshot:
        """Ask to cancel."""
        run: RunSnapshot = self._ask("cancel", ref)
        return run

    def messages(self, ref: Any) -> Any:
        """What the run wrote."""
        return self._ask("messages", ref)

    def runs(self, thread_id: str) -> Any:
        """The thread's latest runs."""
        return self._ask("runs", thread_id)

    def add_message(self, thread_id: str, content: str, *, key: str | None = None) -> Any:
        """Add a user's message."""
        return self._ask("add_message", thread_id, content, key=key)

    def find_message(self, thread_id: str, key: str) -> Any:
        """The id of the message of this key."""
        return self._ask("find_message", thread_id, key)

    def _ask(self, verb: str, *args: Any, **kwargs: Any) -> Any:
        call: Callable[..., Any] = getattr(self._backend, verb)
        asking = _calling(verb, args)
        before = self._watch.before(asking)
        try:
            answer = call(*args, **kwargs)
        except BackendError as error:
            fault = error.fault
            told = Answer(fault.status_code, fault.message, body=fault)
            self._watch.after(before, asking, told)
            raise
        self._watch.after(before, asking, _shown(answer))
        return answer


def _calling(verb: str, args: tuple[Any, ...]) -> Asking:
    subject = args[0] if args else None
    outputs = args[1] if verb == "submit" else ()
    run_id = getattr(subject, "run_id", None)
    return Asking(
        VERBS.get(verb, "say" if verb == "add_message" else "other"),
        DOES.get(VERBS.get(verb, "")) or verb,
        (verb, args),
        thread_id=subject if isinstance(subject, str) else getattr(subject, "thread_id", None),
        run_id=run_id,
        call_ids=tuple(one.call_id for one in outputs),
    )


def _shown(answer: object) -> Answer:
    if not isinstance(answer, RunSnapshot):
        return Answer(200, body=answer)
    pending = tuple(dict.fromkeys(call.call_id for call in answer.calls))
    return Answer(200, shown=(answer.ref.run_id, answer.raw_status, pending), body=answer)
