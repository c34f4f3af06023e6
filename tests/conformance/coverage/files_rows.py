"""Models, files and vector stores: what is shown of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rows import CLIENT, DOTNET, GUESS, LIST, OURS, REPORTS, SCHEMA, Row

__all__ = ["FILES_ROWS"]

STORES: Final = "/v1/vector_stores"
STORE: Final = "/v1/vector_stores/{vector_store_id}"
BATCH: Final = STORE + "/file_batches/{batch_id}"

FILES_ROWS: Final[Mapping[str, tuple[Row, ...]]] = {
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
}
