"""Responses and conversations: what is shown of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rows import AZURE, BACKGROUND, CLIENT, GUESS, OURS, REFERENCE, RESPONSE_REPORTS, Row
from runfsm.lifecycle import Confidence, Evidence

__all__ = ["RESPONSES_ROWS"]

RESPONSES: Final = "/v1/responses"
RESPONSE: Final = RESPONSES + "/{response_id}"
CONVERSATIONS: Final = "/v1/conversations"
CONVERSATION: Final = CONVERSATIONS + "/{conversation_id}"

RESPONSES_ROWS: Final[Mapping[str, tuple[Row, ...]]] = {
    f"POST {RESPONSES}": (
        Row(
            "several messages and hosted calls, in their order",
            CLIENT,
            "test_sim_message_steps::test_a_response_has_its_items_in_order",
        ),
        Row(
            "without a script, JSON where a format asks for it",
            OURS,
            "test_sim_json_answers::test_a_response_answers_with_json_of_the_schema",
        ),
        Row(
            "an output of more than 10,485,760 characters",
            REFERENCE,
            "test_sim_output_limits::test_an_output_of_too_many_characters_for_a_response",
        ),
        Row(
            "in background mode: queued, and moved by its own table",
            BACKGROUND,
            "test_sim_responses_life::test_a_response_in_background_mode_lives_by_its_table",
        ),
        Row(
            "without it, the client waits",
            REFERENCE,
            "test_sim_responses_life::test_without_background_mode_the_client_waits",
        ),
        Row(
            "echoes what it was asked",
            CLIENT,
            "test_sim_responses_life::test_a_response_says_again_what_it_was_asked",
        ),
        Row(
            "a function call completes it",
            REFERENCE,
            "test_sim_responses_life::test_a_function_call_completes_a_response",
        ),
        Row(
            "a run is a chain of responses",
            REFERENCE,
            "test_sim_responses_hops::test_a_run_is_a_chain_of_responses",
        ),
        Row(
            "all calls are answered at once",
            RESPONSE_REPORTS,
            "test_sim_responses_hops::test_all_calls_are_answered_at_once",
        ),
        Row(
            "an abandoned call poisons its conversation",
            RESPONSE_REPORTS,
            "test_sim_responses_hops::test_an_abandoned_run_poisons_its_conversation",
        ),
        Row(
            "one at a time on a conversation, though the client has gone",
            RESPONSE_REPORTS,
            "test_sim_conversations::test_the_lock_outlives_the_client",
        ),
        Row(
            "what is not stored cannot be asked for",
            REFERENCE,
            "test_sim_responses_life::test_what_is_not_stored_cannot_be_asked_for",
        ),
        Row(
            "streams: numbered events; the order within an item is not recorded",
            CLIENT,
            "test_sim_responses_stream::test_a_message",
        ),
        Row(
            "streams: a cancel is told as `response.failed`",
            AZURE,
            "test_sim_responses_stream::test_a_cancel_is_told_as_a_failure",
        ),
        Row(
            "its end is told to webhooks, signed, and again for 72 hours",
            Evidence("webhooks guide; how much later, is a guess", Confidence.LIKELY),
            "test_sim_webhooks::test_what_does_not_arrive_comes_again",
        ),
    ),
    f"GET {RESPONSE}": (
        Row("the ends", CLIENT, "test_sim_responses_life::test_other_ends"),
        Row(
            "`output` has what is whole so far",
            GUESS,
            "test_sim_responses_life::test_a_cancel_clears_what_was_written",
        ),
        Row(
            "`stream` and `starting_after` resume",
            BACKGROUND,
            "test_sim_responses_stream::test_events_can_be_read_once_more",
        ),
        Row(
            "events are kept for ten minutes",
            AZURE,
            "test_sim_responses_stream::test_events_are_kept_for_ten_minutes",
        ),
    ),
    f"DELETE {RESPONSE}": (
        Row(
            "also while it is being made, which frees its conversation",
            GUESS,
            "test_sim_conversations::test_who_ends_a_response_frees_its_conversation",
        ),
    ),
    f"POST {RESPONSE}/cancel": (
        Row(
            "`cancelled` at once, and again; the output is cleared",
            BACKGROUND,
            "test_sim_responses_life::test_a_cancel_is_answered_with_cancelled",
        ),
        Row("refused too late", AZURE, "test_sim_responses_life::test_a_cancel_that_lost"),
        Row(
            "refused without background mode",
            BACKGROUND,
            "test_sim_responses_life::test_who_waits_cannot_cancel",
        ),
    ),
    f"GET {RESPONSE}/input_items": (
        Row(
            "those of the predecessors too",
            GUESS,
            "test_sim_responses_life::test_input_items_come_newest_first",
        ),
    ),
    f"POST {CONVERSATIONS}": (
        Row(
            "twenty items at once",
            REFERENCE,
            "test_sim_conversations::test_twenty_items_at_once",
        ),
    ),
    f"GET {CONVERSATION}": (
        Row("as it was made", CLIENT, "test_sim_conversations::test_a_conversation_needs_no_body"),
    ),
    f"POST {CONVERSATION}": (
        Row(
            "its metadata",
            CLIENT,
            "test_sim_conversations::test_a_conversation_is_modified_and_deleted",
        ),
    ),
    f"DELETE {CONVERSATION}": (
        Row(
            "disturbs no response",
            GUESS,
            "test_sim_conversations::test_a_deleted_conversation_disturbs_no_response",
        ),
    ),
    f"GET {CONVERSATION}/items": (
        Row(
            "pages, newest first",
            CLIENT,
            "test_sim_conversations::test_items_are_listed_newest_first",
        ),
        Row(
            "a response adds its items when it is over",
            REFERENCE,
            "test_sim_responses_hops::test_what_a_response_reads_is_what_there_was",
        ),
        Row(
            "a failed one adds none",
            GUESS,
            "test_sim_responses_hops::test_a_failed_hop_leaves_nothing_behind",
        ),
    ),
    f"POST {CONVERSATION}/items": (
        Row(
            "refused while a response is being made",
            GUESS,
            "test_sim_conversations::test_one_response_at_a_time",
        ),
    ),
    f"GET {CONVERSATION}/items/{{item_id}}": (
        Row(
            "each kind of item",
            CLIENT,
            "test_sim_conversations::test_items_are_added_looked_at_and_deleted",
        ),
    ),
    f"DELETE {CONVERSATION}/items/{{item_id}}": (
        Row(
            "answers with the conversation; a call that waits may go too",
            CLIENT,
            "test_sim_responses_hops::test_an_abandoned_run_poisons_its_conversation",
        ),
    ),
}
