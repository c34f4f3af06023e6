"""/v1/responses. There is no list of them, as on the real service."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from pydantic import BaseModel

from runfsm_simulator.wire import response_shapes as shapes
from runfsm_simulator.wire.asked import Answer, Asked
from runfsm_simulator.wire.bodies.common import Nothing
from runfsm_simulator.wire.bodies.responses import CreateResponse
from runfsm_simulator.wire.errors import REFUSALS
from runfsm_simulator.wire.listing import Window
from runfsm_simulator.wire.reading import check_waitable
from runfsm_simulator.wire.response_stream import Late, ResponseStream
from runfsm_simulator.wire.validation import validate

__all__ = ["cancel", "create", "delete", "list_input", "retrieve"]


class Look(BaseModel):
    """What a look may ask for beside its id. Others are ignored."""

    stream: bool = False
    starting_after: int = -1


def create(asked: Asked) -> Answer:
    """POST: at once in background mode; else when it is over, or event by event."""
    body = asked.body(CreateResponse)
    if body.conversation is not None and body.previous_response_id is not None:
        raise REFUSALS["exclusive"].error()
    if body.input is None and body.conversation is None and body.previous_response_id is None:
        raise REFUSALS["missing"].error(name="input")
    if body.stream or not body.background:
        check_waitable(asked.world)
    response = asked.world.create_response(body.wanted())
    include = body.include or ()
    if body.stream:
        return ResponseStream(asked.world, response, request_id=asked.request_id).response()
    if body.background:
        return shapes.response(response, include)
    return Late(asked.world, response, include).response()


def retrieve(asked: Asked) -> Answer:
    """GET: as it is now; or its events, those that have been and those to come."""
    query = asked.request.query
    look = validate(Look, {name: values[-1] for name, values in query.items() if values})
    if look.stream:
        response = asked.world.streamed_response(**asked.ids)
        after, request_id = look.starting_after, asked.request_id
        stream = ResponseStream(asked.world, response, after=after, request_id=request_id)
        return stream.response()
    return shapes.response(asked.world.store.response(**asked.ids), included(asked))


def cancel(asked: Asked) -> dict[str, Any]:
    """POST cancel."""
    asked.body(Nothing)
    return shapes.response(asked.world.cancel_response(**asked.ids))


def delete(asked: Asked) -> dict[str, Any]:
    """DELETE."""
    asked.world.store.delete_response(**asked.ids)
    return shapes.deleted_response(asked.ids["response_id"])


def list_input(asked: Asked) -> dict[str, Any]:
    """GET input_items: what it was created with, and what came before that."""
    response = asked.world.store.response(**asked.ids)
    items = [*response.context, *response.input]
    include = included(asked)
    page = asked.window(Window).page(items, "item", lambda it: shapes.item(it, include))
    return shapes.typed_page(page)


def included(asked: Asked) -> Collection[str]:
    """What a request wants to see beside."""
    query = asked.request.query
    return [*query.get("include", ()), *query.get("include[]", ())]
