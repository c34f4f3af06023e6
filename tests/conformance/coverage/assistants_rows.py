"""Assistants, threads and their messages: what is shown of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rows import ALIKE, CLIENT, DELETE, DOCS, DOTNET, GUESS, LIST, OURS, REPORTS, SCHEMA, Row

__all__ = ["ASSISTANTS_ROWS"]

ASSISTANTS: Final = "/v1/assistants"
ASSISTANT: Final = "/v1/assistants/{assistant_id}"
THREADS: Final = "/v1/threads"
THREAD: Final = "/v1/threads/{thread_id}"
MESSAGES: Final = THREAD + "/messages"
MESSAGE: Final = MESSAGES + "/{message_id}"

ASSISTANTS_ROWS: Final[Mapping[str, tuple[Row, ...]]] = {
    f"POST {ASSISTANTS}": (
        Row(
            "tools are echoed with defaults filled in",
            DOTNET,
            "test_sim_bodies::test_tools_are_echoed_with_their_defaults",
        ),
        Row(
            "a function without parameters has empty ones",
            DOTNET,
            "test_sim_recorded::test_a_function_without_parameters_is_answered_with_empty_ones",
        ),
        Row(
            "`tool_resources` of a search without a store",
            ALIKE,
            "test_sim_recorded::test_an_assistant_that_may_search_nothing",
        ),
        Row(
            "in `tool_resources`, the search comes first",
            DOTNET,
            "test_sim_recorded::test_the_search_comes_before_the_interpreter",
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
        Row(
            "answered as a created one",
            DOTNET,
            "test_sim_recorded::test_a_modified_thread_is_answered_as_a_created_one",
        ),
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
}
