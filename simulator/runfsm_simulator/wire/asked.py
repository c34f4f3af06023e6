"""What a handler is given: the world, and a request that has found its way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from pydantic import BaseModel

from runfsm_simulator.wire.bodycache import Shaped
from runfsm_simulator.wire.errors import REFUSALS
from runfsm_simulator.wire.http import NO_REQUEST, Request, Response
from runfsm_simulator.wire.listing import Window
from runfsm_simulator.wire.profiles import PROFILES, Profile
from runfsm_simulator.wire.validation import parse
from runfsm_simulator.world.operations import World
from runfsm_simulator.world.switches import DOCUMENTED, Switches

__all__ = ["Answer", "Asked", "Handler", "check_endpoint", "check_id"]

ModelT = TypeVar("ModelT", bound=BaseModel)
WindowT = TypeVar("WindowT", bound=Window)

#: What an id begins with, by its name in a path.
PREFIXES: Final[Mapping[str, str]] = {
    "assistant_id": "asst",
    "thread_id": "thread",
    "message_id": "msg",
    "run_id": "run",
    "step_id": "step",
    "file_id": "file",
    "vector_store_id": "vs",
    "batch_id": "vsfb",
    "response_id": "resp",
    "conversation_id": "conv",
    "item_id": "",
    "session_id": "",
    "turn_id": "",
    "id": "",  # of a file: any will do, it is just not found (recordings: openai-dotnet)
    "model": "",
}


@dataclass(slots=True)  # and not frozen, which costs: each request makes one
class Asked:
    """A request on its way to the world. Nobody changes it.

    Attributes:
        world: whom it is for.
        ids: the ids in its path, by their names.
        request: all of it.
        profile: which form the answer will have.
        request_id: its answer's header `x-request-id`.
    """

    world: World
    ids: Mapping[str, str]
    request: Request
    profile: Profile = PROFILES["wire"]
    request_id: str = NO_REQUEST

    def body(self, model: type[ModelT]) -> ModelT:
        """The body.

        Raises:
            ApiError: it is not such a body.
        """
        return parse(model, self.request.body, self.world.switches)

    def window(self, kind: type[WindowT]) -> WindowT:
        """What to show of a list.

        Raises:
            ApiError: a parameter of the query is invalid.
        """
        return kind.of(self.request.query, self.world.switches)


Answer = dict[str, Any] | Shaped | Response  # what becomes JSON, or something else as it is

Handler = Callable[[Asked], Answer]


#: Of those, the ones whose refusal nobody has recorded.
UNQUOTED: Final = frozenset({"run_id", "message_id"})

#: The ones that are looked for whatever they look like: `No run step found with id '123'.`, a 404
#: (recording: ruby-openai 2024-04-29, under v2).
ANY_WILL_DO: Final = frozenset({"step_id"})


def check_id(name: str, id: str, switches: Switches = DOCUMENTED) -> str:
    """`id`, if it looks like one, or if it is just to be not found.

    Raises:
        ApiError: it begins as no such id does.
    """
    prefix = PREFIXES[name]
    if name in ANY_WILL_DO or id.startswith(prefix):
        return id
    way = switches.malformed_id if name in UNQUOTED else "prefix"
    if way == "not_found":
        return id
    told = f"{prefix}_" if way == "prefix_and_underscore" else prefix
    raise REFUSALS["malformed_id"].error(name=name, id=id, prefix=told)


def check_endpoint(method: str, path: str, switches: Switches) -> None:
    """Refuse whatever is asked of an Assistants API that is gone.

    Raises:
        ApiError: there is no such URL.
    """
    if switches.endpoint == "gone":
        raise REFUSALS["unknown_url"].error(method=method, path=path)
