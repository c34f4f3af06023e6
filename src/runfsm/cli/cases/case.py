"""One case: a trouble that a client can meet, what the driver must do about it, and a play of it.

Rule: a case is judged by facts that could be false, and tells them in figures. Whoever reads the
table need not believe it: each row was played.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from runfsm.cli.cases.needs import Need
from runfsm.cli.cases.road import Road
from runfsm.lifecycle.wires import WIRES

__all__ = ["Case", "Finding", "Verdict", "at_least", "at_most", "case", "expect", "judge"]

#: Sets the stage on a road, drives, judges, and says in a line what the driver did.
Play = Callable[[Road], str]

#: A case takes milliseconds; one that takes so many real seconds hangs.
HANGS_S: Final = 20.0


class Verdict(StrEnum):
    """What came of a case."""

    SURVIVED = "survived"
    FAILED = "failed"
    CANNOT = "cannot be survived"  # what can be done was done, and it was not enough
    ABSENT = "cannot be there"  # the wire has no such thing


class NotSo(Exception):  # noqa: N818  # what one says: that is not so
    """A fact that a case rests on is false."""


@dataclass(frozen=True, slots=True)
class Case:
    """A trouble that a client can meet.

    Attributes:
        ids: its numbers in the two lists, of complaints (C) and of faults (F).
        sources: where it was reported, to look up.
        service: what the service does, or what others do to it.
        driver: what the driver must do.
        play: plays it, and raises if a fact is not so.
        wire_only: whether it takes HTTP to play it.
        needs: what it takes of the wire.
        reason: why no client can survive it; `None`: one can.
    """

    ids: tuple[str, ...]
    sources: str
    service: str
    driver: str
    play: Play = field(repr=False)
    wire_only: bool = False
    needs: tuple[Need, ...] = ()
    reason: str | None = None

    @property
    def name(self) -> str:
        """Its numbers, as one word."""
        return "-".join(self.ids)

    def why_not_on(self, wire: str) -> str | None:
        """Why it cannot be on a wire, in the words of the wire's table; `None`: it can."""
        against = (need(WIRES[wire]) for need in self.needs)
        return next((reason for reason in against if reason), None)


def case(
    *ids: str,
    sources: str,
    service: str,
    wire_only: bool = False,
    needs: tuple[Need, ...] = (),
    reason: str | None = None,
) -> Callable[[Play], Case]:
    """Make a case of a play, whose docstring says what the driver must do."""

    def make(play: Play) -> Case:
        driver = " ".join(inspect.cleandoc(play.__doc__ or "").split())
        return Case(ids, sources, service, driver, play, wire_only, needs, reason)

    return make


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of one case, on one road.

    Attributes:
        case: which.
        verdict: whether it was survived.
        said: what the driver did, with figures; or, if it failed, which fact is not so; or why
            there is no such case on this wire.
    """

    case: Case
    verdict: Verdict
    said: str

    def to_dict(self) -> dict[str, Any]:
        """A JSON object."""
        return {
            "ids": list(self.case.ids),
            "sources": self.case.sources,
            "service": self.case.service,
            "driver_must": self.case.driver,
            "driver_did": self.said,
            "verdict": self.verdict.value,
            "reason": self.case.reason,
        }


def judge(one: Case, road: Road) -> Finding:
    """Play a case; whatever goes wrong is a finding, even that it does not come to an end."""
    if absent := one.why_not_on(road.wire):
        return Finding(one, Verdict.ABSENT, absent)
    said: list[str] = []
    wrong: list[str] = []

    def play() -> None:
        try:
            said.append(one.play(road))
        except BaseException as error:  # noqa: BLE001  # whatever it is, the other cases go on
            wrong.append(
                str(error) if isinstance(error, NotSo) else f"{type(error).__name__}: {error}"
            )

    thread = threading.Thread(target=play, daemon=True)
    thread.start()
    thread.join(HANGS_S)
    if said:
        verdict = Verdict.SURVIVED if one.reason is None else Verdict.CANNOT
        return Finding(one, verdict, said[0])
    return Finding(one, Verdict.FAILED, wrong[0] if wrong else "it does not come to an end")


# Facts -------------------------------------------------------------------------------------------


def expect(fact: str, expected: object, actual: object) -> None:
    """A fact is as expected.

    Raises:
        NotSo: it is not.
    """
    if expected != actual:
        raise NotSo(f"{fact}: expected {_short(expected)}, got {_short(actual)}")


def at_most(fact: str, limit: float, actual: float) -> None:
    """A number is no higher than this."""
    if not actual <= limit:
        raise NotSo(f"{fact}: expected at most {limit:g}, got {actual:g}")


def at_least(fact: str, limit: float, actual: float) -> None:
    """A number is no lower than this."""
    if not actual >= limit:
        raise NotSo(f"{fact}: expected at least {limit:g}, got {actual:g}")


def _short(value: object) -> str:
    return str(value) if isinstance(value, StrEnum) else repr(value)
