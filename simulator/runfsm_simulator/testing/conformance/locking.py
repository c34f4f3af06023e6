"""The thread's lock: while a run is not over, its thread takes no message and no other run."""

from __future__ import annotations

from runfsm.lifecycle import Evidence
from runfsm_simulator.testing.conformance.behaviour import behaviour, expect
from runfsm_simulator.testing.conformance.refusing import expect_refusal, known
from runfsm_simulator.testing.conformance.stage import Stage

__all__: list[str] = []

HELLO = {"role": "user", "content": "Hello again!"}


@behaviour("lock-message", known("message_on_locked_thread"))
def lock_message(stage: Stage) -> None:
    """A thread with an active run takes no message, and keeps none of a refused one."""
    run = stage.calling()
    path = f"/threads/{run['thread_id']}/messages"
    before = len(stage.ask("GET", path).get("data") or [])
    answer = stage.ask("POST", path, HELLO)
    expect_refusal(answer, "message_on_locked_thread", thread_id=run["thread_id"], run_id=run["id"])
    expect("messages on the thread", before, len(stage.ask("GET", path).get("data") or []))


@behaviour("lock-run", known("run_on_locked_thread"))
def lock_run(stage: Stage) -> None:
    """A thread with an active run takes no other run."""
    run = stage.calling()
    path = f"/threads/{run['thread_id']}/runs"
    answer = stage.ask("POST", path, stage.wish())
    expect_refusal(answer, "run_on_locked_thread", thread_id=run["thread_id"], run_id=run["id"])
    expect("runs on the thread", 1, len(stage.ask("GET", path).get("data") or []))


@behaviour("lock-queued", Evidence.likely("reports of refusals directly after creation"))
def lock_queued(stage: Stage) -> None:
    """The lock holds from the creation on."""
    run = stage.begun(calls=True)
    answer = stage.ask("POST", f"/threads/{run['thread_id']}/runs", stage.wish())
    expect_refusal(answer, "run_on_locked_thread", thread_id=run["thread_id"], run_id=run["id"])


@behaviour("lock-elsewhere", Evidence.likely("deep dive: the lock is the thread's"))
def lock_elsewhere(stage: Stage) -> None:
    """Other threads of the assistant are not locked."""
    stage.calling()
    path = f"/threads/{stage.thread('Hello!')}/messages"
    expect("the HTTP status", 200, stage.ask("POST", path, HELLO).status)


@behaviour("lock-freed", Evidence.certain("recordings: ruby-openai, openai-dotnet"))
def lock_freed(stage: Stage) -> None:
    """A run that is over locks nothing."""
    run = stage.finished(stage.calling())
    path = f"/threads/{run['thread_id']}/messages"
    answer = stage.ask("POST", path, HELLO)
    expect("the HTTP status", "200", answer.said)


@behaviour("lock-metadata", Evidence.inferred("recordings of 2023 and 2024; not known of later"))
def lock_metadata(stage: Stage) -> None:
    """The metadata of an active run cannot be changed."""
    run = stage.calling()
    answer = stage.ask("POST", stage.at(run), {"metadata": {"a": "b"}})
    expect_refusal(answer, "modify_active_run", status=run["status"])


@behaviour("unlocked-metadata", Evidence.certain("recording: ruby-openai"))
def unlocked_metadata(stage: Stage) -> None:
    """The metadata of a run that is over can be changed."""
    answer = stage.ask("POST", stage.at(stage.ended()), {"metadata": {"a": "b"}})
    expect("the answer", "200", answer.said)
    expect("the metadata", {"a": "b"}, answer.get("metadata"))
