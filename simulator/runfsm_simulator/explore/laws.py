"""What must hold of every behaviour, whatever the service does; what breaks a law, in one line.

Rule 1: a law is about what the service saw and what the function did, never about how it did it.

Rule 2: nobody is blamed for what it could not know. A refusal is no fault of the client when the
run had moved since it was last shown.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from runfsm.errors import CallerError
from runfsm.lifecycle import LIFECYCLE, RunStatus
from runfsm_simulator.explore.asked import Asked
from runfsm_simulator.explore.stage import Behaviour
from runfsm_simulator.simulator import Simulator

__all__ = ["LAWS", "Broken", "Laws"]

#: Ids and times differ from one behaviour to the next; what they tell does not.
VARIES: Final = re.compile(r"\b(run|call|thread|msg|asst|req|step)_\w+")

#: Given what a function returned, and its service: raises `AssertionError`, or returns `False` or
#: what is wrong.
Check = Callable[[Any, Simulator], Any]


@dataclass(frozen=True, slots=True, order=True)
class Broken:
    """A law that was broken.

    Attributes:
        law: its name.
        what: how; the same words for all that broke it in the same way.
    """

    law: str
    what: str

    def __str__(self) -> str:
        return f"{self.law}: {self.what}"


def returns(behaviour: Behaviour) -> Iterator[str]:
    """It comes to an end."""
    if behaviour.end != "endless":
        return
    if behaviour.loop_from is None:
        yield "goes on for days, or for a thousand requests"
        return
    last = behaviour.asked[-1]
    shown = last.answer.shown
    about = f" about a run that is {shown[1]}" if shown else f": {last.asking.what}"
    yield f"asks for ever{about}"


def raises(behaviour: Behaviour) -> Iterator[str]:
    """It raises nothing but what it may."""
    error = behaviour.error
    if error is None or any(_is_to_blame(asked) for asked in behaviour.asked[-1:]):
        return  # of a refusal that it is to blame for, another law tells
    told = [type(error).__name__, *_general(str(error)).splitlines()[:1]]
    where = f" ({behaviour.where})" if behaviour.where else ""
    yield f"{': '.join(told)}{where}"


def refused(behaviour: Behaviour) -> Iterator[str]:
    """The service refuses none of its calls for a reason that it could have known."""
    for asked in behaviour.asked:
        if _is_to_blame(asked):
            yield f"{asked.asking.verb} is refused: {_general(asked.answer.said)}"


def left(behaviour: Behaviour) -> Iterator[str]:
    """It leaves no run behind that holds its thread, and was not told to cancel."""
    if behaviour.end in ("endless", "visited"):
        return
    for _, status in behaviour.runs:
        if LIFECYCLE.locks_thread(status) and status is not RunStatus.CANCELLING:
            yield f"leaves a run behind, {status}"


def twice(behaviour: Behaviour) -> Iterator[str]:
    """It does nothing twice: no run for one wish, no outputs for one call."""
    taken = Counter(
        call_id
        for asked in behaviour.asked
        if asked.asking.verb == "submit" and asked.answer.status == 200
        for call_id in asked.asking.call_ids
    )
    if any(times > 1 for times in taken.values()):
        yield "hands in outputs for one call twice"
    lost: list[object] = []
    for asked in behaviour.asked:
        if asked.created and asked.asking.key in lost:
            yield "creates a run twice, for one request that was not answered"
        if asked.created and asked.answer.status != 200:
            lost.append(asked.asking.key)


def silent(behaviour: Behaviour) -> Iterator[str]:
    """Of a run that was not completed it returns no text, unless that names the status."""
    if behaviour.end != "returned" or not isinstance(behaviour.result, str) or not behaviour.runs:
        return
    status = behaviour.runs[-1][1]
    if status is not RunStatus.COMPLETED and behaviour.result and status not in behaviour.result:
        yield f"returns a text as if all was well, though the run is {status}"


#: The laws by their names.
LAWS: Final[Mapping[str, Callable[[Behaviour], Iterator[str]]]] = {
    law.__name__: law for law in (returns, refused, raises, left, twice, silent)
}


def _is_to_blame(asked: Asked) -> bool:
    return asked.answer.is_refusal and not asked.struck and not asked.moved


def _general(text: str) -> str:
    return VARIES.sub(r"\1_…", text)


class Laws:
    """The laws that a function is judged by.

    Args:
        may_raise: names of exceptions that it may raise, with or without their modules; those that
            derive from them, too.
        without: names of laws that do not hold for it.
        check: a law of your own, for what it returns: `check(result, simulator)`.

    Raises:
        CallerError: there is no such law.

    Example:
        >>> Laws(may_raise=["RunFailed"], without=["left"]).without
        ('left',)
    """

    def __init__(
        self,
        *,
        may_raise: Sequence[str] = (),
        without: Sequence[str] = (),
        check: Check | None = None,
    ) -> None:
        if unknown := [name for name in without if name not in LAWS]:
            raise CallerError(f"no law {', '.join(unknown)}; there are {', '.join(LAWS)}")
        self.may_raise = tuple(may_raise)
        self.without = tuple(without)
        self._laws = {name: law for name, law in LAWS.items() if name not in without}
        self._check = check

    def judge(self, behaviour: Behaviour) -> tuple[Broken, ...]:
        """What of them a behaviour breaks."""
        found = [Broken(name, what) for name, law in self._laws.items() for what in law(behaviour)]
        if behaviour.error is not None and self._may(behaviour.error):
            found = [one for one in found if one.law != "raises"]
        if self._check and behaviour.end == "returned":
            found += [Broken("check", what) for what in _checked(self._check, behaviour)]
        return tuple(dict.fromkeys(found))

    def _may(self, error: BaseException) -> bool:
        kinds = type(error).__mro__
        names = {name for kind in kinds for name in (kind.__name__, _dotted(kind))}
        return not names.isdisjoint(self.may_raise)


def _dotted(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def _checked(check: Check, behaviour: Behaviour) -> Iterator[str]:
    try:
        found = check(behaviour.result, behaviour.simulator)
    except AssertionError as error:
        said = str(error).splitlines()[:1]  # pytest adds what it knows of the values
        yield _general("".join(said)) or "an assertion does not hold"
    else:
        if found is False or (isinstance(found, str) and found):
            yield found or f"{getattr(check, '__name__', 'it')} says no"
