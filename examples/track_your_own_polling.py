"""Keep your own polling loop, and let a `RunTracker` tell what happened between two polls.

A poll shows a status, often late. The tracker infers the edges that must have been taken since,
marks those that another client took, doubts what cannot be, and saves itself as JSON. The second
part binds a `pytransitions` machine of the same table to a model of the app, with its callbacks.
"""

from __future__ import annotations

from collections.abc import Callable

from runfsm import (
    AssistantsBackend,
    IllegalTransition,
    JournalStep,
    RunRequest,
    RunStatus,
    RunTracker,
    Transition,
    build_machine,
)
from runfsm_simulator import Script, Simulator, call, say

#: The statuses in one run's log, as an app found them there.
LOGGED = ["queued", "requires_action", "requires_action", "in_progress", "completed", "failed"]


class Ticket:
    """A support ticket whose run is its state: a model for `pytransitions`."""

    status: str
    trigger: Callable[[str], bool]  # bound by the machine, as is a method for each event

    def __init__(self) -> None:
        build_machine(self, model_attribute="status")

    def follow(self, step: JournalStep) -> None:
        """Take the edge that the tracker has found; the creation made the ticket itself."""
        print(f"    {step}")
        if isinstance(step, Transition) and step.edge.source:
            self.trigger(step.edge.event)

    def on_enter_requires_action(self) -> None:
        """Called by the machine, by its name."""
        print("        ticket: somebody has to answer")

    def on_enter_cancelled(self) -> None:
        """Called once, for a terminal status is final."""
        print("        ticket: closed")


def read_a_log() -> None:
    """A log of statuses becomes a story: with what nobody saw, and with what cannot be."""
    print("A log, read again:")
    ours = {"submit_tool_outputs"}  # what the app sends itself; any other hand is another client's
    tracker = RunTracker(on_step=lambda step: print(f"    {step}"), own=ours)
    for status in LOGGED:
        tracker.observe(status)


def poll() -> Ticket:
    """A loop of one's own. The app is restarted on the way, and another client cancels its run."""
    print("\nA loop of one's own, with a ticket:")
    simulator = Simulator(Script.of(call("ask_a_human", queue_s=1, work_s=3), say("Never said.")))
    backend = AssistantsBackend(simulator.client())
    assistant_id = backend.create_assistant(model="gpt-4o")
    run = backend.create(RunRequest(assistant_id, "May I have a refund?"))

    ticket = Ticket()
    tracker = RunTracker(on_step=ticket.follow, own=())  # this app only watches
    while not tracker.is_terminal:  # the service ends it after ten minutes; a driver has a deadline
        # Any look will do: this snapshot, the `Run` of the openai client, a dict, a status.
        tracker.observe(run)
        if tracker.status is RunStatus.REQUIRES_ACTION:
            tracker = RunTracker.from_json(tracker.to_json(), on_step=ticket.follow, own=())
            print(f"        app: restarted; {len(tracker.journal)} steps were saved")
            AssistantsBackend(simulator.client()).cancel(run.ref)  # not through our own client
        simulator.clock.advance(2)  # live: time.sleep(2)
        run = backend.retrieve(run.ref)
    return ticket


def main() -> None:
    """Read a log, then poll; then ask for what cannot be."""
    read_a_log()
    ticket = poll()
    try:
        ticket.trigger("complete")
    except IllegalTransition as error:
        print(f"\nRefused: {error}")


if __name__ == "__main__":
    main()
