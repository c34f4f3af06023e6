"""An app that embeds `RunDriver`: a support desk with a tool, a deadline and a stop button.

What is worth copying:

* One driver serves the whole app, and each conversation is a thread of the API.
* A tool may be a bound method, so it reaches the app's own data. The run brings its schema along:
  what the model sees is what this release has, whatever the assistant was registered with.
* `ask` gives a `Watch`: iterate over it, for a live status line; cancel it, from any thread; take
  the outcome from it.
* `raise_for_status()` lets no ending but `completed` pass, and gives each its own class.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

import openai

from runfsm import (
    AssistantsBackend,
    BackendError,
    Clock,
    DeadlineExceeded,
    Policy,
    RunCancelled,
    RunDriver,
    RunNotCompleted,
    RunRequest,
    RunStatus,
    ThreadBusy,
    Toolset,
    Transition,
    Watch,
)
from runfsm_simulator import Scene, Script, Simulator, Turn, call, hang, say, truncate

STATUS_LINE = {
    RunStatus.QUEUED: "waiting",
    RunStatus.IN_PROGRESS: "thinking",
    RunStatus.REQUIRES_ACTION: "looking things up",
    RunStatus.CANCELLING: "stopping",
}


class SupportDesk:
    """Answers customers.

    Args:
        client: a ready client of a service with the Assistants wire.
        assistant_id: an assistant made beforehand: it is kept, not made anew at each start.
        clock: real time if `None`; a test brings its own.
    """

    def __init__(
        self, client: openai.OpenAI, assistant_id: str, *, clock: Clock | None = None
    ) -> None:
        self._assistant_id = assistant_id
        self._orders = {"ada@example.com": ["difference engine: leaves tomorrow"]}
        self._tools = Toolset([self.list_orders])
        # The client's own timeout bounds one HTTP request; the deadline bounds the run.
        policy = Policy(deadline_s=60)
        self._driver = RunDriver(AssistantsBackend(client), self._tools, policy=policy, clock=clock)

    def ask(self, thread_id: str, question: str) -> Watch:
        """A run that answers `question`. It is created and driven by iterating over it."""
        options = {"tools": self._tools.schemas}
        return self._driver.watch(
            RunRequest(self._assistant_id, question, thread_id, options=options)
        )

    def list_orders(self, email: str) -> list[str]:
        """List a customer's open orders."""
        return self._orders[email]  # a KeyError is told to the model, and the run goes on


def converse(
    desk: SupportDesk,
    thread_id: str,
    question: str,
    *,
    meanwhile: Callable[[Watch], object] | None = None,
) -> None:
    """What a window of the app does; `meanwhile` happens while the model thinks."""
    print(f"\ncustomer: {question}")
    watch = desk.ask(thread_id, question)
    try:
        for step in watch:
            if isinstance(step, Transition) and step.edge.dest in STATUS_LINE:
                print(f"    ({STATUS_LINE[step.edge.dest]} ...)")
                if meanwhile and step.edge.dest is RunStatus.IN_PROGRESS:
                    meanwhile(watch)
        print(f"desk: {watch.outcome.raise_for_status().text}")
    except ThreadBusy:
        print("desk: One moment, your last question is still being answered.")
    except BackendError as error:
        print(f"desk: The assistant cannot be reached ({error.fault.kind}).")
    except DeadlineExceeded:
        print("desk: This took too long, and was stopped.")
    except RunCancelled:
        print("desk: Stopped, as you wished.")
    except RunNotCompleted as error:  # expired, failed or incomplete: what was written is there
        print(f"desk: {error.outcome.text} ... (sorry, {error.outcome.status})")


def press_stop(watch: Watch) -> None:
    """A stop button is pressed in another thread: a GUI's, or a second web request's."""
    button = threading.Thread(target=watch.cancel)
    button.start()
    button.join()


SCRIPTS = {
    "What about my order?": Script.of(
        call("list_orders", email="ada@example.com"), say("Your engine leaves tomorrow.")
    ),
    "Tell me about engines.": Script.of(truncate(say="First there was steam, and then")),
    "Tell me a short story.": Script.of(say("Once an engine left, and arrived.")),
    "Tell me a long story.": Script.of(hang()),
}


def model(scene: Scene) -> Turn:
    """What the simulated model does: it plays the script of the latest question."""
    _, question = scene.messages[-1]
    return SCRIPTS[question](scene)


def main() -> None:
    """Six questions in one conversation, one of them too early."""
    simulator = Simulator(model)
    client = simulator.client()  # live: openai.OpenAI(), and no clock
    backend = AssistantsBackend(client)
    desk = SupportDesk(client, backend.create_assistant(model="gpt-4o"), clock=simulator.clock)
    ask = partial(converse, desk, backend.create_thread())

    ask("What about my order?")
    ask("Tell me about engines.")
    ask("Tell me a long story.")
    ask("Tell me a long story.", meanwhile=press_stop)
    ask("Tell me a short story.", meanwhile=lambda _: ask("Hello?"))


if __name__ == "__main__":
    main()
