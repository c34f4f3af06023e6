"""One behaviour played again, from what is written down of it: a counterexample as a test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from runfsm_simulator.explore.choosers import Foreseen, Plain
from runfsm_simulator.explore.laws import Laws
from runfsm_simulator.explore.stage import Behaviour, Explored, Stage
from runfsm_simulator.explore.story import told

__all__ = ["assert_lawful", "foreseen", "replay"]


def replay(
    function: Explored, choices: Mapping[str, Sequence[Plain]], *, faults: Sequence[str] = ()
) -> Behaviour:
    """Play a function against a service that chooses as foreseen, and otherwise does no harm.

    Args:
        function: as `explore` takes it.
        choices: what the service does, by stream, in order: `{"the model": ["hangs"]}`.
        faults: which faults may strike.

    Example:
        >>> def ask(client):
        ...     return client.beta.assistants.create(model="gpt-4o").id
        >>> replay(ask, {}).end
        'returned'
    """
    return Stage(function, faults=faults).play(Foreseen(choices))


def assert_lawful(
    function: Explored,
    choices: Mapping[str, Sequence[Plain]],
    *,
    faults: Sequence[str] = (),
    laws: Laws | None = None,
) -> None:
    """Play it again, and demand that it breaks no law.

    Raises:
        AssertionError: it breaks one; the message tells which, and how it came to that.
    """
    behaviour = replay(function, choices, faults=faults)
    broken = (laws or Laws()).judge(behaviour)
    if broken:
        raise AssertionError("\n".join([*map(str, broken), "", *told(behaviour)]))


def foreseen(behaviour: Behaviour) -> dict[str, list[Plain]]:
    """The choices of a behaviour by stream, as far as they are needed to play it again.

    The harmless ones at the end of a stream are left out: they need not be foreseen.
    """
    found: dict[str, list[Plain]] = {}
    needed: dict[str, int] = {}
    for choice, index in zip(behaviour.choices, behaviour.taken, strict=True):
        taken = found.setdefault(choice.stream, [])
        taken.append(choice.taken)
        if index:
            needed[choice.stream] = len(taken)
    return {stream: found[stream][:times] for stream, times in needed.items()}
