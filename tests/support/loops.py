"""Functions that take a client, each with one mistake: what a search must find."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from time import sleep as nap
from typing import Any

TOOL = {
    "type": "function",
    "function": {
        "name": "look_up",
        "parameters": {"type": "object", "properties": {}},
    },
}

OVER = {"completed", "failed", "cancelled", "expired", "incomplete"}


def begun(client: Any, *tools: Any) -> Any:
    """A run that has just been created."""
    assistant = client.beta.assistants.create(model="gpt-4o", tools=tools)
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "Hi"}])
    return client.beta.threads.runs.create(thread.id, assistant_id=assistant.id)


def looked(client: Any, run: Any) -> Any:
    """The run now."""
    return client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id)


def lawful(client: Any) -> str:
    """Waits until the run is over, and says how it ended."""
    run = begun(client)
    while run.status not in OVER:
        time.sleep(1)
        run = looked(client, run)
    return f"It is {run.status}."


def napping(client: Any) -> str:
    """The same, by a sleep that was imported by its name, and with a deadline of its own."""
    run, ends_at = begun(client), time.time() + 3_600
    while run.status not in OVER and time.time() < ends_at:
        nap(60)
        run = looked(client, run)
    return f"It is {run.status}."


async def awaited(client: Any) -> str:
    """The same, with tasks."""
    assistant = await client.beta.assistants.create(model="gpt-4o")
    thread = await client.beta.threads.create(messages=[{"role": "user", "content": "Hi"}])
    run = await client.beta.threads.runs.create(thread.id, assistant_id=assistant.id)
    while run.status not in OVER:
        await asyncio.sleep(1)
        run = await client.beta.threads.runs.retrieve(run.id, thread_id=thread.id)
    return f"It is {run.status}."


def endless(client: Any) -> str:
    """Knows of one end only."""
    run = begun(client)
    while run.status != "completed":
        run = looked(client, run)
    return "It is completed."


def sleepless(client: Any) -> str:
    """Waits for nothing."""
    begun(client)
    while True:
        time.sleep(60)


def hasty(client: Any) -> str:
    """Raises when it does not end well."""
    run = begun(client)
    while run.status not in OVER:
        run = looked(client, run)
    if run.status == "completed":
        return "It is completed."
    raise RuntimeError(run.status)


def leaving(client: Any) -> None:
    """Goes away."""
    begun(client)


def locked_out(client: Any) -> None:
    """Creates a run on a thread that its own first one holds."""
    run = begun(client)
    client.beta.threads.runs.create(run.thread_id, assistant_id=run.assistant_id)


def cheerful(client: Any) -> str:
    """Takes every end for a good one."""
    run = begun(client)
    while run.status not in OVER:
        run = looked(client, run)
    return "All is well."


def answering_blindly(client: Any) -> str:
    """Hands in outputs without asking whether somebody else did, and survives no refusal."""
    run = begun(client, TOOL)
    while run.status not in OVER:
        run = looked(client, run)
        if run.status == "requires_action":
            calls = run.required_action.submit_tool_outputs.tool_calls
            client.beta.threads.runs.submit_tool_outputs(
                run.id,
                thread_id=run.thread_id,
                tool_outputs=[{"tool_call_id": call.id, "output": "1"} for call in calls],
            )
    return f"It is {run.status}."


def alternating() -> Callable[[Any], str]:
    """A function that keeps state between two calls."""
    times: list[int] = []

    def ask(client: Any) -> str:
        times.append(1)
        if len(times) % 2:
            return lawful(client)
        return str(client.beta.threads.create().id)

    return ask
