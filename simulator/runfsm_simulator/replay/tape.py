"""How a tape is written down: JSON lines, one for each thing that happened, in its order.

The first line, the *head*, says how the world was made. Then, as they come:

    {"choice": …}                      what the world chose, as `explore.choosers` writes it
    {"request": …, "at": …, "answer": …}    what was asked, when, and what was answered
    {"read": 1, "at": …, "answer": …}       a block of the first stream
    {"edge": …}                        an edge that a run took

Rule: a tape holds what clients sent, save their keys: without that, nothing can be asked again. So
its file is readable by its owner only. Answers are digests, unless they are wished for in full.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from runfsm.errors import CallerError
from runfsm_simulator.explore.choosers import Choice
from runfsm_simulator.wire.http import Request
from runfsm_simulator.world.script import Planner, Script
from runfsm_simulator.world.scriptfile import parse_script
from runfsm_simulator.world.sensible import sensible
from runfsm_simulator.world.storm import Storm
from runfsm_simulator.world.switches import Switches

__all__ = ["FORMAT", "Head", "Tape", "answered", "request_from_dict", "request_to_dict"]

FORMAT: Final = "runfsm recording"

#: Of what is written. Who writes another gives it a higher number.
VERSION: Final = 1

#: A tape that is longer is not read, and not written on, in bytes.
BYTES_MAX: Final = 256_000_000

#: The headers that an answer may depend on. Keys are never written; any will do.
HEADERS: Final = frozenset({"openai-beta", "content-type", "x-stainless-poll-helper"})
KEY: Final = "authorization"


@dataclass(frozen=True, slots=True)
class Head:
    """How a world was made.

    Attributes:
        script: what is played: `{"kind": "sensible"}`, a script in full, or the name of a planner.
        seed: of the choices; they are on the tape too.
        start: the clock's first moment, in Unix seconds.
        is_real: time went by itself, and no power could move it.
        pacing: see `Simulator`, as for all below.
        profile: the form of the bodies.
        storm: the fields of the storm.
        switches: those that are not as documented.
    """

    script: Mapping[str, Any]
    seed: int
    start: float
    is_real: bool
    pacing: Any
    profile: Any
    storm: Mapping[str, Any]
    switches: Mapping[str, Any]

    @classmethod
    def of(  # noqa: PLR0913  # the settings of a simulator, all by keyword
        cls,
        planner: Planner,
        *,
        seed: int,
        start: float,
        is_real: bool,
        pacing: str,
        profile: str,
        storm: Storm,
        switches: Switches,
    ) -> Head:
        """The head of a tape of such a simulator."""
        changed = {name: getattr(switches, name) for name in switches.thrown}
        return cls(_script(planner), seed, start, is_real, pacing, profile, asdict(storm), changed)

    def planner(self, given: Planner | None) -> Planner:
        """Who played, as far as the tape has it.

        Args:
            given: in place of it; wanted where the tape has no more than a name.

        Raises:
            CallerError: there is the name alone, and nobody is given.
        """
        if given is not None:
            return given
        if self.script.get("kind") == "sensible":
            return sensible
        if "text" in self.script:
            return parse_script(self.script["text"], where="the tape's script")
        raise CallerError(
            f"the tape was played by {self.script.get('name')}, a program, which is not on it: "
            f"give it, as in play(tape, script={str(self.script.get('name')).rpartition(':')[2]})"
        )


def _script(planner: Planner) -> dict[str, Any]:
    if planner is sensible:
        return {"kind": "sensible"}
    if isinstance(planner, Script):
        text = planner.model_dump_json(exclude_defaults=True)
        digest = hashlib.sha256(text.encode()).hexdigest()
        return {"kind": "script", "name": planner.name, "sha256": digest, "text": text}
    where = getattr(planner, "__module__", "?"), getattr(planner, "__qualname__", "?")
    return {"kind": "python", "name": ":".join(where)}


@dataclass(frozen=True, slots=True)
class Tape:
    """A tape that was read.

    Attributes:
        head: how the world was made.
        steps: what happened, oldest first: (line, what the line says).
    """

    head: Head
    steps: tuple[tuple[int, Mapping[str, Any]], ...]

    @property
    def choices(self) -> Iterator[Choice]:
        """What the world chose."""
        return (Choice.from_dict(step["choice"]) for _, step in self.steps if "choice" in step)

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Tape:
        """The tape in a file.

        Raises:
            CallerError: it cannot be read, or is none of ours.
        """
        try:
            if Path(path).stat().st_size > BYTES_MAX:
                raise CallerError(f"{path} is longer than {BYTES_MAX} bytes")
            lines = Path(path).read_text(encoding="utf-8").splitlines()
            head, *steps = [json.loads(line) for line in lines if line.strip()]
            return cls(_head(head), tuple(enumerate(steps, start=2)))
        except OSError as error:
            raise CallerError(f"the tape {path} cannot be read: {error.strerror}") from error
        except (ValueError, TypeError, RecursionError) as error:
            raise CallerError(f"{path} is no recording of runfsm: {error}") from error


def _head(written: Any) -> Head:
    if not isinstance(written, dict) or written.pop("format", None) != FORMAT:
        raise ValueError(f'its first line has no "format": "{FORMAT}"')
    if (version := written.pop("version", None)) != VERSION:
        raise ValueError(f"it has version {version}, and this runfsm reads version {VERSION}")
    return Head(**written)


def head_to_dict(head: Head) -> dict[str, Any]:
    """The first line."""
    return {"format": FORMAT, "version": VERSION, **asdict(head)}


# Requests and answers ----------------------------------------------------------------------------


def request_to_dict(request: Request) -> dict[str, Any]:
    """A request, less its key and whatever no answer depends on."""
    headers = {name: text for name, text in request.headers.items() if name in HEADERS}
    return {
        "method": request.method,
        "path": request.path,
        "query": {name: list(values) for name, values in request.query.items()},
        "headers": dict(sorted(headers.items())),
        "has_key": bool(request.headers.get(KEY, "").partition(" ")[2].strip()),
        **_body(request.body),
    }


def request_from_dict(written: Mapping[str, Any]) -> Request:
    """The request that can be asked again, with another key if there was one."""
    key = {KEY: "Bearer sk-replayed"} if written["has_key"] else {}
    local = {"host": "localhost"}  # for the side door
    headers = {**written["headers"], **key, **local}
    return Request(written["method"], written["path"], written["query"], headers, _bytes(written))


#: How a body is written, and read: as JSON where it is some, for a client's spaces do not count.
READERS: Final[Mapping[str, Callable[[Any], bytes]]] = {
    "json": lambda value: json.dumps(value).encode(),
    "text": lambda text: str(text).encode(),
    "base64": base64.b64decode,
}


def _body(body: bytes) -> dict[str, Any]:
    if not body:
        return {}
    try:
        return {"json": json.loads(body)}
    except (ValueError, RecursionError):
        pass
    try:
        return {"text": body.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(body).decode()}


def _bytes(written: Mapping[str, Any]) -> bytes:
    for form, read in READERS.items():
        if form in written:
            return read(written[form])
    return b""


def answered(status: int | None, body: bytes, *, full: bool) -> dict[str, Any]:
    """An answer, or a block of a stream: what it is compared by, and itself if that is wished."""
    told: dict[str, Any] = {"status": status, "sha256": hashlib.sha256(body).hexdigest()}
    return told | ({"body": body.decode(errors="replace")} if full else {})
