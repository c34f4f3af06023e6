"""Runs that are created, and answer."""

from __future__ import annotations

from runfsm.lifecycle import LIFECYCLE, Evidence, RunEvent, RunStatus
from runfsm_simulator.testing.conformance.behaviour import (
    Unreached,
    behaviour,
    expect,
    expect_in,
)
from runfsm_simulator.testing.conformance.refusing import expect_refusal, known
from runfsm_simulator.testing.conformance.stage import Stage

__all__: list[str] = []

RECORDED = Evidence.certain("recordings: openai-dotnet")
NOBODY = "asst_nobodyhasthisidatall0000"


@behaviour("create-queued", LIFECYCLE.next(None, RunEvent.CREATE).evidence)
def create_queued(stage: Stage) -> None:
    """The answer to *create run* is the run, queued and not started."""
    thread_id = stage.thread("Hello!")
    answer = stage.ask("POST", f"/threads/{thread_id}/runs", stage.wish())
    expect("the HTTP status", 200, answer.status)
    expect("the object", "thread.run", answer.get("object"))
    expect("the status", LIFECYCLE.initial.value, answer.get("status"))
    expect("started_at", None, answer.get("started_at"))
    expect("the thread", thread_id, answer.get("thread_id"))
    expect("the assistant", stage.assistant_id, answer.get("assistant_id"))


@behaviour("create-expiry", Evidence.certain("recordings: every one of them"))
def create_expiry(stage: Stage) -> None:
    """A run expires 600 s after its creation."""
    run = stage.begun()
    expect("expires_at - created_at", 600, (run["expires_at"] or 0) - run["created_at"])


@behaviour("create-with-thread", RECORDED)
def create_with_thread(stage: Stage) -> None:
    """*Create thread and run* makes both: the message is on the new thread."""
    said = {"messages": [{"role": "user", "content": "Hello!"}]}
    answer = stage.ask("POST", "/threads/runs", {**stage.wish(), "thread": said})
    expect("the HTTP status", 200, answer.status)
    expect("the status", LIFECYCLE.initial.value, answer.get("status"))
    listed = stage.ask(
        "GET", f"/threads/{answer.get('thread_id')}/messages", query={"order": "asc"}
    )
    first = (listed.get("data") or [{}])[0]
    expect("the role of its first message", "user", first.get("role"))


@behaviour("create-unknown-assistant", known("not_found"))
def create_unknown_assistant(stage: Stage) -> None:
    """A run of an assistant that does not exist is refused."""
    path = f"/threads/{stage.thread('Hello!')}/runs"
    answer = stage.ask("POST", path, {"assistant_id": NOBODY})
    expect_refusal(answer, "not_found", kind="assistant", id=NOBODY)


@behaviour("answer-ends", LIFECYCLE.next(RunStatus.IN_PROGRESS, RunEvent.COMPLETE).evidence)
def answer_ends(stage: Stage) -> None:
    """A run that calls nothing comes to an end by itself."""
    run = stage.later(stage.begun(), LIFECYCLE.terminal)
    expect_in("the status, some time later", LIFECYCLE.terminal, run["status"])


@behaviour("answer-message", RECORDED)
def answer_message(stage: Stage) -> None:
    """A completed run has written a message of the assistant, that names the run."""
    run = stage.ended()
    listed = stage.ask("GET", f"/threads/{run['thread_id']}/messages")
    written = [one for one in listed.get("data") or () if one.get("run_id") == run["id"]]
    if not written:
        expect("messages of the run", "at least one", "none")
    expect("its role", "assistant", written[0].get("role"))
    expect("its assistant", run["assistant_id"], written[0].get("assistant_id"))
    expect("its first part", "text", written[0]["content"][0]["type"])


@behaviour("answer-usage", RECORDED)
def answer_usage(stage: Stage) -> None:
    """The tokens of a completed run add up."""
    usage = stage.ended()["usage"]
    if not isinstance(usage, dict):
        raise Unreached("a completed run tells no usage")
    parts = usage.get("prompt_tokens", 0) + usage.get("completion_tokens", 0)
    expect("total_tokens", parts, usage.get("total_tokens"))
