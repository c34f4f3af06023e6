"""A search of a vector store by a client, as the official one asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import openai
import pytest

from runfsm.lifecycle import VectorStoreFileEvent
from runfsm_simulator import Simulator

TEXTS = {
    "bikes.md": "A red bike, and a blue bike.",
    "cars.md": "A red car.",
    "birds.md": "Larks sing.",
}
ATTRIBUTES: dict[str, dict[str, Any]] = {
    "bikes.md": {"wheels": 2, "kind": "ride"},
    "cars.md": {"wheels": 4, "kind": "ride"},
    "birds.md": {"kind": "pet"},
}


class Shelf:
    """A vector store with a few texts."""

    def __init__(self) -> None:
        self.sim = Simulator()
        self.stores = self.sim.client(max_retries=0).vector_stores
        self.store = self.sim.world.files.create_store()
        for name, text in TEXTS.items():
            self.put(name, text.encode(), attributes=ATTRIBUTES[name])
        self.sim.clock.advance(3)
        self.sim.control.next_due()

    def put(self, name: str, content: bytes, **fields: Any) -> Any:
        file = self.sim.world.files.upload(name, content, "assistants")
        return self.sim.world.files.attach(self.store.id, file.id, **fields)

    def find(self, query: str | list[str], **wishes: Any) -> list[tuple[str, float]]:
        page = self.stores.search(self.store.id, query=query, **wishes)
        return [(one.filename, round(one.score, 2)) for one in page.data]


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    """A `Shelf`."""
    shelf = Shelf()
    yield shelf
    shelf.stores._client.close()


def test_the_best_passage_comes_first(shelf: Shelf) -> None:
    """With its text, its file's name and attributes, and the query again."""
    page = shelf.stores.search(shelf.store.id, query="red BIKE")
    best = page.data[0]

    assert ["bikes.md", "cars.md"] == [one.filename for one in page.data]
    assert (TEXTS["bikes.md"], ATTRIBUTES["bikes.md"]) == (best.content[0].text, best.attributes)
    assert ["red BIKE"] == page.to_dict()["search_query"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("red bike", [("bikes.md", 1.0), ("cars.md", 0.5)]),
        (["red", "larks"], [("bikes.md", 0.5), ("cars.md", 0.5), ("birds.md", 0.5)]),
        ("submarine", []),
        ("?!", []),
    ],
)
def test_a_score_is_the_share_of_the_words(shelf: Shelf, query: Any, found: Any) -> None:
    """Of all queries together; a passage with none of them is not found."""
    assert found == shelf.find(query)


@pytest.mark.parametrize(
    ("wishes", "names"),
    [
        ({"max_num_results": 1}, ["bikes.md"]),
        ({"ranking_options": {"score_threshold": 0.6}}, ["bikes.md"]),
        ({"filters": {"type": "eq", "key": "wheels", "value": 4}}, ["cars.md"]),
        ({"filters": {"type": "ne", "key": "wheels", "value": 4}}, ["bikes.md"]),
        ({"filters": {"type": "gt", "key": "wheels", "value": 2}}, ["cars.md"]),
        ({"filters": {"type": "gt", "key": "kind", "value": 2}}, []),
        ({"filters": {"type": "lte", "key": "wheels", "value": 2}}, ["bikes.md"]),
        ({"filters": {"type": "in", "key": "wheels", "value": [1, 2]}}, ["bikes.md"]),
        ({"filters": {"type": "nin", "key": "wheels", "value": [1, 2]}}, ["cars.md"]),
    ],
)
def test_what_is_wished_for(shelf: Shelf, wishes: dict[str, Any], names: list[str]) -> None:
    """So many, so good, and of files with such attributes."""
    assert names == [name for name, _ in shelf.find("red bike", **wishes)]


@pytest.mark.parametrize(("kind", "names"), [("and", []), ("or", ["bikes.md", "cars.md"])])
def test_filters_are_compounded(shelf: Shelf, kind: Any, names: list[str]) -> None:
    """All of them, or any."""
    parts: Any = [{"type": "eq", "key": "wheels", "value": wheels} for wheels in (2, 4)]
    nested: Any = {"type": "and", "filters": [{"type": kind, "filters": parts}]}

    assert names == [name for name, _ in shelf.find("red", filters=nested)]


def test_a_long_file_is_found_in_pieces(shelf: Shelf) -> None:
    """Each as long as a chunk: 800 tokens if nothing else is wished for."""
    shelf.put("long.md", b"plum " * 1000)
    shelf.sim.clock.advance(3)

    assert [("long.md", 1.0)] * 2 == shelf.find("plum")


def test_only_what_is_indexed_is_found(shelf: Shelf) -> None:
    """Not what is being indexed, nor what was given up."""
    file = shelf.put("new.md", b"plum")
    assert [] == shelf.find("plum")
    shelf.sim.world.files.take(file, VectorStoreFileEvent.CANCEL)
    shelf.sim.clock.advance(3)

    assert [] == shelf.find("plum")


@pytest.mark.parametrize(
    ("wishes", "param"),
    [
        ({"query": ""}, "query"),
        ({"query": []}, "query"),
        ({"query": "x", "max_num_results": 51}, "max_num_results"),
        (
            {"query": "x", "ranking_options": {"score_threshold": 2}},
            "ranking_options.score_threshold",
        ),
        ({"query": "x", "filters": {"type": "near"}}, "filters.type"),
        ({"query": "x", "filters": {"type": "in", "key": "a", "value": 1}}, "filters.value"),
    ],
)
def test_what_is_no_search(shelf: Shelf, wishes: dict[str, Any], param: str) -> None:
    """It is refused, by the name of what is wrong."""
    with pytest.raises(openai.BadRequestError) as raised:
        shelf.stores.search(shelf.store.id, **wishes)

    assert param == raised.value.param


def test_a_store_that_is_not_there(shelf: Shelf) -> None:
    """It is missed as in any other call."""
    with pytest.raises(openai.NotFoundError, match="No vector store found with id 'vs_x'"):
        shelf.stores.search("vs_x", query="red")
