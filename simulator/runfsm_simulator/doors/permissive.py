"""A service that never says no: for the test suites that are generated with a client.

Such suites call everything with literal ids (`thread_id`, `run_id`, `string`), with `limit=0` and
`after=after`, and cancel, submit and delete the same thing again and again. A service with state
must refuse most of that. So here, rules about state are off:

Rule 1: each request gets a stage of its own, on which whatever it names exists, in a status that
takes what is asked. What it does is forgotten with the stage. Ids in the answers are the stage's.

Rule 2: behind the stage is the same wire as ever. Bodies are still checked, and answers have the
same shapes; nothing is made up here. So a suite that passes has proved its paths and shapes, and
nothing about semantics.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import count
from typing import Any, Final

from runfsm.lifecycle import LIFECYCLE, RunEvent, RunStatus
from runfsm_simulator.wire.bodies.sessions import CreateSession
from runfsm_simulator.wire.http import Request, Response
from runfsm_simulator.wire.models_list import MODELS
from runfsm_simulator.wire.profiles import ProfileName
from runfsm_simulator.wire.routes import Router
from runfsm_simulator.world.answering import Wanted
from runfsm_simulator.world.chooser import Seeded
from runfsm_simulator.world.clock import VirtualClock
from runfsm_simulator.world.models import NewMessage
from runfsm_simulator.world.operations import World
from runfsm_simulator.world.responsemodels import NewItem
from runfsm_simulator.world.scene import Scene
from runfsm_simulator.world.script import Turn, say

__all__ = ["Permissive"]

HEADERS: Final = {"authorization": "Bearer sk-simulated"}

#: What a path asks of its run, by its end.
EVENTS: Final[Mapping[str, RunEvent]] = {
    "cancel": RunEvent.CANCEL,
    "submit_tool_outputs": RunEvent.SUBMIT_TOOL_OUTPUTS,
}

#: Where a body names things, and in which collection they are.
NAMED: Final[Mapping[str, str]] = {
    "assistant_id": "assistants",
    "file_id": "files",
    "file_ids": "files",
    "vector_store_ids": "vector_stores",
    "conversation": "conversations",
    "previous_response_id": "responses",
}


SESSION: Final = {"environment": {"type": "none"}, "agent": {"model": "gpt-4o"}, "input": "Hi"}


class Permissive:
    """The service, as a generated test suite wants it.

    Args:
        profile: which form the bodies have. Suites that validate strictly need `"spec"`.
    """

    def __init__(self, *, profile: ProfileName = "wire") -> None:
        self._profile: ProfileName = profile
        self._requests = count(1)

    def handle(self, request: Request) -> Response:
        """Answer one request."""
        stage = Stage(_status_for(request.path), over=not request.path.endswith("/cancel"))
        answer = Router(stage.world, profile=self._profile).handle(stage.fitted(request))
        request_id = f"req_{next(self._requests):032x}"
        return replace(answer, headers={**answer.headers, "x-request-id": request_id})


def _status_for(path: str) -> RunStatus:
    """One in which a run takes what the path asks; where it asks nothing, a run that is over."""
    event = EVENTS.get(path.rpartition("/")[2])
    fitting = (status for status in RunStatus if event and LIFECYCLE.allows(status, event))
    return next(fitting, RunStatus.COMPLETED)


def _greeting(_: Scene) -> Turn:
    return say("Hello!", queue_s=1, work_s=1)


class Stage:
    """A world with one of each, and how to bring a request to it.

    Args:
        status: of the run.
        over: whether the response is.
    """

    def __init__(self, status: RunStatus, *, over: bool) -> None:
        self.world = World(_greeting, clock=VirtualClock(), chooser=Seeded())
        assistant = self.world.create_assistant(model="gpt-4o", instructions="Be kind.")
        thread = self.world.create_thread([NewMessage("user", ("Hi",))])
        self.run = self.world.create_run(thread.id, assistant.id)
        for edge in LIFECYCLE.path(self.run.status, status) or ():
            self.world.fire(self.run.id, edge.event)
        greeting = NewItem(message=NewMessage("user", ("Hi",)))
        conversation = self.world.create_conversation([greeting])
        response = self.world.create_response(
            Wanted(terms=self.run.terms, items=(greeting,), background=True)
        )
        for event in (RunEvent.START, RunEvent.COMPLETE) if over else ():
            self.world.fire(response.id, event)
        session = self.world.create_session(CreateSession.model_validate(SESSION).new())
        for event in (RunEvent.START, RunEvent.COMPLETE):
            self.world.fire(next(iter(session.turns)), event)
        file = self.world.files.upload("file.txt", b"Hello!", "vision")
        store = self.world.files.create_store()
        #: Everything that there is, by its collection.
        self.ids: Mapping[str, str] = {
            "assistants": assistant.id,
            "threads": thread.id,
            "messages": next(iter(thread.messages)),
            "runs": self.run.id,
            "steps": next(iter(self.run.steps), ""),
            "files": file.id,
            "vector_stores": store.id,
            "file_batches": self.world.files.attach_batch(store.id, [(file.id, {})]).id,
            "responses": response.id,
            "conversations": conversation.id,
            "sessions": session.id,
            "turns": next(iter(session.turns)),
            "items": next(iter(conversation.items)),
            "models": next(iter(MODELS)),
        }

    def fitted(self, request: Request) -> Request:
        """The request, as one about what is here. A path may lack `/v1`."""
        parts = request.path.removeprefix("/v1").split("/")
        path = "/".join(map(self._part, ["", *parts], parts))
        beta = "agents=v1" if path.startswith("/agents/") else "assistants=v2"
        return Request(
            request.method,
            f"/v1{path}",
            {name: values for name, values in request.query.items() if name == "order"},
            {**request.headers, **HEADERS, "openai-beta": beta},
            self._body(request.body),
        )

    def _part(self, before: str, part: str) -> str:
        # `/threads/runs` has no thread's id between the two.
        return self.ids[before] if before in self.ids and part not in {"", "runs"} else part

    def _body(self, body: bytes) -> bytes:
        try:
            return json.dumps(self._about_us(json.loads(body))).encode()
        except (ValueError, RecursionError):
            return body  # a form; or no JSON, which the wire will say

    def _about_us(self, data: Any, collection: str | None = None) -> Any:
        """A piece of a body, with the ids of what is here."""
        match data:
            case str() if collection:
                return self.ids[collection]
            case {"id": _} if collection:
                return {**data, "id": self.ids[collection]}
            case list():
                return [self._about_us(one, collection) for one in data]
            case {"input": list(items), **more}:
                return {**self._about_us(more), "input": [*_with_calls(items)]}
            case {"tool_outputs": list(outputs), **more}:
                return {**more, "tool_outputs": self._outputs(outputs)}
            case dict():
                return {key: self._about_us(one, NAMED.get(key)) for key, one in data.items()}
        return data

    def _outputs(self, outputs: list[Any]) -> list[Any]:
        """As many outputs as there are calls; what else is wrong with them stays."""
        given = next((one for one in outputs if isinstance(one, dict)), {})
        return [{**given, "tool_call_id": call.call_id} for call in self.run.calls]


def _with_calls(items: list[Any]) -> Iterator[Any]:
    """The items of an input, with a call before each output."""
    for item in items:
        match item:
            case {"type": "function_call_output", "call_id": str(call_id)}:
                call = {"type": "function_call", "call_id": call_id}
                yield {**call, "name": "function", "arguments": "{}"}
        yield item
