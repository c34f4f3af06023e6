"""Vector stores, the files in them, and what assistants, threads and messages have of them."""

from __future__ import annotations

from typing import Any

import pytest

from runfsm.errors import IllegalTransition
from runfsm.lifecycle import VECTOR_STORE_FILE, VectorStoreFileEvent, VectorStoreFileStatus

STATUSES = ("in_progress", "completed", "failed", "cancelled")


def file_of(stage: Any, content: bytes = b"x" * 21) -> str:
    """The id of an uploaded file."""
    with stage.sim.world.operation():
        return str(stage.sim.world.files.upload("a.txt", content, "assistants").id)


def store_of(stage: Any, **body: Any) -> str:
    """The path of a new vector store."""
    return f"/v1/vector_stores/{stage.post('/v1/vector_stores', body)['id']}"


def counts(**files: int) -> dict[str, int]:
    """The file counts of a vector store."""
    return {**{status: files.get(status, 0) for status in STATUSES}, "total": sum(files.values())}


def test_an_empty_vector_store(stage: Any) -> None:
    """Completed at once, key by key as recorded."""
    store = stage.post("/v1/vector_stores", {})

    assert [
        ("id", store["id"]),
        ("object", "vector_store"),
        ("created_at", 1_700_000_000),
        ("name", None),
        ("description", None),
        ("usage_bytes", 0),
        ("file_counts", counts()),
        ("status", "completed"),
        ("expires_after", None),
        ("expires_at", None),
        ("last_active_at", 1_700_000_000),
        ("metadata", {}),
    ] == list(store.items())
    assert list(counts()) == list(store["file_counts"])


def test_a_file_is_indexed_in_time(stage: Any) -> None:
    """In progress at first, completed within three seconds; and so is the vector store."""
    file_id = file_of(stage)
    path = store_of(stage, file_ids=[file_id])
    assert ("in_progress", counts(in_progress=1), 0) == tuple(
        stage.get(path)[key] for key in ("status", "file_counts", "usage_bytes")
    )
    due = stage.sim.world.next_due() - stage.sim.clock.now()
    assert 1 <= due <= 3

    stage.advance(due)
    assert ("completed", counts(completed=1), 1045) == tuple(
        stage.get(path)[key] for key in ("status", "file_counts", "usage_bytes")
    )
    assert stage.sim.world.next_due() is None


def test_an_attached_file(stage: Any) -> None:
    """Key by key as recorded: chunks of 800 tokens, unless asked otherwise."""
    path, file_id = store_of(stage), file_of(stage)
    file = stage.post(f"{path}/files", {"file_id": file_id})

    assert [
        ("id", file_id),
        ("object", "vector_store.file"),
        ("usage_bytes", 0),
        ("created_at", 1_700_000_000),
        ("vector_store_id", path.rpartition("/")[2]),
        ("status", "in_progress"),
        ("last_error", None),
        (
            "chunking_strategy",
            {
                "type": "static",
                "static": {"max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400},
            },
        ),
        ("attributes", {}),
    ] == list(file.items())
    assert file == stage.get(f"{path}/files/{file_id}")


def test_a_file_as_the_client_wants_it(stage: Any) -> None:
    """Chunks and attributes are echoed; `auto` chunks are the usual ones."""
    path, file_id = store_of(stage), file_of(stage)
    chunks = {
        "type": "static",
        "static": {"max_chunk_size_tokens": 100, "chunk_overlap_tokens": 0},
    }
    wish = {"attributes": {"a": "b", "n": 1.5, "t": True}, "chunking_strategy": chunks}
    file = stage.post(f"{path}/files", {"file_id": file_id, **wish})
    again = stage.post(f"{path}/files", {"file_id": file_id, "chunking_strategy": {"type": "auto"}})

    assert wish == {key: file[key] for key in wish}
    assert 800 == again["chunking_strategy"]["static"]["max_chunk_size_tokens"]
    assert 1 == stage.get(path)["file_counts"]["total"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "Missing required parameter: 'file_id'."),
        ({"file_id": "x"}, "Invalid 'file_id': 'x'. Expected an ID that begins with 'file'."),
        (
            {"file_id": "file-x", "attributes": {"a": []}},
            (
                "Invalid type for 'attributes.a': expected one of a string, a boolean, or a "
                "number, but got an array instead."
            ),
        ),
        (
            {"file_id": "file-x", "attributes": {"a": "x" * 513}},
            (
                "Invalid 'attributes.a': string too long. Expected a string with maximum length "
                "512, but got a string with length 513 instead."
            ),
        ),
        (
            {"file_id": "file-x", "chunking_strategy": {"type": "static"}},
            "Missing required parameter: 'chunking_strategy.static'.",
        ),
    ],
)
def test_a_mistake_in_an_attachment(stage: Any, body: Any, message: str) -> None:
    """It is told in the platform's words."""
    status, error = stage.refused("POST", f"{store_of(stage)}/files", body)

    assert (400, message) == (status, error["message"])


def test_what_is_not_there(stage: Any) -> None:
    """A vector store, a file, and a file in a vector store are each missed in their own words."""
    path, file_id = store_of(stage), file_of(stage)
    store_id = path.rpartition("/")[2]
    refusals = [
        stage.refused("GET", "/v1/vector_stores/vs_x"),
        stage.refused("GET", f"{path}/files/{file_id}"),
        stage.refused("POST", f"{path}/files", {"file_id": "file-x"}),
        stage.refused("POST", "/v1/vector_stores", {"file_ids": [file_id, "file-x"]}),
    ]

    assert [
        "No vector store found with id 'vs_x'.",
        f"No file found with id '{file_id}' in vector store '{store_id}'.",
        "No such File object: file-x",
        "No such File object: file-x",
    ] == [error["message"] for _, error in refusals]
    assert {404} == {status for status, _ in refusals}
    assert [store_id] == [store["id"] for store in stage.get("/v1/vector_stores")["data"]]


def test_a_detached_file_stays(stage: Any) -> None:
    """It leaves the vector store, and what was still to be done to it; the file itself is kept."""
    file_id = file_of(stage)
    path = store_of(stage, file_ids=[file_id])

    assert {
        "id": file_id,
        "object": "vector_store.file.deleted",
        "deleted": True,
    } == stage.delete(f"{path}/files/{file_id}")
    assert counts() == stage.get(path)["file_counts"]
    assert stage.sim.world.next_due() is None
    assert 200 == stage.ask("GET", f"/v1/files/{file_id}").status


def test_a_deleted_file_leaves_its_vector_stores(stage: Any) -> None:
    """And a deleted vector store leaves its files."""
    kept, gone = file_of(stage), file_of(stage)
    path = store_of(stage, file_ids=[kept, gone])
    stage.delete(f"/v1/files/{gone}")
    assert [kept] == [file["id"] for file in stage.get(f"{path}/files")["data"]]

    assert "vector_store.deleted" == stage.delete(path)["object"]
    assert [kept] == [file["id"] for file in stage.get("/v1/files")["data"]]
    assert stage.sim.world.next_due() is None


def test_files_are_listed_by_status(stage: Any) -> None:
    """Newest first, or those of one status."""
    first = file_of(stage)
    path = store_of(stage, file_ids=[first])
    stage.advance(5)
    second = file_of(stage)
    stage.post(f"{path}/files", {"file_id": second})

    def listed(**query: str) -> list[str]:
        return [file["id"] for file in stage.get(f"{path}/files", **query)["data"]]

    assert [second, first] == listed()
    assert [first] == listed(filter="completed")
    assert [second] == listed(filter="in_progress")
    assert [first] == listed(after=second)


def test_a_vector_store_is_modified_and_expires(stage: Any) -> None:
    """What is left out stays; the days count from when a file came in last."""
    path = store_of(stage, name="old", metadata={"a": "b"})
    after = {"anchor": "last_active_at", "days": 1}
    store = stage.post(path, {"name": "new", "expires_after": after})
    assert ("new", {"a": "b"}, 86400) == (
        store["name"],
        store["metadata"],
        store["expires_at"] - store["last_active_at"],
    )

    stage.advance(86_400)
    assert "expired" == stage.get(path)["status"]
    stage.post(f"{path}/files", {"file_id": file_of(stage)})
    assert "in_progress" == stage.get(path)["status"]


@pytest.mark.parametrize("event", [e for e in VectorStoreFileEvent if e != "attach"])
def test_a_hand_can_end_the_indexing_otherwise(stage: Any, event: VectorStoreFileEvent) -> None:
    """Each edge of the table; after it nothing more happens, and nothing more can."""
    file_id = file_of(stage)
    path = store_of(stage, file_ids=[file_id])
    world = stage.sim.world
    with world.operation():
        file = world.files.attached(path.rpartition("/")[2], file_id)
        world.files.take(file, event)
    shown = stage.get(f"{path}/files/{file_id}")
    edge = VECTOR_STORE_FILE.next(VectorStoreFileStatus.IN_PROGRESS, event)

    assert (edge.dest, event == "fail") == (shown["status"], shown["last_error"] is not None)
    assert ("completed", None) == (stage.get(path)["status"], world.next_due())
    with pytest.raises(IllegalTransition):
        world.files.take(file, event)


@pytest.mark.parametrize("path", ["/v1/assistants", "/v1/threads"])
def test_a_vector_store_made_on_the_way(stage: Any, path: str) -> None:
    """It is created with its files, and named in place of the wish."""
    file_id = file_of(stage)
    search = {"vector_stores": [{"file_ids": [file_id], "metadata": {"a": "b"}}]}
    body = {"model": "m"} if path.endswith("assistants") else {}
    made = stage.post(path, {**body, "tool_resources": {"file_search": search}})
    (store,) = stage.get("/v1/vector_stores")["data"]

    assert {"file_search": {"vector_store_ids": [store["id"]]}} == made["tool_resources"]
    assert ({"a": "b"}, counts(in_progress=1)) == (store["metadata"], store["file_counts"])


def test_a_thread_that_asks_for_a_file_that_is_not_there(stage: Any) -> None:
    """Neither the thread nor the vector store comes about."""
    search = {"vector_stores": [{"file_ids": ["file-x"]}]}
    status, _ = stage.refused("POST", "/v1/threads", {"tool_resources": {"file_search": search}})

    assert (404, 1) == (status, len(stage.sim.world.store.threads))
    assert [] == stage.get("/v1/vector_stores")["data"]


def test_an_attachment_is_offered_to_its_tools(stage: Any) -> None:
    """The thread has its file for the interpreter, and in one vector store for the search."""
    known, unknown = file_of(stage), "file-never-uploaded"
    tools = [{"type": "code_interpreter"}, {"type": "file_search"}]
    for file_id in (known, unknown):
        attachments = [{"file_id": file_id, "tools": tools}]
        body = {"role": "user", "content": "Read.", "attachments": attachments}
        stage.post(f"{stage.thread}/messages", body)
    (store,) = stage.get("/v1/vector_stores")["data"]

    assert {
        "code_interpreter": {"file_ids": [known, unknown]},
        "file_search": {"vector_store_ids": [store["id"]]},
    } == stage.get(stage.thread)["tool_resources"]
    assert counts(in_progress=1) == store["file_counts"]


def test_an_attachment_that_is_no_file(stage: Any) -> None:
    """In the words that were reported (LibreChat#8178)."""
    body = {"role": "user", "content": "x", "attachments": [{"file_id": "31abac64"}]}
    _, error = stage.refused("POST", "/v1/threads", {"messages": [body]})

    assert (
        "Invalid 'messages[0].attachments[0].file_id': '31abac64'. "
        "Expected an ID that begins with 'file'." == error["message"]
    )


def test_the_client_waits_for_a_file(stage: Any) -> None:
    """The official client's `create_and_poll` sees it completed."""
    client = stage.sim.client()
    store = client.vector_stores.create()
    file_id = file_of(stage)
    client.vector_stores.files.create(store.id, file_id=file_id)
    stage.advance(3)
    file = client.vector_stores.files.poll(file_id, vector_store_id=store.id)

    assert ("completed", 1045) == (file.status, file.usage_bytes)
