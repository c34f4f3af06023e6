"""A polling loop that many have written, as it was found in a lesson, made valid Python.

Mended is only what no interpreter would take: the line in another language (an `eval` of the call's
name, and `submitToolOutputs`) became the value of the last call, handed in under its id; names are
those of Python. What it does is what it did. See what becomes of it:

    runfsm explore examples/loops/seed_loop.py:ask --depth 2
"""

from __future__ import annotations

import json

from openai import OpenAI


def get_current_weather(location: str, unit: str | None = "fahrenheit") -> str:
    """Get the current weather in a given location."""
    if "tokyo" in location.lower():
        return json.dumps({"location": "Tokyo", "temperature": "10", "unit": "celsius"})
    return json.dumps({"location": location, "temperature": "unknown", "unit": unit})


def get_nickname(location: str) -> str:
    """Get the nickname of a city."""
    return "la" if "los angeles" in location.lower() else location


def schema(name: str, description: str) -> dict[str, object]:
    """A function tool of one location."""
    parameters = {
        "type": "object",
        "properties": {"location": {"type": "string", "description": "e.g. San Francisco, CA"}},
        "required": ["location"],
    }
    function = {"name": name, "description": description, "parameters": parameters}
    return {"type": "function", "function": function}


TOOLS = [
    schema("getCurrentWeather", "Get the weather in location"),
    schema("getNickname", "Get the nickname of a city"),
]


def wait_for_run_function_calling(client: OpenAI, run_id: str, thread_id: str) -> None:
    """The lesson's fourth step."""
    run_complete = False
    while not run_complete:
        run = client.beta.threads.runs.retrieve(run_id, thread_id=thread_id)
        # The means run is completed or failed
        run_complete = run.status == "completed" or run.status == "failed"  # noqa: PLR1714  # found so

        # This means run is making a function call
        if run.status == "requires_action":
            available_functions = {
                "getCurrentWeather": get_current_weather,
                "getNickname": get_nickname,
            }
            for tool_call in run.required_action.submit_tool_outputs.tool_calls:
                function_to_call = available_functions[tool_call.function.name]
                function_args = json.loads(tool_call.function.arguments)
                value = function_to_call(location=function_args.get("location"))
            client.beta.threads.runs.submit_tool_outputs(
                run_id,
                thread_id=thread_id,
                tool_outputs=[{"tool_call_id": tool_call.id, "output": value}],
            )


def ask(client: OpenAI) -> str:
    """The lesson from its first step to its last."""
    assistant = client.beta.assistants.create(
        instructions="You are a weather bot. Use the provided functions to answer questions.",
        model="gpt-4-1106-preview",
        tools=TOOLS,
    )
    thread = client.beta.threads.create()
    client.beta.threads.messages.create(
        thread_id=thread.id, role="user", content="How is the weather in Los Angeles?"
    )
    run = client.beta.threads.runs.create(thread_id=thread.id, assistant_id=assistant.id)
    wait_for_run_function_calling(client, run.id, thread.id)
    messages = client.beta.threads.messages.list(thread_id=thread.id)
    return messages.data[0].content[0].text.value
