"""The SDK's poll helper, and tool outputs handed in by hand: what its documentation shows.

    runfsm explore examples/loops/helper_loop.py:ask --depth 2

Better than the first loop: the helper knows which statuses are terminal, and all outputs are handed
in at once. What is left is asked of `runfsm explore`.
"""

from __future__ import annotations

import json

from openai import OpenAI
from seed_loop import TOOLS, get_current_weather, get_nickname

FUNCTIONS = {"getCurrentWeather": get_current_weather, "getNickname": get_nickname}


def ask(client: OpenAI) -> str:
    """Ask one question; the answer."""
    runs = client.beta.threads.runs
    assistant = client.beta.assistants.create(model="gpt-4o", tools=TOOLS)
    thread = client.beta.threads.create()
    client.beta.threads.messages.create(thread.id, role="user", content="How is the weather?")

    run = runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
    if run.status == "requires_action":
        outputs = []
        for call in run.required_action.submit_tool_outputs.tool_calls:
            function = FUNCTIONS[call.function.name]
            value = function(**json.loads(call.function.arguments))
            outputs.append({"tool_call_id": call.id, "output": value})
        run = runs.submit_tool_outputs_and_poll(
            run_id=run.id, thread_id=thread.id, tool_outputs=outputs
        )

    if run.status == "completed":
        messages = client.beta.threads.messages.list(thread_id=thread.id)
        return messages.data[0].content[0].text.value
    return f"Sorry, the run is {run.status}."
