"""Typed parts of messages, and the bodies that each wire makes of them."""

from __future__ import annotations

from typing import Any

import pytest

from runfsm import (
    CallerError,
    FileAttachment,
    FileData,
    FileUrl,
    ImageFile,
    ImageUrl,
    RunRequest,
    Text,
)
from runfsm.backends.content import agents_content, assistants_message, responses_content
from runfsm.driver.content import check_content, text_of

URL = "https://example.com/cat.png"
ALL = [
    Text("Hi"),
    ImageUrl(URL, "low"),
    ImageFile("file-1"),
    FileAttachment("file-2"),
    FileUrl(URL),
    FileData("a.pdf", "data:application/pdf;base64,JVBERi0x"),
]


def test_a_text_stays_a_text() -> None:
    """On every wire, as before there were parts."""
    assert "Hi" == check_content("Hi") == responses_content("Hi") == agents_content("Hi")
    assert {"role": "user", "content": "Hi"} == assistants_message("Hi")


@pytest.mark.parametrize(
    ("given", "part"),
    [
        ("Hi", Text("Hi")),
        ({"type": "text", "text": "Hi"}, Text("Hi")),
        ({"type": "text", "text": {"value": "Hi", "annotations": []}}, Text("Hi")),
        ({"type": "input_text", "text": "Hi"}, Text("Hi")),
        ({"type": "image_url", "image_url": {"url": URL, "detail": "low"}}, ImageUrl(URL, "low")),
        ({"type": "image_file", "image_file": {"file_id": "file-1"}}, ImageFile("file-1")),
        ({"type": "input_image", "image_url": URL, "detail": "low"}, ImageUrl(URL, "low")),
        ({"type": "input_image", "file_id": "file-1", "image_url": None}, ImageFile("file-1")),
        ({"type": "input_file", "file_id": "file-2"}, FileAttachment("file-2")),
        ({"type": "input_file", "file_url": URL}, FileUrl(URL)),
        (
            {"type": "input_file", "filename": "a.pdf", "file_data": "data:,a"},
            FileData("a.pdf", "data:,a"),
        ),
    ],
)
def test_a_part_in_the_words_of_an_api_is_read(given: Any, part: Any) -> None:
    """Those of the Assistants and of the Responses API, whatever wire it then goes over."""
    assert (part,) == RunRequest("asst_1", [given]).message


def test_the_assistants_api_has_attachments_beside_the_content() -> None:
    """A file is for a tool; without one named, for file_search."""
    message = [*ALL[:4], FileAttachment("file-3", ("code_interpreter",))]

    assert {
        "role": "user",
        "content": [
            {"type": "text", "text": "Hi"},
            {"type": "image_url", "image_url": {"url": URL, "detail": "low"}},
            {"type": "image_file", "image_file": {"file_id": "file-1"}},
        ],
        "attachments": [
            {"file_id": "file-2", "tools": [{"type": "file_search"}]},
            {"file_id": "file-3", "tools": [{"type": "code_interpreter"}]},
        ],
    } == assistants_message(message)


def test_the_responses_api_says_everything() -> None:
    """Each kind of part has its own there; an image has a detail."""
    assert [
        {"type": "input_text", "text": "Hi"},
        {"type": "input_image", "image_url": URL, "detail": "low"},
        {"type": "input_image", "file_id": "file-1", "detail": "auto"},
        {"type": "input_file", "file_id": "file-2"},
        {"type": "input_file", "file_url": URL},
        {
            "type": "input_file",
            "filename": "a.pdf",
            "file_data": "data:application/pdf;base64,JVBERi0x",
        },
    ] == responses_content(ALL)


@pytest.mark.parametrize(
    ("translate", "message", "problem"),
    [
        (assistants_message, [FileAttachment("file-1")], "has more than files"),
        (assistants_message, ["Hi", FileUrl(URL)], "has no FileUrl in a message: upload it"),
        (responses_content, [FileAttachment("f", ("file_search",))], "has no tools for a file"),
        (agents_content, [ImageUrl(URL, "low")], "has no detail of an image: leave it out"),
        (agents_content, [ImageFile("file-1")], "has no ImageFile in a message: give a text, or"),
    ],
)
def test_what_a_wire_cannot_say_is_told_with_what_it_can(
    translate: Any, message: Any, problem: str
) -> None:
    """The error names the API, and what to write instead."""
    with pytest.raises(CallerError, match=problem):
        translate(message)


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda: Text(""), "Text.text is '': give a text that is not empty"),
        (lambda: Text(5), "Text.text is a int: give a text"),  # type: ignore[arg-type]  # wrong
        (lambda: ImageUrl(None), "ImageUrl.url is None"),  # type: ignore[arg-type]  # wrong
        (lambda: ImageUrl([]), "ImageUrl.url is a list"),  # type: ignore[arg-type]  # wrong
        (lambda: ImageUrl(URL, "best"), "detail is 'best': give 'auto', 'low' or 'high'"),  # type: ignore[arg-type]  # wrong
        (lambda: FileAttachment("f", ("grep",)), "tools has 'grep'; it takes"),  # type: ignore[arg-type]  # wrong
        (lambda: FileData("a\ud800", "b"), "FileData.filename has half of a surrogate"),
    ],
)
def test_a_part_is_checked_where_it_is_made(make: Any, problem: str) -> None:
    """The error names the class and the field."""
    with pytest.raises(CallerError, match=problem):
        make()


def test_a_message_as_text() -> None:
    """What a log of contents prints of it: the texts, and of everything else what it is."""
    assert "Hi" == text_of("Hi")
    assert "Hi [ImageUrl] [ImageFile] [FileAttachment] [FileUrl] [FileData]" == text_of(ALL)


@pytest.mark.parametrize(
    ("part", "problem"),
    [
        ({"type": "image_url", "image_url": URL}, "image_url is a str: the API writes"),
        ({"type": "image_url"}, "image_url is a NoneType: the API writes"),
        ({"type": "image_file", "image_file": {"id": "f"}}, r"image_file has \['id'\]: the API"),
    ],
)
def test_a_dict_that_is_nearly_right_is_told_what_is(part: Any, problem: str) -> None:
    """Not with the value: it may be a whole image, as a `data:` URL."""
    with pytest.raises(CallerError, match=problem) as caught:
        check_content([part])

    assert URL not in str(caught.value)


def test_one_tool_of_a_file_may_be_given_alone() -> None:
    """`tools="file_search"` is that tool, and not eleven of one letter."""
    one: Any = "file_search"

    assert FileAttachment("file-1", ("file_search",)) == FileAttachment("file-1", one)
