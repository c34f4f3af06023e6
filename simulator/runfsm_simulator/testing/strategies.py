"""Strategies: what a simulated assistant does, what goes wrong, what is asked for and called.

Rule: the smallest example is the plainest: a script that says one thing at once, a calm storm, a
request of an id and a question, a call with good arguments. What is drawn is always valid; what is
meant to be wrong (a call's arguments) is wrong in a way that models have been seen to be.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from hypothesis import strategies as st

from runfsm.driver.request import RunRequest
from runfsm.errors import CallerError
from runfsm_simulator.world.arguments import make_arguments
from runfsm_simulator.world.hosted import HostedStep, code_interpreter, file_search
from runfsm_simulator.world.mistakes import suggestion
from runfsm_simulator.world.script import (
    Call,
    Script,
    Turn,
    calls,
    fail,
    hang,
    say,
    truncate,
)
from runfsm_simulator.world.storm import REASONS, SECONDS, Storm

__all__ = ["faults", "requests", "run_bodies", "scripts", "tool_calls", "turns"]

Draw = Callable[[st.SearchStrategy[Any]], Any]

#: In the wire's form, as `Toolset.schemas` has them: `{"type": "function", "function": {...}}`.
Tools = Iterable[Mapping[str, Any]]

TEXTS: Final = st.text(st.characters(codec="utf-8"), max_size=20)

#: Seconds. A run expires after 600; on either side of it, and of a usual look, things differ.
LATENCIES: Final = st.none() | st.sampled_from([0.0, 0.5, 1.0, 5.0, 59.9, 599.0, 601.0])


# What the model does -----------------------------------------------------------------------------

#: A function for those who do not care which.
LOOKUP: Final[Mapping[str, Any]] = {
    "type": "function",
    "function": {
        "name": "lookup",
        "parameters": {
            "type": "object",
            "properties": {"key": {"type": "string"}, "limit": {"type": "integer"}},
            "required": ["key"],
        },
    },
}


@st.composite
def tool_calls(draw: Draw, tools: Tools = (LOOKUP,), *, broken: bool = True) -> Call:
    """Calls of functions as a model makes them: by the schema, or with mistakes.

    Args:
        draw: Hypothesis gives it.
        tools: the functions, in the wire's form.
        broken: whether there are calls of functions that nobody has, arguments that are no JSON
            object, lack what is required, or have values of the wrong type.

    Example:
        >>> tool_calls(broken=False).filter(lambda call: call.name == "lookup").validate()
    """
    function = draw(st.sampled_from([tool["function"] for tool in tools]))
    good = draw(_arguments(function.get("parameters") or {}))
    name, arguments = function["name"], good
    if broken:
        mistake = draw(st.sampled_from(MISTAKES))
        name, arguments = mistake(draw, name, good)
    return Call(name=name, arguments=arguments)


@st.composite
def _arguments(draw: Draw, schema: Mapping[str, Any]) -> dict[str, Any]:
    """By the schema: any of what is optional, and any value where the schema only says a type."""
    properties = schema.get("properties", {})
    required = [*schema.get("required", ())]
    optional = [name for name in properties if name not in required]
    there = [name for name in optional if draw(st.booleans())]
    wanted = {**schema, "required": required + there}
    made = make_arguments(wanted, pick=lambda _, options: draw(st.sampled_from(options)))
    free = {name: PLAIN.get(_plain_type(properties.get(name, {}))) for name in made}
    return made | {name: draw(values) for name, values in free.items() if values is not None}


def _plain_type(schema: Mapping[str, Any]) -> str:
    """The type, of a schema that says no more than that."""
    return str(schema.get("type")) if set(schema) <= {"type", "description", "title"} else ""


PLAIN: Final[Mapping[str, st.SearchStrategy[Any]]] = {
    "boolean": st.booleans(),
    "integer": st.integers(-(2**53), 2**53),
    "number": st.floats(allow_nan=False, allow_infinity=False),
    "string": TEXTS,
}

Arguments = dict[str, Any] | str


def _none(_: Draw, name: str, good: dict[str, Any]) -> tuple[str, Arguments]:
    return name, good


def _nobody_has_it(_: Draw, name: str, good: dict[str, Any]) -> tuple[str, Arguments]:
    return f"{name[:55]}_not_it", good


def _no_object(draw: Draw, name: str, good: dict[str, Any]) -> tuple[str, Arguments]:
    half = json.dumps(good)[:-1]
    return name, draw(st.sampled_from(["", "null", "[]", half, f"```json\n{half}}}\n```"]))


def _incomplete(draw: Draw, name: str, good: dict[str, Any]) -> tuple[str, Arguments]:
    lost = draw(st.sampled_from([*good])) if good else None
    return name, {key: value for key, value in good.items() if key != lost}


def _wrong_type(draw: Draw, name: str, good: dict[str, Any]) -> tuple[str, Arguments]:
    wrong: Sequence[Any] = [None, {}, [[]]]
    key = draw(st.sampled_from([*good])) if good else "unasked"
    return name, {**good, key: draw(st.sampled_from(wrong))}


#: What is wrong with a call; the first: nothing.
MISTAKES: Final = (_none, _nobody_has_it, _no_object, _incomplete, _wrong_type)


@st.composite
def turns(
    draw: Draw, calling: st.SearchStrategy[Call] | None = None, *, ending: bool | None = None
) -> Turn:
    """Things that a model does, and how long they take; some after messages and hosted tools.

    Args:
        draw: Hypothesis gives it.
        calling: the calls; `tool_calls()` if `None`.
        ending: only those that end the run (`True`), or only rounds of calls (`False`).
    """
    is_round = draw(st.booleans()) if ending is None else not ending
    if is_round:
        asked = st.lists(tool_calls() if calling is None else calling, min_size=1, max_size=3)
        turn = calls(*draw(asked))
    else:
        turn = draw(st.sampled_from(ENDINGS))
    # All drawn in any case: of endings as long, the first is the simplest, and it is not `hang`.
    steps, queue_s, work_s = draw(STEPS), draw(LATENCIES), draw(LATENCIES)
    turn = turn if turn.hang else turn.after(*steps)
    return turn.model_copy(update={"queue_s": queue_s, "work_s": None if turn.hang else work_s})


ENDINGS: Final = (
    say("Done."),
    truncate(say="Do"),
    truncate("max_prompt_tokens"),
    fail(),
    fail("rate_limit_exceeded"),
    hang(),
)


#: What a turn may do before its outcome; the simplest: nothing.
STEPS: Final[st.SearchStrategy[list[Turn | HostedStep]]] = st.lists(
    st.sampled_from([say("Let me look."), code_interpreter("1 + 1", logs="2"), file_search()]),
    max_size=3,
)


@st.composite
def scripts(
    draw: Draw, calling: st.SearchStrategy[Call] | None = None, *, rounds_max: int = 3
) -> Script:
    """What an assistant does in a run: rounds of calls, an ending, and how it answers a cancel.

    Durations that a script leaves open are drawn by the simulator's chooser, as ever.

    Args:
        draw: Hypothesis gives it.
        calling: the calls; `tool_calls()` if `None`.
        rounds_max: the most rounds of calls.

    Example:
        >>> from hypothesis import given
        >>> @given(scripts(tool_calls([my_tool])))                      # doctest: +SKIP
        ... def test_my_app(script):
        ...     my_app(Simulator(script, pacing="everybody").client())
    """
    rounds = draw(st.lists(turns(calling, ending=False), max_size=rounds_max))
    cancel_s = draw(LATENCIES | st.just("never"))
    return Script.of(*rounds, draw(turns(ending=True)), cancel_s=cancel_s)


# What goes wrong ---------------------------------------------------------------------------------

#: So many faults at a time: a few reach further than all at once, in which nothing gets far.
FAULTS_MAX: Final = 4

#: The simplest is a fault that strikes each time: then nothing is left to chance, or to be printed.
RATES: Final = st.sampled_from([1.0, 0.5, 0.2, 0.05])


def faults(
    among: Iterable[str] = tuple(REASONS), *, heal_after_s: float | None = None
) -> st.SearchStrategy[Storm]:
    """Storms: none at all, or a few faults, each of its own strength.

    Args:
        among: the faults that there may be, by the fields of `Storm`; `()` for none at all.
        heal_after_s: seconds after which nothing strikes any more; `None`: never.

    Raises:
        CallerError: there is no such fault.

    Example:
        >>> from hypothesis import given
        >>> @given(faults(["timeout_after_effect", "stale_look"]))
        ... def test_my_app(storm):
        ...     assert storm.rate_limited == 0
        >>> test_my_app()
    """
    names = [*among]
    for name in names:
        if name not in REASONS:
            raise CallerError(f"faults([{name!r}]): no such fault; {suggestion(name, [*REASONS])}")
    if not names:
        return st.builds(Storm)
    # A list that may name one twice: out of a dictionary, Hypothesis cannot drop each for itself.
    drawn = st.lists(st.tuples(st.sampled_from(names), RATES), max_size=FAULTS_MAX)
    return drawn.map(lambda rates: Storm(**_strengths(dict(rates)), heal_after_s=heal_after_s))


def _strengths(rates: Mapping[str, float]) -> dict[str, float]:
    """A fault in seconds is as strong as its rate of the longest that a swarm has."""
    return {name: rate * SECONDS.get(name, 1) for name, rate in rates.items()}


# What is asked for -------------------------------------------------------------------------------

_TEMPERATURES: Final = st.integers(0, 20).map(lambda tenths: tenths / 10)

#: Parameters of *create run* (published API schema), and values that it takes.
OPTIONS: Final[Mapping[str, st.SearchStrategy[Any]]] = {
    "model": st.sampled_from(["gpt-4o", "gpt-4o-mini"]),
    "instructions": TEXTS.filter(bool),
    "additional_instructions": TEXTS,
    "temperature": _TEMPERATURES,
    "top_p": st.integers(0, 10).map(lambda tenths: tenths / 10),
    "max_prompt_tokens": st.integers(256, 100_000),
    "max_completion_tokens": st.integers(256, 100_000),
    "parallel_tool_calls": st.booleans(),
    "tool_choice": st.sampled_from(["auto", "none"]),
    "truncation_strategy": st.sampled_from(
        [{"type": "auto"}, {"type": "last_messages", "last_messages": 1}]
    ),
    "metadata": st.dictionaries(TEXTS.filter(bool), TEXTS, max_size=3),
    "tools": st.lists(st.just(LOOKUP), max_size=1),
}


def _options() -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional={**OPTIONS})


def run_bodies(assistant_id: str) -> st.SearchStrategy[dict[str, Any]]:
    """Bodies of *create run* that the API takes: `client.beta.threads.runs.create(..., **body)`.

    Args:
        assistant_id: who is to answer.
    """
    return _options().map(lambda options: {"assistant_id": assistant_id, **options})


def requests(
    assistant_id: str, *, thread_id: str | None = None, message: str | None = "Hello"
) -> st.SearchStrategy[RunRequest]:
    """Requests for a `RunDriver`, of any options.

    Args:
        assistant_id: who is to answer.
        thread_id: where; `None`: on a new thread each.
        message: what the user says; or another text, or nothing.

    Example:
        >>> from hypothesis import find
        >>> find(requests("asst_1"), lambda request: True)
        RunRequest(assistant_id='asst_1', thread_id=None)
    """
    said = st.just(message) | TEXTS.filter(str.strip)
    return st.builds(
        RunRequest, st.just(assistant_id), said, st.just(thread_id), options=_options()
    )
