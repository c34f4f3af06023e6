"""/v1/models: names to choose from. Any other name will do for an assistant as well.

Recorded (openai-dotnet 2025): a model's four keys, the words for an unknown one, and the birth of
`gpt-4o-mini`. The other times are those that the service gave, as public code quotes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from runfsm_simulator.wire.asked import Asked
from runfsm_simulator.wire.errors import REFUSALS

__all__ = ["MODELS", "list_all", "retrieve"]

#: Models that assistants were used with: when each was created (Unix seconds), and whose it is.
MODELS: Final[Mapping[str, tuple[int, str]]] = {
    "gpt-4.1": (1744316542, "system"),
    "gpt-4o": (1715367049, "system"),
    "gpt-4o-mini": (1721172741, "system"),
    "gpt-4-turbo": (1712361441, "system"),
    "gpt-4": (1687882411, "openai"),
    "gpt-3.5-turbo": (1677610602, "openai"),
}


def list_all(asked: Asked) -> dict[str, Any]:  # noqa: ARG001  # a handler is given what is asked
    """GET /models. There is one page of them."""
    return {"object": "list", "data": [_model(name) for name in MODELS]}


def retrieve(asked: Asked) -> dict[str, Any]:
    """GET /models/{id}."""
    if asked.ids["model"] not in MODELS:
        raise REFUSALS["no_model"].error(**asked.ids)
    return _model(asked.ids["model"])


def _model(name: str) -> dict[str, Any]:
    created, owner = MODELS[name]
    return {"id": name, "object": "model", "created": created, "owned_by": owner}
