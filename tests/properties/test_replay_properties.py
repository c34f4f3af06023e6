"""Whatever is done to a world, by drivers and by hands, its tape plays; a changed byte is named."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import anyio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runfsm import AssistantsBackend, AsyncRunDriver, Policy, RunDriver, RunRequest
from runfsm.errors import CallerError, RunfsmError
from runfsm.lifecycle import RunStatus
from runfsm_simulator import Script, Simulator, Storm, Switches, between, call, hang, say
from runfsm_simulator.doors.faults import ArmedFault
from runfsm_simulator.replay.player import play
from runfsm_simulator.replay.tape import Tape

WEATHER: Final = Script.of(
    call("weather", queue_s=between(0.1, 3), work_s=between(0.1, 3)), say("Rain.")
)
TOOL: Final = {"type": "function", "function": {"name": "weather"}}
POLICY: Final = Policy(deadline_s=60.0)


def weather() -> str:
    """How it is."""
    return "rain"


class Hands:
    """A simulator, and whoever does something to it: each method is one deed."""

    def __init__(self, path: Path | None) -> None:
        self.simulator = Simulator(WEATHER, seed=7, record=path)
        self.requests = 0
        self.edges: list[str] = []

    def do(self, deed: str, *given: Any) -> None:
        """One of them; a refusal is an answer as well. What has happened until then is kept."""
        with suppress(RunfsmError):
            getattr(self, deed)(*given)
        self.edges += [str(entry) for entry in self.simulator.trace]

    def request(self) -> RunRequest:
        self.requests += 1
        with suppress(CallerError):
            self.simulator.control.seed.assistant({"model": "m", "tools": [TOOL]}, id="asst_mine")
        return RunRequest("asst_mine", "Hello!", key=f"key-{self.requests}")

    def drive(self) -> None:
        clock = self.simulator.clock
        RunDriver(self.simulator.backend, [weather], clock=clock, policy=POLICY).run(self.request())

    def drive_async(self) -> None:
        clock, backend = self.simulator.clock, self.simulator.async_backend
        driver = AsyncRunDriver(backend, [weather], clock=clock, policy=POLICY)
        anyio.run(driver.run, self.request())

    def drive_by_wire(self) -> None:
        backend = AssistantsBackend(self.simulator.client())
        clock = self.simulator.clock
        RunDriver(backend, [weather], clock=clock, policy=POLICY).run(self.request())

    def seed(self, status: RunStatus) -> None:
        self.simulator.control.seed.run(status, body={"metadata": {"why": "a test"}})

    def fire(self, which: int) -> None:
        control, runs = self.simulator.control, self.simulator.world.store.runs
        active = [run_id for run_id in runs if control.next_edges(run_id)]
        if active:
            edges = control.next_edges(active[-1])
            control.fire(active[-1], edges[which % len(edges)].event)

    def advance(self, seconds: float) -> None:
        self.simulator.control.advance(seconds)

    def sleep(self, seconds: float) -> None:
        self.simulator.clock.advance(seconds)

    def jump(self) -> None:
        self.simulator.control.jump()

    def play(self, script: Script) -> None:
        self.simulator.control.play(script)

    def storm(self, storm: Storm) -> None:
        self.simulator.control.storm = storm

    def heal(self) -> None:
        self.simulator.control.heal()

    def switch(self, switches: Switches) -> None:
        self.simulator.control.switches = switches

    def arm(self, fault: ArmedFault) -> None:
        self.simulator.control.faults.arm(fault)

    def reset(self, seed: int | None) -> None:
        self.simulator.control.reset(seed=seed)

    def detour(self) -> None:
        """There, and back to where it was: what comes next draws once more what was drawn there."""
        snapshot = self.simulator.control.save()
        with suppress(RunfsmError):
            self.drive()
        self.simulator.control.restore(snapshot)
        self.simulator.control.drop(snapshot)
        self.drive()


def deed(name: str, *given: Any) -> st.SearchStrategy[tuple[Any, ...]]:
    """A deed, and one of each list of what it is given."""
    return st.tuples(st.just(name), *map(st.sampled_from, given))


DEEDS: Final = st.one_of(
    deed("drive"),
    deed("drive_async"),
    deed("drive_by_wire"),
    deed("seed", list(RunStatus)),
    deed("fire", range(3)),
    deed("advance", [0.5, 700.0, -1.0]),
    deed("sleep", [0.5, 700.0]),
    deed("jump"),
    deed("play", [WEATHER, Script.of(hang()), Script.of(say("Hm.", work_s=between(1, 9)))]),
    deed("storm", [Storm(stale_look=0.3, timeout_after_effect=0.2, server_error=0.2)]),
    deed("heal"),
    deed("switch", [Switches(cancel_from_requires_action="cancelled"), Switches()]),
    deed(
        "arm", [ArmedFault(path="*/runs/*", trouble="drop"), ArmedFault(status=503, applied=True)]
    ),
    deed("reset", [None, 3]),
    deed("detour"),
)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tape's."""
    return tmp_path_factory.mktemp("tapes") / "tape.jsonl"


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deeds=st.lists(DEEDS, min_size=1, max_size=7))
def test_whatever_is_done_plays_again(path: Path, deeds: list[tuple[Any, ...]]) -> None:
    """Each answer and each edge comes again; and a world is the same whether or not it is taped."""
    taped, other = Hands(path), Hands(None)
    for one in deeds:
        taped.do(*one)
        other.do(*one)

    assert [] == [played.difference for played in play(Tape.read(path)) if played.difference]
    assert other.edges == taped.edges


@pytest.fixture(scope="module")
def written(path: Path) -> bytes:
    """A tape with all kinds of lines."""
    hands = Hands(path)
    for name in ("drive", "drive_by_wire", "jump"):
        hands.do(name)
    return path.read_bytes()


@given(data=st.data())
def test_a_changed_byte_is_named(path: Path, written: bytes, data: st.DataObject) -> None:
    """Wherever it stands, by its line; in the first one, perhaps as no tape of ours at all."""
    at = data.draw(st.integers(0, len(written) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda byte: byte != written[at]))
    path.write_bytes(written[:at] + bytes([byte]) + written[at + 1 :])
    line = written.count(b"\n", 0, at) + 1

    with pytest.raises(
        CallerError, match="its first line|line 1|version" if line == 1 else f"line {line}: "
    ):
        Tape.read(path)
