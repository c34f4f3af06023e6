"""Names to find a run by, and the thread of a session."""

from __future__ import annotations

from typing import Any

import pytest

from runfsm import CallerError, RunRequest
from runfsm.driver.keys import keyed, on_thread
from runfsm.lifecycle.snapshot import METADATA_KEY, METADATA_MAX

FULL = {str(number): "x" for number in range(METADATA_MAX)}


@pytest.mark.parametrize("metadata", [None, {}, {"a": "b"}])
def test_a_request_gets_a_key_of_its_own(metadata: Any) -> None:
    """Two requests that are alike get two."""
    request = RunRequest("asst_1", options={"metadata": metadata})
    keys = [keyed(request).key for _ in range(2)]

    assert None not in keys
    assert 2 == len(set(keys))


def test_an_apps_own_key_stays() -> None:
    """It is what the app will look for."""
    assert "mine" == keyed(RunRequest("asst_1", key="mine")).key


def test_without_room_there_is_no_key() -> None:
    """All pairs of metadata are the app's: a key that is not sent must not be looked for."""
    assert keyed(RunRequest("asst_1", options={"metadata": FULL})).key is None


def test_a_key_that_finds_no_room_is_refused() -> None:
    """The app wants both, which cannot be: the error says what to leave out."""
    with pytest.raises(CallerError, match="leave out a pair, or the key"):
        keyed(RunRequest("asst_1", options={"metadata": FULL}, key="mine"))


def test_the_keys_own_pair_takes_no_second_one() -> None:
    """Metadata copied from an earlier run holds that run's key: its place is taken over."""
    copied = {**dict(list(FULL.items())[1:]), METADATA_KEY: "old"}

    assert keyed(RunRequest("asst_1", options={"metadata": copied})).key is not None


@pytest.mark.parametrize("given", [None, "thread_1"])
def test_a_session_runs_on_its_own_thread(given: str | None) -> None:
    """Named or not."""
    assert "thread_1" == on_thread(RunRequest("asst_1", thread_id=given), "thread_1").thread_id


def test_a_session_runs_on_no_other_thread() -> None:
    """The error names both."""
    with pytest.raises(CallerError, match=r"has thread_1, .*thread_id='thread_2'"):
        on_thread(RunRequest("asst_1", thread_id="thread_2"), "thread_1")
