"""The record of the official client's vocabularies, over the versions that the suite knows.

A vocabulary is a union: each value with the versions that have it. Tests compare the product with
the record, never with whatever client is installed, so that a release of the client cannot turn
them red; how the installed client differs from the record is noted, and printed at the end.

A version is *known* if the record has the digest of its source. With one that is not, the client's
own checks (`schema_check`, tests marked `sdk_types`) note what they find instead of failing.

`python tests/support/sdk_record.py` adds the installed version to the record.
"""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Literal, get_args, get_origin

import openai

__all__ = [
    "HAS_AGENTS",
    "READERS",
    "RECORD",
    "Drift",
    "Record",
    "extended",
    "installed",
    "is_known",
    "literals",
    "members",
    "sdk_type",
    "tags",
]

FILE: Final = Path(__file__).with_suffix(".json")


def sdk_type(path: str) -> Any:
    """Return what the installed client has at `module:Name.attribute`, or `None`."""
    module, _, names = path.partition(":")
    try:
        found = import_module(f"openai.{module}")
        for name in names.split("."):
            found = getattr(found, name)
    except (ImportError, AttributeError):
        return None
    return found


#: Whether the installed client has the Agents API, which came in the course of 3.x.
HAS_AGENTS: Final = sdk_type("resources.beta.agents:Agents") is not None


def literals(annotation: Any) -> set[str]:
    """Return the strings of every literal in a type, however deep."""
    if get_origin(annotation) is Literal:
        return {word for word in get_args(annotation) if isinstance(word, str)}
    inner = (literals(one) for one in get_args(annotation) if not isinstance(one, str))
    return set().union(*inner)


def _of_field(path: str, field: str) -> Callable[[], set[str]]:
    """Read the literals of a model's field."""

    def read() -> set[str]:
        found = getattr(sdk_type(path), "model_fields", {}).get(field)
        return literals(found.annotation) if found else set()

    return read


def _of_union(path: str, field: str) -> Callable[[], set[str]]:
    """Read the names of a union's events: each member's literal."""

    def read() -> set[str]:
        return {word for member in members(sdk_type(path)) for word in tags(member, field)}

    return read


def _of_alias(path: str) -> Callable[[], set[str]]:
    return lambda: literals(sdk_type(path))


def _of_fields(path: str) -> Callable[[], set[str]]:
    return lambda: set(getattr(sdk_type(path), "model_fields", ()))


def _calls(*paths: str, of: Callable[[Any], bool]) -> Callable[[], set[str]]:
    """Read which of the client's calls have a trait."""
    return lambda: {path for path in paths if of(sdk_type(path))}


def _takes_key(call: Any) -> bool:
    return call is not None and "idempotency_key" in inspect.signature(call).parameters


def _methods() -> set[str]:
    """Read the methods of the Assistants API's resources."""
    rooms = {
        "assistants": "resources.beta.assistants:Assistants",
        "threads": "resources.beta.threads.threads:Threads",
        "threads.messages": "resources.beta.threads.messages:Messages",
        "threads.runs": "resources.beta.threads.runs.runs:Runs",
        "threads.runs.steps": "resources.beta.threads.runs.steps:Steps",
    }
    return {
        f"{room}.{name}"
        for room, path in rooms.items()
        for name, _ in inspect.getmembers(sdk_type(path), inspect.isfunction)
        if not name.startswith("_")
    }


def members(union: Any) -> tuple[Any, ...]:
    """Return the models of a union of events, annotated or not; of `None`, none."""
    args = get_args(union)
    is_annotated = bool(args) and bool(get_args(args[0]))
    return tuple(
        one for one in (get_args(args[0]) if is_annotated else args) if hasattr(one, "model_fields")
    )


def tags(member: Any, field: str) -> set[str]:
    """Return the names by which a member of a union is told."""
    found = member.model_fields.get(field)
    return literals(found.annotation) if found else set()


_threads, _agents = "types.beta.threads", "types.beta"

#: Each vocabulary that something here is compared with, and how the installed client is read.
READERS: Final[Mapping[str, Callable[[], set[str]]]] = {
    "run statuses": _of_alias(f"{_threads}:RunStatus"),
    "run error codes": _of_field(f"{_threads}.run:LastError", "code"),
    "run incomplete reasons": _of_field(f"{_threads}.run:IncompleteDetails", "reason"),
    "run events": _of_union("types.beta:AssistantStreamEvent", "event"),
    "reasoning efforts": _of_alias("types:ReasoningEffort"),
    "response statuses": _of_alias("types.responses:ResponseStatus"),
    "response error codes": _of_field("types.responses.response_error:ResponseError", "code"),
    "response incomplete reasons": _of_field(
        "types.responses.response:IncompleteDetails", "reason"
    ),
    "response events": _of_union("types.responses:ResponseStreamEvent", "type"),
    "session statuses": _of_field(f"{_agents}.agent_session:AgentSession", "status"),
    "session fields": _of_fields(f"{_agents}.agent_session:AgentSession"),
    "session events": _of_union(f"{_agents}.agent_session_event:AgentSessionEvent", "type"),
    "turn statuses": _of_field(f"{_agents}.agents.sessions.turn:Turn", "status"),
    "turn error codes": _of_field(f"{_agents}.session_turn_error:SessionTurnError", "code"),
    "webhook events": _of_union("types.webhooks.unwrap_webhook_event:UnwrapWebhookEvent", "type"),
    "calls that list": _calls(
        *("resources.beta.threads:Runs.list", "resources.responses:Responses.list"),
        of=lambda call: call is not None,
    ),
    "calls with an idempotency key": _calls(
        *("resources.beta.threads:Runs.create", "resources.responses:Responses.create"),
        "resources.beta.agents.sessions.events:Events.create",
        of=_takes_key,
    ),
    "assistants methods": _methods,
}


class Drift:
    """The differences between the installed client and the record; any thread may add to it."""

    def __init__(self) -> None:
        self.lines: set[str] = set()

    def note(self, line: str) -> None:
        """Add a line, once."""
        self.lines.add(line)


class Record:
    """The recorded vocabularies.

    Attributes:
        versions: the digest of each known version of the client.
        values: for each vocabulary, each value with the versions that have it.
        drift: where differences of the installed client are noted.
    """

    def __init__(self, data: Mapping[str, Any], drift: Drift) -> None:
        self.versions: Mapping[str, str] = data["versions"]
        self.values: Mapping[str, Mapping[str, list[str]]] = data["vocabularies"]
        self.drift = drift

    def union(self, name: str) -> frozenset[str]:
        """Return all values of a vocabulary, and note how the installed client differs."""
        for line in self.differences(name, READERS[name](), openai.__version__):
            self.drift.note(line)
        return frozenset(self.values[name])

    def differences(self, name: str, found: set[str], version: str) -> Iterator[str]:
        """Yield what a version of the client has more, and less, than the record says of it."""
        values = self.values[name]
        if new := sorted(found - values.keys()):
            yield f"{name}: new in openai {version}: {', '.join(new)}"
        told = version if version in self.versions else self.latest
        if lost := sorted(value for value in values.keys() - found if told in values[value]):
            yield f"{name}: in openai {told}, and not in {version}: {', '.join(lost)}"

    def is_gone(self, value: object, version: str) -> bool:
        """Return whether a value is one that older versions had and this one has not."""
        return any(
            all(_order(one) < _order(version) for one in having)
            for values in self.values.values()
            if (having := values.get(str(value)))
        )

    @property
    def latest(self) -> str:
        """The newest known version."""
        return max(self.versions, key=_order)

    def knows(self, version: str, digest: str) -> bool:
        """Return whether a client is one that the suite was written with, to the letter."""
        return self.versions.get(version) == digest


def _order(version: str) -> list[int]:
    return [int(part) if part.isdecimal() else 0 for part in version.split(".")]


@cache
def installed() -> tuple[str, str]:
    """Return the installed client's version, and the digest of its source."""
    folder = Path(openai.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py"), key=lambda path: path.relative_to(folder).as_posix()):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return openai.__version__, digest.hexdigest()


def is_known() -> bool:
    """Return whether the record knows the installed client; else its checks only note."""
    return RECORD.knows(*installed())


def extended(data: Mapping[str, Any], version: str, digest: str) -> dict[str, Any]:
    """Return a record that knows the installed version too."""
    vocabularies: dict[str, Any] = {}
    for name, read in READERS.items():
        old, found = data["vocabularies"].get(name, {}), read()
        vocabularies[name] = {
            value: [one for one in old.get(value, []) if one != version]
            + [version] * (value in found)
            for value in sorted({*old, *found})
        }
    return {"versions": {**data["versions"], version: digest}, "vocabularies": vocabularies}


def main() -> None:
    """Add the installed version to the file."""
    data = json.loads(FILE.read_text(encoding="utf-8"))
    text = json.dumps(extended(data, *installed()), indent=1)
    FILE.write_text(text + "\n", encoding="utf-8", newline="\n")


RECORD: Final = Record(json.loads(FILE.read_text(encoding="utf-8")), Drift())

if __name__ == "__main__":
    main()
