"""Locked threads: another run holds the thread, or seems to. The API takes one run at a time."""

from __future__ import annotations

from typing import Final

from runfsm.cli.cases.case import Case, at_least, at_most, case, expect
from runfsm.cli.cases.needs import has, refuses
from runfsm.cli.cases.road import Road
from runfsm.cli.cases.stage import Stage, cancel_at, faults
from runfsm.driver.busy import Enqueue, Interrupt, Reject, Wait
from runfsm.driver.lines import Lines
from runfsm.driver.outcome import Outcome
from runfsm.driver.policy import Policy
from runfsm.errors import FaultKind, ThreadBusy
from runfsm.lifecycle.run import RunStatus as S
from runfsm.lifecycle.wires import Occasion
from runfsm_simulator import Storm
from runfsm_simulator.world.script import Scene, Script, Turn, fail, say

__all__ = ["CASES"]

#: A run takes eight seconds, and a cancel one.
EIGHT_S: Final = Script.of(say("Done.", queue_s=2, work_s=6), cancel_s=1)


def _fails_once(scene: Scene) -> Turn:
    return fail(queue_s=1, work_s=1) if scene.asked == "Once" else say("Yes.")


def _echo(scene: Scene) -> Turn:
    return say(f"You said: {scene.asked}", queue_s=2, work_s=6)


@case(
    "C1",
    sources="agency-swarm#12, #268",
    service="refuses a message: 'Can't add messages to thread_x while a run run_y is active'",
    needs=(refuses(Occasion.MESSAGE_WHILE_BUSY),),
)
def message_to_a_busy_thread(road: Road) -> str:
    """Wait until the run is over, and add the message once."""
    stage = Stage(road, EIGHT_S)
    thread = stage.thread()
    stage.foreign_run(thread)
    stage.add_message(thread, "And the forecast?", Policy(on_busy=Wait()))
    expect("the messages", ["And the forecast?"], stage.said(thread))
    expect("how the other run ended", S.COMPLETED, stage.runs[0].status)
    at_most("seconds", 8 + 5, stage.took_s)
    refused = stage.sent("add_message") - 1
    return f"refused {refused} times, added once, after {stage.took_s:.0f} s"


@case(
    "C2",
    sources="TripSit/TripBot#939: 'extremely rare', in spite of a queue",
    service="gets runs for one thread from apps that each have a queue of their own",
)
def two_queues(road: Road) -> str:
    """Take the refusal as news, not as an error, and come second."""
    stage = Stage(road, _echo)
    thread = stage.thread()
    policy = Policy(on_busy=Wait())
    asks = [
        stage.ask(f"Client {n}", thread_id=thread, policy=policy, starts_s=n / 1000)
        for n in range(4)
    ]
    texts = sorted(_ended(one).text for one in stage.together(*asks))
    expect("the answers", [f"You said: Client {n}" for n in range(4)], texts)
    expect("runs", 4, len(stage.runs))
    return f"4 clients, {stage.sent('create') - 4} refusals, 4 answers in {stage.took_s:.0f} s"


@case(
    "C3",
    sources="n8n-io/n8n#13378",
    service="shows no active run when asked, and has one a moment later: a check is not a lock",
    needs=(refuses(Occasion.RUN_WHILE_BUSY),),
)
def check_then_act(road: Road) -> str:
    """Rely on no earlier look: be refused, look who holds it, come back."""
    stage = Stage(road, EIGHT_S)
    thread = stage.thread()
    stage.tap.before("create", lambda: stage.foreign_run(thread))
    outcome = stage.drive(thread_id=thread, policy=Policy(on_busy=Wait()))
    stage.check(outcome, S.COMPLETED)
    expect("runs", 2, len(stage.runs))
    waited = stage.waited_s(outcome)
    return f"overtaken just before its create, in after {waited:.0f} s, completed"


@case(
    "C4",
    sources="nasa-petal/bidara-deep-chat#57",
    service="fails a run on its side, and keeps the thread locked after that",
    needs=(has("lock"),),
)
def locked_by_a_failed_run(road: Road) -> str:
    """Tell of the failure, and get in on the next question as soon as the lock is gone."""
    stage = Stage(road, _fails_once, storm=Storm(lingering_lock_s=4))
    thread = stage.thread()
    first = stage.drive("Once", thread_id=thread)
    told = first.error and first.error.code
    expect("how the first run ended", (S.FAILED, "server_error"), (first.status, told))
    stage.simulator.control.heal()
    outcome = stage.drive("Again", thread_id=thread)
    stage.check(outcome, S.COMPLETED)
    refused = faults(outcome, FaultKind.LOCKED)
    at_least("refusals", 1, refused)
    return f"told {told}; the next run was refused {refused} times, and completed"


@case(
    "C5",
    sources="openai/openai-dotnet#87",
    service="holds the thread for a first client that hangs in a tool call; a second one fails on",
    needs=(has("expiry"),),
)
def held_by_a_hanging_client(road: Road) -> str:
    """Wait for the holder's expiry if the policy says so; be let in then."""
    stage = Stage(road, EIGHT_S)
    thread = stage.thread()
    stage.foreign_run(thread, S.REQUIRES_ACTION)
    outcome = stage.drive(thread_id=thread, policy=Policy(on_busy=Wait(timeout_s=620)))
    stage.check(outcome, S.COMPLETED)
    expect("how the holder ended", S.EXPIRED, stage.runs[0].status)
    at_most("looks at the holder", 140, stage.sent("runs"))
    return f"waited {stage.waited_s(outcome):.0f} s, {stage.sent('runs')} looks, completed"


@case(
    "C6",
    sources="dotnet/extensions#5964: 'there has to be a way to abort an existing run'",
    service="works on a run that nobody wants any more, and refuses the one that replaces it",
    needs=(has("listing"),),
)
def replace_a_run(road: Road) -> str:
    """Cancel the holder, wait until it is really over, and run."""
    stage = Stage(road, EIGHT_S)
    thread = stage.thread()
    stage.foreign_run(thread, S.IN_PROGRESS)
    outcome = stage.drive(thread_id=thread, policy=Policy(on_busy=Interrupt()))
    stage.check(outcome, S.COMPLETED)
    expect("how the old run ended", S.CANCELLED, stage.runs[0].status)
    expect("cancels", 1, stage.sent("cancel"))
    return f"1 cancel, in after {stage.waited_s(outcome):.1f} s, completed"


@case(
    "C7",
    sources="openai/openai-python#1023",
    service="says that a new thread has an active run, and shows none: the cause was never found",
    wire_only=True,
    needs=(refuses(Occasion.RUN_WHILE_BUSY),),
)
def held_by_nobody(road: Road) -> str:
    """Look who holds it, find nobody, and knock again for some seconds."""
    stage = Stage(road, EIGHT_S)
    thread = stage.thread()
    refusal = stage.wire.refusals[Occasion.RUN_WHILE_BUSY].value
    if refusal is None:
        raise AssertionError("the case needs it")
    said = refusal.text.replace("thread_X", thread).replace("run_Y", "run_0123456789abcdefghijklmn")
    error = {"message": said, "type": "invalid_request_error", "param": None, "code": refusal.code}
    stage.arm("create", times=2, status=refusal.status, body={"error": error})
    outcome = stage.drive(thread_id=thread)
    stage.check(outcome, S.COMPLETED)
    expect("runs", 1, len(stage.runs))
    expect("refusals", 2, faults(outcome, FaultKind.LOCKED))
    waited = stage.waited_s(outcome)
    return f"refused 2 times, found no holder, in after {waited:.1f} s, completed"


@case(
    "C8",
    sources="glific/glific#3790",
    service="gets one user's messages by several webhooks at once, and takes one of them",
)
def webhooks(road: Road) -> str:
    """Stand in line: first come, first served, and nobody is refused."""
    stage, lines, policy = Stage(road, _echo), Lines(), Policy(on_busy=Enqueue())
    thread = stage.thread()
    asks = [
        stage.ask(f"Part {n}", thread_id=thread, policy=policy, lines=lines, starts_s=n / 10)
        for n in range(5)
    ]
    outcomes = [_ended(one) for one in stage.together(*asks)]
    expect("the thread", [f"Part {n}" for n in range(5)], stage.said(thread))
    refused = sum(faults(outcome, FaultKind.LOCKED) for outcome in outcomes)
    expect("refusals", 0, refused)
    return f"5 messages in their order, 0 refusals, {stage.took_s:.0f} s"


@case(
    "C9",
    sources="Chainlit/chainlit#573",
    service="has a cancelled run still cancelling, and refuses what the user says next",
)
def cancel_then_ask(road: Road) -> str:
    """Call a cancelled run over when it is over: the next one is taken at once."""
    stage = Stage(road, EIGHT_S)
    thread = stage.thread()
    first = stage.drive("A long story", thread_id=thread, on_item=cancel_at(S.IN_PROGRESS))
    stage.check(first, S.CANCELLED)
    outcome = stage.drive("A short one", thread_id=thread)
    stage.check(outcome, S.COMPLETED)
    expect("refusals", 0, faults(outcome, FaultKind.LOCKED))
    return "cancelled and seen to be; the next run was refused 0 times"


@case(
    "C11",
    "F5",
    sources="community 933385, 511382; nasa-petal/bidara-deep-chat#57; TripSit/TripBot#768",
    service="keeps the run of a client that crashed waiting for its tools: it holds the thread",
    needs=(has("listing"),),
)
def orphaned(road: Road) -> str:
    """Name the orphan to who asks; cancel it for who says `Interrupt()`."""
    stage = Stage(road, EIGHT_S)
    thread = stage.thread()
    orphan = stage.foreign_run(thread, S.REQUIRES_ACTION)
    expect("the holder", orphan, stage.raised(ThreadBusy, thread_id=thread).holder)
    outcome = stage.drive(thread_id=thread, policy=Policy(on_busy=Interrupt()))
    stage.check(outcome, S.COMPLETED)
    expect("how the orphan ended", S.CANCELLED, stage.runs[0].status)
    return f"orphan named, then cancelled; in after {stage.waited_s(outcome):.1f} s, completed"


@case(
    "C12",
    sources="aegra#253, #462; deer-flow#1465; Duragraph#45; azure-functions-langgraph-python#149",
    service="takes one run a thread, so each client writes reject, wait, interrupt, enqueue anew",
    needs=(has("listing"),),
)
def policies(road: Road) -> str:
    """Keep each policy's word, on one stage; and mix no two threads' answers."""
    stage = Stage(road, EIGHT_S)
    thread = stage.thread()
    holder = stage.foreign_run(thread)
    said = stage.said(thread)
    expect("who is named", holder, stage.raised(ThreadBusy, thread_id=thread).holder)
    expect("what a refusal left", (said, 1), (stage.said(thread), len(stage.runs)))
    took: list[str] = ["reject 0 s"]
    for on_busy in Wait(), Enqueue(), Interrupt():
        stage = Stage(road, EIGHT_S)
        thread = stage.thread()
        stage.foreign_run(thread)
        outcome = stage.drive(thread_id=thread, policy=Policy(on_busy=on_busy))
        stage.check(outcome, S.COMPLETED)
        took.append(f"{on_busy} {stage.waited_s(outcome):.0f} s")
    stage = Stage(road, _echo)
    outcomes = stage.together(*(stage.ask(f"Thread {n}") for n in range(4)))
    mixed = [_ended(one).text for one in outcomes]
    expect("the answers", [f"You said: Thread {n}" for n in range(4)], mixed)
    return f"{', '.join(took)}; 4 threads at once, 0 mixed"


@case(
    "F7",
    sources="agency-swarm#268: 'give time for cancellation to propagate'",
    service="keeps the thread locked for a second or more after its run is over",
    needs=(has("lock"),),
)
def lingering_lock(road: Road) -> str:
    """Find no active run, and knock again: this is no holder to be rejected for."""
    stage = Stage(road, EIGHT_S, storm=Storm(lingering_lock_s=4))
    thread = stage.thread()
    stage.drive("One", thread_id=thread)
    stage.simulator.control.heal()
    outcome = stage.drive("Two", thread_id=thread, policy=Policy(on_busy=Reject()))
    stage.check(outcome, S.COMPLETED)
    refused = faults(outcome, FaultKind.LOCKED)
    at_least("refusals", 1, refused)
    return f"refused {refused} times, in after {stage.waited_s(outcome):.1f} s, completed"


def _ended(came: Outcome | BaseException) -> Outcome:
    """An outcome, honest and completed."""
    if isinstance(came, BaseException):
        raise came
    expect("how a run ended", S.COMPLETED, came.status)
    return came


CASES: Final[tuple[Case, ...]] = (
    message_to_a_busy_thread,
    two_queues,
    check_then_act,
    locked_by_a_failed_run,
    held_by_a_hanging_client,
    replace_a_run,
    held_by_nobody,
    webhooks,
    cancel_then_ask,
    orphaned,
    policies,
    lingering_lock,
)
