"""A book of coverage is a value: it adds up in any order, and comes back from a file unchanged."""

from __future__ import annotations

import json
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runfsm.errors import CallerError
from runfsm.lifecycle import LIFECYCLE
from runfsm_simulator.testing.coverage import Book, Cell
from runfsm_simulator.testing.coverage.cells import call_cell, edge_cell, fault_cell, pair_cell

FIRST, SECOND, *_ = LIFECYCLE.edges
CELLS = (
    edge_cell("run", FIRST),
    pair_cell("run", FIRST, SECOND),
    call_cell("GET /v1/threads/{thread_id}", None),
    fault_cell("timeout", "queued"),
)
BOOKS = st.dictionaries(st.sampled_from(CELLS), st.integers(0, 5)).map(Book)


@given(BOOKS, BOOKS)
def test_books_add_up(one: Book, other: Book) -> None:
    """Of each cell, the sum has as many as the two together; in either order it is one book."""
    assert one + other == other + one
    assert all(one[cell] + other[cell] == (one + other)[cell] for cell in CELLS)


def test_many_books_are_one_book_in_any_order() -> None:
    """Workers finish when they like: the JSON text of all of them is the same."""
    books = [Book({cell: count}) for count, cell in enumerate(CELLS, 1)]

    assert 1 == len({json.dumps(Book.merged(some).to_dict()) for some in permutations(books)})


@given(BOOKS)
def test_a_book_comes_back_from_json(book: Book) -> None:
    """By way of a JSON text, it is equal to what it was."""
    assert book == Book.from_dict(json.loads(json.dumps(book.to_dict())))


def test_a_book_comes_back_from_a_file(tmp_path: Path) -> None:
    """A line a cell, so that two files can be compared; read again, it is equal."""
    book = Book(dict.fromkeys(CELLS, 2))
    book.write(file := tmp_path / "book.json")

    assert book == Book.read(file)
    assert len(CELLS) + 2 == len(file.read_text(encoding="utf-8").splitlines())


def test_a_cell_that_was_never_covered_is_not_kept() -> None:
    """A count of zero is no count: two books that say the same are equal."""
    assert Book() == Book({CELLS[0]: 0})
    assert 0 == Book()[CELLS[0]]


def test_a_book_does_not_change() -> None:
    """Neither by its own mapping, nor by the one that it was made of."""
    counts = {CELLS[0]: 1}
    book = Book(counts)
    counts[CELLS[0]] = 7

    with pytest.raises(TypeError):
        book.counts[CELLS[0]] = 2  # type: ignore[index]  # which is what is tested
    assert 1 == book[CELLS[0]]


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("", "Expecting value"),
        ("[]", "valid dictionary"),
        ('{"cells": []}', "runfsm_coverage: Field required"),
        ('{"runfsm_coverage": 2, "cells": []}', "runfsm_coverage: Input should be 1"),
        ('{"runfsm_coverage": 1, "cells": [["run", "edge", "x", "", 0]]}', "cells.0.4: Input"),
        ('{"runfsm_coverage": 1, "cells": [["run", "age", "x", "", 1]]}', "cells.0.1: Input"),
        ('{"runfsm_coverage": 1, "cells": [["run"]]}', "cells.0.1: Field required"),
        ('{"runfsm_coverage": 1, "cells": [], "more": 1}', "more: Extra inputs"),
        (" " * (4 * 1024 * 1024 + 1), "more than 4194304 bytes"),
    ],
)
def test_a_file_that_holds_no_book(tmp_path: Path, written: str, told: str) -> None:
    """It is refused: which file, what is wrong in it, and how to get one."""
    (file := tmp_path / "book.json").write_text(written, encoding="utf-8")

    with pytest.raises(CallerError) as refused:
        Book.read(file)
    assert str(refused.value).startswith(f"{file}: ")
    assert told in str(refused.value)
    assert "pytest --runfsm-coverage FILE" in str(refused.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """It is told so, with its name."""
    with pytest.raises(CallerError, match=r"nothing\.json: No such file"):
        Book.read(tmp_path / "nothing.json")


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        (CELLS[0], "(created) --create--> queued"),
        (CELLS[1], "(created) --create--> queued, then queued --start--> in_progress"),
        (CELLS[2], "GET /v1/threads/{thread_id} in (no run)"),
        (CELLS[3], "timeout in queued"),
        (Cell("run", "status", "queued"), "queued"),
    ],
)
def test_a_cell_reads_as_a_sentence(cell: Any, told: str) -> None:
    """Its text says what happened, and where."""
    assert told == str(cell)
