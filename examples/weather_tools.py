"""Tools for `runfsm drive`: functions of yours, marked for a model to call.

runfsm drive "How is the weather in Paris?" --simulate --tools examples/weather_tools.py
"""

from __future__ import annotations

from typing import Literal

from runfsm import Toolset, tool


@tool
def get_weather(location: str, unit: Literal["c", "f"] = "c") -> dict[str, str]:
    """Get the weather in a location.

    Args:
        location: City and country, e.g. Paris, France
        unit: Celsius or Fahrenheit.
    """
    return {"location": location, "temperature": "22" if unit == "c" else "72", "unit": unit}


@tool(timeout_s=10)
def get_nickname(location: str) -> str:
    """Get the nickname of a city.

    Args:
        location: City and country, e.g. Paris, France
    """
    return "the City of Light" if "Paris" in location else location


if __name__ == "__main__":
    for each in Toolset([get_weather, get_nickname]):
        print(f"{each.name}: {each.description}")
