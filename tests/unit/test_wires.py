"""Facts about the wires: whole, with evidence, and as the official client types them."""

from __future__ import annotations

from typing import Any

import pytest

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
from sdk_record import RECORD

EACH = pytest.mark.parametrize("wire", WIRES.values(), ids=WIRES)


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


# As the official client types it: the record of its versions, `tests/support/sdk_record.json` -----


@pytest.mark.parametrize(
    ("wire", "object_"), [(ASSISTANTS, "run"), (RESPONSES, "response"), (AGENTS, "turn")]
)
def test_error_codes_are_the_clients(wire: Wire, object_: str) -> None:
    """Each word by which some version of the SDK says that it failed, and no other."""
    assert RECORD.union(f"{object_} error codes") == wire.error_codes.value


@pytest.mark.parametrize(("wire", "object_"), [(ASSISTANTS, "run"), (RESPONSES, "response")])
def test_reasons_to_be_incomplete_are_the_clients(wire: Wire, object_: str) -> None:
    """Each word of the SDK's literals, over its versions."""
    assert RECORD.union(f"{object_} incomplete reasons") == wire.incomplete_reasons.value


@pytest.mark.parametrize(("wire", "prefix"), [(RESPONSES, "response."), (AGENTS, "agent.")])
def test_webhooks_are_the_clients(wire: Wire, prefix: str) -> None:
    """The types of event that the SDK unwraps, and no others."""
    known = RECORD.union("webhook events")

    assert {name for name in known if name.startswith(prefix)} == wire.webhooks.value


def test_what_can_be_listed_has_a_call() -> None:
    """The SDK lists the runs of a thread, and has no call to list responses."""
    listed = {call.rpartition(":")[2] for call in RECORD.union("calls that list")}

    assert ASSISTANTS.listing.value == ("Runs.list" in listed)
    assert RESPONSES.listing.value == ("Responses.list" in listed)


def test_agents_statuses_are_the_clients() -> None:
    """What a turn shows when native are the SDK's six."""
    native = [said.told for said in AGENTS.statuses.values() if said.value is Origin.NATIVE]

    assert RECORD.union("turn statuses") == {told.split("`")[1] for told in native}


def test_agents_take_an_idempotency_key_where_it_is_said() -> None:
    """Of the three wires, only a session's events have such a parameter."""
    calls = {
        "resources.beta.agents.sessions.events:Events.create": "events.create",
        "resources.responses:Responses.create": "responses.create",
        "resources.beta.threads:Runs.create": "runs.create",
    }
    keyed = {calls[call] for call in RECORD.union("calls with an idempotency key")}
    said = [wire.idempotency.value for wire in WIRES.values()]

    assert keyed == frozenset().union(*said)
