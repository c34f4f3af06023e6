"""Which handler answers, and the order of the checks before it is asked.

The order, as the recordings imply it: key, (path), beta header, ids and body, existence, state.
So a body of the wrong type is told of even when the run could not be modified anyhow.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from itertools import count
from typing import Final

from runfsm.errors import IllegalTransition
from runfsm_simulator.wire import (
    assistants,
    conversations,
    files,
    messages,
    models_list,
    responses,
    runs,
    sessions,
    threads,
    vector_stores,
)
from runfsm_simulator.wire.asked import Answer, Asked, Handler, check_endpoint, check_id
from runfsm_simulator.wire.bodycache import BodyCache, Shaped
from runfsm_simulator.wire.dialects import canonical_path, not_simulated
from runfsm_simulator.wire.errors import REFUSALS
from runfsm_simulator.wire.http import Request, Response, json_bytes
from runfsm_simulator.wire.paths import Paths
from runfsm_simulator.wire.profiles import PROFILES, ProfileName
from runfsm_simulator.wire.refused import api_error
from runfsm_simulator.wire.wording import ApiError
from runfsm_simulator.world.operations import World
from runfsm_simulator.world.refusals import Refusal
from runfsm_simulator.world.witness import WITNESSES

__all__ = ["MAX_BODY_BYTES", "ROUTES", "Router", "template"]

LOG: Final = logging.getLogger(__name__)

MAX_BODY_BYTES: Final = 16 * 1024 * 1024

THREAD: Final = "/v1/threads/{thread_id}"
MESSAGE: Final = THREAD + "/messages/{message_id}"
RUN: Final = THREAD + "/runs/{run_id}"
ASSISTANT: Final = "/v1/assistants/{assistant_id}"
FILE: Final = "/v1/files/{id}"
VECTOR_STORE: Final = "/v1/vector_stores/{vector_store_id}"
BATCH: Final = VECTOR_STORE + "/file_batches/{batch_id}"
RESPONSE: Final = "/v1/responses/{response_id}"
CONVERSATION: Final = "/v1/conversations/{conversation_id}"
SESSIONS: Final = "/v1/agents/sessions"
SESSION: Final = SESSIONS + "/{session_id}"
TURN: Final = SESSION + "/turns/{turn_id}"

#: Where the beta header is asked for. Recorded without it: vector stores (openai-dotnet 2025).
BETA: Final = ("/v1/assistants", "/v1/threads")
AGENTS: Final = "/v1/agents/"

#: What answers 201 to a POST: others say so who saw it, of this alone (see `session_refusals.py`).
CREATES: Final = frozenset({SESSIONS})

#: Every path, and what answers there. The first that fits is taken.
ROUTES: Final[Mapping[str, Mapping[str, Handler]]] = {
    "/v1/assistants": {"GET": assistants.list_all, "POST": assistants.create},
    ASSISTANT: {
        "GET": assistants.retrieve,
        "POST": assistants.modify,
        "DELETE": assistants.delete,
    },
    "/v1/threads": {"POST": threads.create},
    "/v1/threads/runs": {"POST": runs.create_with_thread},
    THREAD: {"GET": threads.retrieve, "POST": threads.modify, "DELETE": threads.delete},
    THREAD + "/messages": {"GET": messages.list_all, "POST": messages.create},
    MESSAGE: {"GET": messages.retrieve, "POST": messages.modify, "DELETE": messages.delete},
    THREAD + "/runs": {"GET": runs.list_all, "POST": runs.create},
    RUN: {"GET": runs.retrieve, "POST": runs.modify},
    RUN + "/cancel": {"POST": runs.cancel},
    RUN + "/submit_tool_outputs": {"POST": runs.submit},
    RUN + "/steps": {"GET": runs.list_steps},
    RUN + "/steps/{step_id}": {"GET": runs.retrieve_step},
    "/v1/models": {"GET": models_list.list_all},
    "/v1/models/{model}": {"GET": models_list.retrieve},
    "/v1/files": {"GET": files.list_all, "POST": files.create},
    FILE: {"GET": files.retrieve, "DELETE": files.delete},
    FILE + "/content": {"GET": files.content},
    "/v1/vector_stores": {"GET": vector_stores.list_all, "POST": vector_stores.create},
    VECTOR_STORE: {
        "GET": vector_stores.retrieve,
        "POST": vector_stores.modify,
        "DELETE": vector_stores.delete,
    },
    VECTOR_STORE + "/search": {"POST": vector_stores.search},
    VECTOR_STORE + "/files": {"GET": vector_stores.list_files, "POST": vector_stores.attach},
    VECTOR_STORE + "/files/{file_id}": {
        "GET": vector_stores.retrieve_file,
        "DELETE": vector_stores.detach,
    },
    VECTOR_STORE + "/file_batches": {"POST": vector_stores.attach_batch},
    BATCH: {"GET": vector_stores.retrieve_batch},
    BATCH + "/cancel": {"POST": vector_stores.cancel_batch},
    BATCH + "/files": {"GET": vector_stores.list_batch},
    "/v1/responses": {"POST": responses.create},
    RESPONSE: {"GET": responses.retrieve, "DELETE": responses.delete},
    RESPONSE + "/cancel": {"POST": responses.cancel},
    RESPONSE + "/input_items": {"GET": responses.list_input},
    "/v1/conversations": {"POST": conversations.create},
    CONVERSATION: {
        "GET": conversations.retrieve,
        "POST": conversations.modify,
        "DELETE": conversations.delete,
    },
    CONVERSATION + "/items": {"GET": conversations.list_items, "POST": conversations.add_items},
    CONVERSATION + "/items/{item_id}": {
        "GET": conversations.retrieve_item,
        "DELETE": conversations.delete_item,
    },
    SESSIONS: {"GET": sessions.list_all, "POST": sessions.create},
    SESSION: {"GET": sessions.retrieve, "POST": sessions.update, "DELETE": sessions.delete},
    SESSION + "/events": {"GET": sessions.stream, "POST": sessions.send},
    SESSION + "/turns": {"GET": sessions.list_turns},
    TURN: {"GET": sessions.retrieve_turn},
    TURN + "/items": {"GET": sessions.list_turn_items},
    SESSION + "/items": {"GET": sessions.list_items},
}


PATHS: Final = Paths(ROUTES)


@lru_cache(maxsize=4096)
def template(path: str) -> str | None:
    """The path of the table that a request's path fits, without its prefix for Azure.

    Example:
        >>> template("/openai/threads/thread_1/runs")
        '/v1/threads/{thread_id}/runs'
    """
    found = PATHS.find(canonical_path(path))
    return found[0] if found else None


class Router:
    """The service, as seen through HTTP.

    Args:
        world: what stands behind it.
        profile: which form the bodies have; see `profiles.py`.
    """

    def __init__(self, world: World, *, profile: ProfileName = "wire") -> None:
        self._world = world
        self._profile = PROFILES[profile]
        self._bodies = BodyCache(lambda body: self._profile(body, world.store))
        self._requests = count(1)

    def handle(self, request: Request) -> Response:
        """Answer one request. Every mistake in it is an answer too, never an exception.

        So is a planner that raises: an answer 500 that says what, and a traceback in the log. An
        exception would reach the user of an SDK as a lost connection, after three attempts.
        """
        headers = {
            "content-type": "application/json",
            "openai-version": "2020-10-01",
            "openai-processing-ms": "0",
            "x-request-id": f"req_{next(self._requests):032x}",
        }
        try:
            answered = self._answer(request, headers["x-request-id"])
            if isinstance(answered, bytes):
                created = request.path in CREATES and request.method == "POST"
                return Response(201 if created else 200, headers, answered)
            return replace(answered, headers={**headers, **answered.headers})
        except ApiError as error:
            answer = error
        except Exception as error:  # a planner may raise anything
            LOG.exception("%s %s went wrong", request.method, request.path)
            answer = REFUSALS["broken"].error(problem=f"{type(error).__name__}: {error}")
        return answer.response(headers)

    def _answer(self, request: Request, request_id: str) -> bytes | Response:
        if len(request.body) > MAX_BODY_BYTES:
            raise REFUSALS["too_large"].error(limit=MAX_BODY_BYTES)
        _check_key(request.headers.get("authorization", ""))
        switches = self._world.switches
        path, handler, ids = _route(request)
        if request.path.startswith(BETA):
            check_endpoint(request.method, request.path, switches)
            beta = request.headers.get("openai-beta", "")
            if beta != "assistants=v2":
                _check_beta(beta)
        elif request.path.startswith(AGENTS) and request.headers.get("openai-beta") != "agents=v1":
            raise REFUSALS["no_agents_beta"].error()
        for name, value in ids.items():
            check_id(name, value, switches)
        asked = Asked(self._world, ids, request, self._profile, request_id)
        # The body is parsed inside too: it is quick, and a handler stays one straight line.
        with self._world.operation():
            try:
                if not WITNESSES.present:
                    return self._written(handler(asked))
                with WITNESSES.calling(f"{request.method} {path}", self._world.store, ids):
                    answer = handler(asked)
                return self._written(answer)
            except (Refusal, IllegalTransition) as refusal:
                raise api_error(refusal, switches) from refusal

    def _written(self, answer: Answer) -> bytes | Response:
        if isinstance(answer, Shaped):
            return self._bodies.bytes_of(answer)
        if isinstance(answer, Response):
            return answer
        return json_bytes(self._profile(answer, self._world.store))


def _check_key(authorization: str) -> None:
    """Any key will do."""
    scheme, _, key = authorization.partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise REFUSALS["no_key"].error()


def _check_beta(beta: str) -> None:
    if not beta:
        raise REFUSALS["no_beta"].error()
    for asked in beta.split(","):
        name, equals, _ = asked.strip().partition("=")
        if not equals:
            raise REFUSALS["malformed_beta"].error(beta=asked.strip())
        if asked.strip() != "assistants=v2":
            raise REFUSALS["unknown_beta"].error(beta=name)


def _route(request: Request) -> tuple[str, Handler, dict[str, str]]:
    found = PATHS.find(request.path)
    if found is None:
        raise _no_such_url("unknown_url", request)
    path, handlers, ids = found
    if handler := handlers.get(request.method):
        return path, handler, ids
    raise _no_such_url("wrong_method", request)


def _no_such_url(refusal: str, request: Request) -> ApiError:
    if not_simulated(request.path):
        refusal = "not_simulated"
    return REFUSALS[refusal].error(method=request.method, path=request.path)
