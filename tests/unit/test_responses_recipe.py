"""From an assistant to what is sent with every hop: each parameter, and what has no counterpart."""

from __future__ import annotations

from typing import Any

import pytest

from runfsm import CallerError
from runfsm.backends.responses_recipe import assistant_id_of, messages_of, recipe_of

MODEL = {"model": "gpt-5"}
FUNCTION = {"name": "look", "description": "Look.", "parameters": {"type": "object"}}

TRANSLATED: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"max_completion_tokens": 99}, {"max_output_tokens": 99}),
    ({"reasoning_effort": "low"}, {"reasoning": {"effort": "low"}}),
    ({"response_format": "auto"}, {}),
    ({"response_format": {"type": "json_object"}}, {"text": {"format": {"type": "json_object"}}}),
    (
        {"response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {}}}},
        {"text": {"format": {"type": "json_schema", "name": "n", "schema": {}}}},
    ),
    ({"truncation_strategy": {"type": "auto"}}, {"truncation": "auto"}),
    ({"tool_choice": "required"}, {"tool_choice": "required"}),
    (
        {"tool_choice": {"type": "function", "function": {"name": "look"}}},
        {"tool_choice": {"type": "function", "name": "look"}},
    ),
    ({"tool_choice": {"type": "file_search"}}, {"tool_choice": {"type": "file_search"}}),
    (
        {"tools": [{"type": "function", "function": FUNCTION}]},
        {"tools": [{"type": "function", "strict": False, **FUNCTION}]},
    ),
    (
        {"tools": [{"type": "function", "function": {"name": "f", "strict": True}}]},
        {
            "tools": [
                {
                    "type": "function",
                    "name": "f",
                    "strict": True,
                    "parameters": {"type": "object", "properties": {}},
                }
            ]
        },
    ),
    (
        {
            "tools": [{"type": "file_search", "file_search": {"max_num_results": 3}}],
            "tool_resources": {"file_search": {"vector_store_ids": ["vs_1"]}},
        },
        {"tools": [{"type": "file_search", "vector_store_ids": ["vs_1"], "max_num_results": 3}]},
    ),
    (
        {
            "tools": [{"type": "code_interpreter"}],
            "tool_resources": {"code_interpreter": {"file_ids": ["file_1"]}},
        },
        {
            "tools": [
                {
                    "type": "code_interpreter",
                    "container": {"type": "auto", "file_ids": ["file_1"]},
                }
            ]
        },
    ),
    ({"instructions": "Be.", "additional_instructions": "Brief."}, {"instructions": "Be.\nBrief."}),
    ({"temperature": 0.2, "top_p": None, "metadata": {"a": "b"}}, {"temperature": 0.2}),
    ({"verbosity_of_tomorrow": 1}, {"verbosity_of_tomorrow": 1}),  # the other API's own
]


@pytest.mark.parametrize(("given", "sent"), TRANSLATED, ids=lambda it: str(it)[:40])
def test_a_parameter_is_translated(given: dict[str, Any], sent: dict[str, Any]) -> None:
    """As the other API says it; what is not known there passes through."""
    assert {**MODEL, **sent} == recipe_of({**MODEL, **given}, {})


def test_a_runs_options_go_before_the_assistants() -> None:
    """Each of them; an option that is null leaves the assistant's."""
    recipe = recipe_of({**MODEL, "temperature": 1.0, "top_p": 0.5}, {"top_p": 0.1, "model": None})

    assert {"model": "gpt-5", "temperature": 1.0, "top_p": 0.1} == recipe


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"max_prompt_tokens": 1000}, "truncation='auto'"),
        ({"truncation_strategy": {"type": "last_messages"}}, "begin a new thread"),
        ({"stream": True}, r"driver\.stream"),
        ({"conversation": "conv_1"}, r"thread_id="),
        ({"background": False}, "background mode"),
        ({"store": False}, "stored"),
    ],
    ids=lambda it: str(it)[:30],
)
def test_what_has_no_counterpart_is_refused(options: dict[str, Any], says: str) -> None:
    """The error says what to write instead."""
    with pytest.raises(CallerError, match=says):
        recipe_of(MODEL, options)


def test_an_assistant_has_a_model() -> None:
    """Without one, nothing could be sent."""
    with pytest.raises(CallerError, match="model='gpt-5'"):
        recipe_of({"instructions": "Be."}, {})


def test_an_id_is_made_of_what_an_assistant_is() -> None:
    """The order of the parameters does not matter; each of them does."""
    one = assistant_id_of({"model": "m", "instructions": "i"})

    assert one == assistant_id_of({"instructions": "i", "model": "m"})
    assert one != assistant_id_of({"model": "m", "instructions": "j"})
    with pytest.raises(CallerError, match="JSON"):
        assistant_id_of({"model": object()})


@pytest.mark.parametrize(
    ("part", "item"),
    [
        ({"type": "text", "text": "Hi"}, {"type": "input_text", "text": "Hi"}),
        (
            {"type": "image_url", "image_url": {"url": "https://a", "detail": "low"}},
            {"type": "input_image", "image_url": "https://a", "detail": "low"},
        ),
        (
            {"type": "image_file", "image_file": {"file_id": "file_1"}},
            {"type": "input_image", "file_id": "file_1"},
        ),
        ({"type": "input_file", "file_id": "f"}, {"type": "input_file", "file_id": "f"}),
    ],
    ids=lambda it: it["type"],
)
def test_a_message_is_an_item(part: dict[str, Any], item: dict[str, Any]) -> None:
    """With its parts in the other API's words."""
    message = {"role": "user", "content": [part]}

    assert [{"type": "message", "role": "user", "content": [item]}] == messages_of([message])


def test_an_attachment_has_no_counterpart() -> None:
    """It would be left out without a word otherwise."""
    with pytest.raises(CallerError, match="vector store"):
        messages_of([{"role": "user", "content": "Hi", "attachments": [{"file_id": "f"}]}])
