"""A run that is looked at once a minute, and a web app that is told when to look sooner.

    .venv/bin/python examples/webhooks.py

The service is the simulator, which hands its webhooks to the app in this process. A real one sends
them to a URL: serve `create_app(inbox, driver)` with uvicorn, and register it there. In openai 3:
`client.webhooks.create(name="runs", url="https://...", event_types=["response.completed", ...])`.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import anyio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from runfsm import Pacing, Policy, ResponsesBackend, RunDriver, RunRequest, WebhookInbox
from runfsm.backends.webhooks import BODY_MAX
from runfsm.errors import BackendError
from runfsm.lifecycle.journal import JournalStep
from runfsm_simulator import Script, Simulator, VirtualClock, Webhook, call, say
from runfsm_simulator.doors.webhooks import SECRET

SCRIPT = Script.of(
    call("look_out", queue_s=2, work_s=9.5), say("Take an umbrella.", queue_s=1, work_s=14)
)
ONCE_A_MINUTE = Policy(pacing=Pacing(first_s=60, longest_s=60, learns=False))


def create_app(inbox: WebhookInbox, driver: RunDriver) -> Starlette:
    """An app with one page, for the service."""

    async def hook(request: Request) -> Response:
        body = b""
        async for piece in request.stream():
            body += piece
            if len(body) > BODY_MAX:
                break  # whoever sends that is not the service; the inbox will say so
        try:
            hint = inbox.parse_webhook(body, request.headers)
        except BackendError as error:
            return PlainTextResponse(str(error), status_code=400)
        if hint is not None:
            driver.wake(hint)
        return Response(status_code=204)

    return Starlette(routes=[Route("/hook", hook, methods=["POST"])])


def post(app: Starlette, body: bytes, headers: Mapping[str, str]) -> int:
    """Hand a webhook to the app, as its server would, and return the status that it answers."""
    statuses: list[int] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": "POST", "path": "/hook", "query_string": b"", "headers": raw}
    anyio.run(app, scope, receive, send)
    return statuses[0]


def look_out() -> str:
    """Look out of the window."""
    return "clouds"


def drive(*, told: bool) -> None:
    """Drive a run, and print when each of its steps was noticed."""

    def deliver(body: bytes, headers: Mapping[str, str]) -> int:
        return post(app, body, headers) if told else 204

    # Signatures have the time in them, and are compared with the real one: begin there.
    simulator = Simulator(SCRIPT, clock=VirtualClock(time.time()), webhooks=[Webhook(deliver)])
    client = simulator.client()
    backend = ResponsesBackend(client)
    began_at = simulator.clock.now()

    def show(step: JournalStep, _: object) -> None:
        print(f"{step.at - began_at:7.1f} s  {step}")

    driver = RunDriver(
        backend, [look_out], policy=ONCE_A_MINUTE, clock=simulator.clock, observers=[show]
    )
    app = create_app(WebhookInbox(client, secret=SECRET), driver)
    tools = [{"type": "function", "function": {"name": "look_out", "parameters": {}}}]
    assistant_id = backend.create_assistant(model="gpt-5-mini", tools=tools)
    print(driver.run(RunRequest(assistant_id, "What do I need today?")).text)


if __name__ == "__main__":
    print("By looks alone:")
    drive(told=False)
    print("\nTold by webhooks:")
    drive(told=True)
