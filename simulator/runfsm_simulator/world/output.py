"""What a run or a response writes: steps and messages, each moved by its own table.

The recordings (openai-dotnet, ruby-openai) show:

* a step appears when the model begins to write or to call, `in_progress`, with `tool_calls: []`
  or with the id of a message whose content is still empty;
* parallel calls are one step; it stays open in `requires_action`, and is completed by the submit;
* a message that a token cap cuts is `incomplete`, while its step is `completed`.

What a cancelled, failed or expired run leaves open takes the same end (published API schema).
Its message keeps what was written of it until then.

Each change is told to who listens to the run, in the recorded order: a message ends before its
step. Where both are cut by the run's end there is no recording; that the step then ends first is a
guess, and the switch `cut_order`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from runfsm.lifecycle import MESSAGE, RUN_STEP, Edge, MessageEvent, RunEvent, RunStepEvent, ToolCall
from runfsm_simulator.world.chooser import Chooser
from runfsm_simulator.world.citing import annotate, cited_files
from runfsm_simulator.world.draft import Draft
from runfsm_simulator.world.effects import failure
from runfsm_simulator.world.happenings import (
    Happenings,
    HostedRan,
    MessageMoved,
    StepGrew,
    StepMoved,
)
from runfsm_simulator.world.hosted import HostedStep
from runfsm_simulator.world.models import CutReason, Message, Step, StepType, Work
from runfsm_simulator.world.script import Call
from runfsm_simulator.world.switches import DOCUMENTED, Switches
from runfsm_simulator.world.tokens import prompt_tokens, tokens

__all__ = ["Output", "so_far"]

#: What the run's event does to the step and the message that are open: the step's event, the
#: message's, and why the message is incomplete.
CLOSES: Final[Mapping[RunEvent, tuple[RunStepEvent, MessageEvent, CutReason | None]]] = {
    RunEvent.SUBMIT_TOOL_OUTPUTS: (RunStepEvent.COMPLETE, MessageEvent.COMPLETE, None),
    RunEvent.COMPLETE: (RunStepEvent.COMPLETE, MessageEvent.COMPLETE, None),
    RunEvent.TRUNCATE: (RunStepEvent.COMPLETE, MessageEvent.TRUNCATE, "max_tokens"),
    RunEvent.FAIL: (RunStepEvent.FAIL, MessageEvent.TRUNCATE, "run_failed"),
    RunEvent.CONFIRM_CANCEL: (RunStepEvent.CANCEL, MessageEvent.TRUNCATE, "run_cancelled"),
    RunEvent.CANCEL: (RunStepEvent.CANCEL, MessageEvent.TRUNCATE, "run_cancelled"),
    RunEvent.EXPIRE: (RunStepEvent.EXPIRE, MessageEvent.TRUNCATE, "run_expired"),
}

#: After which share of a hosted step its call is seen, results and all, while the step goes on.
#: Recorded are both (ruby-openai 2024-10): in one run a second after the step was created, in
#: another not yet by then, and a second later.
SEEN_AFTER: Final = (0.0, 0.25)

#: What a turn writes; a turn that fails or hangs writes nothing.
WRITES: Final[Mapping[str, StepType]] = {
    "say": "message_creation",
    "truncate": "message_creation",
    "call": "tool_calls",
}


class Output:
    """The writing hand of the simulated model.

    Args:
        chooser: asked for the ids.
        happenings: told of each change.
    """

    def __init__(self, chooser: Chooser, happenings: Happenings) -> None:
        self._chooser = chooser
        self._happenings = happenings

    def begin(self, run: Work, now: float) -> tuple[float, ...]:
        """Open what the run's turn writes, if it writes anything; before that, its steps.

        Returns:
            When to `grow` it (Unix seconds).
        """
        self._end_step_of_turn(run, now)
        if run.to_run:
            return self._open_step_of_turn(run, now)
        if run.turn.kind not in WRITES:
            return ()
        return self._moments(run, self._open(run, WRITES[run.turn.kind], now, run.outcome_at))

    def grow(self, run: Work, now: float) -> None:
        """Let come what is to come of the open step by `now`."""
        step = run.open_step
        if step and step.draft:
            self._tell_pieces(run, step, step.draft.count_by(now))
        elif step:
            self._show_hosted(run, step)

    def _moments(self, run: Work, step: Step) -> tuple[float, ...]:
        return step.draft.moments if step.draft and self._happenings.heard(run) else ()

    def follow(
        self, run: Work, edge: Edge[Any, RunEvent], now: float, switches: Switches = DOCUMENTED
    ) -> None:
        """Do to steps and messages what `edge` does to them."""
        match edge.event:
            case RunEvent.REQUIRE_ACTION:
                self._finish(run, self._open(run, "tool_calls", now))
            case RunEvent.COMPLETE if run.turn.call and run.outcome is RunEvent.COMPLETE:
                self._finish(run, self._open(run, "tool_calls", now))  # of a response
            case RunEvent.COMPLETE:
                self._finish(run, self._open(run, "message_creation", now))
            case RunEvent.TRUNCATE:
                step = self._open(run, "message_creation", now)
                if run.turn.truncate:  # else a hand cuts what was to go on
                    self._finish(run, step)
        over = edge.dest in run.lifecycle.terminal
        if run.open_step and (over or edge.event is RunEvent.SUBMIT_TOOL_OUTPUTS):
            first = switches.cut_order == "message_first"
            self._close(run, run.open_step, edge.event, now, message_first=first)

    def drop(self, run: Work, now: float) -> None:
        """Leave unfinished what is open."""
        if run.open_step:
            self._close(run, run.open_step, RunEvent.CANCEL, now)

    # The steps that a turn takes before its outcome.

    def _open_step_of_turn(self, run: Work, now: float) -> tuple[float, ...]:
        # All steps share the first half of the turn's time between them, each as long as another.
        slots = len(run.turn.steps) + len(run.to_run)
        ends_at = now + (run.outcome_at - now) / slots
        first, *rest = run.to_run
        run.to_run = tuple(rest)
        if isinstance(first, HostedStep):
            return self._open_hosted(run, first, now, ends_at)
        marks = annotate(first.say, cited_files(first.cites, run.turn.found))
        step = self._new_step(run, "message_creation", now)
        step.interim = True
        step.draft = Draft(first.say, (), now, ends_at, marks)
        self._enter(run, step)
        return self._moments(run, step)

    def _open_hosted(
        self, run: Work, hosted: HostedStep, now: float, ends_at: float
    ) -> tuple[float, ...]:
        """Open the step of a hosted tool; the moment at which its call is to be seen, if later."""
        step = self._new_step(run, "tool_calls", now)
        step.hosted, step.hosted_id = hosted, self._chooser.ident("call")
        self._enter(run, step)
        if share := self._chooser.pick("call_s", SEEN_AFTER):
            return (now + share * (ends_at - now),)
        self._show_hosted(run, step)
        return ()

    def _show_hosted(self, run: Work, step: Step) -> None:
        if step.hosted and not step.ran:
            step.ran = True
            step.completion_tokens = tokens(step.hosted.written)
            self._happenings.tell(run, HostedRan(run, step))

    def _end_step_of_turn(self, run: Work, now: float) -> None:
        step = run.open_step
        if step and step.is_of_turn:
            if step.interim:
                self._finish(run, step)
            self._close(run, step, RunEvent.COMPLETE, now)

    # The outcome.

    def _open(self, run: Work, type: StepType, now: float, ends_at: float = math.inf) -> Step:
        self._end_step_of_turn(run, now)
        if run.open_step:
            if run.open_step.type == type:
                return run.open_step
            # Only a hand can want another outcome than the one that was begun.
            self._close(run, run.open_step, RunEvent.COMPLETE, now)
        step = self._new_step(run, type, now)
        text = run.turn.text
        calls = () if step.message else self._calls(run)
        step.draft = Draft(text, calls, now, ends_at, annotate(text, run.turn.cited))
        self._enter(run, step)
        return step

    def _new_step(self, run: Work, type: StepType, now: float) -> Step:
        return Step(
            id=self._chooser.ident("step"),
            created_at=now,
            type=type,
            prompt_tokens=prompt_tokens(run),
            status=RUN_STEP.initial,
            message=self._new_message(run, now) if type == "message_creation" else None,
        )

    def _enter(self, run: Work, step: Step) -> None:
        run.open_step = run.steps[step.id] = step
        self._happenings.tell(run, StepMoved(run, step, RunStepEvent.OPEN))
        if step.message:
            self._happenings.tell(run, MessageMoved(step.message, MessageEvent.OPEN))

    def _new_message(self, run: Work, now: float) -> Message:
        message = Message(
            id=self._chooser.ident("msg"),
            created_at=now,
            thread_id=run.thread.id,
            role="assistant",
            content=(),
            status=MESSAGE.initial,
            assistant_id=run.assistant_id,
            run_id=run.id,
        )
        run.thread.messages[message.id] = message
        return message

    def _calls(self, run: Work) -> tuple[ToolCall, ...]:
        return tuple(
            ToolCall(self._chooser.ident("call"), call.name, call.arguments_text())
            for call in run.turn.call or (_any_call(run),)
        )

    def _finish(self, run: Work, step: Step) -> None:
        """All of the draft is there."""
        if step.draft is None:
            return
        if self._happenings.heard(run):
            self._tell_pieces(run, step, len(step.draft.pieces))
        step.calls = step.draft.calls
        step.completion_tokens = sum(tokens(call.name + call.arguments) for call in step.calls)
        if step.message:
            _keep(step, step.message, step.draft, step.draft.text)
        step.draft = None

    def _tell_pieces(self, run: Work, step: Step, count: int) -> None:
        for piece in step.draft.pieces[step.told : count] if step.draft else ():
            step.told += 1
            self._happenings.tell(run, StepGrew(step, piece))

    def _close(
        self, run: Work, step: Step, event: RunEvent, now: float, *, message_first: bool = False
    ) -> None:
        step_event, message_event, reason = CLOSES[event]
        message_first = message_first or step_event is RunStepEvent.COMPLETE
        if step.message and step.draft and (text := step.draft.text_by(now)):
            _keep(step, step.message, step.draft, text)  # it is cut here
        step.draft = run.open_step = None
        if not message_first:
            self._end_step(run, step, step_event, now)
        if step.message:
            step.message.incomplete_reason = reason
            step.message.move(message_event, now)
            self._happenings.tell(run, MessageMoved(step.message, message_event))
        if message_first:
            self._end_step(run, step, step_event, now)

    def _end_step(self, run: Work, step: Step, event: RunStepEvent, now: float) -> None:
        if event is RunStepEvent.COMPLETE:
            self._show_hosted(run, step)
        step.error = failure(run) if event is RunStepEvent.FAIL else None
        step.move(event, now)
        self._happenings.tell(run, StepMoved(run, step, event))


def so_far(run: Work, message: Message, now: float) -> Message:
    """The message with what is written of it by `now`; nobody has kept that yet."""
    step = run.open_step
    if step is None or step.message is not message or step.draft is None:
        return message
    text = step.draft.text_by(now)
    return replace(message, **_written(step.draft, text)) if text else message


def _written(draft: Draft, text: str) -> dict[str, Any]:
    found = tuple(one for one in draft.annotations if one.end <= len(text))
    return {"content": (text,), "annotations": found}


def _keep(step: Step, message: Message, draft: Draft, text: str) -> None:
    for name, value in _written(draft, text).items():
        setattr(message, name, value)
    step.completion_tokens = tokens(text)


def _any_call(run: Work) -> Call:
    """What is called when a hand forces `require_action` on a turn that calls nothing."""
    functions = [tool["function"]["name"] for tool in run.terms.tools if tool["type"] == "function"]
    return Call(name=functions[0] if functions else "function")
