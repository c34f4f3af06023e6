"""Facts about `runfsm doctor`, as a user meets it."""

from __future__ import annotations

import json
from collections.abc import Callable

import openai
import pytest
from typer.testing import CliRunner, Result

from runfsm.cli import app, doctor
from runfsm.cli.cases import CASES, Case, Road
from runfsm.cli.cases.case import case, expect
from runfsm.errors import CallerError
from runfsm.lifecycle.wires import WIRES

Runfsm = Callable[..., Result]


@pytest.fixture
def runfsm() -> Runfsm:
    """The command line, in this process."""
    return lambda *args: CliRunner().invoke(app, args)


def _folded(result: Result) -> str:
    return " ".join(result.output.split())


def test_every_case_is_in_the_table(runfsm: Runfsm) -> None:
    """All ids, a mark each, and the sum; exit code 0."""
    told = runfsm("doctor")
    cannot = sum(one.reason is not None for one in CASES)
    survived = len(CASES) - cannot
    marks = {"✓": survived, "\N{EN DASH}": cannot, "✗": 0}

    assert 0 == told.exit_code
    assert marks == {mark: _ending_in(mark, told.output) for mark in marks}
    assert set() == {ident for one in CASES for ident in one.ids} - set(told.output.split())
    assert (
        f"survived {survived} of {survived}; {cannot} cannot be survived, reasons below"
        in _folded(told)
    )


def _ending_in(mark: str, output: str) -> int:
    return sum(line.rstrip().endswith(mark) for line in output.splitlines())


def test_a_few_cases_by_their_ids_as_json(runfsm: Runfsm) -> None:
    """`--only` takes ids of both lists, in any case; a case that answers two is played once."""
    told = json.loads(runfsm("doctor", "--only", "f5,C11, C1", "--json").output)

    assert [["C1"], ["C11", "F5"]] == [one["ids"] for one in told["cases"]]
    assert (2, 0, 0, 0) == tuple(told[it] for it in ("survived", "failed", "cannot", "absent"))
    assert {"agency-swarm#12, #268"} < {one["sources"] for one in told["cases"]}


def test_the_async_driver_is_judged_too(runfsm: Runfsm, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--async` plays on asyncio."""
    roads: list[Road] = []
    monkeypatch.setattr(doctor, "CASES", (_case(lambda road: roads.append(road) or "well"),))
    monkeypatch.setattr(doctor, "SUBJECTS", {"Any": doctor.CASES})
    told = runfsm("doctor", "--async")

    assert (0, [Road(loop="asyncio")]) == (told.exit_code, roads)


def test_what_another_wire_cannot_express_is_named(runfsm: Runfsm) -> None:
    """`--backend` plays on that wire; what cannot be there has its reason, and fails nothing."""
    asked = ("doctor", "--backend", "responses", "--only", "C11,F18")
    said, told = _folded(runfsm(*asked)), json.loads(runfsm(*asked, "--json").output)
    reasons = [one["driver_did"] for one in told["cases"] if one["verdict"] == "cannot be there"]

    assert "survived 1 of 1; 1 cannot be on the wire of responses, reasons above" in said
    assert [f"listing: {WIRES['responses'].listing.told}"] == reasons
    assert (1, 0, 1) == (told["survived"], told["failed"], told["absent"])


@pytest.mark.skipif(openai.__version__ >= "3", reason="this client speaks it")
def test_a_client_that_does_not_speak_the_wire_is_told_before(runfsm: Runfsm) -> None:
    """The Agents API is in openai 3: with 2.54, nothing is played."""
    told = runfsm("doctor", "--backend", "agents")

    assert isinstance(told.exception, CallerError)
    assert "openai 3 and newer" in str(told.exception)


def test_a_case_that_fails_is_told_and_fails_the_command(
    runfsm: Runfsm, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which fact is not so, and exit code 1."""
    monkeypatch.setattr(doctor, "CASES", (_case(lambda _: expect("tools called", 1, 2)),))
    monkeypatch.setattr(doctor, "SUBJECTS", {"Any": doctor.CASES})
    told = runfsm("doctor")

    assert 1 == told.exit_code
    assert "tools called: expected 1, got 2" in _folded(told)
    assert "survived 0 of 1" in _folded(told)


def test_an_unknown_id_is_a_users_mistake(runfsm: Runfsm) -> None:
    """It says which there are; `main` makes exit code 2 of it."""
    told = runfsm("doctor", "--only", "C13,C99")

    assert isinstance(told.exception, CallerError)
    assert "no case C99; there are C1 to C45 and F1 to F28" == str(told.exception)


def _case(play: Callable[[Road], object]) -> Case:
    return case("C1", sources="none", service="does nothing")(play)  # type: ignore[arg-type]  # a play of a test
