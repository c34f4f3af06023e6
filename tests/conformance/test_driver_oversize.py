"""Outputs that a service refuses as too large: the model is told so, and the run goes on."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from driving import S
from onroad import OnRoad
from roads import Road
from runfsm import BackendError, FaultKind, Policy, ToolAnswered, ToolError
from runfsm.driver.journal import FaultMet, OutputTooLarge
from runfsm.driver.oversize import Limit
from runfsm.driver.request import ToolOutput
from runfsm_simulator import Script, call, say
from runfsm_simulator.doors.faults import ArmedFault
from runfsm_simulator.world.script import Call, calls

SUBMITS: Final = {
    "assistants": "*/submit_tool_outputs",
    "responses": "*/responses",
    "agents": "*/events",
}

TOO_LONG: Final = (
    "string too long. Expected a string with maximum length 1048576, but got a string with length "
    "2000000 instead."
)

#: The status and the words of a refusal.
REFUSALS: Final = {
    "one output": (400, f"Invalid 'tool_outputs[0].output': {TOO_LONG}"),
    "an item": (400, f"Invalid 'input[0].output': {TOO_LONG}"),
    "together": (400, "tool_outputs are too large: they must be less than 512kb"),
    "a proxy": (413, "Request Entity Too Large"),
    "unprocessable": (422, "The output exceeds what is allowed"),
}


def _stage(road: Road, *, refusal: str, refusals: int = 1, **options: Any) -> OnRoad:
    """A run whose tool gives two million characters, which the service refuses."""
    status, message = REFUSALS[refusal]

    def dump() -> str:
        body = {"error": {"message": message, "type": "invalid_request_error"}}
        fault = ArmedFault(method="POST", path=SUBMITS[road.wire], status=status, body=body)
        for _ in range(refusals):
            stage.simulator.control.faults.arm(fault)
        return "x" * 2_000_000

    stage = OnRoad(road, Script.of(call("dump"), say("Then less.")), tools=[dump], **options)
    return stage


def _large(outcome: Any) -> list[tuple[str, int]]:
    return [(it.name, it.size) for it in outcome.journal if isinstance(it, OutputTooLarge)]


@pytest.mark.reported(
    "semantic-kernel#12814, earendil-works/pi#2122",
    "A tool's output was refused as too large: the driver cancelled the run.",
    now="The model is told `too_large` in its place, and the run goes on.",
)
@pytest.mark.parametrize("refusal", REFUSALS)
@pytest.mark.parametrize("way", ["watch", "stream"])
def test_the_model_hears_that_its_call_gave_too_much(http: Road, refusal: str, way: str) -> None:
    """A refused output is replaced by a word (semantic-kernel#12814, earendil-works/pi#2122)."""
    stage = _stage(http, refusal=refusal)
    told: list[str] = []

    async def main() -> Any:
        watch = stage.awaited(getattr(stage.driver, way)(stage.request))
        async for _ in watch:
            pass
        calls = [it for it in watch.outcome.journal if isinstance(it, ToolAnswered)]
        told.extend(watch.core.output(it.call_id).output for it in calls)
        return watch.outcome

    outcome = stage.play(main)

    assert (S.COMPLETED, "Then less.") == (outcome.status, outcome.text)
    assert [("dump", 2_000_000)] == _large(outcome)
    assert ["too_large"] == [json.loads(text)["error"] for text in told]
    assert [FaultKind.TOO_LARGE] == [it.fault for it in outcome.journal if isinstance(it, FaultMet)]
    stage.nothing_is_left()


@pytest.mark.parametrize(
    "sizes",
    [(1_048_577,), (1_048_577, 1_100_000, 5), (300_000, 300_000), (900,) * 600],
    ids=["one", "two of three", "together", "many small"],
)
def test_the_simulators_own_refusal_is_understood(road: Road, sizes: tuple[int, ...]) -> None:
    """What the Assistants API refuses is told to the model on each road; the others take more."""

    def dump(size: int) -> str:
        return "x" * size

    sizes = sizes if road.wire == "assistants" else sizes[:90]
    round_ = calls(*[Call(name="dump", arguments={"size": size}) for size in sizes])
    stage = OnRoad(road, Script.of(round_, say("Then less.")), tools=[dump])
    outcome = stage.run()

    assert (S.COMPLETED, "Then less.") == (outcome.status, outcome.text)
    assert (road.wire == "assistants") == bool(_large(outcome))


def test_bytes_of_utf_8_count(road: Road) -> None:
    """300,000 characters of two bytes each are more than 512 kB; those of one byte are not."""

    def dump(text: str) -> str:
        return text * 300_000

    stage = OnRoad(road, Script.of(call("dump", text="é"), say("Less.")), tools=[dump])

    assert ([("dump", 300_000)] if road.wire == "assistants" else []) == _large(stage.run())

    stage.simulator.world.play(Script.of(call("dump", text="e"), say("Less.")))

    assert [] == _large(stage.run())


def test_a_word_that_is_refused_too_ends_the_run(http: Road) -> None:
    """A service that takes nothing is not asked in a circle: the run is cancelled."""
    stage = _stage(http, refusal="a proxy", refusals=2)

    with pytest.raises(BackendError) as caught:
        stage.run()
    assert FaultKind.TOO_LARGE is caught.value.fault.kind


def test_whoever_wants_tools_to_raise_gets_the_error(http: Road) -> None:
    """`on_tool_error="raise"` counts a result that cannot be handed in as a failure of the tool."""
    stage = _stage(http, refusal="one output", policy=Policy(on_tool_error="raise"))

    with pytest.raises(ToolError, match="too_large"):
        stage.run()


def test_once_told_the_limit_is_heeded() -> None:
    """The second round's output is not sent: its length is known to be too much."""
    from roads import ROADS  # noqa: PLC0415  # the table, beside its fixtures

    sizes = iter([2_000_000, 1_500_000])

    def dump() -> str:
        return "x" * next(sizes)

    script = Script.of(call("dump"), call("dump"), say("Then less."))
    stage = OnRoad(ROADS["sdk"], script, tools=[dump])
    body = {"error": {"message": REFUSALS["one output"][1]}}
    fault = ArmedFault(method="POST", path=SUBMITS["assistants"], status=400, body=body)
    stage.simulator.control.faults.arm(fault)
    outcome = stage.run()

    assert [("dump", 2_000_000), ("dump", 1_500_000)] == _large(outcome)
    assert 1 == sum(isinstance(step, FaultMet) for step in outcome.journal)


def test_of_a_round_the_largest_goes_first() -> None:
    """Where outputs are too large together, no more of them are replaced than must be."""
    from roads import ROADS  # noqa: PLC0415  # the table, beside its fixtures

    def dump(size: int) -> str:
        return "x" * size

    sizes = [100_000, 400_000, 5, 300_000]
    round_ = calls(*[Call(name="dump", arguments={"size": size}) for size in sizes])
    stage = OnRoad(ROADS["sdk"], Script.of(round_, say("Then less.")), tools=[dump])
    body = {"error": {"message": REFUSALS["together"][1]}}
    fault = ArmedFault(method="POST", path=SUBMITS["assistants"], status=400, body=body)
    stage.simulator.control.faults.arm(fault)
    outcome = stage.run()

    assert [("dump", 400_000)] == _large(outcome)
    assert "Then less." == outcome.text


# The refusal, read -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "limit"),
    [
        (REFUSALS["one output"][1], Limit(0, 1_048_576, None)),
        (REFUSALS["an item"][1], Limit(0, 1_048_576, None)),
        (REFUSALS["together"][1], Limit(None, None, 524_288)),
        ("less than 2 MB", Limit(None, None, 2_097_152)),
        ("maximum size of 1,000", Limit(None, 1_000, None)),
        ("Request Entity Too Large", Limit()),
        ("It exceeds the maximum length , and is less than ,kb of use", Limit()),
    ],
)
def test_a_refusal_may_tell_the_limit(message: str, limit: Limit) -> None:
    """Which output, how many characters, how many bytes together: as far as it says so."""
    assert limit == Limit.told_by(message)


def _outputs(*sizes: int) -> list[ToolOutput]:
    return [ToolOutput(f"call_{n}", "f", "x" * size) for n, size in enumerate(sizes)]


@pytest.mark.parametrize(
    ("limit", "sizes", "replaced"),
    [
        (Limit(), (5_000, 9_000, 7_000), ["call_1"]),
        (Limit(chars=6_000), (5_000, 9_000, 7_000), ["call_1", "call_2"]),
        (Limit(place=0), (5_000, 9_000), ["call_0"]),
        (Limit(place=7), (5_000, 9_000), ["call_1"]),
        (Limit(bytes=10_000), (5_000, 9_000, 7_000, 3_000), ["call_1", "call_2"]),
        (Limit(bytes=90_000), (5_000, 9_000), ["call_1"]),  # it counts in another way
        (Limit(bytes=7_201), (5_000, 4_000, 3_000), ["call_0"]),  # a word of 200 in its place
        (Limit(bytes=7_200), (5_000, 4_000, 3_000), ["call_0", "call_1"]),  # "less than"
        (Limit(chars=5_000), (5_000, 5_001), ["call_1"]),
        (Limit(chars=90_000, bytes=10_000), (5_000, 9_000, 7_000), ["call_1", "call_2"]),
        (Limit(chars=90_000, place=0), (5_000, 9_000), ["call_0"]),
        (Limit(place=2), (5_000, 9_000), ["call_1"]),
        (Limit(place=1), (5_000, 30, 9_000), ["call_2"]),  # what is short is not what was meant
        (Limit(), (200,), []),
        (Limit(), (201,), ["call_0"]),
        (Limit(bytes=2_000), (900, 900, 900, 30), ["call_0", "call_1"]),
        (Limit(), (150, 30), []),
    ],
)
def test_what_is_replaced(limit: Limit, sizes: tuple[int, ...], replaced: list[str]) -> None:
    """What exceeds the limit that was told; the one that was named; or else the largest."""
    assert replaced == [it.call_id for it in limit.exceeded_by(_outputs(*sizes))]


@pytest.mark.parametrize(
    ("limit", "most"),
    [(Limit(chars=6_000), "at most 6000 are taken"), (Limit(), "that is more than is taken")],
)
def test_the_word_tells_the_limit_as_far_as_it_is_known(limit: Limit, most: str) -> None:
    """The model can then ask for as much as is taken."""
    (output,) = _outputs(9_000)
    word = json.loads(limit.word_for(output).output)

    assert f"The result has 9000 characters; {most}. Ask for less of it." == word["message"]


def test_a_word_is_not_replaced_by_a_word() -> None:
    """What was replaced once is as short as it can be."""
    (output,) = _outputs(5_000)

    assert [] == Limit().exceeded_by([Limit().word_for(output)])
