"""Facts about pacing: what makes no sense, and what is never longer."""

from __future__ import annotations

import math

import pytest

from runfsm import Pacing


@pytest.mark.parametrize(
    "fields",
    [
        {"first_s": 0.0},  # time would stand still, or the service be stormed
        {"first_s": -1.0},
        {"longest_s": 0.0},
        {"factor": 0.5},  # ever quicker
        {"fault_s": -1.0},
        {"faults_max": -1},
        {"first_s": math.nan},
    ],
    ids=str,
)
def test_a_pacing_that_makes_no_sense_is_refused(fields: dict[str, float]) -> None:
    """The mistake is told where it is made, and not by a driver that never ends."""
    with pytest.raises(ValueError, match=next(iter(fields))):
        Pacing(**fields)  # type: ignore[arg-type]  # the mistake to be told of


@pytest.mark.parametrize("factor", [2.0, 1e6, 1e300])
def test_the_longest_wait_is_the_longest(factor: float) -> None:
    """However often and however fast the waits have grown: no overflow, and no longer wait."""
    assert 5.0 == Pacing(factor=factor).delay_s(10_000)
