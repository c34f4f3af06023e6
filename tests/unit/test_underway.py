"""Facts about what a driver has under way: who is there, and whom a hint wakes."""

from __future__ import annotations

import gc

import pytest

from runfsm.driver.hint import WebhookHint
from runfsm.driver.underway import UnderWay

HINT = WebhookHint("response.completed", "resp_1", "wh_1")


class Drive:
    """One that is told of `resp_1`, or is not."""

    def __init__(self, *, hears: bool = False) -> None:
        self.hears = hears
        self.hints: list[WebhookHint] = []

    def cancel(self) -> None:
        """Nobody asks for it here."""

    def wake(self, hint: WebhookHint) -> bool:
        """Note it."""
        self.hints.append(hint)
        return self.hears


@pytest.mark.parametrize("hears", [(), (False,), (False, True), (True, False), (True, True)])
def test_a_hint_is_told_to_all_and_it_is_said_whether_anybody_hears(
    hears: tuple[bool, ...],
) -> None:
    """A run may be driven twice: who comes first does not keep it from the other."""
    drives = [Drive(hears=each) for each in hears]
    under_way = UnderWay()
    for drive in drives:
        under_way.add(drive)

    assert any(hears) is under_way.wake(HINT)
    assert [[HINT]] * len(drives) == [drive.hints for drive in drives]


def test_who_has_ended_is_not_there() -> None:
    """A second end is nothing; and who is forgotten is not kept alive."""
    drives, under_way = [Drive(), Drive()], UnderWay()
    for drive in drives:
        under_way.add(drive)
    for _ in range(2):
        under_way.discard(drives[0])
    there = under_way.all()

    assert ([drives[1]], 1) == (there, len(under_way))
    del there, drive
    drives.clear()
    gc.collect()
    assert [] == under_way.all()
