"""Facts about the wires: whole, with evidence, and as the official client types them."""

from __future__ import annotations

import inspect
from importlib import import_module
from typing import Any, get_args

import openai
import pytest
from openai.resources.beta.threads import Runs
from openai.resources.responses import Responses
from openai.types.beta.threads import run as sdk_run
from openai.types.responses import response as sdk_response
from openai.types.responses import response_error
from openai.types.webhooks import unwrap_webhook_event

from runfsm.lifecycle import (
    LIFECYCLE,
    RESPONSE,
    RESPONSES_CHAIN,
    SESSION_RUN,
    TURN,
    WIRES,
    Origin,
    RunEvent,
    RunStatus,
    TurnStatus,
)
from runfsm.lifecycle.draw import thread_lock_picture
from runfsm.lifecycle.wires import AGENTS, ASSISTANTS, RESPONSES, Occasion, Trait, Wire
from runfsm_simulator.wire.errors import REFUSALS

OF_OPENAI_3 = pytest.mark.skipif(
    openai.__version__ < "3", reason="Agents sessions are typed since openai 3"
)
EACH = pytest.mark.parametrize("wire", WIRES.values(), ids=WIRES)


def words(annotation: Any) -> set[str]:
    """The strings of a literal, optional or not."""
    inner = {word for one in get_args(annotation) for word in get_args(one)}
    return {word for word in (*get_args(annotation), *inner) if isinstance(word, str)}


def traits(wire: Wire) -> list[Trait[Any]]:
    """Everything that is said of a wire."""
    return [*wire.statuses.values(), *wire.refusals.values(), *wire.traits.values()]


@EACH
def test_a_wire_is_whole(wire: Wire) -> None:
    """It says something of every status and every occasion, and where that is known from."""
    assert list(RunStatus) == list(wire.statuses)
    assert list(Occasion) == list(wire.refusals)
    assert all(trait.evidence.source for trait in traits(wire))
    assert all(said.told for said in (*wire.statuses.values(), *wire.traits.values()))


@EACH
def test_what_is_not_refused_says_what_happens_instead(wire: Wire) -> None:
    """Where there is no answer, there is an explanation."""
    assert all(refusal.told for refusal in wire.refusals.values() if refusal.value is None)


@EACH
def test_a_table_and_its_wire_agree_on_who_says_what(wire: Wire) -> None:
    """A status is native, computed or local in the table as on the wire."""
    origins = {status: said.value for status, said in wire.statuses.items()}
    assert {status: wire.table.origin(status) for status in RunStatus} == origins


def test_the_wires_are_known_by_name() -> None:
    """The reference first, then its successors."""
    assert ["assistants", "responses", "agents"] == list(WIRES)
    assert RESPONSES_CHAIN is RESPONSES.table
    assert SESSION_RUN is AGENTS.table


def test_on_the_reference_every_status_is_native() -> None:
    """The Assistants API knows all nine."""
    assert {Origin.NATIVE} == {said.value for said in ASSISTANTS.statuses.values()}


def test_what_follows_the_last_output_is_as_what_the_service_moves_has_it() -> None:
    """A run, the next response, a turn: the status that each table leads to is the wire's."""
    moved = {
        "assistants": LIFECYCLE.next(RunStatus.REQUIRES_ACTION, RunEvent.SUBMIT_TOOL_OUTPUTS),
        "responses": RESPONSE.next(None, RunEvent.CREATE),
        "agents": TURN.next(TurnStatus.WAITING, RunEvent.SUBMIT_TOOL_OUTPUTS),
    }

    assert {name: wire.resumed.value for name, wire in WIRES.items()} == {
        name: edge.dest for name, edge in moved.items()
    }


def test_the_thread_locks_picture_has_the_wires_words() -> None:
    """The two calls that bounce off a locked thread do so in the words of the wire."""
    bounced = {refusal.answer for refusal in thread_lock_picture().refusals}
    occasions = (Occasion.MESSAGE_WHILE_BUSY, Occasion.RUN_WHILE_BUSY)

    assert {str(ASSISTANTS.refusals[occasion].value) for occasion in occasions} == bounced


@pytest.mark.parametrize(
    ("occasion", "name", "facts"),
    [
        (Occasion.RUN_WHILE_BUSY, "run_on_locked_thread", {}),
        (Occasion.MESSAGE_WHILE_BUSY, "message_on_locked_thread", {}),
        (Occasion.CANCEL_TOO_LATE, "cancel", {"status": "completed"}),
        (Occasion.OUTPUTS_TOO_LATE, "submit", {"status": "expired"}),
        (
            Occasion.OUTPUTS_MISSING,
            "wrong_tool_outputs",
            {"expected": ["call_X", "call_Y"], "got": ["call_X"]},
        ),
        (Occasion.NOT_FOUND, "not_found", {"kind": "run", "id": "run_X"}),
    ],
)
def test_the_simulator_refuses_in_the_wires_words(
    occasion: Occasion, name: str, facts: dict[str, Any]
) -> None:
    """Status and text of a refusal are the same in both places."""
    wording = REFUSALS[name]
    text = wording.text.format(thread_id="thread_X", run_id="run_Y", **facts)
    answer = ASSISTANTS.refusals[occasion].value

    assert answer
    assert (wording.status, text) == (answer.status, answer.text)


# As the official client types it -----------------------------------------------------------------


def test_assistants_codes_and_reasons_are_the_clients() -> None:
    """Why a run failed or ended incomplete: the SDK's literals."""
    codes = words(sdk_run.LastError.model_fields["code"].annotation)
    reasons = words(sdk_run.IncompleteDetails.model_fields["reason"].annotation)

    assert codes == ASSISTANTS.error_codes.value
    assert reasons == ASSISTANTS.incomplete_reasons.value


def test_responses_codes_and_reasons_are_the_clients() -> None:
    """No word of the SDK's literals is missing; an older client knows fewer."""
    codes = words(response_error.ResponseError.model_fields["code"].annotation)
    reasons = words(sdk_response.IncompleteDetails.model_fields["reason"].annotation)

    assert codes
    assert codes <= RESPONSES.error_codes.value
    assert reasons
    assert reasons <= RESPONSES.incomplete_reasons.value


@pytest.mark.parametrize(
    ("wire", "prefix"),
    [(RESPONSES, "response."), pytest.param(AGENTS, "agent.", marks=OF_OPENAI_3)],
    ids=lambda value: getattr(value, "name", ""),
)
def test_webhooks_are_the_clients(wire: Wire, prefix: str) -> None:
    """The types of event that the SDK unwraps, and no others."""
    union = get_args(unwrap_webhook_event.UnwrapWebhookEvent)[0]
    known = {t for e in get_args(union) for t in words(e.model_fields["type"].annotation)}

    assert {name for name in known if name.startswith(prefix)} == wire.webhooks.value


def test_what_can_be_listed_has_a_call() -> None:
    """The SDK lists the runs of a thread, and has no call to list responses."""
    assert ASSISTANTS.listing.value == hasattr(Runs, "list")
    assert RESPONSES.listing.value == hasattr(Responses, "list")


@OF_OPENAI_3
def test_agents_statuses_and_codes_are_the_clients() -> None:
    """What a turn shows when native are the SDK's six; so are the codes of its errors."""
    turn = import_module("openai.types.beta.agents.sessions.turn")
    error = import_module("openai.types.beta.session_turn_error")
    native = [said.told for said in AGENTS.statuses.values() if said.value is Origin.NATIVE]

    shown = {told.split("`")[1] for told in native}
    assert words(turn.Turn.model_fields["status"].annotation) == shown
    codes = words(error.SessionTurnError.model_fields["code"].annotation)
    assert codes == AGENTS.error_codes.value


@OF_OPENAI_3
def test_agents_take_an_idempotency_key_where_it_is_said() -> None:
    """Of the three wires, only a session's events have such a parameter."""
    events = import_module("openai.resources.beta.agents.sessions.events")
    calls = {
        "events.create": events.Events.create,
        "responses.create": Responses.create,
        "runs.create": Runs.create,
    }
    keyed = {
        name
        for name, call in calls.items()
        if "idempotency_key" in inspect.signature(call).parameters
    }
    said = [wire.idempotency.value for wire in WIRES.values()]

    assert keyed == frozenset().union(*said)
