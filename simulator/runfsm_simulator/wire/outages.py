"""How the platform says that it is not up to it: texts of 429, 500 and 503.

Nothing in the simulator answers so by itself; a fault that somebody asked for does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from runfsm.lifecycle import Evidence
from runfsm_simulator.wire.wording import Wording

__all__ = ["OUTAGES"]

ERROR_CODES: Final = Evidence.likely("the service's documentation of its errors")

#: Each by a short name.
OUTAGES: Final[Mapping[str, Wording]] = {
    "rate_limited": Wording(
        "Rate limit reached for {model} in organization org-simulated on requests per min (RPM): "
        "Limit 500, Used 500, Requested 1. Please try again in {seconds}s. "
        "Visit https://platform.openai.com/account/rate-limits to learn more.",
        Evidence.likely("agents-deep-research#1, for another endpoint of the same platform"),
        status=429,
        type="requests",
        code="rate_limit_exceeded",
    ),
    "quota": Wording(
        "You exceeded your current quota, please check your plan and billing details. "
        "For more information on this error, read the docs: "
        "https://platform.openai.com/docs/guides/error-codes/api-errors.",
        ERROR_CODES,
        status=429,
        type="insufficient_quota",
        code="insufficient_quota",
    ),
    "error": Wording(
        "The server had an error while processing your request. Sorry about that!",
        ERROR_CODES,
        status=500,
        type="server_error",
    ),
    "overloaded": Wording(
        "The engine is currently overloaded, please try again later",
        ERROR_CODES,
        status=503,
        type="server_error",
    ),
}
