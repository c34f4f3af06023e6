"""A stage for the Agents API: a simulator with a session, asked through its wire, without an SDK.

So it runs on both lines of the client; what each body looks like to openai 3, `schema_check` sees.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import pytest

from runfsm_simulator import Script, Simulator, call, say
from runfsm_simulator.wire.http import Request, Response
from sdk_record import HAS_AGENTS

__all__ = ["AGENT", "OF_OPENAI_3", "SESSIONS", "TWO_ROUNDS", "Office", "text"]

OF_OPENAI_3: Final = pytest.mark.skipif(
    not HAS_AGENTS, reason="the client has the Agents API in the later openai 3.x"
)
HEADERS: Final = {"authorization": "Bearer sk-any", "openai-beta": "agents=v1"}
SESSIONS: Final = "/agents/sessions"
TOOL: Final = {
    "type": "function",
    "name": "look",
    "description": "Looks.",
    "parameters": {"type": "object", "properties": {}},
}
AGENT: Final = {"model": "gpt-5", "tools": [TOOL]}

#: A round of one call, then an answer: queued for 1 s, at work for 2 s each time.
TWO_ROUNDS: Final = Script.of(
    call("look", at="here", queue_s=1, work_s=2), say("So there, then.", work_s=2), cancel_s=4
)


class Office:
    """A simulator with one session, whose first turn has just been created.

    Args:
        script: what the model does.
        wishes: of the session's creation.
        **options: of the simulator.
    """

    def __init__(self, script: Any = TWO_ROUNDS, *, wishes: Any = None, **options: Any) -> None:
        self.sim = Simulator(script, **options)
        self.id = self.create(**(wishes or {}))["id"]
        self.path = f"{SESSIONS}/{self.id}"

    def ask(
        self, method: str, path: str, body: Any = None, *, key: str = "", **query: str
    ) -> Response:
        """One request."""
        data = b"" if body is None else json.dumps(body).encode()
        asked = {name: [value] for name, value in query.items()}
        headers = {**HEADERS, "idempotency-key": key} if key else HEADERS
        return self.sim.handle(Request(method, f"/v1{path}", asked, headers, data))

    def get(self, path: str, **query: str) -> Any:
        """What is answered to a look."""
        answer = self.ask("GET", path, **query)
        assert answer.status == 200, answer.body
        return answer.json()

    def create(self, **wishes: Any) -> Any:
        """Another session."""
        body = {"environment": {"type": "none"}, "agent": AGENT, "input": "Hi", **wishes}
        answer = self.ask("POST", SESSIONS, body)
        assert answer.status == 201, answer.body
        return answer.json()

    def send(self, *events: Any, key: str = "") -> Response:
        """Events for the session."""
        named = [{**one, "type": f"agent.session.input.{one['type']}"} for one in events]
        return self.ask("POST", f"{self.path}/events", {"events": named}, key=key)

    def say(self, words: str, **how: str) -> int:
        """A message; the status of the answer."""
        message = {"role": "user", "content": [{"type": "input_text", "text": words}]}
        return self.send({"type": "message", "input": [message]}, **how).status

    def cancel(self) -> int:
        """A cancel; the status of the answer."""
        return self.send({"type": "cancel"}).status

    def answer(self, call: Any, output: Any = "rain", **more: Any) -> Response:
        """The result of a required action."""
        known = {"turn_id": call["turn_id"], "call_id": call["call_id"], "success": True}
        return self.send({"type": "tool_result", **known, "output": output, **more})

    def refused(self, answer: Response) -> tuple[int, str, Any, Any]:
        """Status, text, parameter and code of a refusal."""
        error = answer.json()["error"]
        return answer.status, error["message"], error["param"], error["code"]

    # Looks.

    @property
    def session(self) -> Any:
        """The session, as it is now."""
        return self.get(self.path)

    @property
    def actions(self) -> Any:
        """What it requires."""
        return self.session["required_actions"]

    @property
    def turns(self) -> Any:
        """Its turns, oldest first."""
        return self.get(f"{self.path}/turns", order="asc")["data"]

    @property
    def turn(self) -> Any:
        """Its newest turn."""
        return self.turns[-1]

    @property
    def items(self) -> Any:
        """What its list of items shows, oldest first."""
        return self.get(f"{self.path}/items", order="asc")["data"]

    @property
    def statuses(self) -> tuple[str, str]:
        """Of the newest turn, and of the session."""
        return self.turn["status"], self.session["status"]

    def after(self, *seconds: float) -> list[tuple[str, str]]:
        """The statuses after each of these times, one after another."""
        found = []
        for one in seconds:
            self.sim.clock.advance(one)
            found.append(self.statuses)
        return found

    # Streams.

    def listen(self) -> Iterator[Any]:
        """The events of the session from now on."""
        answer = self.ask("GET", f"{self.path}/events")
        assert answer.stream is not None
        return map(parsed, answer.stream)

    def created(self, **wishes: Any) -> list[Any]:
        """The events that the creation of another session answers with."""
        body = {"environment": {"type": "none"}, "agent": AGENT, "input": "Hi", **wishes}
        answer = self.ask("POST", SESSIONS, {**body, "stream": True})
        assert answer.stream is not None
        assert answer.status == 201
        return [parsed(block) for block in answer.stream]


def parsed(block: bytes) -> Any:
    """An event's data. Its name stands in it once more."""
    name, data, *_ = block.decode().splitlines()
    event = json.loads(data.removeprefix("data: "))
    assert name == f"event: {event['type']}"
    return event


def text(item: Any) -> str:
    """What a message says."""
    return "".join(part["text"] for part in item["content"])
