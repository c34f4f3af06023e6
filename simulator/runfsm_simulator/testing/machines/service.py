"""Anybody's Assistants-compatible service, held against the lifecycle through an `openai` client.

The service may do what it likes as long as the table allows it: it is looked at before each request
and after it, and what it took or refused must be right in some status in between.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final, Self

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from runfsm.errors import AnomalyError, CallerError
from runfsm.lifecycle import LIFECYCLE, RunEvent, RunStatus
from runfsm.lifecycle.journal import Transition
from runfsm.lifecycle.tracker import RunTracker
from runfsm_simulator.testing.drawn import Drawn
from runfsm_simulator.testing.machines.verdict import expect
from runfsm_simulator.testing.strategies import LOOKUP

__all__ = ["ServiceMachine"]

#: A look with it lets virtual time pass in a simulator; to others it means nothing.
HEADERS: Final = {"OpenAI-Beta": "assistants=v2", "X-Stainless-Poll-Helper": "true"}

#: How outputs are handed in, and whether the service may take them.
OUTPUTS: Final[Mapping[str, bool]] = {
    "all": True,
    "none": False,
    "all but one": False,
    "strange": False,
}

#: Where a run can be cancelled; and first of all nowhere.
CANCELLED_IN: Final = (
    None,
    *(status for status in RunStatus if LIFECYCLE.allows(status, RunEvent.CANCEL)),
)

#: So often is a run looked at in one rule, a second after the other.
LOOKS_MAX: Final = 12


class ServiceMachine(RuleBasedStateMachine):
    """A thread on somebody's service, with run after run on it.

    Make one by `of`, or by a subclass that overrides `make_client`, and `pass_time` if it knows how
    to.

    Which of the lifecycle's edges are seen, is up to both. The client's are taken by the machine
    itself: a run is created, cancelled in each status that allows it, and answered, if its model
    asks for tools. The clock's are seen where time can be moved. The service's own are seen as its
    model takes them: who wants them all needs a model that fails, is cut short and asks for tools,
    a worker that fails before it begins, and cancels that come too late. Of a simulator whose
    script does all of that, it sees all 19.

    Attributes:
        assistant: the body that the assistant is created with.
        chooser: draws; for a subclass whose service wants a `Chooser`.
        status: where the run was when it was looked at last; `None`: there is none yet.

    Example:
        >>> import openai                                                     # doctest: +SKIP
        >>> make = lambda: openai.OpenAI(base_url="http://127.0.0.1:8400/v1")  # doctest: +SKIP
        >>> TestServer = ServiceMachine.of(make).TestCase                     # doctest: +SKIP
    """

    assistant: ClassVar[Mapping[str, Any]] = {
        "model": "gpt-4o",
        "instructions": "Look things up.",
        "tools": [LOOKUP],
    }
    chooser: Drawn
    path: str | None = None
    calls: list[str]

    @classmethod
    def of(cls, make_client: Callable[[], Any]) -> type[Self]:
        """The machine of a service.

        Args:
            make_client: gives an `openai.OpenAI`; called once for each example.
        """
        if not callable(make_client):
            raise CallerError(
                f"ServiceMachine.of({type(make_client).__name__}): give a function that makes a "
                f"client: ServiceMachine.of(lambda: openai.OpenAI(...))"
            )
        return type(cls.__name__, (cls,), {"make_client": lambda _: make_client()})

    # What a subclass may override.

    def make_client(self) -> Any:
        """A client of the service: an `openai.OpenAI`."""
        raise CallerError("which service? Say ServiceMachine.of(make_client), or override it")

    def pass_time(self, seconds: float) -> bool:
        """Let time pass at the service, if that can be done; whether it was.

        By default through a simulator's side door, if there is one.
        """
        door = self.client.base_url.copy_with(path="/_sim/clock/advance")
        return self.ask("POST", str(door), {"seconds": seconds})[0] == 200

    # The service.

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> tuple[int, Any]:
        """One request; the HTTP status and, if it is 200, the answer."""
        options = {"headers": HEADERS, "max_retries": 0}
        try:
            if method == "GET":
                return 200, self.client.get(path, cast_to=object, options=options)
            return 200, self.client.post(path, cast_to=object, body=body or {}, options=options)
        except Exception as error:
            code = getattr(error, "status_code", None)  # of the SDK's errors, those with an answer
            if not isinstance(code, int) or code >= 500:
                raise
            return code, None

    def _made(self, path: str, body: Mapping[str, Any]) -> str:
        code, made = self.ask("POST", path, body)
        expect(f"POST {path}", 200, code)
        return str(made["id"])

    @property
    def status(self) -> RunStatus | None:
        """Where the run was when it was looked at last."""
        return self.tracker.status

    def look(self) -> set[RunStatus]:
        """Look at the run; all statuses that it must have been in since the last look."""
        if self.path is None:
            return set()
        code, run = self.ask("GET", self.path)
        expect(f"GET {self.path}", 200, code)
        return self._follow(run)

    def _follow(self, run: Any) -> set[RunStatus]:
        before = self.tracker.status
        try:
            steps = self.tracker.observe(run, own=set(RunEvent))
        except AnomalyError as anomaly:
            raise AssertionError(f"the service showed what cannot be: {anomaly}") from anomaly
        action = run["required_action"] or {}
        calls = action.get("submit_tool_outputs", {}).get("tool_calls", ())
        self.calls = [str(call["id"]) for call in calls]
        passed = {step.edge.dest for step in steps if isinstance(step, Transition)}
        return passed | ({before} if before else set())

    def _try(
        self, path: str, body: Mapping[str, Any], right: Callable[[RunStatus], bool], what: str
    ) -> Any:
        """A request that is right in some statuses: taken or refused as the table says."""
        code, answer = self.ask("POST", path, body)
        passed = self.look()
        if passed and not any(right(status) == (code == 200) for status in passed):
            did = "took" if code == 200 else f"refused ({code})"
            where = " or ".join(sorted(passed))
            raise AssertionError(f"the service {did} {what}, while the run was {where}")
        return answer

    # The rules.

    @initialize(data=st.data())
    def begin(self, data: st.DataObject) -> None:
        """An assistant and a thread."""
        self.chooser = Drawn(data)
        self.client = self.make_client()
        self.assistant_id = self._made("/assistants", self.assistant)
        self.thread = f"/threads/{self._made('/threads', {})}"
        self.tracker = RunTracker(strict=True)
        self.calls = []

    @rule()
    def add_message(self) -> None:
        """Taken if the thread is free."""
        body = {"role": "user", "content": "Hello"}
        self._try(f"{self.thread}/messages", body, _is_free, "a message")

    @rule()
    def create_run(self) -> None:
        """Taken if the thread is free; then it is the one that is followed from here on."""
        body = {"assistant_id": self.assistant_id}
        run = self._try(f"{self.thread}/runs", body, _is_free, "a run")
        if run is not None:
            self.path = f"{self.thread}/runs/{run['id']}"
            self.tracker = RunTracker(strict=True)
            expect("the status of a new run", LIFECYCLE.initial, run["status"])
            self._follow(run)

    @precondition(lambda self: self.path is not None)
    @rule()
    def cancel(self) -> None:
        """Taken where the table has a cancel."""
        self._try(f"{self.path}/cancel", {}, _takes(RunEvent.CANCEL), "a cancel")

    @precondition(lambda self: self.path is not None)
    @rule(which=st.sampled_from([*OUTPUTS]))
    def submit(self, which: str) -> None:
        """Taken in `requires_action`, if there is one output for each call."""
        self._submit(which)

    @rule(until=st.sampled_from(CANCELLED_IN), leave=st.booleans())
    def live(self, *, until: RunStatus | None, leave: bool) -> None:
        """A run to its end, answered when it asks; or until it is seen in a status.

        There it is cancelled, or left to the other rules: by single steps, few would come so far.
        """
        self.create_run()
        for _ in range(LOOKS_MAX):
            self.look()
            if self.path is None or self.tracker.is_terminal:
                return
            if self.status is until:
                if leave:
                    return
                self.cancel()
                until = None
            elif LIFECYCLE.allows(self.status, RunEvent.SUBMIT_TOOL_OUTPUTS):
                self._submit("all")
            self.pass_time(1.0)

    def _submit(self, which: str) -> None:
        self.look()
        ids = {"all": self.calls, "none": [], "all but one": self.calls[1:]}.get(which, ["call_x"])
        outputs = [{"tool_call_id": call_id, "output": "42"} for call_id in ids]
        right = _takes(RunEvent.SUBMIT_TOOL_OUTPUTS) if OUTPUTS[which] else _never
        body = {"tool_outputs": outputs}
        self._try(f"{self.path}/submit_tool_outputs", body, right, f"outputs of {which}")

    @rule(seconds=st.sampled_from([0.5, 5.0, 60.0]))
    def time_passes(self, seconds: float) -> None:
        """Whatever happens meanwhile, the table allows it."""
        self.pass_time(seconds)
        self.look()

    @precondition(lambda self: self.path is not None and not self.tracker.is_terminal)
    @rule()
    def outlive(self) -> None:
        """After its `expires_at`, a run is over; where time cannot be moved, nothing is said."""
        _, run = self.ask("GET", str(self.path))
        lifetime_s = (run["expires_at"] or run["created_at"]) - run["created_at"]
        if self.pass_time(lifetime_s + 1):
            self.look()
            expect("a run that has outlived expires_at is over", True, self.tracker.is_terminal)


def _is_free(status: RunStatus) -> bool:
    return not LIFECYCLE.locks_thread(status)


def _takes(event: RunEvent) -> Callable[[RunStatus], bool]:
    return lambda status: LIFECYCLE.allows(status, event)


def _never(_: RunStatus) -> bool:
    return False
