"""What each path of the side door does; `control.py` has the powers themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Final, TypeVar

from pydantic import ConfigDict, Field, StringConstraints

from runfsm.lifecycle import LIFECYCLE, RunEvent, RunStatus
from runfsm_simulator.doors.control import Control
from runfsm_simulator.doors.faults import ArmedFault
from runfsm_simulator.doors.seeding import SOMEBODY
from runfsm_simulator.doors.webhooks import Webhook
from runfsm_simulator.doors.worlds import Worlds
from runfsm_simulator.wire.bodies.common import Body, Nothing
from runfsm_simulator.wire.http import Request, Trouble
from runfsm_simulator.wire.validation import parse, validate
from runfsm_simulator.world.scriptfile import parse_script
from runfsm_simulator.world.switches import OPTIONS, REASONS, Switches

__all__ = ["POWERS", "Wanted"]

BodyT = TypeVar("BodyT", bound=Body)


# Bodies ------------------------------------------------------------------------------------------


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

    status: Annotated[RunStatus, Field(strict=False)] = LIFECYCLE.initial
    id: str | None = None
    thread_id: str | None = None
    assistant_id: str | None = None
    body: dict[str, Any] | None = None


class Fire(Body):
    """An edge, by its event."""

    event: Annotated[RunEvent, Field(strict=False)]


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


# What each path does -----------------------------------------------------------------------------


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


def show_clock(wanted: Wanted) -> Any:
    """What time it is, and when something will happen by itself."""
    return {"now": wanted.control.now(), "next_due": wanted.control.next_due()}


def advance(wanted: Wanted) -> Any:
    """Let `seconds` pass."""
    wanted.control.advance(wanted.body(Advance).seconds)
    return show_clock(wanted)


def jump(wanted: Wanted) -> Any:
    """Let time pass until something happens by itself."""
    wanted.body(Nothing)
    wanted.control.jump()
    return show_clock(wanted)


def reset(wanted: Wanted) -> Any:
    """Begin again, with another `seed` if one is given."""
    wanted.control.reset(seed=wanted.body(Reset).seed)
    return show_clock(wanted)


def seed_assistant(wanted: Wanted) -> Any:
    """Make an assistant: the API's own body, and an `id`."""
    given = wanted.body(Seed)
    body = {**SOMEBODY, **given.model_dump(exclude={"id"})}
    return {"id": wanted.control.seed.assistant(body, id=given.id)}


def seed_thread(wanted: Wanted) -> Any:
    """Make a thread: the API's own body, and an `id`."""
    given = wanted.body(Seed)
    return {"id": wanted.control.seed.thread(given.model_dump(exclude={"id"}), id=given.id)}


def seed_run(wanted: Wanted) -> Any:
    """Make a run in a `status`: `id`, `thread_id`, `assistant_id`, `body`; all may be left out."""
    given = wanted.body(SeedRun)
    ref = wanted.control.seed.run(
        given.status,
        id=given.id,
        thread_id=given.thread_id,
        assistant_id=given.assistant_id,
        body=given.body,
    )
    return {"id": ref.run_id, "thread_id": ref.thread_id, "status": given.status.value}


def show_run(wanted: Wanted) -> Any:
    """Which edges a run may take now, and why."""
    edges = wanted.control.next_edges(wanted.parts["run_id"])
    return {
        "next": [
            {"event": edge.event, "dest": edge.dest, "actor": edge.actor, "why": edge.why}
            for edge in edges
        ]
    }


def fire(wanted: Wanted) -> Any:
    """Let a run take the edge of an `event`, now."""
    edge = wanted.control.fire(wanted.parts["run_id"], wanted.body(Fire).event)
    return {"source": edge.source, "event": edge.event, "dest": edge.dest}


def show_faults(wanted: Wanted) -> Any:
    """The faults that wait to strike, oldest first."""
    return {"faults": [asdict(fault) for fault in wanted.control.faults.armed]}


def arm_fault(wanted: Wanted) -> Any:
    """Let the next call that fits `method` and `path` go wrong: see `ArmedFault`."""
    wanted.control.faults.arm(ArmedFault(**wanted.body(ArmFault).model_dump()))
    return show_faults(wanted)


def disarm(wanted: Wanted) -> Any:
    """Forget the faults that wait."""
    wanted.control.faults.disarm()
    return show_faults(wanted)


def show_webhooks(wanted: Wanted) -> Any:
    """The webhooks that are told of responses and sessions, oldest first; not their secrets."""
    return {
        "webhooks": [
            {"id": ident, "url": one.to if isinstance(one.to, str) else None, "events": one.events}
            for ident, one in wanted.control.webhooks.registered.items()
        ]
    }


def register_webhook(wanted: Wanted) -> Any:
    """Tell a `url` of responses in background mode and of sessions: `secret`, `events`."""
    body = wanted.body(RegisterWebhook)
    given = {"secret": body.secret, "events": body.events and tuple(body.events)}
    wishes: dict[str, Any] = {name: one for name, one in given.items() if one is not None}
    webhook = Webhook(body.url, **wishes)
    ident = wanted.control.webhooks.register(webhook)
    return {"id": ident, "secret": webhook.secret}


def drop_webhook(wanted: Wanted) -> Any:
    """Tell a webhook no more."""
    wanted.control.webhooks.drop(wanted.parts["webhook_id"])
    return show_webhooks(wanted)


def show_switches(wanted: Wanted) -> Any:
    """Which way the service goes where nobody recorded any: each switch, its ways, and why."""
    switches = wanted.control.switches
    return {
        "switches": {
            name: {
                "value": getattr(switches, name),
                "options": OPTIONS[name],
                **reason.to_dict(),
            }
            for name, reason in REASONS.items()
        }
    }


def throw(wanted: Wanted) -> Any:
    """Have these switches, by their names, and all others as documented."""
    wanted.control.switches = Switches(**wanted.body(Throw).model_dump())
    return show_switches(wanted)


def play(wanted: Wanted) -> Any:
    """Play a script from the next turn on: the body is its file (YAML, or JSON)."""
    script = parse_script(wanted.request.body.decode(errors="replace"), where="script")
    wanted.control.play(script)
    return {"script": script.name}


def show_journal(wanted: Wanted) -> Any:
    """The latest requests and transitions; `?last=` says how many of each."""
    last = validate(Last, {name: values[-1] for name, values in wanted.request.query.items()}).last
    journal = wanted.control.journal
    return {
        "requests": [asking.to_dict() for asking in journal.requests[-last:]],
        "transitions": [entry.to_dict() for entry in journal.transitions[-last:]],
    }


def show_why(wanted: Wanted) -> Any:
    """The rules that made an answer, each with its source and how sure that is."""
    return wanted.control.why(wanted.parts["request_id"]).to_dict()


def show_snapshots(wanted: Wanted) -> Any:
    """The snapshots of this world, oldest first."""
    return {"snapshots": wanted.control.snapshots}


def save(wanted: Wanted) -> Any:
    """Keep the world as it is now."""
    wanted.body(Nothing)
    return {"id": wanted.control.save()}


def restore(wanted: Wanted) -> Any:
    """Be as when a snapshot was taken."""
    wanted.control.restore(wanted.parts["snapshot_id"])
    return show_clock(wanted)


def drop(wanted: Wanted) -> Any:
    """Keep a snapshot no longer."""
    wanted.control.drop(wanted.parts["snapshot_id"])
    return show_snapshots(wanted)


def show_worlds(wanted: Wanted) -> Any:
    """The worlds that there are; `this` is the one that the request is for."""
    return {"worlds": wanted.worlds.names, "this": wanted.name}


def fork(wanted: Wanted) -> Any:
    """Make a new world, named `into`, that is as this one is now."""
    wanted.worlds.fork(wanted.name, wanted.body(Fork).into)
    return show_worlds(wanted)


def end(wanted: Wanted) -> Any:
    """Forget a world, and all that is in it."""
    wanted.worlds.end(wanted.parts["world"])
    return show_worlds(wanted)


def show_paths(_wanted: Wanted) -> Any:
    """This list."""
    return {
        f"{method} /_sim{path}": (power.__doc__ or "").strip()
        for path, powers in POWERS.items()
        for method, power in powers.items()
    }


Power = Callable[[Wanted], Any]

POWERS: Final[Mapping[str, Mapping[str, Power]]] = {
    "/": {"GET": show_paths},
    "/clock": {"GET": show_clock},
    "/clock/advance": {"POST": advance},
    "/clock/jump": {"POST": jump},
    "/reset": {"POST": reset},
    "/assistants": {"POST": seed_assistant},
    "/threads": {"POST": seed_thread},
    "/runs": {"POST": seed_run},
    "/runs/{run_id}": {"GET": show_run},
    "/runs/{run_id}/events": {"POST": fire},
    "/faults": {"GET": show_faults, "POST": arm_fault, "DELETE": disarm},
    "/switches": {"GET": show_switches, "PUT": throw},
    "/webhooks": {"GET": show_webhooks, "POST": register_webhook},
    "/webhooks/{webhook_id}": {"DELETE": drop_webhook},
    "/script": {"POST": play},
    "/journal": {"GET": show_journal},
    "/why/{request_id}": {"GET": show_why},
    "/snapshots": {"GET": show_snapshots, "POST": save},
    "/snapshots/{snapshot_id}": {"DELETE": drop},
    "/snapshots/{snapshot_id}/restore": {"POST": restore},
    "/worlds": {"GET": show_worlds},
    "/worlds/{world}": {"DELETE": end},
    "/fork": {"POST": fork},
}
