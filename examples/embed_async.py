"""Several runs at once with `AsyncRunDriver`: ask about three cities, take the first two answers.

What is worth copying:

* One driver serves all tasks. Each run has a thread of its own, for a thread takes one at a time.
* Cancel the run, not the task that follows it: a cancelled task only stops looking, and the service
  works on, with the thread locked. `driver.cancel()` cancels whatever is under way, and each task
  goes on until its run has really ended.
* A cancel is a wish: the answer may be faster. So look at the status that comes of it.
"""

from __future__ import annotations

import asyncio

import anyio
import anyio.lowlevel

from runfsm import AssistantsBackend, AsyncRunDriver, RunRequest, RunStatus
from runfsm_simulator import Scene, Simulator, Turn, call, say

#: How long the simulated model takes over each of its two turns, in seconds.
WORK_S = {"Lisbon": 5.0, "Oslo": 2.0, "Timbuktu": 250.0}


async def forecast(city: str) -> str:
    """Tomorrow's weather in a city."""
    await anyio.lowlevel.checkpoint()  # an app asks its weather service here
    return f"sunny in {city}"


def model(scene: Scene) -> Turn:
    """What the simulated model does: it asks for the forecast, then passes it on."""
    _, city = scene.messages[-1]
    if scene.round == 0:
        return call("forecast", city=city, queue_s=1, work_s=WORK_S[city])
    _, _, output = scene.answered[-1]
    return say(f"It will be {output}.", queue_s=1, work_s=WORK_S[city])


async def first_answers(wanted: int) -> dict[str, str]:
    """Ask about every city at once; cancel the rest as soon as `wanted` answers are there."""
    simulator = Simulator(model)
    clock = simulator.clock
    began = clock.now()
    answers: dict[str, str] = {}

    async def ask(driver: AsyncRunDriver, assistant_id: str, city: str) -> None:
        outcome = await driver.run(RunRequest(assistant_id, city))
        print(f"{clock.now() - began:5.1f} s  {city} {outcome.status}: {outcome.text or '-'}")
        if outcome.status is RunStatus.COMPLETED:
            answers[city] = outcome.text
        if len(answers) >= wanted:
            driver.cancel()

    async with simulator.async_client() as client:  # live: openai.AsyncOpenAI(), and no clock
        backend = AssistantsBackend(client)
        assistant_id = await backend.create_assistant(model="gpt-4o")
        driver = AsyncRunDriver(backend, [forecast], clock=clock)
        async with anyio.create_task_group() as tasks:
            for city in WORK_S:
                tasks.start_soon(ask, driver, assistant_id, city)
    return answers


def main() -> None:
    """Three questions, two answers."""
    answers = asyncio.run(first_answers(2))  # on trio: trio.run(first_answers, 2)
    print(f"Take an umbrella to neither {' nor '.join(sorted(answers))}.")


if __name__ == "__main__":
    main()
