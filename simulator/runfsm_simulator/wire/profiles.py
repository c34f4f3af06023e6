"""Which form the bodies have: as recorded, or as the published schema demands.

`wire` is the default: every body as the service sent it, key by key.

`spec` is for who validates strictly (`OpenAI(_strict_response_validation=True)`, generated clients
of other languages): the service itself did not keep to its schema (openai/openai-openapi 2.3.0).
Where they differ, each line below says how:

* a run's `instructions` are never null, and neither is the name of a vector store;
* a message has `status`, `incomplete_details`, `completed_at` and `incomplete_at`, and always has
  `attachments`;
* a run step has `expired_at` and `metadata`, and no `expires_at`;
* a batch of files calls itself `vector_store.files_batch`;
* the ends of a page are strings, of an empty one empty strings;
* what the schema does not know is not there: the paths in `UNKNOWN`.

So a body is made once, as recorded, and completed here if need be, from what it is a picture of.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal

from runfsm.lifecycle import MESSAGE, MessageStatus, RunStepStatus
from runfsm_simulator.wire.shapes import unix
from runfsm_simulator.world.models import Message
from runfsm_simulator.world.store import Store

__all__ = ["PROFILES", "Profile", "ProfileName"]

Json = dict[str, Any]
ProfileName = Literal["wire", "spec"]
Profile = Callable[[Json, Store], Json]

EACH: Final = "*"

HYBRID_SEARCH: Final = f"tools.{EACH}.file_search.ranking_options.hybrid_search"
ATTRIBUTES: Final = f"step_details.tool_calls.{EACH}.file_search.results.{EACH}.attributes"
USAGE: Final = ("usage.prompt_token_details", "usage.completion_tokens_details")

#: What the recordings have and the schema has not, by the kind of object: paths to keys.
UNKNOWN: Final[Mapping[str, Sequence[str]]] = {
    "assistant": ("reasoning_effort", HYBRID_SEARCH),
    "thread.run": ("tool_resources", "reasoning_effort", HYBRID_SEARCH, *USAGE),
    "thread.run.step": ("expires_at", ATTRIBUTES, *USAGE),
    "thread.message": ("file_ids",),
    "vector_store": ("description",),
}


def _as_recorded(body: Json, _: Store) -> Json:
    return body


def _as_published(body: Json, store: Store) -> Json:
    """`body` as the schema accepts it; `store` has what it shows."""
    kind = str(body.get("object"))
    for path in UNKNOWN.get(kind, ()):
        body = _without(body, path.split("."))
    return COMPLETED[kind](body, store) if kind in COMPLETED else body


def _without(value: Any, path: Sequence[str]) -> Any:
    """A copy of `value` without the key that the path leads to, if it leads to one."""
    key, *rest = path
    if key == EACH and isinstance(value, list):
        return [_without(one, rest) for one in value]
    if not isinstance(value, Mapping) or key not in value:
        return value
    if rest:
        return {**value, key: _without(value[key], rest)}
    return {name: one for name, one in value.items() if name != key}


def _run(body: Json, _: Store) -> Json:
    return {**body, "instructions": body["instructions"] or ""}


def _step(body: Json, store: Store) -> Json:
    step = store.step(body["thread_id"], body["run_id"], body["id"])
    expired = step.status is RunStepStatus.EXPIRED
    return {
        **body,
        "expired_at": unix(step.ended_at) if expired else None,
        "metadata": {},
    }


def _message(body: Json, store: Store) -> Json:
    if "status" in body:
        return body  # in a stream it is told in full; and it may have been deleted by now
    message = store.message(body["thread_id"], body["id"])
    ended_at = unix(_ended_at(message, store))
    cut = message.status is MessageStatus.INCOMPLETE
    reason = message.incomplete_reason
    return {
        **body,
        "attachments": list(message.attachments),
        "status": message.status.value,
        "incomplete_details": reason and {"reason": reason},
        "completed_at": None if cut else ended_at,
        "incomplete_at": ended_at if cut else None,
    }


def _ended_at(message: Message, store: Store) -> float | None:
    """When it was whole, or cut: a client's at its birth, a run's when its step ended."""
    if message.status not in MESSAGE.terminal or message.run_id is None:
        return None if message.run_id else message.created_at
    steps = store.run(message.thread_id, message.run_id).steps.values()
    return next((step.ended_at for step in steps if step.message is message), None)


def _vector_store(body: Json, _: Store) -> Json:
    return {**body, "name": body["name"] or ""}


def _file_batch(body: Json, _: Store) -> Json:
    return {**body, "object": "vector_store.files_batch"}


def _page(body: Json, store: Store) -> Json:
    ends: Json = {key: body[key] or "" for key in ("first_id", "last_id") if key in body}
    return {**body, "data": [_as_published(one, store) for one in body["data"]], **ends}


COMPLETED: Final[Mapping[str, Profile]] = {
    "list": _page,
    "thread.run": _run,
    "thread.run.step": _step,
    "thread.message": _message,
    "vector_store": _vector_store,
    "vector_store.file_batch": _file_batch,
}

#: Every profile by its name.
PROFILES: Final[Mapping[ProfileName, Profile]] = {"wire": _as_recorded, "spec": _as_published}
