"""Server-sent events, read from bytes that may be cut anywhere."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from runfsm.backends import sse
from runfsm.backends.sse import EventReader

BODY = (
    'event: a\ndata: {"x": "\u2028ü"}\n\n: a comment\nid: 7\nevent: b\ndata: 1\ndata:2\n\ndata\n\n'
)
EVENTS = [("a", '{"x": "\u2028ü"}'), ("b", "1\n2"), ("message", "")]


def read(*chunks: bytes) -> list[tuple[str, str]]:
    """The events of a body that comes in these pieces."""
    reader = EventReader()
    return [tuple(event) for chunk in chunks for event in reader.feed(chunk)]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@given(cuts=st.lists(st.integers(0, 120), max_size=5))
@example(cuts=[72, 72])  # an empty piece, between CR and LF
def test_a_body_may_be_cut_anywhere(end: str, cuts: list[int]) -> None:
    """In a line, in a character, between CR and LF: the events are the same."""
    body = BODY.replace("\n", end).encode()
    bounds = [0, *sorted(cuts), len(body)]
    chunks = [body[i:j] for i, j in pairwise(bounds)]

    assert EVENTS == read(*chunks)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_a_body_may_come_byte_by_byte(size: int) -> None:
    """Each piece smaller than any line."""
    body = BODY.replace("\n", "\r\n").encode()

    assert EVENTS == read(*(body[i : i + size] for i in range(0, len(body), size)))


@pytest.mark.parametrize(
    "body", [b"event: a\ndata: 1", b"event: a\n\n", b"", b"<html>\n\n", b'{"id": "run_1"}\n\n']
)
def test_what_has_no_data_or_no_end_is_no_event(body: bytes) -> None:
    """A cut event is not half an event, and a page of a proxy is none."""
    assert [] == read(body)


def test_a_byte_order_mark_is_skipped() -> None:
    """At the beginning of the body, once."""
    assert [("a", "1")] == read(b"\xef\xbb\xbfevent: a\ndata: 1\n\n")


@pytest.mark.parametrize("body", [b"data: 123456789", b"data: 1234\ndata: 5678\ndata: 9"])
def test_an_event_has_a_largest_size(monkeypatch: pytest.MonkeyPatch, body: bytes) -> None:
    """In one line or in many; what is larger is refused, not kept."""
    monkeypatch.setattr(sse, "EVENT_MAX_BYTES", 8)

    with pytest.raises(ValueError, match="more than 8 bytes"):
        read(body)
