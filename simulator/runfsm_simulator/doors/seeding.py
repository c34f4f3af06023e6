"""A stage for a test or a lesson: things with chosen ids, and runs in a chosen status.

Rule: nothing is written into the world. What is made is asked for through the wire, and a run comes
into its status along the edges of the lifecycle; so what is there could always have come about.
No storm disturbs the hand, and no endpoint is gone for it; what it has made, may go wrong.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any, Final

from runfsm.errors import CallerError
from runfsm.lifecycle import LIFECYCLE, RunRef, RunStatus
from runfsm_simulator.wire.asked import PREFIXES
from runfsm_simulator.wire.http import Handle, Request
from runfsm_simulator.world.operations import World

__all__ = ["SOMEBODY", "Seeding"]

HEADERS: Final = {"authorization": "Bearer sk-simulated", "openai-beta": "assistants=v2"}

#: What the platform's ids are made of, so that a chosen one can stand in a path.
ID: Final = re.compile(r"[a-z]+_[\w-]{1,100}")

SOMEBODY: Final = {"model": "gpt-4o", "instructions": "You are helpful."}
HELLO: Final = {"messages": [{"role": "user", "content": "Hello!"}]}


class Seeding:
    """The hand that sets a stage.

    Args:
        handle: answers the API's requests.
        world: what stands behind it.
    """

    def __init__(self, handle: Handle, world: World) -> None:
        self._handle = handle
        self._world = world

    def assistant(self, body: Mapping[str, Any], *, id: str | None = None) -> str:
        """A new assistant; its id.

        Args:
            body: as the API takes it.
            id: chosen; the world makes one up if `None`.

        Raises:
            CallerError: the API does not take such an assistant; or the id is taken, or no such id.
        """
        return self._make("/v1/assistants", body, "assistant_id", id)

    def thread(self, body: Mapping[str, Any], *, id: str | None = None) -> str:
        """A new thread; its id. Arguments and errors as for `assistant`."""
        return self._make("/v1/threads", body, "thread_id", id)

    def message(self, thread_id: str, body: Mapping[str, Any]) -> str:
        """A new message at the end of a thread; its id.

        Raises:
            CallerError: there is no such thread, or a run is active on it.
        """
        return self._make(f"/v1/threads/{thread_id}/messages", body, "message_id", None)

    def run(
        self,
        status: RunStatus = LIFECYCLE.initial,
        *,
        id: str | None = None,
        thread_id: str | None = None,
        assistant_id: str | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> RunRef:
        """A new run, brought into `status` by the likeliest edges, all at this instant.

        Args:
            status: where it is to be.
            id: chosen; the world makes one up if `None`.
            thread_id: where; `None` makes a thread with a message.
            assistant_id: whose; `None` makes an assistant.
            body: further parameters of the API's own *create run*.

        Raises:
            UnknownNameError: there is no such status.
            CallerError: the API does not take such a run, or such an id. An assistant that was
                made for it stays.
        """
        status = LIFECYCLE.status(status)
        path = f"/v1/threads/{thread_id}/runs" if thread_id else "/v1/threads/runs"
        thread = {} if thread_id else {"thread": HELLO}
        with self._world.sheltered():
            wanted = {"assistant_id": assistant_id or self.assistant(SOMEBODY), **thread}
            run_id = self._make(path, {**wanted, **(body or {})}, "run_id", id)
            for edge in LIFECYCLE.path(LIFECYCLE.initial, status) or ():
                self._world.fire(run_id, edge.event)
            return RunRef("assistants", run_id, self._world.store.runs[run_id].thread.id)

    def _make(self, path: str, body: Mapping[str, Any], kind: str, id: str | None) -> str:
        naming = nullcontext() if id is None else self._world.naming(**_wish(kind, id))
        request = Request("POST", path, headers=HEADERS, body=json.dumps(body).encode())
        with self._world.sheltered(), naming:
            answer = self._handle(request)
        if answer.status != 200:
            raise CallerError(answer.json()["error"]["message"])
        return str(answer.json()["id"])


def _wish(kind: str, id: str) -> dict[str, str]:
    prefix = PREFIXES[kind]
    if not (ID.fullmatch(id) and id.startswith(f"{prefix}_")):
        raise CallerError(
            f"'{id}' is no {kind}: it is '{prefix}_' and up to 100 letters, digits, '_' or '-', "
            f"as in '{prefix}_1'"
        )
    return {prefix: id}
