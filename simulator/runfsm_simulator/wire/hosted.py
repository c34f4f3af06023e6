"""Calls of hosted tools, as the steps of a run show them.

A passage that a search found has its `content` only for those who ask for it, by a parameter of
the query. The keys and their order are those of recordings (openai-dotnet, openllmetry); that an
`image` comes behind the `logs` is a guess.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from runfsm_simulator.world.hosted import CodeInterpreter, FileResult
from runfsm_simulator.world.models import Run, Step

__all__ = ["hosted_call", "hosted_deltas", "wants_contents"]

CONTENTS: Final = "step_details.tool_calls[*].file_search.results[*].content"

RANKING: Final[Mapping[str, Any]] = {"ranker": "default_2024_08_21", "score_threshold": 0.0}


def wants_contents(query: Mapping[str, Sequence[str]]) -> bool:
    """Whether a request asks for the passages themselves."""
    return CONTENTS in query.get("include[]", ())


def hosted_call(it: Step, of: Run, *, contents: bool = False) -> dict[str, Any]:
    """The one call of a step in which a hosted tool has run."""
    if it.hosted is None:
        raise ValueError(f"{it.id} runs no hosted tool")
    shown: dict[str, Any]
    if code := it.hosted.code_interpreter:
        shown = {"input": code.input, "outputs": _outputs(code)}
    else:
        shown = {
            "ranking_options": _ranking(of),
            "results": [_result(result, contents=contents) for result in it.hosted.results],
        }
    return {"id": it.hosted_id, "type": it.hosted.type, it.hosted.type: shown}


def _outputs(it: CodeInterpreter) -> list[dict[str, Any]]:
    """What came of a code; that may well be nothing."""
    logs = [] if it.logs is None else [{"type": "logs", "logs": it.logs}]
    images = [] if it.image is None else [{"type": "image", "image": {"file_id": it.image}}]
    return [*logs, *images]


def _ranking(run: Run) -> dict[str, Any]:
    """As the run's tool says, without what is no option of a step."""
    tools = [tool["file_search"] for tool in run.terms.tools if tool["type"] == "file_search"]
    given = tools[0].get("ranking_options") or {} if tools else {}
    return {key: given.get(key, default) for key, default in RANKING.items()}


def _result(it: FileResult, *, contents: bool) -> dict[str, Any]:
    shown = {
        "file_id": it.file_id,
        "file_name": it.file_name,
        "score": it.score,
        "attributes": {},
    }
    return shown | {"content": [{"type": "text", "text": it.content}]} if contents else shown


def hosted_deltas(it: Step, of: Run) -> Iterator[dict[str, Any]]:
    """The same call, piece by piece as a stream tells it: code, and then its outputs.

    A search comes at once, and without its results: only the completed step has those. Recordings
    (openai-dotnet, openllmetry).
    """
    call = {"index": 0, **hosted_call(it, of)}
    code = it.hosted.code_interpreter if it.hosted else None
    if code is None:
        yield call | {"file_search": {**call["file_search"], "results": []}}
        return
    kind = {"index": 0, "type": call["type"]}
    outputs = [{"index": at, **output} for at, output in enumerate(_outputs(code))]
    yield call | {"code_interpreter": {"input": "", "outputs": []}}
    yield kind | {"code_interpreter": {"input": code.input}}
    if outputs:
        yield kind | {"code_interpreter": {"outputs": outputs}}
