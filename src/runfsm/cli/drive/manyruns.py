"""Many prompts, driven from the shell: a line for each that is over, and a bar for all."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final, TextIO

import anyio
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from runfsm.cli.asjson import error_to_dict, outcome_to_dict
from runfsm.cli.drive.asked import EXIT_FAILED, Asked
from runfsm.cli.drive.interrupts import interruptible
from runfsm.cli.telling import harmless, status_text
from runfsm.driver.aio import AsyncRunDriver
from runfsm.driver.content import text_of
from runfsm.driver.many import AsyncRunMap, MapCounts, MapResult
from runfsm.driver.request import RunRequest
from runfsm.lifecycle.run import RunStatus

__all__ = ["ManyRuns"]

REFRESH_S: Final = 0.1

#: Characters of a prompt, and of its answer, in a line of the table.
SHOWN: Final = 36


class ManyRuns:
    """Many prompts, so many at a time.

    Args:
        asked: what the command line asks for.
        limit: how many runs at a time.
        out: where the results go. The bar goes there, or to stderr if that is no terminal.
        as_json: whether they are JSON lines, and not a table.
    """

    def __init__(self, asked: Asked, *, limit: int, out: TextIO, as_json: bool) -> None:
        self._asked = asked
        self._limit = limit
        self._console = Console(file=out, highlight=False)
        self._as_json = as_json
        self._is_stopping = False
        self._ends: Counter[str] = Counter()

    async def play(self, prompts: Sequence[str]) -> int:
        """Drive them all, and return the command's exit code."""
        self._scope = anyio.CancelScope()
        signal = await interruptible(
            partial(self._play, prompts), ask=self._stop, leave=self._scope.cancel
        )
        self._sum_up(len(prompts))
        if signal:
            return 128 + signal
        return 0 if self._ends[RunStatus.COMPLETED] == len(prompts) else EXIT_FAILED

    def _stop(self) -> None:
        """No more of them; those under way are cancelled, and waited for."""
        self._note("cancelling ... (Ctrl-C again does not wait)")
        self._is_stopping = True

    async def _play(self, prompts: Sequence[str]) -> None:
        with self._scope:
            async with self._asked.assistant(self._note) as assistant_id:
                driver = self._asked.driver()
                requests = self._requests(prompts, assistant_id)
                with self._bar(len(prompts)) as bar:
                    async with driver.map(requests, limit=self._limit) as results:
                        await self._follow(results, driver, bar)

    def _requests(self, prompts: Sequence[str], assistant_id: str) -> Iterator[RunRequest]:
        for prompt in prompts:
            if self._is_stopping:
                return
            yield self._asked.request(prompt, assistant_id)

    async def _follow(self, results: AsyncRunMap, driver: AsyncRunDriver, bar: Progress) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._refresh, results, driver, bar)
            async for result in results:
                self._ends[result.outcome.status if result.outcome else "error"] += 1
                self._show(result)
            self._draw(results.counts, bar)
            tasks.cancel_scope.cancel()

    async def _refresh(self, results: AsyncRunMap, driver: AsyncRunDriver, bar: Progress) -> None:
        while True:
            self._draw(results.counts, bar)
            if self._is_stopping:  # again and again: what waited for a thread has begun meanwhile
                driver.cancel()
            await anyio.sleep(REFRESH_S)

    # What is seen --------------------------------------------------------------------------------

    def _bar(self, total: int) -> Progress:
        console = self._console if self._console.is_terminal else Console(stderr=True)
        columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        bar = Progress(
            *columns,
            TextColumn("{task.description}"),
            console=console,
            transient=True,
            redirect_stdout=False,  # a pipe gets what it shall get
            disable=not console.is_terminal,
        )
        bar.add_task("", total=total)
        return bar

    def _draw(self, counts: MapCounts, bar: Progress) -> None:
        statuses = [f"{count} {status}" for status, count in counts.by_status.items() if count]
        errors = [f"{counts.errors} errors"] if counts.errors else []
        bar.update(bar.task_ids[0], completed=counts.over, description=", ".join(statuses + errors))

    def _note(self, text: str) -> None:
        Console(stderr=True, highlight=False).print(Text(f"runfsm: {text}", style="dim italic"))

    def _show(self, result: MapResult) -> None:
        if self._as_json:
            self._console.out(json.dumps(_as_json(result)), highlight=False)
        else:
            self._console.print(_as_line(result), soft_wrap=True)

    def _sum_up(self, asked_for: int) -> None:
        left = asked_for - self._ends.total()  # after Ctrl-C: not begun, or not waited for
        told_ends = {**self._ends, **({"not_over": left} if left else {})}
        if self._as_json:
            told = {"kind": "summary", "prompts": asked_for, "ended": told_ends}
            self._console.out(json.dumps(told), highlight=False)
        else:
            ends = [f"{count} {end}" for end, count in told_ends.items()]
            self._console.print(Text(f"{asked_for} prompts: {', '.join(ends)}", style="dim"))


def _as_json(result: MapResult) -> dict[str, object]:
    if result.error is not None:
        return {"kind": "error", "index": result.index, **error_to_dict(result.error)}
    assert result.outcome is not None  # noqa: S101  # it is one or the other
    return {"kind": "outcome", "index": result.index, **outcome_to_dict(result.outcome)}


def _as_line(result: MapResult) -> Text:
    outcome = result.outcome
    told = outcome.text or str(outcome.error or "") if outcome else str(result.error)
    ended = status_text(outcome.status) if outcome else Text("■ error", style="red")
    ended.pad_right(19 - len(ended))
    return Text.assemble(
        (f"{result.index + 1:5}  ", "dim"),
        ended,
        _short(text_of(result.request.message or "")),
        " → ",
        _short(told),
    )


def _short(text: str) -> str:
    line = harmless(" ".join(text.split()))
    return line if len(line) <= SHOWN else f"{line[: SHOWN - 1]}…"
