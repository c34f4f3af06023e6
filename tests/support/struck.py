"""A client on either road to a simulator, whose storm strikes as a test decides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from runfsm.backends.faults import map_errors
from runfsm.driver.request import RunRequest, ToolOutput
from runfsm.lifecycle import RunRef, RunStatus
from runfsm_simulator import Script, Seeded, Simulator, call, say

T = TypeVar("T")
ANSWER = Script.of(say("Hello!", queue_s=1, work_s=2), cancel_s=1)
CALLS = Script.of(
    call("get_weather", city="Paris", queue_s=1, work_s=1), say("Sunny.", queue_s=1, work_s=1)
)


class Picky(Seeded):
    """Choices from a seed, but for the streams that a test decides about."""

    def __init__(self, **wanted: int) -> None:
        super().__init__()
        self.wanted = {f"fault:{name.replace('__', ':')}": nth for name, nth in wanted.items()}

    def pick(self, stream: str, options: Sequence[T]) -> T:
        nth = self.wanted.get(stream)
        return super().pick(stream, options) if nth is None else options[nth]

    def between(self, stream: str, low: float, high: float) -> float:
        return high if stream.startswith("fault:") else super().between(stream, low, high)


class Client:
    """A client with one run on one thread. What goes wrong, it raises as a `BackendError`."""

    def __init__(self, script: Any = ANSWER, **options: Any) -> None:
        self.sim = Simulator(script, **options)
        self.assistant_id = self.sim.create_assistant()
        self.thread_id = self.sim.create_thread()
        self.sim.add_message(self.thread_id, "Hi")
        self.run_id = ""

    @property
    def runs(self) -> list[RunStatus]:
        """The statuses of the runs that there are, now."""
        with self.sim.world.operation():
            return [run.status for run in self.sim.world.store.runs.values()]

    def to_calls(self) -> Sequence[str]:
        """Create the run and let it come to its calls; their ids."""
        self.create()
        self.sim.clock.advance(3)
        return [call_id for call_id, *_ in self.calls()]


class OverSdk(Client):
    """By way of the official client."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.client = self.sim.client(max_retries=0)
        self.threads = self.client.beta.threads

    def create(self) -> None:
        with map_errors():
            run = self.threads.runs.create(self.thread_id, assistant_id=self.assistant_id)
        self.run_id = run.id

    def look(self) -> Any:
        with map_errors():
            return self.threads.runs.retrieve(self.run_id, thread_id=self.thread_id)

    def status(self) -> str:
        return str(self.look().status)

    def calls(self) -> list[tuple[str, str, str]]:
        wanted = self.look().required_action.submit_tool_outputs.tool_calls
        return [(it.id, it.function.name, it.function.arguments) for it in wanted]

    def submit(self, *call_ids: str) -> None:
        outputs = [{"tool_call_id": call_id, "output": "ok"} for call_id in call_ids]
        with map_errors():
            self.threads.runs.submit_tool_outputs(
                self.run_id, thread_id=self.thread_id, tool_outputs=outputs
            )

    def cancel(self) -> None:
        with map_errors():
            self.threads.runs.cancel(self.run_id, thread_id=self.thread_id)

    def texts(self) -> list[str]:
        with map_errors():
            page = self.threads.messages.list(self.thread_id, run_id=self.run_id)
        return [message.content[0].text.value for message in page.data]


class OverPort(Client):
    """By way of the direct port."""

    @property
    def ref(self) -> RunRef:
        return RunRef("assistants", self.run_id, self.thread_id)

    def create(self) -> None:
        request = RunRequest(self.assistant_id, thread_id=self.thread_id)
        self.run_id = self.sim.backend.create(request).ref.run_id

    def status(self) -> str:
        return self.sim.backend.retrieve(self.ref).raw_status

    def calls(self) -> list[tuple[str, str, str]]:
        wanted = self.sim.backend.retrieve(self.ref).calls
        return [(it.call_id, it.name, it.arguments) for it in wanted]

    def submit(self, *call_ids: str) -> None:
        outputs = [ToolOutput(call_id, "f", "ok") for call_id in call_ids]
        self.sim.backend.submit(self.ref, outputs)

    def cancel(self) -> None:
        self.sim.backend.cancel(self.ref)

    def texts(self) -> list[str]:
        return [message.text for message in self.sim.backend.messages(self.ref)]
