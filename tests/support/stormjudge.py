"""What must hold of every drive, whatever the storm; each line of a verdict is a broken rule.

The rules are about the world's own truth: its runs, messages and edges, not what the driver says of
itself. Where a driver cannot know the truth, the rule says when that is so.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from runfsm import LIFECYCLE, RunEvent, RunStatus, Transition
from runfsm.driver.journal import CancelWanted, FaultMet, GaveUp, ToolAnswered
from stormexcuses import excused
from stormstage import BEFORE, QUESTION, Stage
from stormstory import Story

__all__ = ["RULES", "judge"]

Rule = Callable[[Stage, Story], Iterator[str]]

#: A run lives so long at most, in seconds.
LIFETIME_S: Final = 600.0

#: The longest wait after a fault: a retry-after of 20 s, and a quarter more.
FAULT_S: Final = 25.0

#: To see that it is over, and to fetch messages that are not there at once.
LAST_LOOKS_S: Final = 10.0


def judge(stage: Stage, story: Story) -> list[str]:
    """The rules that are broken, a line each; none, if all is well."""
    left_behind = stage.leftovers()
    with stage.simulator.world.operation():
        found = [f"{rule.__name__}: {line}" for rule in RULES for line in rule(stage, story)]
    return found + [f"left behind: {one}" for one in left_behind]


# Once --------------------------------------------------------------------------------------------


def runs_once(stage: Stage, _: Story) -> Iterator[str]:
    """There is one run of a key, at most."""
    if len(stage.ours) > 1:
        yield f"{len(stage.ours)} runs of one key"


def tools_once(stage: Stage, story: Story) -> Iterator[str]:
    """A tool is called once for a call id, at most."""
    asked: Counter[tuple[str, Any]] = Counter()
    for run in stage.ours:
        asked.update((name, _number(arguments)) for name, arguments in run.calls)
    for call, times in stage.called.items():
        if times > asked[call] and not stage.is_mistakable:
            yield f"{call} was called {times} times, and asked for {asked[call]} times"
    answered = Counter(step.call_id for step in story.journal if isinstance(step, ToolAnswered))
    yield from _twice("answered", answered)


def _number(arguments: str) -> Any:
    try:
        return json.loads(arguments)["number"]
    except (ValueError, KeyError):  # a storm's malformed or strange call: it reaches no tool
        return None


def outputs_once(stage: Stage, _: Story) -> Iterator[str]:
    """The service takes one output for a call id, and is not sent it again after that.

    Unless a look showed that it still waits, as a replica that lags may; or another client is
    quicker.
    """
    yield from _twice("taken", Counter(it for run in stage.ours for it in run.accepted))
    is_elsewhere = RunEvent.SUBMIT_TOOL_OUTPUTS in stage.plan.acts.values()
    if stage.sent_again and not (stage.plan.storm.stale_look or is_elsewhere):
        yield f"sent again, though taken: {stage.sent_again}"


def _twice(what: str, times: Counter[str]) -> Iterator[str]:
    if found := [call_id for call_id, n in times.items() if n > 1]:
        yield f"{what} twice: {found}"


def messages_once(stage: Stage, story: Story) -> Iterator[str]:
    """What the user says stands there once if that was reported, and at most once otherwise."""
    said = stage.texts()
    wanted = len(stage.ours) + stage.steered if stage.plan.says else 0
    if said[QUESTION] != wanted:
        yield f"the message of the run stands there {said[QUESTION]} times, not {wanted}"
    if not int(story.message_id is not None) <= said[BEFORE] <= 1:
        yield f"the message before the run stands there {said[BEFORE]} times"
    fault = story.error[2] if story.error else None
    is_told = fault is not None and (fault.maybe_applied or stage.justifies(fault))
    if stage.steered and not (is_told or story.has_left):
        yield "another client's run was told what ours says, and nobody says so"


# The end -----------------------------------------------------------------------------------------


def ended(stage: Stage, story: Story) -> Iterator[str]:
    """An outcome tells the truth, and is terminal, or was given up after a cancel and its grace."""
    if story.outcome is None:
        return
    status, run = story.outcome.status, next(iter(stage.ours), None)
    if run is None and stage.is_mistakable:
        return
    if run is None or run.id != story.outcome.ref.run_id:
        yield f"the outcome is of {story.outcome.ref.run_id}, which is not our run"
    elif status in LIFECYCLE.terminal and run.status not in stage.true_of(status):
        yield f"the outcome says {status}, and the run is {run.status}"
    elif status not in LIFECYCLE.terminal and not _gave_up_in_time(stage, story):
        yield f"the outcome is {status}, though it was not given up, or too early"


def _gave_up_in_time(stage: Stage, story: Story) -> bool:
    wanted = [step.at or 0.0 for step in story.journal if isinstance(step, CancelWanted)]
    wanted += stage.expires_at
    given_up = [step.at or 0.0 for step in story.journal if isinstance(step, GaveUp)]
    grace_s = stage.plan.policy.cancel_grace_s
    return bool(wanted and given_up and given_up[0] >= wanted[0] + grace_s)


def answer_told(stage: Stage, story: Story) -> Iterator[str]:
    """The answer is what the run wrote, and so is what was told piece by piece.

    Unless the list of messages lacks it, and it is not known that there must be one: a completed
    run has an answer, and any other need not. What was cut is told as far as it was heard.
    """
    if story.outcome is None or not stage.ours:
        return
    run, text = stage.ours[0], story.outcome.text
    is_complete = story.outcome.status is RunStatus.COMPLETED
    may_lack = stage.plan.storm.missing_message and not is_complete
    if text != run.wrote and not may_lack:
        yield f"the run wrote {run.wrote!r}, and the answer is {text!r}"
    heard = story.told.removeprefix(text)
    if stage.plan.streams and not (story.told.startswith(text) and run.cut.startswith(heard)):
        yield f"the answer is {text!r}, and {story.told!r} was told"


def unlocked(stage: Stage, story: Story) -> Iterator[str]:
    """No run of ours goes on, and holds its thread, that was not told to cancel.

    Unless the app wants it left; or the driver tried, and the call failed; or it says that the run
    may have been created, having tried in vain to find out.
    """
    tried = any(isinstance(step, FaultMet) and step.action == "Cancel" for step in story.journal)
    wants_left = stage.plan.policy.on_interrupt == "leave" and story.outcome is None
    was_seen = any(isinstance(step, Transition) for step in story.journal)
    fault = story.error[2] if story.error else None
    says_so = not was_seen and fault is not None and fault.maybe_applied
    for run in stage.ours:
        goes_on = run.status not in LIFECYCLE.terminal and not stage.told_to_cancel(run)
        if goes_on and not (tried or wants_left or says_so):
            yield f"the run is left {run.status}, and was never told to cancel"
    if not (tried or wants_left or says_so):
        yield from stage.poison()


def in_time(stage: Stage, story: Story) -> Iterator[str]:
    """It is over when it must be: by the deadline, the run's expiry, or the grace of a cancel.

    A storm delays that until it has healed, and by the wait after its last fault, no more. And for
    each wait there are a few calls.
    """
    policy, busy_s = stage.plan.policy, stage.plan.policy.on_busy.timeout_s
    healed_s = stage.heals_at - stage.started_at + FAULT_S
    lives_s = max(busy_s, healed_s) + LIFETIME_S
    if policy.deadline_s is not None:
        lives_s = min(lives_s, policy.deadline_s)
    limit_s = max(lives_s, healed_s) + policy.cancel_grace_s + LAST_LOOKS_S
    limit_s += max(busy_s, healed_s) if stage.plan.adds_message else 0.0
    took_s = story.finished_at - stage.started_at
    if took_s > limit_s:
        yield f"it took {took_s:.0f} s, of {limit_s:.0f} at most"
    if len(story.calls) > 60 + 4 * took_s / policy.pacing.first_s:
        yield f"{len(story.calls)} calls in {took_s:.0f} s"


# The rest ----------------------------------------------------------------------------------------


def path(stage: Stage, story: Story) -> Iterator[str]:
    """The journal is one path of the table, and suspects nobody but those who were there."""
    edges = [step for step in story.journal if isinstance(step, Transition)]
    sources = [None, *(step.edge.dest for step in edges)]
    if [step.edge.source for step in edges] != sources[: len(edges)]:
        yield "the journal is no path"
    hands = [act for act in stage.plan.acts.values() if isinstance(act, RunEvent)]
    if not (hands or stage.plan.storm.foreign_cancel) and any(step.foreign for step in edges):
        yield "another client is suspected, and there was none"


def nobody_left(stage: Stage, _: Story) -> Iterator[str]:
    """Nobody takes part in time any more, stands in a line or is under way."""
    clock, driver = stage.clock, stage.driver
    if clock._busy or any(not waiter.done for *_, waiter in clock._waiting):
        yield "somebody still takes part in time"
    if stage.thread_id and driver._shared.lines.waiting(stage.thread_id):
        yield "somebody still stands in line"
    if len(driver._under_way):
        yield "something is still under way"


RULES: Final[Sequence[Rule]] = (
    runs_once,
    tools_once,
    outputs_once,
    messages_once,
    ended,
    answer_told,
    unlocked,
    in_time,
    excused,
    path,
    nobody_left,
)
