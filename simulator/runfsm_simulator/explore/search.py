"""Every behaviour of a function to a depth, those with the fewest deviations first.

The *depth* of a behaviour is the number of its deviations: of choices in which the service does not
do the harmless thing. A search to depth k plays the harmless behaviour, then each that differs from
it in one choice, wherever that is, then in two ... up to k; each is played to its very end, and
once. So the first counterexample is one with the fewest deviations. (To bound deviations rather
than steps is known from schedulers: Musuvathi and Qadeer, "Iterative Context Bounding", 2007.)

A behaviour is given up once it comes to a state that was met before (`fingerprint.py`): whoever met
it had as many deviations left, or more.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from runfsm.errors import CallerError
from runfsm.lifecycle import LIFECYCLE, RunStatus
from runfsm_simulator.explore.choosers import Choice, Diverged, Enumerated
from runfsm_simulator.explore.laws import Broken, Laws
from runfsm_simulator.explore.stage import Behaviour, Explored, Point, Stage
from runfsm_simulator.explore.watch import Known

__all__ = ["Certificate", "Counterexample", "explore", "search"]

Edge = tuple[Any, Any, Any]


@dataclass(slots=True)
class Counterexample:
    """A way in which a law was broken.

    Attributes:
        broken: the law, and how.
        behaviour: the first that broke it so; none has fewer deviations.
        times: how many behaviours did.
    """

    broken: Broken
    behaviour: Behaviour
    times: int = 1


@dataclass(slots=True)
class Certificate:
    """What a search has gone through, and what it has found.

    Attributes:
        depth: the most deviations that a behaviour had.
        faults: which faults might strike.
        behaviours: how many were played.
        pruned: how many of those came to a state that was met before.
        states: how many different states were met, where they are compared.
        by_depth: behaviours by the number of their deviations.
        options: how often each option was taken, by stream and option.
        statuses: the statuses that runs were in.
        edges: the edges that they took.
        ends: how often the function ended how.
        is_complete: whether nothing was left out.
        found: the counterexamples, those with the fewest deviations first.
    """

    depth: int
    faults: tuple[str, ...] = ()
    behaviours: int = 0
    pruned: int = 0
    states: int = 0
    by_depth: Counter[int] = field(default_factory=Counter)
    options: Counter[tuple[str, Any]] = field(default_factory=Counter)
    statuses: set[RunStatus] = field(default_factory=set)
    edges: set[Edge] = field(default_factory=set)
    ends: Counter[str] = field(default_factory=Counter)
    is_complete: bool = True
    found: list[Counterexample] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Whether no law was broken."""
        return not self.found

    def count(self, behaviour: Behaviour, broken: Sequence[Broken]) -> None:
        """Add one behaviour."""
        self.behaviours += 1
        self.pruned += behaviour.end == "visited"
        self.by_depth[len(behaviour.deviations)] += 1
        self.ends[behaviour.end] += 1
        self.options.update((choice.stream, choice.taken) for choice in behaviour.choices)
        self.edges |= {(edge.source, edge.event, edge.dest) for edge in behaviour.edges}
        self.statuses |= {RunStatus(edge.dest) for edge in behaviour.edges}
        known = {one.broken: one for one in self.found}
        for one in broken:
            if one in known:
                known[one].times += 1
            else:
                self.found.append(Counterexample(one, behaviour))


#: Edges of the lifecycle, and its statuses: how many there are to be covered.
EDGES: Final = len(LIFECYCLE.edges)

Watcher = Callable[[Certificate], None]


def explore(  # noqa: PLR0913  # its settings; all but the function by keyword
    function: Explored,
    *,
    depth: int,
    faults: Sequence[str] = (),
    laws: Laws | None = None,
    behaviours_max: int | None = None,
    watcher: Watcher = lambda _: None,
) -> Certificate:
    """Play every behaviour of the service to a depth against a function, and judge each.

    Args:
        function: takes an `openai.OpenAI`, or, a coroutine function, an `openai.AsyncOpenAI`. It
            may take a `clock`, too, for a driver; or, in place of the client, a `backend`, which is
            the direct port.
        depth: how many deviations a behaviour may have, 0 or more.
        faults: which faults may strike, by the fields of `Storm`.
        laws: what is judged.
        behaviours_max: after how many behaviours to give up; never if `None`.
        watcher: called after each behaviour, with what was found so far.

    Returns:
        What was gone through, and the counterexamples.

    Raises:
        CallerError: no function that can be explored; a depth below 0; or the function does not
            repeat itself, so nothing can be said of it.

    Example:
        >>> def ask(client):
        ...     return client.beta.assistants.create(model="gpt-4o").id
        >>> explore(ask, depth=3).is_clean
        True
    """
    stage = Stage(function, faults=faults)
    return search(stage, depth=depth, laws=laws, behaviours_max=behaviours_max, watcher=watcher)


def search(
    stage: Stage,
    *,
    depth: int,
    laws: Laws | None = None,
    behaviours_max: int | None = None,
    watcher: Watcher = lambda _: None,
) -> Certificate:
    """The same on a stage of one's own: `CoreStage` is one. See `explore`."""
    if depth < 0:
        raise CallerError(f"depth={depth}: give how many deviations to try, as depth=2")
    laws = laws or Laws()
    certificate = Certificate(depth, stage.faults)
    states: set[bytes] = set()
    frontier: deque[Path] = deque([Path()])
    while frontier:
        if behaviours_max is not None and certificate.behaviours >= behaviours_max:
            certificate.is_complete = False
            break
        path = frontier.popleft()
        is_last = path.deviations == depth
        known = None if is_last and stage.is_quick else partial(_is_known, states)
        behaviour = _followed(stage, path, known)
        certificate.count(behaviour, laws.judge(behaviour))
        certificate.states = len(states)
        watcher(certificate)
        if not is_last:
            frontier.extend(_branches(behaviour, path))
    return certificate


def _is_known(states: set[bytes], state: bytes) -> bool:
    if state in states:
        return True
    states.add(state)
    return False


@dataclass(frozen=True, slots=True)
class Path:
    """What is foreseen of a behaviour: its last deviation, and all choices before.

    Attributes:
        taken: the indices of the options.
        choices: what was asked there when the path was found.
        deviations: how many of them are no harmless ones.
        since: from where to go on.
    """

    taken: tuple[int, ...] = ()
    choices: tuple[Choice, ...] = ()
    deviations: int = 0
    since: Point | None = None


def _followed(stage: Stage, path: Path, known: Known | None) -> Behaviour:
    play = path.since.play if path.since else stage.play
    try:
        behaviour = play(Enumerated(path.taken), known)
    except Diverged as diverged:
        raise _unrepeatable(stage, str(diverged)) from diverged
    asked = [(it.stream, it.options) for it in behaviour.choices[: len(path.taken)]]
    for nth, choice in enumerate(path.choices):
        if asked[nth : nth + 1] != [(choice.stream, choice.options)]:
            now = f"about {asked[nth][0]!r}" if nth < len(asked) else "never made"
            why = f"choice {nth + 1} was about {choice.stream!r} at first, and then {now}"
            raise _unrepeatable(stage, why)
    return behaviour


def _unrepeatable(stage: Stage, why: str) -> CallerError:
    name = getattr(stage.function, "__name__", "the function")
    return CallerError(
        f"{name} does not repeat itself: given the same answers, it asked something else ({why}). "
        "A search needs a function that begins anew each time: no state kept between two calls, no "
        "uuid4(), no real clock; time.time(), time.sleep() and random are taken care of"
    )


def _branches(behaviour: Behaviour, path: Path) -> Iterator[Path]:
    """Where else it might have gone after its last deviation, and before it ran in a circle."""
    end = len(behaviour.choices) if behaviour.loop_from is None else behaviour.loop_from
    for at in range(len(path.taken), end):
        since = next(
            (point for point in reversed(behaviour.points) if point.made <= at), path.since
        )
        for index in range(1, len(behaviour.choices[at].options)):
            taken = (*behaviour.taken[:at], index)
            yield Path(taken, behaviour.choices[: at + 1], path.deviations + 1, since)
