"""Lists: their order, their pages, their envelope."""

from __future__ import annotations

from typing import Any

from runfsm.lifecycle import Evidence
from runfsm_simulator.testing.conformance.behaviour import behaviour, expect
from runfsm_simulator.testing.conformance.stage import Stage

__all__: list[str] = []

RECORDED = Evidence.certain("recordings: openai-dotnet, ruby-openai")
PUBLISHED = Evidence.likely("openai/openai-openapi 2.3.0")
EMPTY: dict[str, Any] = {
    "object": "list",
    "data": [],
    "first_id": None,
    "last_id": None,
    "has_more": False,
}
TEXTS = ("one", "two", "three", "four", "five")


def _ids(stage: Stage, path: str, **query: Any) -> list[str]:
    answer = stage.ask("GET", path, query=query)
    expect("the HTTP status", 200, answer.status)
    return [one.get("id") for one in answer.get("data") or []]


def _messages(stage: Stage) -> str:
    return f"/threads/{stage.thread(*TEXTS)}/messages"


@behaviour("list-order", RECORDED)
def list_order(stage: Stage) -> None:
    """A list has the newest first, and with `order=asc` the oldest, also within one second."""
    path = _messages(stage)
    listed = stage.ask("GET", path, query={"order": "asc"})
    texts = [one["content"][0]["text"]["value"] for one in listed.get("data") or []]
    order = [TEXTS.index(text) if text in TEXTS else None for text in texts]
    expect("the messages with order=asc, by their numbers", [*range(len(TEXTS))], order)
    oldest = [one["id"] for one in listed.get("data") or []]
    expect("the newest first", oldest[::-1], _ids(stage, path))


@behaviour("list-runs-order", RECORDED)
def list_runs_order(stage: Stage) -> None:
    """The runs of a thread have the newest first."""
    first = stage.ended()
    second = stage.ended(first["thread_id"])
    ids = _ids(stage, f"/threads/{first['thread_id']}/runs")
    expect("the runs", [second["id"], first["id"]], ids)


@behaviour("list-pages", RECORDED)
def list_pages(stage: Stage) -> None:
    """Pages by `limit` and `after` give each thing once; `has_more` is true but on the last."""
    path = _messages(stage)
    found: list[str] = []
    query: dict[str, Any] = {"limit": 2, "order": "asc"}
    for size, has_more in ((2, True), (2, True), (1, False)):
        page = stage.ask("GET", path, query=query)
        data = page.get("data") or []
        expect("the length of a page", size, len(data))
        expect("has_more", has_more, page.get("has_more"))
        expect("first_id", data[0]["id"], page.get("first_id"))
        expect("last_id", data[-1]["id"], page.get("last_id"))
        found += [one["id"] for one in data]
        query["after"] = data[-1]["id"]
    expect("all pages together", _ids(stage, path, order="asc"), found)


@behaviour("list-before", PUBLISHED)
def list_before(stage: Stage) -> None:
    """`before` gives what comes before a thing, without it."""
    path = _messages(stage)
    ids = _ids(stage, path, order="asc")
    expect("those before the third", ids[:2], _ids(stage, path, order="asc", before=ids[2]))


@behaviour("list-empty", RECORDED)
def list_empty(stage: Stage) -> None:
    """An empty list has null for both its ends."""
    answer = stage.ask("GET", f"/threads/{stage.thread()}/runs")
    expect("the whole of it", EMPTY, answer.body)


@behaviour("list-limit", Evidence.inferred("the wording of the platform's other endpoints"))
def list_limit(stage: Stage) -> None:
    """A limit of more than a hundred is refused."""
    answer = stage.ask("GET", f"/threads/{stage.thread()}/messages", query={"limit": 1000})
    expect("the HTTP status", 400, answer.status)


@behaviour("list-of-run", PUBLISHED)
def list_of_run(stage: Stage) -> None:
    """`run_id` lists the messages of a run, and so nothing that a user said."""
    run = stage.ended()
    path = f"/threads/{run['thread_id']}/messages"
    listed = stage.ask("GET", path, query={"run_id": run["id"]}).get("data") or []
    expect("whose they are", {run["id"]}, {one.get("run_id") for one in listed})
