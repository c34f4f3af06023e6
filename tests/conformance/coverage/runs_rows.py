"""Runs and their steps: what is shown of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rows import DOCS, DOTNET, GUESS, LIST, OURS, REPORTS, RUBY, SCHEMA, SIMPLE, Row

__all__ = ["RUNS_ROWS"]

THREAD: Final = "/v1/threads/{thread_id}"
RUNS: Final = THREAD + "/runs"
RUN: Final = RUNS + "/{run_id}"

RUNS_ROWS: Final[Mapping[str, tuple[Row, ...]]] = {
    f"POST {RUNS}": (
        Row(
            "refused while a run is active", REPORTS, "test_sim_lock::test_the_lock_in_each_status"
        ),
        Row(
            "29 keys in their order",
            DOTNET,
            "test_sim_fields::test_a_run_has_the_29_recorded_keys_in_their_order",
        ),
        Row(
            "needs something to go on", RUBY, "test_sim_refusals::test_a_run_with_nothing_to_go_on"
        ),
        Row(
            "the request overrides the assistant",
            DOTNET,
            "test_sim_fields::test_a_request_overrides_the_assistant_for_one_run",
        ),
        Row(
            "token caps hold for all rounds together",
            DOCS,
            "test_sim_caps::test_the_completion_cap_holds_for_all_rounds_together",
        ),
        Row(
            "several messages and hosted steps in one turn",
            DOTNET,
            "test_sim_message_steps::test_steps_come_in_the_order_of_the_script",
        ),
        Row(
            "without a script, JSON where a format asks for it",
            OURS,
            "test_sim_json_answers::test_a_run_answers_with_json_of_the_schema",
        ),
        Row("streams: a plain message", DOTNET, "test_sim_stream_orders::test_plain_message"),
        Row("streams: a function call", DOTNET, "test_sim_stream_orders::test_function_call_leg_1"),
        Row(
            "streams: a cancel by another client",
            GUESS,
            "test_sim_stream_orders::test_cancellation_by_another_client",
        ),
        Row(
            "streams: a citation comes whole, with its mark",
            DOTNET,
            "test_sim_citations::test_a_citation_streamed_as_it_was_recorded",
        ),
        Row("streams: an expiry", GUESS, "test_sim_stream_orders::test_expiry"),
        Row(
            "streams: the `error` event, in both shapes",
            SIMPLE,
            "test_sim_stream_reading::test_the_two_shapes_of_an_error_event",
        ),
    ),
    "POST /v1/threads/runs": (
        Row(
            "a thread and its run, or neither",
            RUBY,
            "test_sim_refusals::test_a_run_with_nothing_to_go_on",
        ),
        Row(
            "streams: `thread.created` first", DOTNET, "test_sim_stream_orders::test_thread_and_run"
        ),
    ),
    f"GET {RUNS}": (LIST,),
    f"GET {RUN}": (
        Row(
            "fields by status", DOTNET, "test_sim_fields::test_which_fields_are_set_in_each_status"
        ),
        Row(
            "`started_at` is kept, then overwritten",
            DOTNET,
            "test_sim_fields::test_started_at_is_kept_in_the_queue_and_overwritten_at_the_next_start",
        ),
        Row(
            "expires after 600 s, in every status",
            DOTNET,
            "test_sim_time::test_expiry_comes_in_every_status",
        ),
        Row(
            "every status and event of the table",
            DOCS,
            "test_sim_fields::test_the_whole_square_of_statuses_and_events",
        ),
    ),
    f"POST {RUN}": (
        Row(
            "refused before it is over",
            RUBY,
            "test_sim_refusals::test_a_run_is_not_modified_before_it_is_over",
        ),
    ),
    f"POST {RUN}/cancel": (
        Row(
            "refused too late, or twice",
            REPORTS,
            "test_sim_refusals::test_cancel_in_the_wrong_status",
        ),
        Row(
            "cancelled before any model call: usage 0/0/0",
            SIMPLE,
            "test_sim_recorded::test_a_cancelled_run_as_it_was_recorded",
        ),
        Row(
            "a race that either may win",
            DOCS,
            "test_sim_time::test_the_cancels_race_goes_both_ways",
        ),
    ),
    f"POST {RUN}/submit_tool_outputs": (
        Row(
            "refused in the wrong status",
            RUBY,
            "test_sim_refusals::test_outputs_in_the_wrong_status",
        ),
        Row(
            "all outputs at once, or none",
            REPORTS,
            "test_sim_refusals::test_outputs_that_are_not_exactly_the_pending_ones",
        ),
        Row(
            "outputs that are too large, each or together",
            REPORTS,
            "test_sim_output_limits::test_outputs_that_are_too_large_together",
        ),
        Row(
            "streams: the finished step first",
            DOTNET,
            "test_sim_stream_orders::test_function_call_leg_2",
        ),
    ),
    f"GET {RUN}/steps": (
        LIST,
        Row(
            "the life of a round of calls",
            DOTNET,
            "test_sim_output::test_the_life_of_a_round_of_calls",
        ),
        Row("hosted tools", DOTNET, "test_sim_hosted_tools::test_the_shape_of_hosted_calls"),
    ),
    f"GET {RUN}/steps/{{step_id}}": (
        Row(
            "the recorded keys in their order", DOTNET, "test_sim_output::test_the_shape_of_a_step"
        ),
        Row(
            "keeps `expires_at` until its run is over",
            RUBY,
            "test_sim_recorded::test_a_completed_step_keeps_its_expiry_while_its_run_goes_on",
        ),
        Row(
            "a hosted call is seen while it is in progress",
            RUBY,
            "test_sim_recorded::test_a_search_is_seen_while_its_step_is_in_progress",
        ),
        Row(
            "an id without its prefix is not found",
            RUBY,
            "test_sim_recorded::test_a_step_id_without_its_prefix_is_not_found",
        ),
        Row("ends with its run", SCHEMA, "test_sim_output::test_what_is_open_ends_with_its_run"),
        Row(
            "`include[]` shows what a search found",
            SCHEMA,
            "test_sim_hosted_tools::test_the_content_of_a_result_is_for_those_who_ask",
        ),
    ),
}
