"""Virtual time for a function under test: what it has kept is replaced; a real wait is named."""

from __future__ import annotations

import asyncio
import functools
import threading
import time
import warnings
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from runfsm_simulator.explore import realtime
from runfsm_simulator.explore.pretend import pretended
from runfsm_simulator.explore.realtime import LOOKS, Watchdog, Watched, noticed
from runfsm_simulator.world.clock import VirtualClock

REAL = time.sleep


def by_default(seconds: float, sleep: Callable[[float], None] = time.sleep) -> None:
    """As in `def wait(sleep=time.sleep)`."""
    sleep(seconds)


def by_keyword(seconds: float, *, sleep: Callable[[float], None] = time.sleep) -> None:
    """The same, by keyword only."""
    sleep(seconds)


def _closing(sleep: Callable[[float], None]) -> Callable[[float], None]:
    def closed(seconds: float) -> None:
        sleep(seconds)

    return closed


def _decorated(function: Callable[[float], None]) -> Callable[[float], None]:
    @functools.wraps(function)
    def wrapped(seconds: float) -> None:
        function(seconds)

    return wrapped


class Poller:
    """A method's default."""

    def wait(self, seconds: float, sleep: Callable[[float], None] = time.sleep) -> None:
        """Sleep."""
        sleep(seconds)


def through_a_helper(seconds: float) -> None:
    """Another function of the module keeps it."""
    by_default(seconds)


KEEPING: dict[str, Callable[[float], None]] = {
    "default": by_default,
    "keyword": by_keyword,
    "closure": _closing(time.sleep),
    "decorated": _decorated(by_default),
    "method": Poller().wait,
    "partial": functools.partial(by_default),
    "helper": through_a_helper,
}


@pytest.mark.reported(
    "tried as a new user (P15)",
    "`def f(sleep=time.sleep)` really slept under `explore`, and hung `AppMachine`.",
    now="Defaults and closures are put into virtual time; what waits for real is named, once.",
)
@pytest.mark.parametrize("keeping", KEEPING.values(), ids=KEEPING)
def test_a_sleep_that_was_kept_is_virtual(keeping: Callable[[float], None]) -> None:
    """An hour takes no time; after it, everything is as it was (tried as a new user)."""
    clock = VirtualClock()
    before = (by_default.__defaults__, dict(by_keyword.__kwdefaults__), Poller.wait.__defaults__)
    with pretended(clock, keeping, slept=lambda: None, read=clock.now):
        began = clock.now()
        keeping(3600)
        assert 3600 == clock.now() - began

    after = (by_default.__defaults__, dict(by_keyword.__kwdefaults__), Poller.wait.__defaults__)
    assert before == after == ((REAL,), {"sleep": REAL}, (REAL,))
    closed: Any = KEEPING["closure"]
    assert [REAL] == [cell.cell_contents for cell in closed.__closure__]


def test_a_coroutine_function_s_default_is_virtual() -> None:
    """`asyncio.sleep` as well as `time.sleep`."""

    async def waiting(sleep: Any = asyncio.sleep) -> None:
        await sleep(60)

    clock = VirtualClock()
    with pretended(clock, waiting, slept=lambda: None, read=clock.now):
        began = clock.now()
        asyncio.run(waiting())

        assert 60 == clock.now() - began


@pytest.mark.parametrize("function", [None, 7, print, functools.partial(print)])
def test_what_is_no_function_of_python_has_nothing_to_replace(function: Any) -> None:
    """It is played all the same."""
    clock = VirtualClock()
    with pretended(clock, function, slept=lambda: None, read=clock.now):
        assert time.sleep is not REAL

    assert time.sleep is REAL


# A wait in real time -----------------------------------------------------------------------------


def _frame(file: str, line: int = 3, back: Any = None) -> Any:
    code = SimpleNamespace(co_filename=file)
    return SimpleNamespace(f_code=code, f_lasti=10, f_lineno=line, f_back=back)


def _warned(*frames: Any) -> list[str]:
    """What is warned of when these are seen, one at a look."""
    watchdog, one = Watchdog(), Watched(1)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for frame in frames:
            watchdog._look(one, frame)
    return [str(warning.message).split(" waits")[0] for warning in caught]


def test_a_line_that_stands_still_is_warned_of_once() -> None:
    """Not before it has been seen there for a second, and not again."""
    standing, other = _frame("/home/me/app.py"), _frame("/home/me/app.py", line=9)

    assert [] == _warned(*[standing] * (LOOKS - 1), other, *[standing] * (LOOKS - 1))
    assert ["app.py:3"] == _warned(*[standing] * LOOKS, other, *[standing] * LOOKS)


def test_a_wait_in_a_library_is_told_by_the_line_that_called_it() -> None:
    """A lock, a queue, a socket: the innermost line of the user's own."""
    mine = _frame("/home/me/app.py", 7)
    library = _frame(threading.__file__, 300, back=mine)

    assert ["app.py:7"] == _warned(*[library] * LOOKS)


def test_the_simulator_s_own_waits_are_its_own() -> None:
    """A search may think as long as it likes; a loop without the user's lines is named itself."""
    ours = _frame(realtime.__file__, back=_frame("/home/me/app.py"))

    assert [] == _warned(*[ours] * (LOOKS * 2))
    assert ["threading.py:3"] == _warned(*[_frame(threading.__file__, back=ours)] * LOOKS)


def test_a_function_that_waits_is_noticed_while_it_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The warning comes before the wait is over: else it would look like a hang."""
    over = threading.Event()
    told: list[str] = []

    def tell(text: str, category: type[Warning], *_: object) -> None:
        told.append(text)
        over.set()
        raise category(text)  # as where warnings are errors

    monkeypatch.setattr(realtime, "EVERY_S", 0.002)
    monkeypatch.setattr(realtime, "_WATCHDOG", Watchdog())
    monkeypatch.setattr(warnings, "warn_explicit", tell)
    with pytest.raises(RuntimeWarning, match="waits in real time"), noticed():
        assert over.wait(30)

    assert 1 == len(told)
    assert __file__.rpartition("/")[2] in told[0]
