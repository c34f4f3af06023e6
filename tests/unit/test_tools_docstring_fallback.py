"""A fact about docstrings that no parser understands."""

from __future__ import annotations

from runfsm.tools import tool


def test_a_docstring_that_breaks_the_parser_is_the_description() -> None:
    """A text over which docstring_parser raises does not keep a function from being a tool."""

    def odd(number: int) -> int:
        """:::    ::"""  # noqa: D415  # the odd text is the point
        return number

    assert ":::    ::" == tool(odd).description
