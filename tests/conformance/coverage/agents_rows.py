"""Sessions of agents and their turns: what is shown of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rows import AGENT_TYPES, GUESS, OURS, PROBES, SESSIONS_GUIDE, Row

__all__ = ["AGENTS_ROWS"]

SESSIONS: Final = "/v1/agents/sessions"
SESSION: Final = SESSIONS + "/{session_id}"
TURN: Final = SESSION + "/turns/{turn_id}"

AGENTS_ROWS: Final[Mapping[str, tuple[Row, ...]]] = {
    f"POST {SESSIONS}": (
        Row(
            "with its first turn, which is moved by its own table",
            AGENT_TYPES,
            "test_sim_agents_life::test_a_turn_lives_by_its_table",
        ),
        Row(
            "echoes what it was asked",
            AGENT_TYPES,
            "test_sim_agents_sessions::test_a_session_says_again_what_it_was_asked",
        ),
        Row(
            "no environment, no saved agent, and never without input",
            PROBES,
            "test_sim_agents_sessions::test_a_session_that_cannot_be",
        ),
        Row(
            "streams: from its creation to the end of its first turn",
            PROBES,
            "test_sim_agents_stream::test_a_creation_tells_of_its_turn",
        ),
        Row("201", PROBES, "test_sim_agents_life::test_a_turn_lives_by_its_table"),
    ),
    f"GET {SESSIONS}": (
        Row(
            "by metadata, and by agent",
            AGENT_TYPES,
            "test_sim_agents_sessions::test_sessions_are_found_by_their_metadata",
        ),
    ),
    f"GET {SESSION}": (
        Row(
            "its status is what its newest turn makes it; a failure fails it, too",
            AGENT_TYPES,
            "test_sim_agents_life::test_a_failure",
        ),
        Row(
            "calls ask with an object",
            AGENT_TYPES,
            "test_sim_agents_life::test_a_call_asks_with_an_object",
        ),
        Row(
            "usage is null while that of one of its turns is",
            PROBES,
            "test_sim_agents_life::test_a_sessions_usage_is_that_of_all_its_turns",
        ),
        Row(
            "what it becomes is told to webhooks, signed, under its own id",
            AGENT_TYPES,
            "test_sim_agents_webhooks::test_a_session_with_a_round_of_results",
        ),
    ),
    f"POST {SESSION}": (
        Row(
            "metadata, and the agent of later turns",
            AGENT_TYPES,
            "test_sim_agents_sessions::test_what_can_be_changed",
        ),
        Row(
            "not of nothing",
            PROBES,
            "test_sim_agents_sessions::test_a_change_of_nothing_is_refused",
        ),
    ),
    f"DELETE {SESSION}": (
        Row(
            "409 while a turn is on its way",
            PROBES,
            "test_sim_agents_sessions::test_a_session_at_work_is_not_deleted",
        ),
        Row(
            "again, it is the same",
            PROBES,
            "test_sim_agents_sessions::test_a_deleted_session_is_gone",
        ),
    ),
    f"POST {SESSION}/events": (
        Row(
            "a cancel is accepted, and honoured later",
            AGENT_TYPES,
            "test_sim_agents_life::test_a_cancel_has_a_window",
        ),
        Row(
            "of an idle session, in silence",
            PROBES,
            "test_sim_agents_life::test_an_idle_session_has_nothing_to_cancel",
        ),
        Row(
            "what is cancelled wants no results any more",
            PROBES,
            "test_sim_agents_life::test_a_turn_that_waits_wants_nothing_any_more",
        ),
        Row(
            "a message steers the turn that is on its way",
            SESSIONS_GUIDE,
            "test_sim_agents_events::test_a_message_steers_the_turn_that_is_on_its_way",
        ),
        Row(
            "how: a turn at work begins again, one that waits for results waits on",
            GUESS,
            "test_sim_agents_events::test_a_turn_at_work_begins_again",
        ),
        Row(
            "results come one by one",
            AGENT_TYPES,
            "test_sim_agents_events::test_results_come_one_by_one",
        ),
        Row(
            "the same result again does nothing; another one is a conflict",
            PROBES,
            "test_sim_agents_events::test_the_same_result_again_does_nothing",
        ),
        Row(
            "a call that nobody made",
            PROBES,
            "test_sim_agents_events::test_a_result_of_no_call",
        ),
        Row(
            "all of several events, or none",
            GUESS,
            "test_sim_agents_events::test_of_several_events_none_is_taken_if_one_is_refused",
        ),
        Row(
            "`Idempotency-Key`: done once; what was refused uses none up",
            AGENT_TYPES,
            "test_sim_agents_events::test_what_comes_twice_with_a_key_is_done_once",
        ),
        Row(
            "no approval is ever asked for",
            OURS,
            "test_sim_agents_events::test_there_is_nothing_to_approve",
        ),
    ),
    f"GET {SESSION}/events": (
        Row(
            "live: nothing is told again, and it does not end by itself",
            PROBES,
            "test_sim_agents_stream::test_nothing_is_told_again",
        ),
        Row(
            "messages come in pieces",
            PROBES,
            "test_sim_agents_stream::test_a_message_comes_in_pieces",
        ),
        Row(
            "calls come whole, and are done with their results",
            GUESS,
            "test_sim_agents_stream::test_a_round_of_calls",
        ),
        Row(
            "nothing tells that a cancel was accepted",
            PROBES,
            "test_sim_agents_stream::test_a_cancel_is_told_when_it_is_done",
        ),
    ),
    f"GET {SESSION}/turns": (
        Row(
            "newest first",
            AGENT_TYPES,
            "test_sim_agents_sessions::test_turns_are_listed_newest_first",
        ),
    ),
    f"GET {TURN}": (
        Row("usage is measured late", PROBES, "test_sim_agents_life::test_usage_is_measured_late"),
        Row(
            "not in another session",
            AGENT_TYPES,
            "test_sim_agents_sessions::test_a_turn_of_another_session_is_not_there",
        ),
    ),
    f"GET {TURN}/items": (
        Row(
            "those of one turn", AGENT_TYPES, "test_sim_agents_sessions::test_the_items_of_one_turn"
        ),
    ),
    f"GET {SESSION}/items": (
        Row(
            "those that are complete",
            PROBES,
            "test_sim_agents_life::test_items_are_listed_when_they_are_complete",
        ),
    ),
}
