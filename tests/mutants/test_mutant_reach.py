"""Facts about reach: which statement a test goes through, and who is asked first."""

from __future__ import annotations

from itertools import pairwise

from mutant import mutants_of
from reach import MARK, Reach, marked

SOURCE = '''\
LIMIT = 3

def sign(number):
    """Its sign."""
    if number < 0:
        return -1
    match number:
        case 0:
            return 0
    return (
        LIMIT
        and 1
    )
'''


def _gone_through(number: int) -> set[str]:
    gone: set[str] = set()
    names = {MARK: gone.add}
    exec(compile(marked("sign.py", SOURCE), "sign.py", "exec"), names)  # noqa: S102  # our own text
    names["sign"](number)  # type: ignore[arg-type]  # it was just defined
    return gone


def test_each_statement_that_is_gone_through_is_told() -> None:
    """By its first line; what stands behind a return is not."""
    below = {"sign.py:5", "sign.py:6"}

    assert below == _gone_through(-2)
    assert {"sign.py:5", "sign.py:7", "sign.py:9"} == _gone_through(0)
    assert {"sign.py:5", "sign.py:7", "sign.py:10"} == _gone_through(2)


def test_a_marked_function_keeps_its_docstring() -> None:
    """It behaves as it did, for whoever reads it."""
    names = {MARK: str}
    exec(compile(marked("sign.py", SOURCE), "sign.py", "exec"), names)  # noqa: S102  # our own text

    assert "Its sign." == names["sign"].__doc__


def test_a_mutant_is_asked_about_where_it_is_gone_through() -> None:
    """Of a statement of several lines by whoever gets to its first; of a pattern, to its match."""
    reach = Reach([], 0.0, ["sign.py:9"])
    for number in (-2, 0, 2):
        reach.add(f"test_{number}", 0.0, _gone_through(number))
    asked = {it.change: reach.of(it) for it in mutants_of("sign.py", SOURCE) if it.function}

    assert ["test_-2", "test_0", "test_2"] == asked["number < 0 -> number <= 0"]
    assert ["test_0", "test_2"] == asked["case 0 dropped"]
    assert ["test_2"] == asked["LIMIT and 1 -> LIMIT or 1"]
    assert {"0 -> 1 in return 0"} == {
        it.change.partition(" (")[0]
        for it in mutants_of("sign.py", SOURCE)
        if reach.is_imported(it)
    }


def test_the_last_killer_is_asked_first_and_then_the_quickest() -> None:
    """Also one that is not known, which a mutant may have made."""
    reach = Reach([], 0.0, [])
    for seconds, test in enumerate(("quick", "slow", "slower")):
        reach.add(test, float(seconds), [])
    orders = [reach.in_order(["slower", "slow", "quick"])]
    for killer in ("slower", "slow"):
        reach.killed(killer)
        orders.append(reach.in_order(["slower", "slow", "quick", "new"]))

    assert ["quick", "slow", "slower"] == orders[0]
    assert ["slower", "slow"] == [order[0] for order in orders[1:]]
    assert all(before != after for before, after in pairwise(orders))
