"""Many runs with `AsyncRunDriver.map`: six letters, three at a time, answered as they get ready.

What is worth copying:

* The block ends when everything has ended. Leave it early, and what is under way is cancelled.
* Each result is one request's alone. A run that failed, or that could not even be created, ends no
  other; `result.raise_for_status()` gives the outcome of a good one, and raises for the rest.
* Two letters of one customer belong on one thread. They are answered one after the other, and
  nobody else waits for that.
* `requests` may be a generator over a file of a million lines: no more are read than are needed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from runfsm import AssistantsBackend, AsyncRunDriver, RunfsmError, RunRequest
from runfsm_simulator import Scene, Simulator, Turn, fail, say

LETTERS = {
    "Where is my engine?": 4.0,
    "Is steam still sold?": 2.0,
    "Please answer in one word.": 1.0,
    "A very long story ...": 30.0,
    "(an empty envelope)": 1.0,
    "Many thanks!": 1.0,
}


def model(scene: Scene) -> Turn:
    """What the simulated model does: it answers, but not to everything."""
    _, letter = scene.messages[-1]
    if letter.startswith("("):
        return fail(message="There is nothing to answer.", queue_s=0, work_s=LETTERS[letter])
    return say(f"On “{letter}”: yes.", queue_s=0, work_s=LETTERS[letter])


def requests(assistant_id: str, ada: str) -> Iterator[RunRequest]:
    """One for each letter; the first two are from Ada, who has a thread."""
    for number, letter in enumerate(LETTERS):
        yield RunRequest(assistant_id, letter, ada if number < 2 else None)


async def answer_all() -> None:
    """Answer the letters, and tell how far it is."""
    simulator = Simulator(model)
    async with simulator.async_client() as client:  # live: openai.AsyncOpenAI(), and no clock
        backend = AssistantsBackend(client)
        assistant_id = await backend.create_assistant(model="gpt-4o")
        ada = await backend.create_thread()
        driver = AsyncRunDriver(backend, clock=simulator.clock)
        async with driver.map(requests(assistant_id, ada), limit=3) as results:
            async for result in results:
                counts = results.counts
                bar = "#" * counts.over + "-" * counts.under_way
                try:
                    told = result.raise_for_status().text
                except RunfsmError as error:
                    told = type(error).__name__
                print(f"{bar:{len(LETTERS)}}  {result.index}  {told}")


def main() -> None:
    """Six letters."""
    asyncio.run(answer_all())  # on trio: trio.run(answer_all)


if __name__ == "__main__":
    main()
