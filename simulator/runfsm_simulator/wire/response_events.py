"""What is told of a response, event by event, as the official client types it.

A response remembers what has happened to it (`Response.told`), and its events are rendered from
that: once for each reader, from the first one on, so that numbers and places come out the same each
time. A thing that is over does not change any more, so it can be shown late; before it is over, it
is shown as it was at first.

Known from the types of openai-python: names, keys, numbers from 0 on. Not recorded, and so in one
place: the order of events within an item (`_opened`, `_grew`, `_closed`), and that an item which is
cut off by a failure or a cancel has no end.

There is no event for a cancel: `response.failed` carries a response that says `cancelled`, which
who streamed it has reported; a client reads the status and not the name.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from runfsm.lifecycle import ResponseStatus, RunEvent, RunStepEvent
from runfsm_simulator.wire import response_shapes as shapes
from runfsm_simulator.world.draft import Piece
from runfsm_simulator.world.models import Step
from runfsm_simulator.world.responsemodels import Item, Response, Told, item_of, items_of

__all__ = ["Event", "Events"]

Json = dict[str, Any]

#: A name, and what it carries; type and number come with the name.
Event = tuple[str, Json]


class Events:
    """The events of one response, in the order of their happening.

    Args:
        response: created to be streamed.
    """

    def __init__(self, response: Response) -> None:
        self._response = response
        self._read = 0  # of what it remembers
        self._number = 0
        self._places: dict[str, int] = {}  # of the first item of each step
        self._count = 0  # of items so far
        self._calling: tuple[Item, int] | None = None  # the call that is being written, its place

    def __iter__(self) -> Iterator[Json]:
        """Those that there are by now, and have not been asked for."""
        told = self._response.told or []
        while self._read < len(told):
            self._read += 1
            for name, payload in self._events(told[self._read - 1]):
                yield {"type": name, "sequence_number": self._number, **payload}
                self._number += 1

    def _events(self, told: Told) -> Iterator[Event]:
        if told.event:
            yield from self._moved(told.event)
            return
        step = self._response.steps[told.step_id]
        if told.piece:
            yield from self._grew(step, told.piece)
        elif told.step_event is RunStepEvent.OPEN:
            yield from self._opened(step)
        elif told.step_event is RunStepEvent.COMPLETE:
            yield from self._closed(step)

    def _moved(self, event: RunEvent) -> Iterator[Event]:
        it = self._response
        match event:
            case RunEvent.CREATE:
                first = ResponseStatus.QUEUED if it.background else ResponseStatus.IN_PROGRESS
                yield "response.created", {"response": shapes.first_look(it, first)}
                if it.background:
                    yield "response.queued", {"response": shapes.first_look(it, first)}
            case RunEvent.START:
                look = shapes.first_look(it, ResponseStatus.IN_PROGRESS)
                yield "response.in_progress", {"response": look}
            case _:
                cancelled = it.status is ResponseStatus.CANCELLED
                name = ResponseStatus.FAILED if cancelled else it.status
                yield f"response.{name}", {"response": shapes.response(it)}

    # Items.

    def _opened(self, step: Step) -> Iterator[Event]:
        self._places[step.id] = self._count
        if step.message:
            (item,) = items_of(step)
            yield self._added({**shapes.item(item), "status": "in_progress", "content": []})
            part = {"content_index": 0, "part": shapes.text_part("")}
            yield "response.content_part.added", {**self._at(step, step.message.id), **part}
        for item in items_of(step) if step.hosted else ():
            yield from self._hosted(step, item)

    def _hosted(self, step: Step, item: Item) -> Iterator[Event]:
        kind, at = shapes.item(item)["type"], self._at(step, item.id)
        code = step.hosted.code_interpreter if step.hosted else None
        begun: Json = {"code": ""} if code else {}
        yield self._added({**shapes.item(item), "status": "in_progress", **begun})
        yield f"response.{kind}.in_progress", at
        if code:
            yield f"response.{kind}_code.delta", {**at, "delta": code.input}
            yield f"response.{kind}_code.done", {**at, "code": code.input}
        yield f"response.{kind}.{'interpreting' if code else 'searching'}", at

    def _grew(self, step: Step, piece: Piece) -> Iterator[Event]:
        if step.message:
            at = {**self._at(step, step.message.id), "content_index": 0}
            yield "response.output_text.delta", {**at, "delta": piece.text, "logprobs": []}
            for one in piece.annotations:
                known = {"annotation_index": one.index, "annotation": shapes.annotation(one)}
                yield "response.output_text.annotation.added", {**at, **known}
        elif piece.call:
            yield from self._called()
            self._calling = (item_of(piece.call), self._count)
            begun = {"status": "in_progress", "arguments": ""}
            yield self._added({**shapes.item(self._calling[0]), **begun})
        elif self._calling:
            item, place = self._calling
            at = {"item_id": item.id, "output_index": place}
            yield "response.function_call_arguments.delta", {**at, "delta": piece.text}

    def _closed(self, step: Step) -> Iterator[Event]:
        yield from self._called()
        for item in items_of(step):
            at = self._at(step, item.id)
            if item.message:
                part = shapes.item(item)["content"] or [shapes.text_part("")]
                text = {"content_index": 0, "text": part[0]["text"], "logprobs": []}
                yield "response.output_text.done", {**at, **text}
                yield "response.content_part.done", {**at, "content_index": 0, "part": part[0]}
            elif item.hosted:
                yield f"response.{shapes.item(item)['type']}.completed", at
            if not item.call:
                yield self._done(shapes.item(item), at["output_index"])

    def _called(self) -> Iterator[Event]:
        """The end of the call that is being written, if one is."""
        if self._calling is None:
            return
        (item, place), self._calling = self._calling, None
        shown = shapes.item(item)
        known = {name: shown[name] for name in ("name", "arguments")}
        at = {"item_id": item.id, "output_index": place}
        yield "response.function_call_arguments.done", {**at, **known}
        yield self._done(shown, place)

    def _added(self, item: Json) -> Event:
        place, self._count = self._count, self._count + 1
        return "response.output_item.added", {"output_index": place, "item": item}

    def _done(self, item: Json, place: int) -> Event:
        return "response.output_item.done", {"output_index": place, "item": item}

    def _at(self, step: Step, item_id: str) -> Json:
        return {"item_id": item_id, "output_index": self._places[step.id]}
