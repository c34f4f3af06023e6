"""What a run writes: its steps and its messages, each moved by its own table.

The recordings (openai-dotnet, ruby-openai) show:

* a step appears when the model begins to write or to call, `in_progress`, with `tool_calls: []`
  or with the id of a message whose content is still empty;
* parallel calls are one step; it stays open in `requires_action`, and is completed by the submit;
* a message that a token cap cuts is `incomplete`, while its step is `completed`.

What a cancelled, failed or expired run leaves open takes the same end (published API schema).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from runfsm.lifecycle import MESSAGE, RUN_STEP, MessageEvent, RunEvent, RunStepEvent, ToolCall
from runfsm_simulator.world.chooser import Chooser
from runfsm_simulator.world.models import CutReason, Message, Run, Step, StepType
from runfsm_simulator.world.script import Call
from runfsm_simulator.world.tokens import prompt_tokens, tokens

__all__ = ["Output"]

#: What the run's event does to the step and the message that are open: the step's event, the
#: message's, and why the message is incomplete.
CLOSES: Final[Mapping[RunEvent, tuple[RunStepEvent, MessageEvent, CutReason | None]]] = {
    RunEvent.SUBMIT_TOOL_OUTPUTS: (RunStepEvent.COMPLETE, MessageEvent.COMPLETE, None),
    RunEvent.COMPLETE: (RunStepEvent.COMPLETE, MessageEvent.COMPLETE, None),
    RunEvent.TRUNCATE: (RunStepEvent.COMPLETE, MessageEvent.TRUNCATE, "max_tokens"),
    RunEvent.FAIL: (RunStepEvent.FAIL, MessageEvent.TRUNCATE, "run_failed"),
    RunEvent.CONFIRM_CANCEL: (RunStepEvent.CANCEL, MessageEvent.TRUNCATE, "run_cancelled"),
    RunEvent.EXPIRE: (RunStepEvent.EXPIRE, MessageEvent.TRUNCATE, "run_expired"),
}

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
    """

    def __init__(self, chooser: Chooser) -> None:
        self._chooser = chooser

    def begin(self, run: Run, now: float) -> None:
        """Open what the run's turn writes, if it writes anything."""
        if run.turn.kind in WRITES:
            self._open(run, WRITES[run.turn.kind], now)

    def follow(self, run: Run, event: RunEvent, now: float) -> None:
        """Do to steps and messages what `event` does to them."""
        match event:
            case RunEvent.REQUIRE_ACTION:
                self._ask(run, now)
            case RunEvent.COMPLETE:
                self._write(run, run.turn.say or "", now)
            case RunEvent.TRUNCATE:
                self._write(run, run.turn.truncate.say if run.turn.truncate else "", now)
        if event in CLOSES and run.open_step:
            _close(run, run.open_step, event, now)

    def _open(self, run: Run, type: StepType, now: float) -> Step:
        if run.open_step:
            if run.open_step.type == type:
                return run.open_step
            # Only a hand can want another outcome than the one that was begun.
            _close(run, run.open_step, RunEvent.COMPLETE, now)
        step = Step(
            id=self._chooser.ident("step"),
            created_at=now,
            type=type,
            prompt_tokens=prompt_tokens(run),
            status=RUN_STEP.initial,
            message=self._new_message(run, now) if type == "message_creation" else None,
        )
        run.open_step = run.steps[step.id] = step
        return step

    def _new_message(self, run: Run, now: float) -> Message:
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

    def _write(self, run: Run, text: str, now: float) -> None:
        step = self._open(run, "message_creation", now)
        step.completion_tokens = tokens(text)
        if step.message:
            step.message.content = (text,)

    def _ask(self, run: Run, now: float) -> None:
        step = self._open(run, "tool_calls", now)
        step.calls = tuple(
            ToolCall(self._chooser.ident("call"), call.name, call.arguments_text())
            for call in run.turn.call or (_any_call(run),)
        )
        step.completion_tokens = sum(tokens(call.name + call.arguments) for call in step.calls)


def _close(run: Run, step: Step, event: RunEvent, now: float) -> None:
    step_event, message_event, reason = CLOSES[event]
    if step.message:
        step.message.move(message_event)
        step.message.incomplete_reason = reason
    step.move(step_event, now)
    run.open_step = None


def _any_call(run: Run) -> Call:
    """What is called when a hand forces `require_action` on a turn that calls nothing."""
    functions = [tool["function"]["name"] for tool in run.terms.tools if tool["type"] == "function"]
    return Call(name=functions[0] if functions else "function")
