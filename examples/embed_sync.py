"""An app that embeds `RunDriver`: a support desk with tools, a deadline and a stop button.

What is worth copying:

* One driver serves the whole app, and each conversation is a thread of the API.
* The tools are bound methods, so they reach the app's own data. The run brings their schemas along:
  what the model sees is what this release has, whatever the assistant was registered with.
* `ask` gives the caller a `Watch`: to iterate over, for a live status line; to cancel, from any
  thread; and to take the outcome from.
* `raise_for_status()` lets no ending but `completed` pass, and names each by a class.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

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


class SupportDesk:
    """Answers customers; one conversation, one thread.

    Args:
        client: a ready client of a service with the Assistants wire.
        assistant_id: an assistant made beforehand: they are kept, not made at each start.
        clock: for tests; real time if `None`.
    """

    def __init__(
        self, client: openai.OpenAI, assistant_id: str, *, clock: Clock | None = None
    ) -> None:
        self._backend = AssistantsBackend(client)
        self._tools = Toolset([self.find_customer, self.list_orders])
        # The client's own timeout bounds one HTTP request; the deadline bounds the run.
        policy = Policy(deadline_s=60)
        self._driver = RunDriver(self._backend, self._tools, policy=policy, clock=clock)
        self._assistant_id = assistant_id
        self._customers = {"ada@example.com": 1815}
        self._orders = {1815: ["difference engine: leaves tomorrow"]}

    def open_conversation(self) -> str:
        """Start a conversation; its id."""
        return self._backend.create_thread()

    def ask(self, conversation: str, question: str) -> Watch:
        """Prepare a run that answers `question`. Iterating drives it."""
        tools = {"tools": self._tools.schemas}
        return self._driver.watch(
            RunRequest(self._assistant_id, question, conversation, options=tools)
        )

    def find_customer(self, email: str) -> int:
        """Find a customer's number. Raises when there is none: the model is told so."""
        return self._customers[email]

    def list_orders(self, customer_id: int) -> list[str]:
        """List a customer's open orders."""
        return self._orders.get(customer_id, [])


STATUS_LINE = {
    RunStatus.QUEUED: "waiting",
    RunStatus.IN_PROGRESS: "thinking",
    RunStatus.REQUIRES_ACTION: "looking things up",
    RunStatus.CANCELLING: "stopping",
}


def show(
    desk: SupportDesk,
    conversation: str,
    question: str,
    *,
    at_work: Callable[[Watch], object] = lambda _: None,
) -> None:
    """What a window of the app does; `at_work` is what else happens while the model thinks."""
    print(f"\ncustomer: {question}")
    watch = desk.ask(conversation, question)
    try:
        for step in watch:
            if isinstance(step, Transition) and step.edge.dest in STATUS_LINE:
                print(f"    ({STATUS_LINE[step.edge.dest]} ...)")
                if step.edge.dest is RunStatus.IN_PROGRESS:
                    at_work(watch)
        print(f"desk: {watch.outcome.raise_for_status().text}")
    except ThreadBusy:
        print("desk: One moment, I am still answering your last question.")
    except BackendError as error:
        print(f"desk: We cannot reach the assistant ({error.fault.kind}).")
    except DeadlineExceeded:
        print("desk: This takes too long; I have stopped it. The conversation is free again.")
    except RunCancelled:
        print("desk: Stopped, as you wished.")
    except RunNotCompleted as error:  # expired, failed or incomplete; what there is, is there
        print(f"desk: {error.outcome.text} ... (sorry: {error.outcome.status})")


def press_stop(watch: Watch) -> None:
    """A stop button lives in another thread: a GUI's, or a second web request's."""
    button = threading.Thread(target=watch.cancel)
    button.start()
    button.join()


SCRIPTS = {
    "What about my order?": Script.of(
        call("find_customer", email="ada@example.com"),
        call("list_orders", customer_id=1815),
        say("Your difference engine leaves tomorrow."),
    ),
    "Tell me all about engines.": Script.of(truncate(say="Well, first there was steam, and then")),
    "Tell me a long story.": Script.of(hang()),
}


def model(scene: Scene) -> Turn:
    """What the simulated model does: it plays the script of the latest question."""
    _, question = scene.messages[-1]
    return SCRIPTS[question](scene)


def main() -> None:
    """Five questions in one conversation, and their five endings."""
    simulator = Simulator(model)
    client = simulator.client()  # live: openai.OpenAI(), and no clock
    assistant_id = AssistantsBackend(client).create_assistant(model="gpt-4o")
    desk = SupportDesk(client, assistant_id, clock=simulator.clock)
    conversation = desk.open_conversation()

    show(desk, conversation, "What about my order?")
    show(desk, conversation, "Tell me all about engines.")
    show(desk, conversation, "Tell me a long story.")
    show(desk, conversation, "Tell me a long story.", at_work=press_stop)
    impatient = lambda _: show(desk, conversation, "Hello?")  # noqa
    show(desk, conversation, "What about my order?", at_work=impatient)


if __name__ == "__main__":
    main()
