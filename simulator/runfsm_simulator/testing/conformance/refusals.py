"""Calls that are wrong, whatever the state: keys, headers, ids, bodies."""

from __future__ import annotations

from runfsm.lifecycle import Evidence
from runfsm_simulator.testing.conformance.behaviour import behaviour, expect
from runfsm_simulator.testing.conformance.refusing import expect_refusal, known
from runfsm_simulator.testing.conformance.service import BETA
from runfsm_simulator.testing.conformance.stage import Stage

__all__: list[str] = []

NOWHERE = "thread_nobodyhasthisidatall0000"
NOBODY = "run_nobodyhasthisidatall0000"
RECORDED = Evidence.certain("recordings: ruby-openai; public code")


@behaviour("wrong-no-key", Evidence.certain("public code; the service's documentation"))
def wrong_no_key(stage: Stage) -> None:
    """Without a key nothing is answered."""
    answer = stage.ask("GET", f"/threads/{NOWHERE}", headers={**BETA, "Authorization": ""})
    expect("the HTTP status", 401, answer.status)


@behaviour("wrong-envelope", RECORDED)
def wrong_envelope(stage: Stage) -> None:
    """An error has message, type, param and code, and nothing else, under `error`."""
    answer = stage.ask("GET", f"/threads/{NOWHERE}")
    expect("the keys of the body", ["error"], sorted(answer.body or ()))
    expect("the keys of the error", ["code", "message", "param", "type"], sorted(answer.error))


@behaviour("wrong-thread", known("not_found"))
def wrong_thread(stage: Stage) -> None:
    """A thread that does not exist is not found."""
    answer = stage.ask("GET", f"/threads/{NOWHERE}")
    expect_refusal(answer, "not_found", kind="thread", id=NOWHERE)


@behaviour("wrong-run", Evidence.inferred("the words for a thread and a run step"))
def wrong_run(stage: Stage) -> None:
    """A run that does not exist is not found."""
    answer = stage.ask("GET", f"/threads/{stage.thread()}/runs/{NOBODY}")
    expect_refusal(answer, "not_found", kind="run", id=NOBODY)


@behaviour("wrong-id", known("malformed_id"))
def wrong_id(stage: Stage) -> None:
    """An id without the prefix of its kind is refused."""
    answer = stage.ask("GET", "/threads/undefined")
    expect_refusal(answer, "malformed_id", name="thread_id", id="undefined", prefix="thread")


@behaviour("wrong-parameter", known("unknown_parameter"))
def wrong_parameter(stage: Stage) -> None:
    """A parameter that does not exist is refused, by its name."""
    answer = stage.ask("POST", "/threads", {"role": "user"})
    expect_refusal(answer, "unknown_parameter", name="role")


@behaviour("wrong-role", known("invalid_value"))
def wrong_role(stage: Stage) -> None:
    """A message is a user's or an assistant's."""
    path = f"/threads/{stage.thread()}/messages"
    answer = stage.ask("POST", path, {"role": "human", "content": "Hello!"})
    expect_refusal(
        answer, "invalid_value", name="role", value="human", supported="'user' and 'assistant'"
    )


@behaviour("wrong-no-beta", known("no_beta"))
def wrong_no_beta(stage: Stage) -> None:
    """The beta header is asked for."""
    expect_refusal(stage.ask("GET", "/assistants", headers={}), "no_beta")


@behaviour("metadata-type", known("invalid_type"))
def metadata_type(stage: Stage) -> None:
    """A value of the metadata is a text."""
    answer = stage.ask("POST", "/threads", {"metadata": {"modified": True}})
    expect_refusal(
        answer, "invalid_type", name="metadata.modified", expected="a string", got="a boolean"
    )


@behaviour("metadata-full", Evidence.likely("openai/openai-openapi 2.3.0"))
def metadata_full(stage: Stage) -> None:
    """Metadata has up to sixteen pairs, kept as they came; a seventeenth is refused."""
    pairs = {f"key_{number}": "x" * 512 for number in range(17)}
    full = dict(list(pairs.items())[:16])
    answer = stage.ask("POST", "/threads", {"metadata": full})
    expect("the answer to sixteen pairs", "200", answer.said)
    expect("they are kept", True, answer.get("metadata") == full)
    refused = stage.ask("POST", "/threads", {"metadata": pairs})
    expect("the HTTP status for seventeen", 400, refused.status)


@behaviour("metadata-long", Evidence.likely("openai/openai-openapi 2.3.0"))
def metadata_long(stage: Stage) -> None:
    """A value of the metadata has up to 512 characters."""
    answer = stage.ask("POST", "/threads", {"metadata": {"a": "x" * 513}})
    expect("the HTTP status", 400, answer.status)
