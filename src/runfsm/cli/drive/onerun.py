"""One prompt, driven from the shell."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import anyio

from runfsm.cli.drive.asked import EXIT_FAILED, Asked
from runfsm.cli.drive.interrupts import interruptible
from runfsm.cli.drive.tracefile import save_trace
from runfsm.cli.drive.view import View
from runfsm.driver.aiowatch import AsyncRunStream, AsyncWatch
from runfsm.errors import CallerError, RunfsmError
from runfsm.lifecycle.run import RunStatus

__all__ = ["OneRun"]


class OneRun:
    """One prompt, driven before somebody's eyes; to be played once.

    Args:
        asked: what the command line asks for.
        view: who is told.
        polls: whether to poll, and not to listen to a stream.
        trace: where to save the journal.
    """

    def __init__(self, asked: Asked, view: View, *, polls: bool, trace: Path | None) -> None:
        self._asked = asked
        self._view = view
        self._polls = polls
        self._trace = trace
        self._drive: AsyncRunStream | AsyncWatch | None = None
        self._code = 0

    async def play(self, prompt: str) -> int:
        """Drive it, and return the command's exit code."""
        self._scope = anyio.CancelScope()
        work = partial(self._play, prompt)
        signal = await interruptible(work, ask=self._cancel, leave=self._leave)
        return 128 + signal if signal else self._code

    async def _play(self, prompt: str) -> None:
        with self._scope:
            try:
                await self._begin(prompt)
            except CallerError:
                raise
            except RunfsmError as error:
                self._code = EXIT_FAILED
                self._view.failed(error)
        if self._scope.cancelled_caught:
            self._view.left(self._drive.core if self._drive else None)

    async def _begin(self, prompt: str) -> None:
        async with self._asked.assistant(self._view.noted) as assistant_id:
            driver = self._asked.driver()
            request = self._asked.request(prompt, assistant_id)
            self._view.asked(prompt, assistant_id)
            self._drive = driver.watch(request) if self._polls else driver.stream(request)
            try:
                await self._follow(self._drive)
            finally:
                if self._trace:
                    save_trace(self._trace, self._drive.core)

    async def _follow(self, drive: AsyncRunStream | AsyncWatch) -> None:
        with self._view:
            async with drive:
                async for item in drive:
                    self._view.heard(item)
        self._view.ended(drive.outcome)
        if drive.outcome.status is not RunStatus.COMPLETED:
            self._code = EXIT_FAILED

    def _cancel(self) -> None:
        if self._drive is None:
            self._scope.cancel()
        else:
            self._view.cancelling()
            self._drive.cancel()

    def _leave(self) -> None:
        if self._drive is not None:
            core = self._drive.core
            core.policy = replace(core.policy, on_interrupt="leave")
        self._scope.cancel()
