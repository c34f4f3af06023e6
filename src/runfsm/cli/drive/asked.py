"""What `runfsm drive` is asked for, whatever the prompt: who answers, with what, on what terms."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import anyio
import anyio.lowlevel

from runfsm.cli.drive.services import Service
from runfsm.driver.aio import AsyncRunDriver
from runfsm.driver.policy import Policy
from runfsm.driver.request import RunRequest
from runfsm.errors import BackendError
from runfsm.tools import Toolset

__all__ = ["EXIT_FAILED", "Asked"]

#: The exit code of a run that ended otherwise than completed, or could not be driven.
EXIT_FAILED: Final = 1

#: Of an assistant that is made, if nobody says another; servers of one's own have their own names.
MODEL: Final = "gpt-4o"

#: Tidying up may take so long, in seconds.
TIDY_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for.

    Attributes:
        service: where.
        assistant_id: who answers; an assistant is made if `None`.
        is_kept: whether one that was made is kept.
        thread_id: where the run goes; each makes a thread if `None`.
        model: of the assistant that is made, or for this run of the one that there is.
        instructions: the same.
        tools: what answers the model's calls.
        policy: on what terms.
    """

    service: Service
    assistant_id: str | None
    is_kept: bool
    thread_id: str | None
    model: str | None
    instructions: str | None
    tools: Toolset
    policy: Policy

    def driver(self) -> AsyncRunDriver:
        """What drives the runs."""
        service = self.service
        return AsyncRunDriver(service.backend, self.tools, policy=self.policy, clock=service.clock)

    def request(self, prompt: str, assistant_id: str) -> RunRequest:
        """The request of one prompt."""
        said = {"model": self.model, "instructions": self.instructions}
        of_this_run: dict[str, Any] = {
            name: word for name, word in said.items() if word is not None
        }
        options = of_this_run if self.assistant_id else {}
        return RunRequest(assistant_id, prompt, self.thread_id, options)

    @asynccontextmanager
    async def assistant(self, note: Callable[[str], object]) -> AsyncIterator[str]:
        """The assistant; one that was made is deleted again, unless it is kept or there is a hurry.

        Args:
            note: told of what is made and of what stays.

        Raises:
            BackendError: none could be made.
        """
        if self.assistant_id is not None:
            yield self.assistant_id
            return
        made = await self.service.backend.create_assistant(
            model=self.model or MODEL, instructions=self.instructions, tools=self.tools.schemas
        )
        if not self.service.keeps_assistants:
            yield made
            return
        note(f"{made} was made{'' if self.is_kept else ', and will be deleted'}")
        try:
            yield made
        finally:
            if not self.is_kept:
                await self._delete(made, note)

    async def _delete(self, assistant_id: str, note: Callable[[str], object]) -> None:
        with anyio.move_on_after(TIDY_S):
            try:
                await anyio.lowlevel.checkpoint_if_cancelled()
                await self.service.delete_assistant(assistant_id)
            except BackendError as error:
                note(f"{assistant_id} could not be deleted: {error}")
            except anyio.get_cancelled_exc_class():
                note(f"{assistant_id} stays")  # in a hurry; and its run may go on
                raise
