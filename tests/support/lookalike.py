"""A server that speaks the Assistants wire nearly: its lists of messages are not as they should be.

The simulator does the work; what it lists is changed on its way.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import anyio

from runfsm import AssistantsBackend, AsyncRunDriver, Outcome, Policy, RunDriver, RunRequest
from runfsm_simulator import Script, Simulator
from runfsm_simulator.doors import transport
from runfsm_simulator.wire.http import Request, Response

Json = dict[str, Any]


class Lookalike:
    """A simulator whose lists of messages are changed.

    Args:
        script: what the model does.
        change: of each message, as JSON.
        filters: whether `run_id` in the query is heeded, by the changed messages.
        orders: whether `order` is.
        page: how many are listed at once.
    """

    def __init__(
        self,
        script: Script,
        change: Callable[[Json], Json] = dict,
        *,
        filters: bool = False,
        orders: bool = True,
        page: int = 100,
    ) -> None:
        self.simulator = Simulator(script)
        self.change, self.filters, self.orders, self.page = change, filters, orders, page
        self.assistant_id = self.simulator.create_assistant()
        self.thread_id = self.simulator.create_thread()
        self.lists = 0

    def handle(self, request: Request) -> Response:
        """One request in, one answer out."""
        if request.method != "GET" or not request.path.endswith("/messages"):
            return self.simulator.handle(request)
        self.lists += 1
        query = {name: values[0] for name, values in request.query.items()}
        everything = {"order": ["asc"], "limit": ["100"]}
        answer = self.simulator.handle(replace(request, query=everything))
        listed = [self.change(message) for message in json.loads(answer.body)["data"]]
        body = json.dumps(self._page(listed, query)).encode()
        return replace(answer, body=body)

    def _page(self, listed: list[Json], query: dict[str, str]) -> Json:
        if self.filters and "run_id" in query:
            listed = [it for it in listed if it.get("run_id") == query["run_id"]]
        if self.orders and query.get("order") == "desc":
            listed.reverse()
        ids = [it["id"] for it in listed]
        start = ids.index(query["after"]) + 1 if "after" in query else 0
        data = listed[start : start + self.page]
        return {"object": "list", "data": data, "has_more": start + self.page < len(listed)}

    def run(self, message: str | None = "Hi", *, is_async: bool = False, **policy: Any) -> Outcome:
        """Drive a run on the one thread to its end; the backend is `self.backend` then."""
        request = RunRequest(self.assistant_id, message, self.thread_id)
        make: Any = transport.async_client if is_async else transport.client
        self.backend: Any = AssistantsBackend(make(self.handle))
        driver: Any = (AsyncRunDriver if is_async else RunDriver)(
            self.backend, policy=Policy(**policy), clock=self.simulator.clock
        )
        outcome: Outcome = anyio.run(driver.run, request) if is_async else driver.run(request)
        return outcome
