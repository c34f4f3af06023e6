"""What a search of a vector store finds: passages that have words of the query. No embeddings.

Rule: it is about uploaded files that a client searches by itself. What the `file_search` of a run
finds, a script says (`hosted.py`), and nobody looks into a file for it.

A passage is as long as a chunk of the file is; its score is the share of the query's words that it
has. How the service ranks, nobody outside knows.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from runfsm.lifecycle import VectorStoreFileStatus
from runfsm_simulator.world.filemodels import File, StoreFile
from runfsm_simulator.world.files import Files
from runfsm_simulator.world.terms import Json
from runfsm_simulator.world.tokens import CHARACTERS_PER_TOKEN

__all__ = ["Passage", "search"]

WORD: Final = re.compile(r"\w+")

#: Of one file; what is behind is not looked at.
READ_BYTES_MAX: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a file.

    Attributes:
        file: of which.
        attributes: of the file, in its vector store.
        text: the piece.
        score: how much of the query it has, from 0 to 1.
    """

    file: File
    attributes: Json
    text: str
    score: float


def search(
    files: Files,
    vector_store_id: str,
    queries: Sequence[str],
    *,
    filters: Json | None = None,
    score_min: float = 0.0,
) -> list[Passage]:
    """The passages of a vector store's indexed files that have a word of the query, best first.

    Args:
        files: where the store is.
        vector_store_id: which one.
        queries: several are taken together.
        filters: a comparison or a compound of them, as in the API; `None`: all files.
        score_min: the least score.

    Raises:
        NotFound: there is no such vector store.
    """
    words = {word for query in queries for word in _words(query)}
    found = [
        passage
        for kept in files.store(vector_store_id).files.values()
        if kept.status is VectorStoreFileStatus.COMPLETED
        and (filters is None or _fits(filters, kept.attributes))
        for passage in _passages(files.file(kept.id), kept, words)
    ]
    return sorted(
        (one for one in found if one.score >= score_min), key=lambda one: one.score, reverse=True
    )


def _passages(file: File, kept: StoreFile, words: set[str]) -> Iterator[Passage]:
    text = file.content[:READ_BYTES_MAX].decode(errors="replace")
    length = kept.chunking_strategy["static"]["max_chunk_size_tokens"] * CHARACTERS_PER_TOKEN
    for begin in range(0, len(text), length):
        piece = text[begin : begin + length]
        if common := words & _words(piece):
            yield Passage(file, kept.attributes, piece, len(common) / len(words))


def _words(text: str) -> set[str]:
    return {word.casefold() for word in WORD.findall(text)}


# Filters -----------------------------------------------------------------------------------------


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """A comparison of what has an order: a file whose attribute has none is left out."""

    def holds(has: Any, wanted: Any) -> bool:
        try:
            return compare(has, wanted)
        except TypeError:
            return False

    return holds


COMPARISONS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": _ordered(operator.gt),
    "gte": _ordered(operator.ge),
    "lt": _ordered(operator.lt),
    "lte": _ordered(operator.le),
    "in": lambda has, options: has in options,
    "nin": lambda has, options: has not in options,
}


def _fits(wanted: Json, attributes: Json) -> bool:
    match wanted["type"]:
        case "and":
            return all(_fits(one, attributes) for one in wanted["filters"])
        case "or":
            return any(_fits(one, attributes) for one in wanted["filters"])
    return COMPARISONS[wanted["type"]](attributes.get(wanted["key"]), wanted["value"])
