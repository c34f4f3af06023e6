"""Facts about who is a part of a tool call: how long, and on which thread of which service."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from runfsm import CallerError
from runfsm.driver.reentry import Calling, check_no_reentry, noted


def _backend(base_url: str) -> Any:
    return SimpleNamespace(_client=SimpleNamespace(base_url=base_url))


def _call(backend: Any, *, output: object = None) -> Calling:
    job: Any = SimpleNamespace(output=output)
    return Calling.of(backend, ["thread_1", None], job)


def test_what_is_started_in_the_block_is_a_part_of_the_call() -> None:
    """And nothing after it, though the call is still under way."""
    backend = _backend("https://one.example/v1")
    with noted(_call(backend)), pytest.raises(CallerError, match="its own run holds"):
        check_no_reentry(backend, "thread_1")

    check_no_reentry(backend, "thread_1")


def test_another_thread_is_free() -> None:
    """One with a name of its own, and one that is to be made."""
    backend = _backend("https://one.example/v1")
    with noted(_call(backend)):
        check_no_reentry(backend, "thread_2")
        check_no_reentry(backend, None)


def test_a_thread_of_that_name_on_another_service_is_free() -> None:
    """Services are told apart by their addresses; clients of one service are not."""
    with noted(_call(_backend("https://one.example/v1"))):
        check_no_reentry(_backend("https://other.example/v1"), "thread_1")
        with pytest.raises(CallerError):
            check_no_reentry(_backend("https://one.example/v1"), "thread_1")


def test_a_call_within_a_call_is_a_part_of_both() -> None:
    """The outer one holds its thread as well."""
    outer, inner = _backend("https://one.example/v1"), _backend("https://other.example/v1")
    with noted(_call(outer)), noted(_call(inner)), pytest.raises(CallerError):
        check_no_reentry(outer, "thread_1")


def test_a_call_that_has_returned_holds_nothing() -> None:
    """What it has left behind may wait for the run."""
    backend = _backend("https://one.example/v1")
    with noted(_call(backend, output="42")):
        check_no_reentry(backend, "thread_1")
