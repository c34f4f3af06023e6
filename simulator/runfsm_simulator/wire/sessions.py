"""/v1/agents/sessions, their events, turns and items."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from runfsm_simulator.wire import session_shapes as shapes
from runfsm_simulator.wire.asked import Answer, Asked
from runfsm_simulator.wire.bodies.sessioninput import SendEvents
from runfsm_simulator.wire.bodies.sessions import CreateSession, UpdateSession
from runfsm_simulator.wire.errors import REFUSALS
from runfsm_simulator.wire.http import Response
from runfsm_simulator.wire.listing import Window
from runfsm_simulator.wire.reading import check_waitable
from runfsm_simulator.wire.session_stream import SessionStream
from runfsm_simulator.world.refusals import NotFound
from runfsm_simulator.world.sessionmodels import Session, SessionTurn, TurnItem

__all__ = [
    "create",
    "delete",
    "list_all",
    "list_items",
    "list_turn_items",
    "list_turns",
    "retrieve",
    "retrieve_turn",
    "send",
    "stream",
    "update",
]

#: Reference: how long an idempotency key may be.
KEY_MAX: Final = 256

METADATA: Final = re.compile(r"metadata\[(.*)\]")


def create(asked: Asked) -> Answer:
    """POST: the session with its first turn, or their events."""
    body = asked.body(CreateSession)
    if body.agent_id is not None:
        raise NotFound("agent", body.agent_id)
    if body.agent is None or body.agent.model is None:
        raise REFUSALS["missing"].error(name="agent.model")
    if not body.input:
        raise REFUSALS["no_initial_input"].error()
    if body.stream:
        check_waitable(asked.world)
    session = asked.world.create_session(body.new())
    if body.stream:
        return SessionStream.of_creation(
            asked.world, session, request_id=asked.request_id
        ).response()
    return _session(asked, session)


def list_all(asked: Asked) -> dict[str, Any]:
    """GET: those with some metadata, or of an agent, if that is asked for."""
    query = {name: values[-1] for name, values in asked.request.query.items() if values}
    named = {METADATA.fullmatch(name): value for name, value in query.items()}
    wanted = {name[1]: value for name, value in named.items() if name}
    agent_id = query.get("agent_id")
    sessions = [
        session
        for session in asked.world.store.sessions.values()
        if not session.is_deleted
        and wanted.items() <= session.metadata.items()
        and agent_id in {None, session.agent_id}
    ]
    return asked.window(Window).page(sessions, "session", lambda it: _session(asked, it))


def retrieve(asked: Asked) -> dict[str, Any]:
    """GET."""
    return _session(asked, asked.world.store.session(**asked.ids))


def update(asked: Asked) -> dict[str, Any]:
    """POST: metadata, and what the agent of later turns is to be."""
    body = asked.body(UpdateSession)
    session = asked.world.store.session(**asked.ids)
    if not body.model_fields_set:
        raise REFUSALS["no_update"].error()
    asked.world.modify(session, body.changes(session))
    return _session(asked, session)


def delete(asked: Asked) -> dict[str, Any]:
    """DELETE: once more, it is the same."""
    asked.world.delete_session(**asked.ids)
    return shapes.deleted_session(asked.ids["session_id"])


def send(asked: Asked) -> Response:
    """POST events: accepted, and no more is said."""
    key = asked.request.headers.get("idempotency-key") or None
    if key and len(key) > KEY_MAX:
        raise REFUSALS["long_key"].error(length=len(key))
    inputs = asked.body(SendEvents).inputs()
    asked.world.send(asked.ids["session_id"], inputs, key=key)
    return Response(202, {}, b"")


def stream(asked: Asked) -> Response:
    """GET events: those that come from now on."""
    session = asked.world.store.session(**asked.ids)
    return SessionStream(asked.world, session, request_id=asked.request_id).response()


def list_turns(asked: Asked) -> dict[str, Any]:
    """GET turns."""
    turns = [*asked.world.store.session(**asked.ids).turns.values()]
    return asked.window(Window).page(turns, "turn", lambda it: _turn(asked, it))


def retrieve_turn(asked: Asked) -> dict[str, Any]:
    """GET turns/{id}."""
    return _turn(asked, asked.world.store.turn(**asked.ids))


def list_items(asked: Asked) -> dict[str, Any]:
    """GET items: of all turns."""
    return _items(asked, *asked.world.store.session(**asked.ids).turns.values())


def list_turn_items(asked: Asked) -> dict[str, Any]:
    """GET turns/{id}/items."""
    return _items(asked, asked.world.store.turn(**asked.ids))


def _items(asked: Asked, *turns: SessionTurn) -> dict[str, Any]:
    of = dict(_with_turns(turns))
    return asked.window(Window).page([*of], "session item", lambda it: shapes.item(it, of[it]))


def _with_turns(turns: tuple[SessionTurn, ...]) -> Iterator[tuple[TurnItem, SessionTurn]]:
    for turn in turns:
        for item in shapes.listed(turn):
            yield item, turn


def _session(asked: Asked, session: Session) -> dict[str, Any]:
    return shapes.session(session, now=asked.world.clock.now())


def _turn(asked: Asked, turn: SessionTurn) -> dict[str, Any]:
    return shapes.turn(turn, now=asked.world.clock.now())
