"""Other forms of one request: those in which the official client for Azure sends it.

`openai.AzureOpenAI` has its key in the header `api-key`, its paths under `/openai/` (also
`/openai/v1/` and `/openai/deployments/NAME/`), and a parameter `api-version` in each query. It is
the same API; so each request is put into one form here, before anybody looks at it, and a journal
has that form.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from runfsm_simulator.wire.http import Request

__all__ = ["canonical", "canonical_path", "not_simulated"]

AZURE: Final = re.compile(r"^/openai(?:/deployments/[^/]+|/v1)?/(.*)", re.DOTALL)
AZURE_V1: Final = "/openai/v1/"

#: Where the service wants its beta header, and Azure has the version in the query instead.
BETA: Final = ("/v1/assistants", "/v1/threads")

#: What else the service has, by how its paths begin; none of it is about runs.
ELSEWHERE: Final = re.compile(
    r"/v1/(?:audio|batches|chat|completions|containers|embeddings|evals|fine_tuning|images"
    r"|moderations|organization|realtime|skills|uploads"
    r"|videos)(?:/.*)?",
    re.DOTALL,
)


def canonical(request: Request) -> Request:
    """The request in the form of `api.openai.com`; the same object, if it has that form.

    Example:
        >>> asked = Request("GET", "/openai/models", headers={"api-key": "any"})
        >>> canonical(asked).path, canonical(asked).headers["authorization"]
        ('/v1/models', 'Bearer any')
    """
    if "api-key" not in request.headers and not request.path.startswith("/openai/"):
        return request
    headers = dict(request.headers)
    if (key := headers.pop("api-key", "")) and "authorization" not in headers:
        headers["authorization"] = f"Bearer {key}"
    path = canonical_path(request.path)
    is_versioned = path != request.path and not request.path.startswith(AZURE_V1)
    if is_versioned and path.startswith(BETA):
        headers.setdefault("openai-beta", "assistants=v2")
    query = {name: given for name, given in request.query.items() if name != "api-version"}
    return replace(request, path=path, headers=headers, query=query)


def canonical_path(path: str) -> str:
    """The path under `/v1`, if it is one of Azure's; as it is otherwise."""
    return AZURE.sub(r"/v1/\1", path) if path.startswith("/openai/") else path


def not_simulated(path: str) -> bool:
    """Return whether the service has something at a path that this simulator has not."""
    return ELSEWHERE.fullmatch(path) is not None
