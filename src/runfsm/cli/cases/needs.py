"""What a case takes of a wire; and if a wire cannot give it, why: in the words of its table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from runfsm.backends import SyncAgentsBackend, SyncAssistantsBackend, SyncResponsesBackend
from runfsm.backends.base import StreamingBackend
from runfsm.lifecycle.run import RunStatus
from runfsm.lifecycle.table import Origin
from runfsm.lifecycle.wires import Occasion, Wire
from runfsm.lifecycle.wires.wire import CancelAnswer, Submitting

__all__ = ["Need", "at_once", "has", "native", "refuses", "streams", "window"]

#: What stands against it, in the words of the wire's table; `None`: nothing does.
Need = Callable[[Wire], str | None]

BACKENDS: Final[Mapping[str, type]] = {
    "assistants": SyncAssistantsBackend,
    "responses": SyncResponsesBackend,
    "agents": SyncAgentsBackend,
}


def has(trait: str) -> Need:
    """There is such a thing: a trait by its name."""

    def need(wire: Wire) -> str | None:
        found = wire.traits[trait]
        return None if found.value else f"{trait.replace('_', ' ')}: {found.told}"

    return need


def refuses(occasion: Occasion) -> Need:
    """The service refuses a call then."""

    def need(wire: Wire) -> str | None:
        refusal = wire.refusals[occasion]
        return f"to {occasion} is not refused: {refusal.told}" if refusal.value is None else None

    return need


def native(status: RunStatus) -> Need:
    """The service itself says that status."""

    def need(wire: Wire) -> str | None:
        said = wire.statuses[status]
        is_native = said.value is Origin.NATIVE
        return None if is_native else f"{status} is {said.value}: {said.told}"

    return need


def window(wire: Wire) -> str | None:
    """There is time between a cancel and what comes of it."""
    return None if wire.cancel.value is CancelAnswer.ASKED else f"cancel: {wire.cancel.told}"


def at_once(wire: Wire) -> str | None:
    """All outputs are handed in together."""
    return f"submit: {wire.submit.told}" if wire.submit.value is Submitting.ONE_BY_ONE else None


def streams(wire: Wire) -> str | None:
    """The backend on that wire listens to runs."""
    listens = issubclass(BACKENDS[wire.name], StreamingBackend)
    return None if listens else f"not listened to: {wire.streaming.told}"
