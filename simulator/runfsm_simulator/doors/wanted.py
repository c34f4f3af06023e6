"""What comes to the side door: a request that has found its way, and the bodies it may have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from pydantic import ConfigDict, Field, StringConstraints

from runfsm.lifecycle import LIFECYCLE
from runfsm_simulator.doors.control import Control
from runfsm_simulator.doors.worlds import Worlds
from runfsm_simulator.wire.bodies.common import Body
from runfsm_simulator.wire.http import Request, Trouble
from runfsm_simulator.wire.validation import parse

__all__ = [
    "Advance",
    "ArmFault",
    "Fire",
    "Fork",
    "Last",
    "RegisterWebhook",
    "Reset",
    "Seed",
    "SeedRun",
    "Throw",
    "Wanted",
]

BodyT = TypeVar("BodyT", bound=Body)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A request that has found its way.

    Attributes:
        worlds: all of them.
        name: of the world that it is for.
        parts: what the path names.
        request: all of it.
    """

    worlds: Worlds
    name: str
    parts: Mapping[str, str]
    request: Request

    @property
    def control(self) -> Control:
        """The powers over the world that it is for."""
        return self.worlds.world(self.name).control

    def body(self, model: type[BodyT]) -> BodyT:
        """The body.

        Raises:
            ApiError: it is not such a body.
        """
        return parse(model, self.request.body)


class Advance(Body):
    """How far."""

    seconds: float


class Reset(Body):
    """Another seed, if wanted."""

    seed: int | None = None


class Seed(Body):
    """The API's own body, and a chosen id. What is in the body, the API checks."""

    model_config = ConfigDict(extra="allow")

    id: str | None = None


class SeedRun(Body):
    """A run to be; `body` is the API's own for *create run*."""

    status: str = LIFECYCLE.initial.value
    id: str | None = None
    thread_id: str | None = None
    assistant_id: str | None = None
    body: dict[str, Any] | None = None


class Fire(Body):
    """An edge, by its event."""

    event: str


HeaderName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,100}$")]
HeaderValue = Annotated[str, StringConstraints(pattern=r"^[ -~]{0,1000}$")]


class ArmFault(Body):
    """See `ArmedFault`."""

    method: str | None = None
    path: Annotated[str, StringConstraints(max_length=300)] = "*"
    trouble: Trouble = "answer"
    status: Annotated[int, Field(ge=200, le=599)] = 500
    headers: Annotated[dict[HeaderName, HeaderValue], Field(default_factory=dict)]
    body: Any = None
    applied: bool = False


class RegisterWebhook(Body):
    """See `Webhook`."""

    url: Annotated[str, StringConstraints(max_length=2_000)]
    secret: Annotated[str, StringConstraints(max_length=200)] | None = None
    events: list[str] | None = None


class Throw(Body):
    """See `Switches`, which says what is wrong with it."""

    model_config = ConfigDict(extra="allow")


class Last(Body):
    """How many lines of each part of the journal."""

    last: Annotated[int, Field(strict=False, ge=1, le=10_000)] = 100


class Fork(Body):
    """The name of the new world."""

    into: str
