"""The tables, entered a second time, by hand: a slip in one of the two is found by the other.

As in a ledger: whoever changes a row changes it here too, and says with that that it was meant.
"""

from __future__ import annotations

from enum import StrEnum
from itertools import product
from typing import Any, Final

import pytest

from runfsm.lifecycle import LIFECYCLE, RESPONSE, TURN, Lifecycle
from runfsm.lifecycle.wires.chain import RESPONSES_CHAIN
from runfsm.lifecycle.wires.session import SESSION_RUN

#: From, event, to, by whose hand, and how sure it is.
RUN: Final = """
    (created)        create               queued           client   certain
    queued           start                in_progress      service  certain
    queued           cancel               cancelling       client   likely
    queued           fail                 failed           service  likely
    queued           expire               expired          clock    likely
    in_progress      require_action       requires_action  service  certain
    in_progress      complete             completed        service  certain
    in_progress      truncate             incomplete       service  certain
    in_progress      fail                 failed           service  certain
    in_progress      cancel               cancelling       client   certain
    in_progress      expire               expired          clock    likely
    requires_action  submit_tool_outputs  queued           client   certain
    requires_action  cancel               cancelling       client   likely
    requires_action  expire               expired          clock    certain
    cancelling       confirm_cancel       cancelled        service  certain
    cancelling       complete             completed        service  likely
    cancelling       fail                 failed           service  likely
    cancelling       truncate             incomplete       service  inferred
    cancelling       expire               expired          clock    inferred
"""
ONE_RESPONSE: Final = """
    (created)        create               queued           client   certain
    queued           start                in_progress      service  certain
    queued           fail                 failed           service  inferred
    queued           cancel               cancelled        client   likely
    in_progress      complete             completed        service  certain
    in_progress      truncate             incomplete       service  likely
    in_progress      fail                 failed           service  likely
    in_progress      cancel               cancelled        client   likely
"""
ONE_TURN: Final = """
    (created)        create               queued           client   certain
    queued           start                in_progress      service  certain
    queued           fail                 failed           service  inferred
    queued           cancel               queued           client   inferred
    queued           confirm_cancel       cancelled        service  inferred
    in_progress      require_action       waiting          service  certain
    in_progress      complete             completed        service  certain
    in_progress      truncate             failed           service  likely
    in_progress      fail                 failed           service  likely
    in_progress      cancel               in_progress      client   likely
    in_progress      confirm_cancel       cancelled        service  certain
    waiting          submit_tool_outputs  in_progress      client   likely
    waiting          cancel               waiting          client   likely
    waiting          confirm_cancel       cancelled        service  likely
"""
RUN_AS_A_CHAIN: Final = """
    (created)        create               queued           client   certain
    queued           start                in_progress      service  certain
    queued           cancel               cancelling       client   likely
    queued           fail                 failed           service  inferred
    queued           expire               expired          clock    likely
    in_progress      require_action       requires_action  service  certain
    in_progress      complete             completed        service  certain
    in_progress      truncate             incomplete       service  likely
    in_progress      fail                 failed           service  likely
    in_progress      cancel               cancelling       client   certain
    in_progress      expire               expired          clock    likely
    requires_action  submit_tool_outputs  queued           client   certain
    requires_action  cancel               cancelling       client   likely
    requires_action  expire               expired          clock    likely
    cancelling       confirm_cancel       cancelled        service  certain
    cancelling       complete             completed        service  likely
    cancelling       fail                 failed           service  likely
    cancelling       truncate             incomplete       service  inferred
    cancelling       expire               expired          clock    inferred
"""
RUN_AS_A_TURN: Final = """
    (created)        create               queued           client   certain
    queued           start                in_progress      service  certain
    queued           cancel               cancelling       client   inferred
    queued           fail                 failed           service  inferred
    queued           expire               expired          clock    likely
    in_progress      require_action       requires_action  service  certain
    in_progress      complete             completed        service  certain
    in_progress      truncate             incomplete       service  likely
    in_progress      fail                 failed           service  likely
    in_progress      cancel               cancelling       client   likely
    in_progress      expire               expired          clock    likely
    requires_action  submit_tool_outputs  in_progress      client   likely
    requires_action  cancel               cancelling       client   likely
    requires_action  expire               expired          clock    likely
    cancelling       confirm_cancel       cancelled        service  certain
    cancelling       complete             completed        service  likely
    cancelling       fail                 failed           service  inferred
    cancelling       truncate             incomplete       service  inferred
    cancelling       expire               expired          clock    inferred
"""
IDS: Final = ["run", "response", "turn", "chain", "run as a turn"]
TABLES: Final = [
    (LIFECYCLE, RUN),
    (RESPONSE, ONE_RESPONSE),
    (TURN, ONE_TURN),
    (RESPONSES_CHAIN, RUN_AS_A_CHAIN),
    (SESSION_RUN, RUN_AS_A_TURN),
]
each = pytest.mark.parametrize(("table", "entries"), TABLES, ids=IDS)


def _rows(entries: str) -> list[tuple[str, ...]]:
    return [tuple(line.split()) for line in entries.strip().splitlines()]


@each
def test_each_row_is_as_it_was_entered(table: Lifecycle[Any, Any], entries: str) -> None:
    """From, event, to, hand and sureness of every edge, in the table's order."""
    rows = [
        (str(it.source or "(created)"), it.event, it.dest, it.actor, it.evidence.confidence)
        for it in table.edges
    ]
    assert _rows(entries) == rows


@each
def test_what_was_not_entered_is_not_legal(table: Lifecycle[Any, Any], entries: str) -> None:
    """The whole square: each status, and none, with each event."""
    square: list[tuple[StrEnum | None, StrEnum]] = [*product([None, *table.statuses], table.events)]
    legal = {
        (source or "(created)", event) for source, event in square if table.allows(source, event)
    }
    assert {row[:2] for row in _rows(entries)} == legal


@pytest.mark.parametrize(
    ("table", "locks"),
    [
        (LIFECYCLE, {"queued", "in_progress", "requires_action", "cancelling"}),
        (RESPONSE, {"queued", "in_progress"}),
        (TURN, set()),
        (RESPONSES_CHAIN, {"queued", "in_progress", "requires_action", "cancelling"}),
        (SESSION_RUN, set()),
    ],
    ids=IDS,
)
def test_the_thread_is_locked_where_it_was_entered(
    table: Lifecycle[Any, Any], locks: set[str]
) -> None:
    """And in no other status."""
    assert locks == {status for status in table.statuses if table.locks_thread(status)}
