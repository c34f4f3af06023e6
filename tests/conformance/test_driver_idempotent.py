"""An event that is delivered twice makes one run: its key is looked for first."""

from __future__ import annotations

from dataclasses import replace
from threading import Thread
from typing import Any, Final

import anyio
import pytest

from driving import S, in_time
from onroad import OnRoad
from runfsm import (
    CallerError,
    Lines,
    Outcome,
    Policy,
    RunRequest,
    ToolAnswered,
)
from runfsm.driver.journal import RunAdopted
from runfsm_simulator import Script, call, hang, say

SCRIPT: Final = Script.of(call("charge", queue_s=1, work_s=1), say("Charged.", queue_s=1, work_s=1))


class Till(OnRoad):
    """A stage whose tool counts how often it was called."""

    def __init__(self, road: Any, *, has_thread: bool = True, **options: Any) -> None:
        self.charges = 0
        super().__init__(road, SCRIPT, tools=[self.charge], **options)
        thread_id = road.thread(self.simulator) if has_thread else None
        assistant_id = self.request.assistant_id
        self.request = RunRequest(assistant_id, "Hi", thread_id, key="evt_1", idempotent=True)

    def charge(self) -> str:
        """Charge the card."""
        self.charges += 1
        return "charged"

    @property
    def runs(self) -> int:
        """How many runs the service has seen begin."""
        return sum(event == "create" for event in self.events)


def _found(outcome: Outcome) -> list[str]:
    return [it.run_id for it in outcome.journal if isinstance(it, RunAdopted) and it.found]


@pytest.mark.reported(
    "python-slack-sdk#335, agno PR 10073",
    "An event that a queue or Slack delivered twice made two runs.",
    now="RunRequest(key=event_id, idempotent=True) finds the first run, and gives its outcome.",
)
@pytest.mark.parametrize("has_thread", [True, False], ids=["a thread", "a new thread"])
def test_an_event_that_comes_again_makes_no_second_run(road: Any, *, has_thread: bool) -> None:
    """One after the other, by one driver (python-slack-sdk#335, agno PR 10073)."""
    stage = Till(road, has_thread=has_thread)
    first = stage.run()
    runs = stage.runs
    again = stage.run()

    assert (S.COMPLETED, "Charged.", "Charged.") == (again.status, first.text, again.text)
    assert (first.ref, [first.ref.run_id]) == (again.ref, _found(again))
    assert (1, runs) == (stage.charges, stage.runs)
    stage.nothing_is_left()


def test_an_event_whose_run_has_expired_is_told_so_again(road: Any) -> None:
    """Where only the driver knows of an expiry, it is remembered with the key."""
    stage = Till(road, policy=Policy(deadline_s=None))
    stage.simulator.world.play(Script.of(hang()))
    first, again = stage.run(), stage.run()

    assert (S.EXPIRED, S.EXPIRED, first.ref) == (first.status, again.status, again.ref)
    stage.nothing_is_left()


def test_two_deliveries_at_once_make_one_run(tasks: Any) -> None:
    """The second waits for the first, in one process, and takes its outcome."""
    stage = Till(tasks, has_thread=False)
    outcomes: list[Outcome] = []

    async def deliver() -> None:
        outcomes.append(await stage.driver.run(stage.request))

    async def main() -> None:
        async with anyio.create_task_group() as group:
            for _ in range(5):
                group.start_soon(deliver)

    stage.play(main)

    assert ["Charged."] * 5 == [outcome.text for outcome in outcomes]
    assert (1, 1) == (stage.charges, len({outcome.ref for outcome in outcomes}))
    stage.nothing_is_left()


def test_two_threads_at_once_make_one_run(threads: Any) -> None:
    """The same, by threads, and drivers that share their lines."""
    lines = Lines()
    stage = Till(threads, has_thread=False)
    outcomes: list[Outcome] = []

    def deliver() -> None:
        outcomes.append(stage.new_driver(lines=lines).run(stage.request))

    def main() -> None:
        workers = [Thread(target=deliver) for _ in range(3)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

    in_time(main)

    assert ["Charged."] * 3 == [outcome.text for outcome in outcomes]
    assert (1, 1) == (stage.charges, len({outcome.ref for outcome in outcomes}))


def test_another_process_finds_it_on_the_thread(assistants: Any) -> None:
    """Where runs are listed, a driver that knows nothing of it finds the run by its key."""
    stage = Till(assistants)
    first = stage.run()
    stage.backend = assistants.backend(stage.simulator)
    stage.driver = stage.new_driver()
    again = stage.run()

    assert (first.ref, "Charged.", 1) == (again.ref, again.text, stage.charges)


def test_a_run_that_another_process_drives_is_followed(assistants: Any) -> None:
    """Its tools are called there, and nowhere else; the outcome is the same."""
    stage = Till(assistants)
    other = stage.new_driver()
    followed: list[Outcome] = []

    async def main() -> Outcome:
        watch = stage.watch()
        async for step in watch:
            if isinstance(step, ToolAnswered):
                await _peek(stage, other)
        outcome: Outcome = watch.outcome
        return outcome

    outcome = stage.play(main)
    again = stage.awaited(other.watch(stage.request))
    followed.append(stage.play(again.finish))

    assert ([outcome.ref], ["Charged."]) == (
        [it.ref for it in followed],
        [it.text for it in followed],
    )
    assert 1 == stage.charges


async def _peek(stage: Till, driver: Any) -> None:
    """Follow the run for some steps, and leave it: it is not ours to cancel."""
    watch = stage.awaited(driver.watch(stage.request))
    async with watch:
        async for step in watch:
            if isinstance(step, RunAdopted):
                break


def test_another_key_is_another_run(road: Any) -> None:
    """Each event has its own."""
    stage = Till(road, has_thread=False)
    first = stage.run()
    stage.request = replace(stage.request, key="evt_2")
    second = stage.run()

    assert first.ref != second.ref
    assert 2 == stage.charges


def test_a_key_alone_does_not_look_first(direct: Any) -> None:
    """Without `idempotent`, a key is looked for only after a creation that was not answered."""
    stage = Till(direct)
    stage.request = replace(stage.request, idempotent=False)

    assert stage.run().ref != stage.run().ref


def test_idempotent_wants_a_key() -> None:
    """A key that the driver makes up is another one each time."""
    with pytest.raises(CallerError, match="key=event_id, idempotent=True"):
        RunRequest("asst_1", idempotent=True)
