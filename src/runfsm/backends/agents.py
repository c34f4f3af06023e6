"""OpenAI's Agents sessions, through the official `openai` client: a run is a turn. Experimental.

The API is a public beta, of which the client knows since openai 3. What is sent for each call is in
`agents_flows.py`, and done by `flow.py`. There is no streaming: the service's streams are live,
tell nothing twice and never that a turn waits, so that looks are the truth.

Nothing here was tried against the live service (`docs/agents.md`, `lifecycle/wires`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypedDict, Unpack, cast, overload

import openai

from runfsm.backends.agents_flows import Flows
from runfsm.backends.agents_memory import Memory
from runfsm.backends.base import Capabilities
from runfsm.backends.clients import fitting
from runfsm.backends.flow import AsyncByFlows, SyncByFlows
from runfsm.errors import CallerError

__all__ = ["AgentsBackend", "AsyncAgentsBackend", "SyncAgentsBackend"]

#: As long as a run lived on the Assistants API, seconds.
LIFETIME_S: Final = 600.0


class Settings(TypedDict, total=False):
    """What a backend can be told; see there."""

    assistants: Mapping[str, Mapping[str, Any]]
    expires_after_s: float | None


def _flows(
    *,
    assistants: Mapping[str, Mapping[str, Any]] | None = None,
    expires_after_s: float | None = LIFETIME_S,
) -> Flows:
    flows = Flows(Memory(), expires_after_s=expires_after_s)
    for assistant_id, params in (assistants or {}).items():
        flows.create_assistant(params, assistant_id=assistant_id)
    return flows


class AgentsBackend:
    """A backend on OpenAI's Agents sessions. Experimental, as is the API: either may change.

    `AgentsBackend(client)` gives the backend that goes with the client: for threads with an
    `openai.OpenAI`, for tasks with an `openai.AsyncOpenAI`.

    A thread is a session. There is none before its first run, so `create_thread` gives a name for
    it; the session keeps that in its metadata, and each run's `ref.thread_id` is the session's id.
    Either goes on with the thread, from any process. What is added to a thread without a run waits
    here for the next run.

    Args:
        client: a ready client of openai 3 or newer, with its own key and timeouts.
        assistants: what the ids mean that the app has, as parameters of *create assistant*. Any
            other id is that of an agent that the service keeps.
        expires_after_s: how long a run may take, from its creation; then it is cancelled, and
            counts as expired. `None`: for ever.

    Attributes:
        capabilities: what the service can do.

    Raises:
        TypeError: `client` is neither.
        CallerError: the client has no Agents API, or an assistant cannot be.

    Example:
        >>> backend = AgentsBackend(openai.OpenAI())                        # doctest: +SKIP
        >>> assistant_id = backend.create_assistant(model="gpt-5-mini")     # doctest: +SKIP
        >>> RunDriver(backend).run(RunRequest(assistant_id, "Hi")).text     # doctest: +SKIP
        'Hello! How can I help?'
    """

    capabilities: Final = Capabilities(makes_threads=False)

    @overload
    def __new__(cls, client: openai.OpenAI, **settings: Unpack[Settings]) -> SyncAgentsBackend: ...
    @overload
    def __new__(
        cls, client: openai.AsyncOpenAI, **settings: Unpack[Settings]
    ) -> AsyncAgentsBackend: ...
    def __new__(cls, client: object, **_: Unpack[Settings]) -> AgentsBackend:  # noqa: PYI034  # chooses a subclass
        """Choose by the kind of client; a subclass is chosen already."""
        kind = fitting(cls, AgentsBackend, client, SyncAgentsBackend, AsyncAgentsBackend)
        _check_line(client)
        return cast("AgentsBackend", object.__new__(kind))


class SyncAgentsBackend(SyncByFlows[Flows], AgentsBackend):
    """`Backend` on an `openai.OpenAI`."""

    def __init__(self, client: openai.OpenAI, **settings: Unpack[Settings]) -> None:
        self._client = client
        self._flows = _flows(**settings)


class AsyncAgentsBackend(AsyncByFlows[Flows], AgentsBackend):
    """`AsyncBackend` on an `openai.AsyncOpenAI`."""

    def __init__(self, client: openai.AsyncOpenAI, **settings: Unpack[Settings]) -> None:
        self._client = client
        self._flows = _flows(**settings)


def _check_line(client: Any) -> None:
    if not hasattr(client.beta, "agents"):
        raise CallerError(
            f"the Agents API is in openai 3 and newer, and this is openai {openai.__version__}: "
            f"pip install 'openai>=3'; or use ResponsesBackend(client), which needs no more"
        )
