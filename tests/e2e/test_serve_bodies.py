"""`runfsm serve --profile` and `--permissive`: another client's suite, over a socket."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import openai
import pytest
import uvicorn

from runfsm.cli import main

Served = Callable[..., AbstractContextManager[str]]

pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")


def strict(url: str) -> openai.OpenAI:
    """A client that validates every answer."""
    return openai.OpenAI(base_url=url, api_key="My API Key", _strict_response_validation=True)


def test_a_strict_client_is_served(served: Served) -> None:
    """With literal ids, in the published form, with and without `/v1`; a file comes back whole."""
    with served("--permissive", "--profile", "spec") as url:
        for base in (url, f"{url}/v1"):
            with strict(base) as client:
                run: Any = client.beta.threads.runs.cancel("run_id", thread_id="thread_id")
                events = client.beta.threads.runs.create(
                    "thread_id", assistant_id="assistant_id", stream=True
                )
                assert ("cancelling", "thread.run.completed") == (run.status, [*events][-1].event)
                assert b"Hello!" == client.files.content("file_id").read()


def test_it_says_that_rules_are_off(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """At the start, and only then."""
    monkeypatch.setattr(uvicorn.Server, "run", lambda *_, **__: None)
    told = []
    for args in (["--permissive"], []):
        monkeypatch.setattr(sys, "argv", ["runfsm", "serve", "--port", "0", *args])
        with pytest.raises(SystemExit):
            main()
        told.append("rules about state are off" in capsys.readouterr().out)

    assert [True, False] == told


def test_a_file_goes_over_a_socket(served: Served) -> None:
    """Uploaded, listed, downloaded and deleted by the official client."""
    with served() as url, openai.OpenAI(base_url=f"{url}/v1", api_key="any") as client:
        file = client.files.create(file=("a.bin", bytes(range(256))), purpose="vision")

        assert bytes(range(256)) == client.files.content(file.id).read()
        assert [file.id] == [one.id for one in client.files.list()]
        assert client.files.delete(file.id).deleted
