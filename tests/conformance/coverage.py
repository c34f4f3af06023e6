"""What the simulated service does, endpoint by endpoint: `python tests/conformance/coverage.py`.

It writes `docs/coverage.md` from the rows below, from the routes, and from the table of refusals.
`test_coverage_fresh.py` holds them together: no route without a row, no row without its test, no
page that is stale.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from runfsm.lifecycle import Confidence, Evidence
from runfsm_simulator.wire.errors import REFUSALS

PAGE: Final = Path(__file__).parents[2] / "docs" / "coverage.md"

DOTNET: Final = Evidence("recordings: openai-dotnet 2025", Confidence.CERTAIN)
RUBY: Final = Evidence("recordings: ruby-openai", Confidence.CERTAIN)
REPORTS: Final = Evidence("public reports; see the refusals below", Confidence.CERTAIN)
SCHEMA: Final = Evidence("openai/openai-openapi 2.3.0", Confidence.LIKELY)
CLIENT: Final = Evidence("types of openai-python 2.54 and 3.54", Confidence.LIKELY)
DOCS: Final = Evidence("documentation: how Assistants work", Confidence.LIKELY)
AZURE: Final = Evidence("azure-ai-agentserver-responses 2.3.0 on PyPI", Confidence.LIKELY)
BACKGROUND: Final = Evidence("background guide of 2026-11", Confidence.LIKELY)
REFERENCE: Final = Evidence("reference of the Responses API, 2026-11", Confidence.LIKELY)
RESPONSE_REPORTS: Final = Evidence("public reports; see the refusals below", Confidence.LIKELY)
AGENT_TYPES: Final = Evidence("types of openai-python 3.54", Confidence.LIKELY)
SESSIONS_GUIDE: Final = Evidence("sessions guide of 2026-11", Confidence.LIKELY)
PROBES: Final = Evidence(
    "MiniMax-AI/OpenAgentCore: probes of the live service, 2026-09", Confidence.LIKELY
)
GUESS: Final = Evidence("no evidence: the likelier of two", Confidence.INFERRED)
OURS: Final = Evidence("the simulator's own", Confidence.INFERRED)


class Row(NamedTuple):
    """One behaviour: why we believe it, and the test that shows it (`file::function`)."""

    behaviour: str
    evidence: Evidence
    test: str


ASSISTANTS: Final = "/v1/assistants"
ASSISTANT: Final = "/v1/assistants/{assistant_id}"
THREADS: Final = "/v1/threads"
THREAD: Final = "/v1/threads/{thread_id}"
MESSAGES: Final = THREAD + "/messages"
MESSAGE: Final = MESSAGES + "/{message_id}"
RUNS: Final = THREAD + "/runs"
RUN: Final = RUNS + "/{run_id}"
STORES: Final = "/v1/vector_stores"
STORE: Final = "/v1/vector_stores/{vector_store_id}"
BATCH: Final = STORE + "/file_batches/{batch_id}"

RESPONSES: Final = "/v1/responses"
RESPONSE: Final = RESPONSES + "/{response_id}"
CONVERSATIONS: Final = "/v1/conversations"
CONVERSATION: Final = CONVERSATIONS + "/{conversation_id}"

SESSIONS: Final = "/v1/agents/sessions"
SESSION: Final = SESSIONS + "/{session_id}"
TURN: Final = SESSION + "/turns/{turn_id}"

LIST: Final = Row("pages by limit, order, after and before", DOTNET, "test_sim_lists::test_pages")
DELETE: Final = Row(
    "names its object, and is gone", RUBY, "test_sim_bodies::test_what_is_deleted_is_gone"
)

ROWS: Final[Mapping[str, tuple[Row, ...]]] = {
    f"POST {ASSISTANTS}": (
        Row(
            "tools are echoed with defaults filled in",
            DOTNET,
            "test_sim_bodies::test_tools_are_echoed_with_their_defaults",
        ),
        Row("limits of every field", SCHEMA, "test_sim_limits::test_a_limit"),
        Row("defaults", DOTNET, "test_sim_limits::test_the_defaults_of_the_reference"),
        Row(
            "seven values of `reasoning_effort`, for any model",
            CLIENT,
            "test_sim_numbers_and_names::test_an_effort_is_one_of_the_clients",
        ),
        Row("any model is taken", OURS, "test_sim_limits::test_an_unknown_model_is_taken"),
        Row(
            "a vector store is made on the way",
            SCHEMA,
            "test_sim_vector_stores::test_a_vector_store_made_on_the_way",
        ),
    ),
    f"GET {ASSISTANTS}": (LIST,),
    f"GET {ASSISTANT}": (
        Row(
            "the recorded keys in their order",
            DOTNET,
            "test_sim_profiles::test_an_assistant_has_the_recorded_keys_in_their_order",
        ),
    ),
    f"POST {ASSISTANT}": (
        Row(
            "what is left out stays",
            DOTNET,
            "test_sim_bodies::test_an_assistant_is_modified_by_what_is_named",
        ),
    ),
    f"DELETE {ASSISTANT}": (DELETE,),
    f"POST {THREADS}": (
        Row("an empty body will do", DOTNET, "test_sim_bodies::test_a_thread_needs_no_body"),
        Row(
            "created and retrieved, `tool_resources` differ",
            DOTNET,
            "test_sim_bodies::test_a_thread_tells_more_of_itself_later",
        ),
    ),
    f"GET {THREAD}": (
        Row(
            "created and retrieved, `tool_resources` differ",
            DOTNET,
            "test_sim_bodies::test_a_thread_tells_more_of_itself_later",
        ),
    ),
    f"POST {THREAD}": (
        Row("while locked too", GUESS, "test_sim_lock::test_what_a_locked_thread_still_takes"),
    ),
    f"DELETE {THREAD}": (DELETE,),
    f"POST {MESSAGES}": (
        Row(
            "refused while a run is active", REPORTS, "test_sim_lock::test_the_lock_in_each_status"
        ),
        Row("how a content is kept", DOTNET, "test_sim_output::test_how_a_content_is_kept"),
        Row(
            "100,000 messages at most",
            DOCS,
            "test_sim_thread_cap::test_the_last_message_that_fits_is_taken",
        ),
        Row(
            "mistakes in the platform's words",
            REPORTS,
            "test_sim_bodies::test_a_mistake_in_a_message",
        ),
        Row(
            "attachments are offered to their tools",
            DOCS,
            "test_sim_vector_stores::test_an_attachment_is_offered_to_its_tools",
        ),
    ),
    f"GET {MESSAGES}": (
        LIST,
        Row("`run_id` filters", SCHEMA, "test_sim_lists::test_the_messages_of_a_run"),
    ),
    f"GET {MESSAGE}": (
        Row(
            "there before its text, without a status",
            DOTNET,
            "test_sim_output::test_a_message_is_there_before_its_text",
        ),
        Row(
            "cites files",
            DOTNET,
            "test_sim_citations::test_a_citation_as_it_was_recorded",
        ),
        Row(
            "names files that the code interpreter wrote",
            SCHEMA,
            "test_sim_citations::test_a_path_of_the_code_interpreter",
        ),
    ),
    f"POST {MESSAGE}": (
        Row(
            "answers with a key of the first version",
            DOTNET,
            "test_sim_output::test_a_modified_message_answers_in_the_old_way",
        ),
    ),
    f"DELETE {MESSAGE}": (DELETE,),
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
            REPORTS,
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
        Row("ends with its run", SCHEMA, "test_sim_output::test_what_is_open_ends_with_its_run"),
        Row(
            "`include[]` shows what a search found",
            SCHEMA,
            "test_sim_hosted_tools::test_the_content_of_a_result_is_for_those_who_ask",
        ),
    ),
    "GET /v1/models": (Row("the recorded keys", DOTNET, "test_sim_files::test_models"),),
    "GET /v1/models/{model}": (Row("an unknown one", DOTNET, "test_sim_files::test_models"),),
    "POST /v1/files": (
        Row(
            "there at once, as recorded",
            DOTNET,
            "test_sim_files::test_an_uploaded_file_is_there_at_once",
        ),
        Row("purposes", DOTNET, "test_sim_files::test_a_purpose_that_there_is_not"),
        Row("names in three encodings", DOTNET, "test_sim_files::test_the_name_of_a_file"),
        Row("bounded", OURS, "test_sim_files::test_uploads_are_bounded"),
    ),
    "GET /v1/files": (
        Row("newest first, by purpose", DOTNET, "test_sim_files::test_the_purposes"),
    ),
    "GET /v1/files/{id}": (
        Row("any unknown id is not found", DOTNET, "test_sim_files::test_a_file_that_is_not_there"),
        Row("expires", SCHEMA, "test_sim_files::test_a_file_expires"),
    ),
    "DELETE /v1/files/{id}": (
        Row("keys in an order of their own", DOTNET, "test_sim_files::test_a_deleted_file_is_gone"),
        Row(
            "leaves its vector stores",
            GUESS,
            "test_sim_vector_stores::test_a_deleted_file_leaves_its_vector_stores",
        ),
    ),
    "GET /v1/files/{id}/content": (
        Row("byte for byte", DOTNET, "test_sim_files::test_the_content_comes_back_byte_for_byte"),
        Row("not that of `assistants`", REPORTS, "test_sim_files::test_what_is_not_given_out"),
    ),
    f"POST {STORES}": (
        Row(
            "empty: completed at once", DOTNET, "test_sim_vector_stores::test_an_empty_vector_store"
        ),
    ),
    f"GET {STORES}": (LIST,),
    f"GET {STORE}": (
        Row(
            "in progress while a file is",
            DOTNET,
            "test_sim_vector_stores::test_a_file_is_indexed_in_time",
        ),
    ),
    f"POST {STORE}": (
        Row(
            "modified; expires",
            SCHEMA,
            "test_sim_vector_stores::test_a_vector_store_is_modified_and_expires",
        ),
    ),
    f"DELETE {STORE}": (
        Row(
            "its files stay",
            DOTNET,
            "test_sim_vector_stores::test_a_deleted_file_leaves_its_vector_stores",
        ),
    ),
    f"POST {STORE}/search": (
        Row(
            "passages that have words of the query; filters, threshold, at most so many",
            SCHEMA,
            "test_sim_searches::test_the_best_passage_comes_first",
        ),
        Row(
            "the ranking is by words, not by sense",
            OURS,
            "test_sim_searches::test_a_score_is_the_share_of_the_words",
        ),
    ),
    f"POST {STORE}/files": (
        Row("as recorded", DOTNET, "test_sim_vector_stores::test_an_attached_file"),
    ),
    f"GET {STORE}/files": (
        Row("by status", SCHEMA, "test_sim_vector_stores::test_files_are_listed_by_status"),
    ),
    f"GET {STORE}/files/{{file_id}}": (
        Row(
            "completed in time", DOTNET, "test_sim_vector_stores::test_the_client_waits_for_a_file"
        ),
    ),
    f"DELETE {STORE}/files/{{file_id}}": (
        Row("the file itself stays", DOTNET, "test_sim_vector_stores::test_a_detached_file_stays"),
    ),
    f"POST {STORE}/file_batches": (
        Row("all of the files, or none", CLIENT, "test_sim_file_batches::test_a_new_batch"),
        Row(
            "wishes for all, or for each",
            CLIENT,
            "test_sim_file_batches::test_what_is_wished_for_the_files",
        ),
    ),
    f"GET {BATCH}": (
        Row(
            "completed with its files",
            CLIENT,
            "test_sim_file_batches::test_a_batch_is_completed_with_its_files",
        ),
        Row(
            "an unknown one is missed as a file is",
            GUESS,
            "test_sim_file_batches::test_a_batch_that_is_not_there",
        ),
    ),
    f"POST {BATCH}/cancel": (
        Row(
            "what is not indexed yet is given up, at once",
            GUESS,
            "test_sim_file_batches::test_a_cancel_gives_up_what_is_not_indexed",
        ),
    ),
    f"GET {BATCH}/files": (
        Row("by status", CLIENT, "test_sim_file_batches::test_the_files_of_a_batch"),
    ),
    f"POST {RESPONSES}": (
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

#: What clients of assistants may look for and not find.
NOT_THERE: Final[Mapping[str, str]] = {
    f"GET {STORE}/files/{{file_id}}/content": "a search shows passages; a whole file is a file's",
    f"POST {STORE}/files/{{file_id}}": "attributes are set when a file is attached",
    f"POST {RESPONSES}/input_tokens": "tokens are an estimate; a bill is nobody's here",
    f"POST {RESPONSES}/compact": "nothing here grows so long that it would have to be",
    "POST /v1/webhook_endpoints": "webhooks are registered at the side door, or in Python",
}


def render() -> str:
    """The page."""
    return "\n".join([*_head(), *_endpoints(), *_missing(), *_refusals()])


def _head() -> Iterator[str]:
    yield "<!-- GENERATED by `python tests/conformance/coverage.py`: do not edit. -->"
    yield "# What the simulator does, and why we believe it"
    yield ""
    yield "The Assistants API is gone: what it did is known from recordings, documents and reports."
    yield "*certain* is recorded, or told by several; *likely* is documented, or one good report;"
    yield "*inferred* follows from the rest, or is our own choice. Why a run may go from one status"
    yield "to another is told in [diagrams](../diagrams/README.md), edge by edge."
    yield ""


def _endpoints() -> Iterator[str]:
    yield "## Endpoints"
    yield ""
    yield "| endpoint | behaviour | evidence | | test |"
    yield "| --- | --- | --- | --- | --- |"
    for endpoint, rows in ROWS.items():
        for number, row in enumerate(rows):
            name = f"`{endpoint}`" if number == 0 else ""
            source, sure = row.evidence.source, row.evidence.confidence
            yield f"| {name} | {row.behaviour} | {source} | {sure} | `{row.test}` |"
    yield ""


def _missing() -> Iterator[str]:
    yield "## Not there"
    yield ""
    yield "| endpoint | why |"
    yield "| --- | --- |"
    for endpoint, why in NOT_THERE.items():
        yield f"| `{endpoint}` | {why} |"
    yield ""
    yield "Where the evidence leaves several ways open, there are [switches](switches.md). Left"
    yield "open without one: whether the file ids in `tool_resources` and attachments had to exist"
    yield "(they need not here, unless a vector store is made of them)."
    yield ""
    yield "Of the Responses API, nothing was tried against the live service. Not there: an"
    yield "`item_reference` in an input, steering over a websocket, `background_options`, prompts,"
    yield "and tools other than functions, `file_search`, `code_interpreter` and `web_search` (this"
    yield "one is echoed, and never used)."
    yield "A stored response is kept as long as its world; the service promises 30 days."
    yield ""
    yield "Of the Agents API, a public beta, nothing was tried by us. Not there: saved agents,"
    yield "environments, subagents, vaults, approvals, reasoning, artifacts, automations,"
    yield "and tools other than functions (some are echoed). More in [agents.md](agents.md)."
    yield ""


def _refusals() -> Iterator[str]:
    yield "## Refusals"
    yield ""
    yield "| status | text | code | evidence | |"
    yield "| --- | --- | --- | --- | --- |"
    for wording in REFUSALS.values():
        text = wording.text.replace("|", "\\|")
        source, sure = wording.evidence.source, wording.evidence.confidence
        yield f"| {wording.status} | {text} | {wording.code or ''} | {source} | {sure} |"
    yield ""


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
