"""The error of a definition that is refused: it shows the wrong way and the right one."""

from __future__ import annotations

from runfsm.errors import ToolDefinitionError

__all__ = ["refusal"]


def refusal(
    tool: str, problem: str, *, wrong: str, right: str, parameter: str | None = None
) -> ToolDefinitionError:
    """The error that names the tool and the parameter, and shows what to write instead."""
    where = f"tool '{tool}'" + (f", parameter '{parameter}'" if parameter else "")
    message = f"{where}: {problem}.\n  Instead of: {wrong}\n  write:      {right}"
    return ToolDefinitionError(message, tool=tool, parameter=parameter)
