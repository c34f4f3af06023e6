"""What goes wrong with a stream, while the run it tells of goes on."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from runfsm_simulator.world.mistakes import ScriptPart

__all__ = ["StreamFault"]


class StreamFault(ScriptPart):
    """How each stream of a simulation breaks off.

    Attributes:
        kind: `"error"`: an `error` event, and then nothing; `"cut"`: nothing at all, as if the
            connection had been lost. Either way no `done`. `"hang"`: nothing, but the stream stays
            open until the run is over.
        shape: of the error's data, which is not settled: `"nested"` in an object under `error`
            (openai-dotnet), `"flat"` (published API schema). The official SDKs raise the first;
            the Python SDK's `stream` helpers swallow the second.
        after_events: how many events come before. `None`: all of them, so that only `done` is
            replaced or missing; to a hang it is none.

    Example:
        >>> StreamFault(kind="cut", after_events=3).after_events
        3
    """

    kind: Literal["error", "cut", "hang"]
    shape: Literal["nested", "flat"] = "nested"
    after_events: Annotated[int, Field(json_schema_extra={"minimum": 0})] | None = None

    @field_validator("after_events", mode="before")
    @classmethod
    def _a_count(cls, value: Any) -> Any:
        """Check the union as a whole: pydantic would report each of its members."""
        if value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 0):
            return value
        raise ValueError("expected how many events, 0 or more")
