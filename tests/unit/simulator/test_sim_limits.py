"""Every limit of the reference: at it a request is taken, one beyond it is refused."""

from __future__ import annotations

from typing import Any

import pytest

MESSAGE = {"role": "user", "content": "Hi"}


def nested(path: str, value: Any) -> Any:
    """A body with this value at a place like `thread.messages[0].content`."""
    for step in reversed(path.replace("[0]", ".[0]").split(".")):
        value = [value] if step == "[0]" else {step: value}
    return value


def merged(low: Any, high: Any) -> Any:
    """Two bodies in one."""
    if isinstance(low, dict) and isinstance(high, dict):
        return {key: merged(low.get(key), high.get(key)) for key in [*low, *high]}
    if isinstance(low, list) and isinstance(high, list):
        return [merged(one, other) for one, other in zip(low, high, strict=True)]
    return low if high is None else high


def text(length: int) -> str:
    """So many characters."""
    return "x" * length


def functions(number: int) -> list[Any]:
    """So many tools."""
    return [{"type": "function", "function": {"name": f"f{n}"}} for n in range(number)]


def pairs(number: int) -> dict[str, str]:
    """So much metadata."""
    return {f"k{n}": "v" for n in range(number)}


def files(number: int) -> list[str]:
    """So many ids."""
    return [f"file-{n}" for n in range(number)]


def too_long(name: str, bound: int, kind: str = "string") -> tuple[str, str]:
    """Message and code."""
    a_kind = "an array" if kind == "array" else "a string"
    return (
        (
            f"Invalid '{name}': {kind} too long. Expected {a_kind} with maximum length {bound}, "
            f"but got {a_kind} with length {bound + 1} instead."
        ),
        f"{kind}_above_max_length",
    )


def out_of_range(name: str, bound: float, got: float) -> tuple[str, str]:
    """Message and code."""
    kind = "integer" if isinstance(got, int) else "decimal"
    side, sign, code = (
        ("above maximum", "<=", "max") if got > bound else ("below minimum", ">=", "min")
    )
    end = f"{'above' if code == 'max' else 'below'}_{code}_value"
    return (
        (
            f"Invalid '{name}': {kind} {side} value. "
            f"Expected a value {sign} {bound}, but got {got} instead."
        ),
        f"{kind}_{end}",
    )


ASSISTANT, THREAD, MESSAGES, RUNS, THREAD_RUNS, STORES = (
    "/v1/assistants",
    "/v1/threads",
    "{thread}/messages",
    "{thread}/runs",
    "/v1/threads/runs",
    "/v1/vector_stores",
)
CODE = "tool_resources.code_interpreter.file_ids"
SEARCH = "tool_resources.file_search"
RANKING = "tools[0].file_search.ranking_options.score_threshold"
RESULTS = "tools[0].file_search.max_num_results"
ATTACHED = "tools[0].function.name"

# The path, the place in the body, the last value that is taken, the first that is not, the words.
LIMITS = [
    (ASSISTANT, "name", text(256), text(257), too_long("name", 256)),
    (ASSISTANT, "description", text(512), text(513), too_long("description", 512)),
    (
        ASSISTANT,
        "instructions",
        text(256_000),
        text(256_001),
        too_long("instructions", 256_000),
    ),
    (ASSISTANT, "tools", functions(128), functions(129), too_long("tools", 128, "array")),
    (ASSISTANT, "temperature", 2, 2.5, out_of_range("temperature", 2, 2.5)),
    (ASSISTANT, "temperature", 0, -0.5, out_of_range("temperature", 0, -0.5)),
    (ASSISTANT, "top_p", 1, 1.5, out_of_range("top_p", 1, 1.5)),
    (ASSISTANT, "top_p", 0, -0.5, out_of_range("top_p", 0, -0.5)),
    (ASSISTANT, CODE, files(20), files(21), too_long(CODE, 20, "array")),
    (
        ASSISTANT,
        f"{SEARCH}.vector_store_ids",
        ["vs_1"],
        ["vs_1", "vs_2"],
        too_long(f"{SEARCH}.vector_store_ids", 1, "array"),
    ),
    (
        ASSISTANT,
        f"{SEARCH}.vector_stores",
        [{}],
        [{}, {}],
        too_long(f"{SEARCH}.vector_stores", 1, "array"),
    ),
    (ASSISTANT, RESULTS, 50, 51, out_of_range(RESULTS, 50, 51)),
    (ASSISTANT, RANKING, 1, 1.5, out_of_range(RANKING, 1, 1.5)),
    (THREAD, CODE, files(20), files(21), too_long(CODE, 20, "array")),
    (MESSAGES, "content", text(256_000), text(256_001), too_long("content", 256_000)),
    (RUNS, "tools", functions(20), functions(21), too_long("tools", 20, "array")),
    (
        RUNS,
        "additional_instructions",
        text(256_000),
        text(256_001),
        too_long("additional_instructions", 256_000),
    ),
    (RUNS, "temperature", 2, 2.5, out_of_range("temperature", 2, 2.5)),
    (RUNS, "max_prompt_tokens", 16, 15, out_of_range("max_prompt_tokens", 16, 15)),
    (RUNS, "max_completion_tokens", 16, 15, out_of_range("max_completion_tokens", 16, 15)),
    (
        THREAD_RUNS,
        "thread.messages[0].content",
        text(256_000),
        text(256_001),
        too_long("thread.messages[0].content", 256_000),
    ),
    (STORES, "expires_after.days", 365, 366, out_of_range("expires_after.days", 365, 366)),
    *(
        (path, "metadata.k", text(512), text(513), too_long("metadata.k", 512))
        for path in (ASSISTANT, THREAD, MESSAGES, RUNS, THREAD_RUNS, STORES)
    ),
    (
        THREAD,
        "metadata",
        pairs(16),
        pairs(17),
        (
            (
                "Invalid 'metadata': too many properties. Expected an object with at most 16 "
                "properties, but got an object with 17 properties instead."
            ),
            "object_above_max_properties",
        ),
    ),
    (
        THREAD,
        "metadata",
        {text(64): "v"},
        {text(65): "v"},
        (
            (
                f"Invalid property name in 'metadata': '{text(65)}' is too long. Expected a string "
                "with maximum length 64, but got a string with length 65 instead."
            ),
            "property_name_above_max_length",
        ),
    ),
    (ASSISTANT, ATTACHED, text(64), text(65), too_long(ATTACHED, 64)),
]
#: What else a body needs at these paths, and beside these places.
NEEDED = {ASSISTANT: {"model": "m"}, MESSAGES: MESSAGE, STORES: {}, THREAD: {}}
BESIDE = {
    RESULTS: {"tools": [{"type": "file_search"}]},
    RANKING: {"tools": [{"type": "file_search"}]},
    ATTACHED: {"tools": [{"type": "function"}]},
    "expires_after.days": {"expires_after": {"anchor": "last_active_at"}},
    "thread.messages[0].content": {"thread": {"messages": [{"role": "user"}]}},
}


@pytest.mark.parametrize(
    "limit", LIMITS, ids=[f"{number} {one[0]} {one[1]}" for number, one in enumerate(LIMITS)]
)
def test_a_limit(stage: Any, limit: tuple[str, str, Any, Any, tuple[str, str]]) -> None:
    """Up to it and no further."""
    path, place, last, beyond, words = limit
    run = {"assistant_id": stage.assistant_id}
    needed = merged(NEEDED.get(path, run), BESIDE.get(place, {}))
    filled = path.format(thread=stage.thread)
    status, error = stage.refused("POST", filled, merged(needed, nested(place, beyond)))

    assert (400, *words) == (status, error["message"], error["code"])
    assert 200 == stage.ask("POST", filled, merged(needed, nested(place, last))).status


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        ("0", out_of_range("limit", 1, 0)),
        ("101", out_of_range("limit", 100, 101)),
    ],
)
def test_the_limit_of_a_page(stage: Any, limit: str, words: tuple[str, str]) -> None:
    """1 to 100."""
    status, error = stage.refused("GET", "/v1/assistants", limit=limit)

    assert (400, *words) == (status, error["message"], error["code"])
    for fitting in ("1", "100"):
        assert 200 == stage.ask("GET", "/v1/assistants", limit=fitting).status


@pytest.mark.parametrize("name", ["no spaces", "é", "a.b", ""])
def test_the_name_of_a_function(stage: Any, name: str) -> None:
    """Letters, digits, underscores, dashes; at least one."""
    tools = [{"type": "function", "function": {"name": name}}]
    _, error = stage.refused("POST", "/v1/assistants", {"model": "m", "tools": tools})

    assert (
        "Invalid 'tools[0].function.name': string does not match pattern. "
        "Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'." == error["message"]
    )


def test_the_defaults_of_the_reference(stage: Any) -> None:
    """What is left out is filled in as it was on the service."""
    assistant = stage.post("/v1/assistants", {"model": "m"})
    run = stage.get(stage.create_run(assistant_id=assistant["id"]))

    assert {
        "name": None,
        "description": None,
        "instructions": None,
        "tools": [],
        "top_p": 1.0,
        "temperature": 1.0,
        "tool_resources": {},
        "metadata": {},
        "response_format": "auto",
    }.items() <= assistant.items()
    assert {
        "max_completion_tokens": None,
        "max_prompt_tokens": None,
        "truncation_strategy": {"type": "auto", "last_messages": None},
        "response_format": "auto",
        "tool_choice": "auto",
        "parallel_tool_calls": True,
    }.items() <= run.items()


def test_an_unknown_model_is_taken(stage: Any) -> None:
    """Any name will do: which models the service had is nothing that a test should know."""
    assert "no-such" == stage.post("/v1/assistants", {"model": "no-such"})["model"]
