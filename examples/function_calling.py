"""Function calling with an assistant, step by step, without a network or a key.

The steps are those of the well-known lesson: define functions, create an assistant, create a
thread, add a message, run, follow the run, read the answer. The client is the real `openai`
package; behind it stands the simulator.

In the lesson the fifth step is a loop written by hand. What such loops get wrong, and what the
driver does instead:

* They end on `completed` and `failed` only, and poll an expired, cancelled or incomplete run for
  ever. The driver asks the lifecycle which statuses are terminal: see the second question below.
* They hand in one output of several, or one call's value under another call's id. The driver calls
  every tool of a round, and hands all outputs in at once, each under the id of its own call.
* They `eval` a name and arguments that a model wrote. The driver looks the name up among the tools
  that were registered, and checks the arguments; what does not fit is told to the model.
* They poll without a pause and without an end. The driver polls ever more slowly, and cancels at
  its deadline: `RunDriver(..., policy=Policy(deadline_s=60))`.
"""

from __future__ import annotations

from typing import Literal

from runfsm import LIFECYCLE, AssistantsBackend, Outcome, RunDriver, RunRequest, Toolset, tool
from runfsm_simulator import Simulator, scenarios

# Step 0: define functions. The type hints and the docstring become the schema that the model sees.


@tool(name="getCurrentWeather")
def get_current_weather(location: str, unit: Literal["c", "f"] = "f") -> dict[str, object]:
    """Get the weather in location.

    Args:
        location: The city and state, e.g. San Francisco, CA.
        unit: Celsius or Fahrenheit.
    """
    return {"location": location, "temperature": 72 if unit == "f" else 22, "unit": unit}


@tool(name="getNickname")
def get_nickname(location: str) -> str:
    """Get the nickname of a city.

    Args:
        location: The city and state, e.g. San Francisco, CA.
    """
    return {"Los Angeles, CA": "LA", "Tokyo": "the Big Mikan"}.get(location, location)


TOOLS = Toolset([get_current_weather, get_nickname])


def ask(question: str, *, scenario: str) -> Outcome:
    """Steps 1 to 6; `scenario` is what the simulated model does."""
    simulator = Simulator(scenarios.load(scenario))
    # For a live service with this API, two lines change: `client = openai.OpenAI()`, with your
    # `base_url` and key, and a driver in real time, which is one without `clock=`.
    client = simulator.client()
    backend = AssistantsBackend(client)
    driver = RunDriver(backend, TOOLS, clock=simulator.clock)

    # Step 1: create an assistant and register the functions.
    assistant_id = backend.create_assistant(
        model="gpt-4o",
        instructions="You are a weather bot. Use the provided functions to answer questions.",
        tools=TOOLS.schemas,
    )

    # Step 2: create a thread.
    thread_id = backend.create_thread()

    # Step 3: add a message to it.
    print(f"\nuser: {question}")
    backend.add_message(thread_id, question)

    # Step 4: run the assistant. `driver.run(request)` does this and the next step in silence.
    watch = driver.watch(RunRequest(assistant_id, thread_id=thread_id))

    # Step 5: check the status. Iterating drives the run to its end, and tells each step.
    for step in watch:
        print(f"    {step}")

    # Step 6: display the assistant's response.
    outcome = watch.outcome
    print(f"assistant: {outcome.text}")
    return outcome


def main() -> None:
    """Ask two questions: one is answered, and the answer to the other is cut short."""
    ask("How is the weather in Los Angeles?", scenario="weather")

    # The lesson's loop would poll the next run for ever.
    cut = ask("Why did the war break out?", scenario="truncation")
    print(f"({cut.status}: {cut.incomplete_reason})")

    forgotten = LIFECYCLE.terminal - {"completed", "failed"}
    print(f"\nTerminal, and not waited for by the lesson's loop: {', '.join(sorted(forgotten))}.")


if __name__ == "__main__":
    main()
