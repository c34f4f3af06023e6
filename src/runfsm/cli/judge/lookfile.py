"""The lines of a log as looks at runs, whoever wrote it.

Each line is a JSON object; the forms that are known are the cases of `_looks`. What is none of them
is passed over, and counted: a log may tell of other things. A document that is spread over several
lines is taken as a whole; then a *line* is the number of its entry.

Rule: of a run, only its ids, status and times go on from here, never what anybody said.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, Final, TextIO

from runfsm.errors import CallerError
from runfsm.textfile import MARK
from runfsm_simulator.replay.seal import Seal
from runfsm_simulator.replay.tape import KIND

__all__ = ["Look", "Looks"]

#: Characters of a line, and of a document that is spread over several: more is not read.
LINE_MAX: Final = 1_000_000
DOCUMENT_MAX: Final = 64_000_000
LINES_MAX: Final = 1_000_000
ID_MAX: Final = 200  # characters of an id, or of a status; the longest of the API's has 41

#: The run of a log that is about one alone, and never names it.
NAMELESS: Final = "the run"


@dataclass(frozen=True, slots=True)
class Look:
    """One look at a run.

    Attributes:
        line: where it stands, from 1 on.
        run_id: which run.
        run: what was seen, as a tracker takes it: a status, or an object with one.
        at: when, in Unix seconds, if the log says so.
        own: the client's event that led here, if whoever wrote the log took it.
        guessed: it was not seen, but inferred by whoever wrote the log.
        thread_id: the run's thread, if the log says so.
        wire: by which wire it was seen (`lifecycle.WIRES`), if that can be told.
    """

    line: int
    run_id: str
    run: Any = field(repr=False)
    at: float | None = None
    own: str | None = None
    guessed: bool = False
    thread_id: str | None = None
    wire: str | None = None


class Looks:
    """The looks of a log, in its order; to be iterated once.

    Args:
        file: the log.

    Attributes:
        lines: how many it has, as far as it was read.
        passed_over: the numbers of the first lines that tell of no look.
        unreadable: the numbers of the first lines that are no JSON objects, or too long.

    Raises:
        CallerError: while iterating: there are more lines than anybody judges, or it is a tape,
            and this line was changed.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._run: Mapping[str, Any] = {"run_id": NAMELESS}
        self._seal: Seal | None = None  # of a tape, while each line can be checked
        self.lines = 0
        self.passed_over: list[int] = []
        self.unreadable: list[int] = []

    def __iter__(self) -> Iterator[Look]:
        for text in self._texts():
            self.lines += 1
            if self.lines > LINES_MAX:
                raise CallerError(f"more than {LINES_MAX} lines; judge the log in parts")
            entry = _parsed(text)
            self._check_seal(text, entry)
            if entry is None:
                self.unreadable.append(self.lines)
                continue
            found = False
            for look in self._looks(entry):
                found = True
                yield look
            if not found:
                self.passed_over.append(self.lines)

    def _check_seal(self, text: str | Mapping[str, Any], entry: Mapping[str, Any] | None) -> None:
        """Refuse a tape that was changed: it proves nothing about the runs on it."""
        if self.lines == 1 and entry and KIND.items() <= entry.items():
            self._seal = Seal()
        if self._seal is None or isinstance(text, Mapping):
            return
        if len(text) > LINE_MAX:  # it was not read to its end, so nothing after it can be checked
            self._seal = None
            return
        try:
            whole = text.encode(errors="replace").decode()  # a byte that is not UTF-8 breaks it
            self._seal.opened(whole.removeprefix(MARK).removesuffix("\n"))
        except ValueError as error:
            raise CallerError(
                f"line {self.lines} of this tape: {error}; nothing is judged"
            ) from error

    def _texts(self) -> Iterator[str | Mapping[str, Any]]:
        """Each line; or, of a document that is spread over several, each entry."""
        first = self._line()
        if first.strip() in {"{", "["}:
            yield from _entries(first + self._file.read(DOCUMENT_MAX))
            return
        while first:
            if first.strip():
                yield first
            else:
                self.lines += 1
            first = self._line()

    def _line(self) -> str:
        """The next line; of one that is too long, as much as shows it. Empty at the end."""
        line = rest = self._file.readline(LINE_MAX + 1)
        while len(rest) > LINE_MAX and not rest.endswith("\n"):
            rest = self._file.readline(LINE_MAX + 1)
        return line

    def _looks(self, entry: Mapping[str, Any]) -> Iterator[Look]:
        """Those of one entry: of what it holds, or the one that it is itself."""
        match entry:
            case {"format": str(), "run": {"run_id": str()} as run}:  # the head of a drive's trace
                self._run = run
            case {"transitions": [*entries]} | {"trace": [*entries]} | {"data": [*entries]}:
                for one in entries:
                    if isinstance(one, Mapping):
                        yield from self._looks(one)
            case (
                {"run": {"status": str()} as inner}
                | {"data": {"status": str()} as inner}
                | {"edge": {"run_id": str()} as inner}  # of a tape
            ):
                yield from self._looks({"at": entry.get("at"), **inner})
            case {"kind": str(kind)}:
                yield from self._step(entry, kind)
            case {"run_id": str(), "event": str(), "dest": str(dest)}:  # of a server's journal
                yield self._look(entry, dest)
            case {"object": str(kind)} if kind != "thread.run":
                pass  # a message, or a step, has a status too
            case {"status": str(), "id": str()} | {"status": str(), "run_id": str()}:
                yield self._look(entry, _seen(entry))

    def _step(self, step: Mapping[str, Any], kind: str) -> Iterator[Look]:
        """The look behind a step of a journal, as `JournalStep.to_dict` writes it."""
        match kind, step:
            case "transition", {"dest": str(dest)}:
                is_ours = step.get("actor") == "client" and step.get("foreign") is False
                own = str(step.get("event")) if is_ours else None
                yield self._look(step, dest, own=own, guessed=step.get("inferred") is True)
            case "unknown_status", {"raw_status": str(status)}:
                yield self._look(step, status)
            case "anomaly", {"shown": str(status)}:
                yield self._look(step, status)

    def _look(
        self, entry: Mapping[str, Any], run: Any, *, own: str | None = None, guessed: bool = False
    ) -> Look:
        named = entry if entry.get("run_id") or entry.get("id") else {**entry, **self._run}
        run_id = named.get("run_id") or named.get("id")
        at = entry.get("at")
        at = float(at) if isinstance(at, int | float) and isfinite(at) else None
        thread_id = named.get("thread_id")
        thread_id = thread_id[:ID_MAX] if isinstance(thread_id, str) else None
        wire = _wire(named, thread_id)
        return Look(self.lines, str(run_id)[:ID_MAX], run, at, own, guessed, thread_id, wire)


def _wire(entry: Mapping[str, Any], thread_id: str | None) -> str | None:
    """What the entry says, or else what the Assistants API alone calls a run and a thread."""
    if isinstance(told := entry.get("backend"), str):
        return told
    is_assistants = entry.get("object") == "thread.run" or (thread_id or "").startswith("thread_")
    return "assistants" if is_assistants else None


def _seen(run: Mapping[str, Any]) -> dict[str, Any]:
    """The run, less all but what a tracker reads: its status, and the ids of its calls."""
    match run.get("required_action"):
        case {"submit_tool_outputs": {"tool_calls": [*calls]}}:
            ids = [
                {"id": call["id"]} for call in calls if isinstance(call, Mapping) and "id" in call
            ]
        case _:
            ids = []
    pending = {"submit_tool_outputs": {"tool_calls": ids}}
    return {"status": run["status"][:ID_MAX], "required_action": pending if ids else None}


def _parsed(text: str | Mapping[str, Any]) -> Mapping[str, Any] | None:
    if isinstance(text, Mapping):
        return text
    if len(text) > LINE_MAX:
        return None
    try:
        entry = json.loads(text.removeprefix(MARK))
    except (ValueError, RecursionError):
        return None
    return entry if isinstance(entry, Mapping) else None


def _entries(document: str) -> Sequence[Mapping[str, Any]]:
    """What a document lists, one by one; or the document itself."""
    try:
        found = json.loads(document)
    except (ValueError, RecursionError) as error:
        raise CallerError(
            f"neither a JSON object a line, nor one JSON document: {error}"
        ) from error
    for key in ("transitions", "trace", "data"):
        if isinstance(found, Mapping) and isinstance(found.get(key), list):
            found = found[key]
    listed = found if isinstance(found, list) else [found]
    return [one for one in listed if isinstance(one, Mapping)]
