"""One run under way, driven by a task. Its mirror is `watch.py`, function by function.

Nothing is decided here: ask the core, have it done, tell the core.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from types import TracebackType
from typing import Final, Generic, Self, TypeVar, cast

import anyio

from runfsm.clock import Participant
from runfsm.driver.actions import Done
from runfsm.driver.aiohands import AsyncHands
from runfsm.driver.core import RunCore
from runfsm.driver.forked import is_forked
from runfsm.driver.hint import WebhookHint
from runfsm.driver.lines import key_line
from runfsm.driver.live import LiveItem
from runfsm.driver.narrator import Narrator
from runfsm.driver.outcome import Outcome
from runfsm.driver.shared import Shared
from runfsm.driver.telling import Teller
from runfsm.driver.threadcore import ThreadCore
from runfsm.driver.underway import UnderWay
from runfsm.errors import CallerError
from runfsm.lifecycle.journal import JournalStep
from runfsm.lifecycle.run import RunStatus

__all__ = ["AsyncDrive", "AsyncErrand", "AsyncRunStream", "AsyncWatch"]

#: Letting go of a run may take so long, in real seconds, though the task is cancelled.
LET_GO_S: Final = 10.0

LOG: Final = logging.getLogger("runfsm.run")

ItemT = TypeVar("ItemT")


class AsyncDrive(AsyncIterator[ItemT], Generic[ItemT]):
    """A run under way: iterate over it to drive it.

    As a context manager it leaves no run behind: one that is not over at the end of the block is
    told to cancel, unless the policy says `on_interrupt="leave"`.

    Attributes:
        core: the run's mind; between two steps it can be pickled and resumed elsewhere.
    """

    def __init__(
        self,
        core: RunCore,
        hands: AsyncHands,
        shared: Shared,
        under_way: UnderWay,
        narrator: Narrator | None = None,
    ) -> None:
        self.core = core
        self._hands = hands
        self._shared = shared
        self._under_way = under_way
        self._narrator = narrator
        self._teller = Teller(core, shared.observers)
        self._participant: Participant | None = None  # from the first step on
        self._is_refused = False  # nothing was asked for, and nothing will be
        self._items = self._drive()

    async def __anext__(self) -> ItemT:
        with self._taking_part():
            return cast("ItemT", await anext(self._items))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._taking_part():
            try:
                with anyio.move_on_after(LET_GO_S, shield=True):
                    await self._let_go()
            finally:
                await self.aclose()

    async def finish(self) -> Outcome:
        """Drive the run to its end without telling the steps, and return the outcome."""
        with self._taking_part():
            async for _ in self._items:
                pass
        return self.outcome

    @property
    def outcome(self) -> Outcome:
        """How the run ended, once the iteration is over.

        Raises:
            CallerError: it is not over yet.
        """
        return self.core.outcome

    def cancel(self) -> None:
        """Cancel the run. Any task or thread may ask; the iteration goes on until it ended."""
        self._hands.interrupt()

    def wake(self, hint: WebhookHint) -> bool:
        """Look at once, if a webhook tells of this run; say whether. Any task or thread may ask."""
        is_ours = self.core.hears_of(hint.remote_id)
        if is_ours:
            self._hands.wake()
        return is_ours

    async def aclose(self) -> None:
        """Leave the run as it is, and drive it no further."""
        await self._items.aclose()
        await self._end()

    async def _drive(self) -> AsyncGenerator[LiveItem, None]:
        try:
            self._begin()
            async with aclosing(self._act()) as items:
                async for item in items:
                    yield item
        except GeneratorExit:  # closed: who does that leaves the run as it is
            raise
        except (
            BaseException
        ) as error:  # whatever it is: a cancelled task's, the app's own, a mistake
            if isinstance(error, CallerError) and self.core.snapshot is None:
                self._is_refused = True  # then nothing was sent
            with anyio.move_on_after(LET_GO_S, shield=True):
                await self._let_go_quietly()
            raise
        finally:
            await self._end()
        if self.core.error is not None:
            raise self.core.error from self.core.error.__cause__ or self._hands.trouble

    def _begin(self) -> None:
        self._is_refused = True
        request = self.core.request
        key = key_line(str(request.key)) if request.idempotent else None
        for name in (request.thread_id, self.core.thread_id, key):
            self._hands.begin(name)
        self._is_refused = False
        self._under_way.add(self)

    async def _end(self) -> None:
        self._under_way.discard(self)
        self._teller.end(self._shared.clock.now())
        if self.core.snapshot is not None:
            self._hands.remember(
                self.core.request.key,
                self.core.snapshot.ref,
                has_expired=self.core.status is RunStatus.EXPIRED,
            )
        await self._hands.aclose()
        if self._participant:
            self._participant.leave()

    async def _act(self) -> AsyncGenerator[LiveItem, None]:
        while True:
            if self._hands.heed():
                self.core.request_cancel()
            for step in self._teller.news():
                yield step
            action = self.core.next_action()
            if self._narrator:
                for item in self._narrator.before(action):
                    yield item
            if isinstance(action, Done):
                return
            reply = await self._hands.perform(action)
            self.core.receive(reply)
            for step in self._teller.news():
                yield step
            if self._narrator:
                for item in self._narrator.after(reply):
                    yield item

    async def _let_go(self) -> None:
        """Have the run cancelled, if it is not over, and wait for no more than that it is told."""
        is_left = self._is_refused or self.core.policy.on_interrupt == "leave"
        if is_left or self.core.is_let_go or is_forked(self._hands.backend):
            return  # in a fork, it is the parent's
        self.core.interrupt(self._shared.clock.now())
        while not self.core.is_let_go:
            self.core.receive(await self._hands.perform(self.core.next_action()))
            self._teller.news()

    async def _let_go_quietly(self) -> None:
        """Let go, while an error is on its way that tells more than what goes wrong now."""
        try:
            await self._let_go()
        except Exception:
            LOG.exception("a run could not be told to cancel")

    def _taking_part(self) -> Participant:
        self._participant = self._participant or self._shared.clock.participant()
        return self._participant


class AsyncWatch(AsyncDrive[JournalStep]):
    """A run under way: iterate over it to drive it; every item is a step of its journal."""


class AsyncRunStream(AsyncDrive[LiveItem]):
    """A run under way, told as it goes: journal steps, pieces of text, run steps, tool calls."""


class AsyncErrand:
    """What is done on a thread beside runs: driven to its end at once.

    Args:
        core: its mind.
        hands: who does it.
        shared: what all of a driver share.
    """

    def __init__(self, core: ThreadCore, hands: AsyncHands, shared: Shared) -> None:
        self._core = core
        self._hands = hands
        self._shared = shared
        self._teller = Teller(core)

    def cancel(self) -> None:
        """Give up. Any task or thread may ask."""
        self._hands.interrupt()

    def wake(self, _: WebhookHint) -> bool:
        """No webhook tells of an errand."""
        return False

    async def finish(self) -> ThreadCore:
        """Do it, and return the core, which knows what came of it.

        Raises:
            ThreadBusy: another run holds the thread, for longer than the policy waits.
            BackendError: the service refused, or did not answer for too long.
            RunCancelled: the driver was told to cancel.
            CallerError: a tool asks for the thread that its own run holds.
        """
        self._hands.begin(self._core.entry.thread_id)
        participant = self._shared.clock.participant()
        try:
            with participant:
                await self._drive()
        finally:
            participant.leave()
        if self._core.error is not None:
            raise self._core.error from self._hands.trouble
        return self._core

    async def _drive(self) -> None:
        while not isinstance(action := self._core.next_action(), Done):
            self._core.receive(await self._hands.perform(action))
            self._teller.news()
            if self._hands.heed():
                self._core.request_cancel()
