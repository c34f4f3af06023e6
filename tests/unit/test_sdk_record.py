"""Releases of the official client that are not out yet: noted, and no failure of ours."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, Literal

import openai
import pytest
from openai._models import BaseModel

import schema_check
import sdk_drift
import sdk_record
import sdk_types
from lockfile import LOCKS, ROOT, pins
from sdk_record import READERS, RECORD, Drift, Record

DATA: dict[str, Any] = {
    "versions": {"2.54.0": "aa", "3.57.0": "bb"},
    "vocabularies": {
        "run statuses": {"queued": ["2.54.0", "3.57.0"], "paused": ["2.54.0"]},
        "run events": {},
    },
}


class Lamp(BaseModel):
    """A type of a made-up client."""

    light: Literal["red", "green"]


def record() -> Record:
    """A small record of its own."""
    return Record(DATA, Drift())


@pytest.fixture
def newer(monkeypatch: pytest.MonkeyPatch) -> Drift:
    """A client that the suite was not written with."""
    drift = Drift()
    monkeypatch.setattr(sdk_record, "is_known", lambda: False)
    monkeypatch.setattr(RECORD, "drift", drift)
    return drift


@pytest.mark.parametrize("name", ["dev", "sdk2", "lowest", "server", "contract"])
def test_the_locked_client_is_one_that_is_known(name: str) -> None:
    """After a new lock, add it: `.venv/bin/python tests/support/sdk_record.py`."""
    locked = {pin: version for pin, version, _ in pins((ROOT / f"locks/{name}.txt").read_text())}

    assert name in LOCKS
    assert locked["openai"] in RECORD.versions


def test_every_vocabulary_is_recorded_and_can_be_read() -> None:
    """A reader that finds nothing in any version reads at the wrong place."""
    assert set(READERS) == set(RECORD.values)
    assert all(RECORD.values.values())


@pytest.mark.parametrize("version", ["3.57.0", "3.58.0", "4.0.0"])
def test_a_value_that_is_new_is_noted(version: str) -> None:
    """Under a version that is known, too: somebody may have changed it."""
    told = record().differences("run statuses", {"queued", "resting"}, version)

    assert f"run statuses: new in openai {version}: resting" == next(told)


def test_a_value_that_was_removed_is_noted() -> None:
    """Beside the newest version that is known; what was gone there already is no news."""
    told = record().differences("run statuses", set(), "3.58.0")

    assert ["run statuses: in openai 3.57.0, and not in 3.58.0: queued"] == [*told]


def test_a_version_that_is_as_recorded_has_no_drift() -> None:
    """What it lacks is in the record, too."""
    assert [] == [*record().differences("run statuses", {"queued"}, "3.57.0")]
    assert [] == [*record().differences("run statuses", {"queued", "paused"}, "2.54.0")]


@pytest.mark.parametrize("found", [set(), {"queued", "resting"}])
def test_a_vocabulary_is_the_union_whatever_is_installed(
    found: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A value removed, a value added: what the product is compared with stays the same."""
    monkeypatch.setattr(sdk_record, "READERS", {"run statuses": lambda: found})
    one = record()

    assert {"queued", "paused"} == one.union("run statuses")
    assert one.drift.lines


@pytest.mark.parametrize(
    ("value", "version", "is_gone"),
    [
        ("paused", "3.57.0", True),
        ("paused", "2.54.0", False),
        ("paused", "2.53.0", False),
        ("queued", "3.57.0", False),
        ("queued", "3.58.0", True),  # what fits none of its types was removed
        ("resting", "3.57.0", False),
        (None, "3.57.0", False),
    ],
)
def test_what_older_versions_had_is_gone(value: object, version: str, *, is_gone: bool) -> None:
    """Had by versions before this one only."""
    assert is_gone == record().is_gone(value, version)


def test_a_client_is_known_to_the_letter() -> None:
    """The version alone is not enough."""
    assert record().knows("3.57.0", "bb")
    assert not record().knows("3.57.0", "aa")
    assert not record().knows("3.58.0", "bb")


def test_a_version_is_added_to_the_record(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twice is as once; what it lacks keeps its older versions."""
    monkeypatch.setattr(sdk_record, "READERS", {"run statuses": lambda: {"queued", "resting"}})
    once = sdk_record.extended(DATA, "3.58.0", "cc")

    assert once == sdk_record.extended(once, "3.58.0", "cc")
    assert {"2.54.0": "aa", "3.57.0": "bb", "3.58.0": "cc"} == once["versions"]
    assert {
        "paused": ["2.54.0"],
        "queued": ["2.54.0", "3.57.0", "3.58.0"],
        "resting": ["3.58.0"],
    } == once["vocabularies"]["run statuses"]


def test_what_is_not_there_is_nothing() -> None:
    """A module, a name, an attribute: a client that lacks it has no words there."""
    for path in ("types.nowhere:Run", "types.beta:Nobody", "types.beta.threads:Run.nothing"):
        assert sdk_record.sdk_type(path) is None
    assert sdk_types.page_of(None) is None
    assert sdk_types.widened(None, name=str) is None
    assert {} == sdk_types.by_name("beta:Nobody", "event")
    assert all(set() == sdk_record._of_union("types:Nobody", "type")() for _ in READERS)


@pytest.mark.sdk_types
def test_a_type_that_nothing_is_checked_by_is_one_that_is_not_there() -> None:
    """Of the routes, only what is no JSON; and the Agents API where the client has none."""
    unchecked = {path for (_, path), type_ in sdk_types.ROUTES.items() if type_ is None}
    agents = {path for path in unchecked if path.startswith("/v1/agents/")}

    assert {"/v1/files/{id}/content"} == unchecked - agents
    assert ({"/v1/agents/sessions/{session_id}/events"} == agents) == sdk_record.HAS_AGENTS


def test_a_value_that_only_older_clients_know_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest of the answer is checked all the same."""
    gone = {"blue": True, "shade": True}
    monkeypatch.setattr(RECORD, "is_gone", lambda value, _: gone.get(str(value), False))
    sdk_types.check(Lamp, {"light": "blue", "shade": 1})
    for wrong in ({"light": "grey"}, {"light": "blue", "hue": 1}, {"light": 1}):
        with pytest.raises(ValueError, match=r"light|hue"):
            sdk_types.check(Lamp, wrong)


def test_an_event_that_only_older_clients_know_is_not_checked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One that no client knows is a mistake."""
    monkeypatch.setattr(RECORD, "is_gone", lambda value, _: value == "old")

    assert sdk_types.event_type({"new": Lamp}, "new") is Lamp
    assert sdk_types.event_type({}, "old") is None
    with pytest.raises(KeyError):
        sdk_types.event_type({}, "never")


def test_what_a_newer_client_refuses_is_noted(newer: Drift) -> None:
    """A field more, a literal less, a type less: each a line, and no test fails."""
    ledger = schema_check.Ledger()
    for what, value in (
        ("GET /a", {}),
        ("GET /b", {"light": "blue"}),
        ("GET /c", {"light": "red"}),
    ):
        with ledger.looking("responses", what):
            sdk_types.check(Lamp, value)
    with ledger.looking("events", "event e"):
        sdk_types.event_type({}, "e")

    assert [] == ledger.take()
    assert {
        "GET /a: light: Field required",
        "GET /b: light: Input should be 'red' or 'green'",
        "event e: KeyError: 'e'",
    } == newer.lines


def test_a_wrong_refusal_is_no_drift(newer: Drift) -> None:
    """The envelope of an error is the platform's, whatever client is installed."""
    ledger = schema_check.Ledger()
    with ledger.looking("refusals", "refusal 404"):
        schema_check.check_envelope({})

    assert ["refusal 404: ValueError: not the platform's envelope: {}"] == ledger.take()
    assert set() == newer.lines


def test_what_a_known_client_refuses_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    """The locked lanes are as sharp as ever."""
    monkeypatch.setattr(sdk_record, "is_known", lambda: True)
    with pytest.raises(ValueError, match="wrong"), sdk_drift.tolerated("here"):
        raise ValueError("wrong")


@pytest.mark.parametrize("marked", [True, False])
def test_a_test_of_the_clients_types_is_an_expected_failure(newer: Drift, *, marked: bool) -> None:
    """With a newer client; one that has no such mark fails as ever."""
    item: Any = SimpleNamespace(nodeid="a.py::b", get_closest_marker=lambda _: marked or None)
    around = sdk_drift.pytest_runtest_call(item)
    next(around)
    with pytest.raises(pytest.xfail.Exception if marked else TypeError):
        around.throw(TypeError("no parameter `effort`\nat all"))

    assert ({"a.py::b: TypeError: no parameter `effort`"} if marked else set()) == newer.lines


def test_a_strict_clients_refusal_is_drift_wherever_it_comes_from(newer: Drift) -> None:
    """Wrapped, chained, or in a group."""
    item: Any = SimpleNamespace(get_closest_marker=lambda _: None)
    made = openai.APIResponseValidationError.__new__(openai.APIResponseValidationError)
    chained = ValueError("outer")
    chained.__cause__ = made

    assert sdk_drift.is_about_types(item, ExceptionGroup("all", [KeyError(), chained]))
    assert not sdk_drift.is_about_types(item, ExceptionGroup("all", [KeyError()]))
    assert set() == newer.lines
