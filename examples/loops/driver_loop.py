"""The same question, asked by runfsm's driver: there is no loop to get wrong.

runfsm explore examples/loops/driver_loop.py:ask --depth 2 --faults timeout,error_after_effect
"""

from __future__ import annotations

from openai import OpenAI
from seed_loop import get_current_weather, get_nickname

from runfsm import AssistantsBackend, RunDriver, RunRequest, Toolset
from runfsm.clock import Clock

TOOLS = Toolset([get_current_weather, get_nickname])


def ask(client: OpenAI, clock: Clock) -> str:
    """Ask one question; the answer. The clock is that of the search."""
    assistant = client.beta.assistants.create(model="gpt-4o", tools=TOOLS.schemas)
    driver = RunDriver(AssistantsBackend(client), TOOLS, clock=clock)
    # A search plays it over and over, and it must do the same each time: so the key is no new one.
    outcome = driver.run(RunRequest(assistant.id, "How is the weather?", key="explored"))
    return outcome.text if outcome.status == "completed" else f"Sorry, the run is {outcome.status}."
