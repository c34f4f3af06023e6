"""What came of all behaviours, and how one of them is judged."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any, Final

from runfsm.errors import RunfsmError
from runfsm_simulator.testing.conformance.behaviour import (
    Behaviour,
    Finding,
    NotSo,
    Skipped,
    Unreached,
    Verdict,
)

__all__ = ["NotConforming", "Report", "judge"]

TRACE_MAX: Final = 40  # exchanges that a failure shows, the latest


class NotConforming(RunfsmError, AssertionError):  # noqa: N818  # what it is: not conforming
    """Something does not behave as it must; the message lists what.

    Attributes:
        report: all findings.
    """

    def __init__(self, report: Report) -> None:
        super().__init__(str(report))
        self.report = report


@dataclass(frozen=True, slots=True)
class Report:
    """What came of all behaviours that were played."""

    findings: tuple[Finding, ...]

    def of(self, verdict: Verdict) -> tuple[Finding, ...]:
        """The findings of one verdict."""
        return tuple(one for one in self.findings if one.verdict is verdict)

    @property
    def failed(self) -> tuple[Finding, ...]:
        """What must hold and does not."""
        return self.of(Verdict.FAILED)

    def raise_for_failures(self) -> None:
        """Do nothing if all is well.

        Raises:
            NotConforming: something failed.
        """
        if self.failed:
            raise NotConforming(self)

    def to_dict(self) -> dict[str, Any]:
        """A JSON object: how many of each verdict, and every finding."""
        return {
            **{verdict.name.lower(): len(self.of(verdict)) for verdict in Verdict},
            "behaviours": [one.to_dict() for one in self.findings],
        }

    def __str__(self) -> str:
        passed = len(self.of(Verdict.PASSED))
        lines = [f"{passed} behaviours passed, {len(self.failed)} failed"]
        for one in self.failed:
            lines += [f"  {one.behaviour.name}: {one.behaviour.must}", f"    {one.said}"]
        return "\n".join(lines)


def judge(one: Behaviour, stage: Any) -> Finding:
    """Play one behaviour; whatever goes wrong is a finding, so that the others go on."""
    begun = len(stage.exchanges)
    try:
        one.play(stage)
    except Skipped as why:
        return Finding(one, Verdict.SKIPPED, str(why))
    except Unreached as why:
        return Finding(one, Verdict.UNREACHED, str(why))
    except NotSo as wrong:
        return Finding.of(one, wrong, _trace(stage, begun, wrong.about))
    except Exception as error:  # noqa: BLE001  # the play took an answer for what it is not
        misread = NotSo("an answer's shape", "as recorded", f"{type(error).__name__}: {error}")
        return Finding.of(one, misread, _trace(stage, begun))
    return Finding(one, Verdict.PASSED)


def _trace(stage: Any, begun: int, about: str | None = None) -> tuple[dict[str, Any], ...]:
    """What was asked for this behaviour; or, of the whole session, what is about a run."""
    exchanges = stage.exchanges[begun if about is None else 0 :]
    told = (one.to_dict() for one in exchanges if about is None or one.is_about(about))
    return tuple(deque(told, maxlen=TRACE_MAX))
