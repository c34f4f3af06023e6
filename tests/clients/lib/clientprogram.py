"""The part that every Python program shares: play the scenarios, print what the client saw.

A program is started with a base URL, a prefix for keys and the names of scenarios. It plays each
one under an API key of its own, which the server takes for a world of its own, and prints one line
of JSON: "outcome" is "ok", with what the client saw in "saw"; or "failed", with the exception's
class and text in "text". It runs beside whatever its client needs: standard library only.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import sys
import traceback
from collections.abc import Callable
from typing import Any

__all__ = ["ADA", "CALLS", "QUESTION", "SCHEMA", "WEATHER", "get_weather", "play"]

#: What each scenario's user says.
WEATHER = "How is the weather in Oslo?"
ADA = "My name is Ada."
QUESTION = "What is my name?"


def get_weather(city: str) -> str:
    """Tell the weather in a city."""
    CALLS.append({"name": "get_weather", "arguments": {"city": city}})
    return f"Sun in {city}"


#: What an answer by schema has.
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "degrees": {"type": "integer"}},
    "required": ["city", "degrees"],
    "additionalProperties": False,
}

#: The calls of `get_weather` in this scenario.
CALLS: list[dict[str, Any]] = []


def play(*scenarios: Callable[[str, str], Any]) -> None:
    """Play what the command line asks for.

    Args:
        scenarios: functions of the base URL and the key, named as their scenarios are. Each returns
            what the client saw, or a coroutine that does.
    """
    sys.addaudithook(_stay_here)
    by_name = {scenario.__name__: scenario for scenario in scenarios}
    base_url, prefix, *names = sys.argv[1:]
    for name in names:
        line = {"scenario": name, **_played(by_name[name], base_url, f"{prefix}-{name}")}
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()


def _played(scenario: Callable[[str, str], Any], base_url: str, key: str) -> dict[str, Any]:
    CALLS.clear()
    try:
        saw = scenario(base_url, key)
        if inspect.isawaitable(saw):
            saw = asyncio.run(_awaited(saw))
    except Exception as error:  # noqa: BLE001  # whatever a client raises is what is looked for
        traceback.print_exc()
        return {"outcome": "failed", "text": f"{type(error).__name__}: {error}"}
    return {"outcome": "ok", "saw": saw}


async def _awaited(saw: Any) -> Any:
    return await saw


def _stay_here(event: str, args: tuple[Any, ...]) -> None:
    """Refuse every connection but to this machine: no client phones home from a test."""
    is_inet = event == "socket.connect" and isinstance(args[1], tuple)
    if is_inet and args[1][0] not in {"127.0.0.1", "::1"}:
        raise ConnectionRefusedError(f"a test connects to 127.0.0.1 only, not {args[1][0]}")
