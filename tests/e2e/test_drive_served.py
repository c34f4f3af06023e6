"""`runfsm drive` against a server."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import openai
import pytest

from drivecommand import SECRET, TOOLS, Drive

Served = Callable[..., AbstractContextManager[str]]


@pytest.fixture(scope="module")
def url(served: Served) -> Iterator[str]:
    """A server's API; to start one takes seconds."""
    with served("--time", "virtual") as root:
        yield f"{root}/v1"


def test_against_a_server_the_assistant_is_made_and_deleted(url: str, drive: Drive) -> None:
    """Over a real socket, with the key in the environment; with `--keep` it stays."""
    with openai.OpenAI(api_key="x", base_url=url) as client:

        def assistants() -> list[str]:
            page: Any = client.get(
                "/assistants",
                cast_to=object,
                options={"headers": {"OpenAI-Beta": "assistants=v2"}},
            )
            return [each["id"] for each in page["data"]]

        args = ("Weather?", "--base-url", f"{url}?api-version=v1", "--tools", TOOLS, "--json")
        gone, kept = drive(*args), drive(*args, "--keep")
        made = [said.lines[0]["assistant_id"] for said in (gone, kept)]

        assert (0, 0) == (gone.code, kept.code)
        assert [made[1]] == [one for one in made if one in assistants()]


def test_an_assistant_and_a_thread_that_are_there_are_gone_on_with(
    url: str, drive: Drive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thread holds both runs; instructions are for the run; nothing is made or deleted."""
    monkeypatch.setenv("OPENAI_BASE_URL", url)
    first = drive("One", "--keep", "--json")
    ids = ("--assistant", first.lines[0]["assistant_id"])
    ids += ("--thread", first.lines[-1]["thread_id"])
    again = drive("Two", "--json", "--instructions", "Be brief.", *ids)

    assert (0, "") == (again.code, again.err)
    assert first.lines[-1]["thread_id"] == again.lines[-1]["thread_id"]
    assert "Two" in again.lines[-1]["text"]


def test_what_the_service_refuses_is_exit_code_1(url: str, drive: Drive) -> None:
    """With its own words, and its id of the request."""
    args = ("Hi", "--base-url", url, "--assistant", "asst_gone")
    said, told = drive(*args, "--json"), drive(*args)

    assert (1, "error", "not_found") == (
        said.code,
        said.lines[-1]["kind"],
        said.lines[-1]["fault"],
    )
    assert "req_" in said.lines[-1]["request_id"]
    assert (1, True) == (told.code, "No assistant found with id 'asst_gone'." in told.err)


def test_nobody_there_is_exit_code_1_and_the_key_is_not_shown(
    drive: Drive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even a key that the HTTP library refuses to send."""
    for key in (SECRET, f"{SECRET}\n"):
        monkeypatch.setenv("OPENAI_API_KEY", key)
        said = drive("Hi", "--base-url", "http://127.0.0.1:1/v1")

        assert (1, True) == (said.code, "onnection" in said.err)
        assert SECRET not in said.folded


def test_a_trace_is_saved_of_a_run_that_never_began(url: str, drive: Drive, tmp_path: Path) -> None:
    """The fault is in it, and no run."""
    trace = tmp_path / "run.jsonl"
    trace.write_text("old")
    args = ("--base-url", url, "--thread", "thread_gone")
    assert 1 == drive("Hi", *args, "--save-trace", str(trace)).code
    head, fault = map(json.loads, trace.read_text(encoding="utf-8").splitlines())

    assert (None, "thread_gone") == (head["run"], head["request"]["thread_id"])
    assert ("fault_met", "not_found") == (fault["kind"], fault["fault"])
