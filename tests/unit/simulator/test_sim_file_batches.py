"""Batches of files: what they hold, how far they are, how the client's helpers wait for them."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from runfsm.lifecycle import VectorStoreFileEvent
from runfsm_simulator import Simulator

CHUNKS = {"type": "static", "static": {"max_chunk_size_tokens": 100, "chunk_overlap_tokens": 0}}


def file_of(stage: Any) -> str:
    """The id of an uploaded file."""
    with stage.sim.world.operation():
        return str(stage.sim.world.files.upload("a.txt", b"x", "assistants").id)


def store_of(stage: Any) -> str:
    """The path of a new vector store."""
    return f"/v1/vector_stores/{stage.post('/v1/vector_stores', {})['id']}"


def batch_of(stage: Any, store: str, **body: Any) -> str:
    """The path of a new batch."""
    return f"{store}/file_batches/{stage.post(f'{store}/file_batches', body)['id']}"


def counted(stage: Any, batch: str) -> tuple[str, dict[str, int]]:
    """A batch's status, and those of its counts that are not 0."""
    it = stage.get(batch)
    return it["status"], {name: count for name, count in it["file_counts"].items() if count}


def test_a_new_batch(stage: Any) -> None:
    """Its files are in the vector store, each once; if one of them is not there, none is."""
    store, (one, two) = store_of(stage), (file_of(stage) for _ in range(2))
    status, _ = stage.refused("POST", f"{store}/file_batches", {"file_ids": [one, "file-x"]})
    assert (404, []) == (status, stage.get(f"{store}/files")["data"])
    batch = stage.post(f"{store}/file_batches", {"file_ids": [one, two, one]})

    assert {
        "id": batch["id"],
        "object": "vector_store.file_batch",
        "created_at": 1_700_000_000,
        "status": "in_progress",
        "vector_store_id": store.rpartition("/")[2],
        "file_counts": {"in_progress": 2, "completed": 0, "failed": 0, "cancelled": 0, "total": 2},
    } == batch
    assert batch["id"].startswith("vsfb_")
    assert {one, two} == {file["id"] for file in stage.get(f"{store}/files")["data"]}


def test_what_is_wished_for_the_files(stage: Any) -> None:
    """Attributes and chunks are for all of them; or, in the other list, for each."""
    store, file_id = store_of(stage), file_of(stage)
    wish = {"attributes": {"a": 1}, "chunking_strategy": CHUNKS}
    for body in ({"file_ids": [file_id], **wish}, {"files": [{"file_id": file_id, **wish}]}):
        stage.post(f"{store}/file_batches", body)
        file = stage.get(f"{store}/files/{file_id}")
        assert wish == {key: file[key] for key in wish}

    stage.post(f"{store}/file_batches", {"files": [{"file_id": file_id}], **wish})
    assert {} == stage.get(f"{store}/files/{file_id}")["attributes"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "Missing required parameter: 'file_ids'."),
        (
            {"file_ids": ["file-x"], "files": [{"file_id": "file-x"}]},
            "Invalid 'files': it excludes",
        ),
        ({"file_ids": []}, "Invalid 'file_ids': array too short."),
        ({"file_ids": ["file-x"] * 2001}, "Invalid 'file_ids': array too long."),
        ({"files": [{}]}, "Missing required parameter: 'files[0].file_id'."),
    ],
)
def test_a_mistake_in_a_batch(stage: Any, body: Any, message: str) -> None:
    """It is told in the platform's words."""
    status, error = stage.refused("POST", f"{store_of(stage)}/file_batches", body)

    assert (400, True) == (status, error["message"].startswith(message))


def test_a_batch_is_completed_with_its_files(stage: Any) -> None:
    """Even if one of them has failed; one that is taken out of the vector store counts no more."""
    store, (one, two, three) = store_of(stage), (file_of(stage) for _ in range(3))
    batch = batch_of(stage, store, file_ids=[one, two, three])
    world = stage.sim.world
    with world.operation():
        world.files.take(
            world.files.attached(store.rpartition("/")[2], one), VectorStoreFileEvent.FAIL
        )
    assert ("in_progress", {"in_progress": 2, "failed": 1, "total": 3}) == counted(stage, batch)
    stage.delete(f"{store}/files/{two}")
    stage.advance(3)

    assert ("completed", {"completed": 1, "failed": 1, "total": 2}) == counted(stage, batch)


def test_a_cancel_gives_up_what_is_not_indexed(stage: Any) -> None:
    """And leaves what is; nothing more happens then. One whose files are done stays as it is."""
    store, done = store_of(stage), file_of(stage)
    stage.post(f"{store}/files", {"file_id": done})
    stage.advance(3)
    batch = batch_of(stage, store, file_ids=[file_of(stage)])
    over = batch_of(stage, store, file_ids=[file_of(stage)])
    stage.post(f"{batch}/cancel")
    assert ("cancelled", {"cancelled": 1, "total": 1}) == counted(stage, batch)
    assert "completed" == stage.get(f"{store}/files/{done}")["status"]

    stage.advance(3)
    assert "completed" == stage.post(f"{over}/cancel")["status"]
    assert stage.sim.world.next_due() is None


def test_the_files_of_a_batch(stage: Any) -> None:
    """Its own and no others; all, or those in one status."""
    store, other, (one, two) = store_of(stage), file_of(stage), (file_of(stage) for _ in range(2))
    stage.post(f"{store}/files", {"file_id": other})
    batch = batch_of(stage, store, file_ids=[one, two])
    listed = [
        [file["id"] for file in stage.get(f"{batch}/files", **query)["data"]]
        for query in ({}, {"order": "asc"}, {"filter": "in_progress"}, {"filter": "completed"})
    ]

    assert [[two, one], [one, two], [two, one], []] == listed


def test_a_batch_that_is_not_there(stage: Any) -> None:
    """It is missed in the words for a file; so is another vector store's, or a deleted one's."""
    store, other = store_of(stage), store_of(stage)
    batch = batch_of(stage, store, file_ids=[file_of(stage)])
    batch_id, other_id = batch.rpartition("/")[2], other.rpartition("/")[2]
    status, error = stage.refused("GET", f"{other}/file_batches/{batch_id}")
    stage.delete(store)

    assert 404 == status == stage.ask("GET", batch).status
    assert f"No file found with id '{batch_id}' in vector store '{other_id}'." == error["message"]
    assert {} == stage.sim.world.files.batches
    assert (
        "Invalid 'batch_id': 'x'. Expected an ID that begins with 'vsfb'."
        == stage.refused("GET", f"{other}/file_batches/x")[1]["message"]
    )


def test_the_clients_helpers_wait_in_virtual_time() -> None:
    """All four that poll come to the end, seconds on in virtual time and at once in ours."""
    sim = Simulator()
    began = sim.clock.now()
    with sim.client() as client:
        store = client.vector_stores.create()
        new = ("a.txt", b"Hello!")
        file = client.vector_stores.files.upload_and_poll(vector_store_id=store.id, file=new)
        again = client.vector_stores.files.create_and_poll(file.id, vector_store_id=store.id)
        batch = client.vector_stores.file_batches.upload_and_poll(
            store.id, files=[new, new], file_ids=[file.id]
        )
        last = client.vector_stores.file_batches.create_and_poll(store.id, file_ids=[file.id])
        names = client.vector_stores.file_batches.list_files(batch.id, vector_store_id=store.id)

    assert {"completed"} == {file.status, again.status, batch.status, last.status}
    assert (3, 3, 1) == (
        batch.file_counts.completed,
        len(names.data),
        last.file_counts.completed,
    )
    assert 4 <= sim.clock.now() - began <= 12  # from 1 to 3 s each


def test_the_async_clients_helpers_wait_in_virtual_time() -> None:
    """The same of the client that is awaited."""
    sim = Simulator()

    async def poll() -> str:
        async with sim.async_client() as client:
            store = await client.vector_stores.create()
            batch = await client.vector_stores.file_batches.upload_and_poll(
                store.id, files=[("a.txt", b"Hello!")]
            )
            return batch.status

    assert "completed" == anyio.run(poll)
