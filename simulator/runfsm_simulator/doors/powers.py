"""What each path of the side door does; `control.py` has the powers themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, Final

from runfsm.errors import ScriptError
from runfsm_simulator.doors.faults import ArmedFault
from runfsm_simulator.doors.seeding import SOMEBODY
from runfsm_simulator.doors.wanted import (
    Advance,
    ArmFault,
    Fire,
    Fork,
    Last,
    RegisterWebhook,
    Reset,
    Seed,
    SeedRun,
    Throw,
    Wanted,
)
from runfsm_simulator.doors.webhooks import Webhook
from runfsm_simulator.wire.bodies.common import Nothing
from runfsm_simulator.wire.validation import validate
from runfsm_simulator.world.scriptfile import parse_script
from runfsm_simulator.world.switches import OPTIONS, REASONS, Switches

__all__ = ["POWERS", "Power"]


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


def show_script(wanted: Wanted) -> Any:
    """The mistakes in the script files that are followed; what they said before is played on."""
    return {"problems": wanted.control.script_problems}


def play(wanted: Wanted) -> Any:
    """Play a script from the next turn on: the body is its file (YAML, or JSON)."""
    try:
        text = wanted.request.body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ScriptError("script", [f"the body is not UTF-8: {error}"]) from None
    script = parse_script(text, where="script")
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
    "/script": {"GET": show_script, "POST": play},
    "/journal": {"GET": show_journal},
    "/why/{request_id}": {"GET": show_why},
    "/snapshots": {"GET": show_snapshots, "POST": save},
    "/snapshots/{snapshot_id}": {"DELETE": drop},
    "/snapshots/{snapshot_id}/restore": {"POST": restore},
    "/worlds": {"GET": show_worlds},
    "/worlds/{world}": {"DELETE": end},
    "/fork": {"POST": fork},
}
