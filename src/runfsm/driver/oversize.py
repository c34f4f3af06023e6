"""Outputs that a service refuses as too large: which of them, and what the model is told. Pure.

On the Assistants API one output has at most 1,048,576 characters, and those of a round 512 kB
together; on the Responses API one has at most 10,485,760 characters (semantic-kernel#12814,
earendil-works/pi#2122). Other servers have limits of their own. So none is assumed: the refusal
tells, by a number, or else the largest output is the one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

from runfsm.driver.request import ToolOutput
from runfsm.tools.outputs import failure

__all__ = ["Limit"]

#: A shorter output is not what was too large, in characters: the word about it is no shorter. But
#: many that are hardly longer may be too large together.
SMALL: Final = 200

PLACE: Final = re.compile(r"(?:tool_outputs|input)\[(?P<place>\d+)\]")
LENGTH: Final = re.compile(r"maximum (?:length|size)(?: of|:)? (?P<number>\d[\d,]*)")
TOGETHER: Final = re.compile(r"less than (?P<number>\d[\d,]*) ?(?P<unit>[kKmM])i?[bB]")

UNITS: Final = {"k": 1024, "m": 1024 * 1024}


@dataclass(frozen=True, slots=True)
class Limit:
    """The limits of a service, as far as a refusal names them.

    Attributes:
        place: which output was refused, from 0 on.
        chars: how many characters an output may have.
        bytes: how many bytes all outputs of a round may have together.
    """

    place: int | None = None
    chars: int | None = None
    bytes: int | None = None

    @classmethod
    def told_by(cls, message: str) -> Self:
        """Read a refusal.

        Example:
            >>> Limit.told_by("Invalid 'tool_outputs[1].output': string too long. Expected a "
            ...               "string with maximum length 1048576, but got ...")
            Limit(place=1, chars=1048576, bytes=None)
        """
        place, length = PLACE.search(message), LENGTH.search(message)
        together = TOGETHER.search(message)
        return cls(
            place=int(place["place"]) if place else None,
            chars=_number(length["number"]) if length else None,
            bytes=_number(together["number"]) * UNITS[together["unit"].lower()]
            if together
            else None,
        )

    def exceeded_by(self, outputs: Sequence[ToolOutput]) -> list[ToolOutput]:
        """Return those outputs that are to be replaced; none if none of them can be."""
        large = [it for it in outputs if len(it.output) > SMALL]
        large.sort(key=lambda it: len(it.output), reverse=True)
        if self.chars is not None and (
            found := [it for it in large if len(it.output) > self.chars]
        ):
            return found
        if self.bytes is not None and (found := _until_they_fit(outputs, large, self.bytes)):
            return found
        if self.place is not None and self.place < len(outputs) and outputs[self.place] in large:
            return [outputs[self.place]]
        return large[:1]

    def word_for(self, output: ToolOutput) -> ToolOutput:
        """Return what the model is told in place of an output."""
        most = f"at most {self.chars} are taken" if self.chars else "that is more than is taken"
        said = f"The result has {len(output.output)} characters; {most}. Ask for less of it."
        told = failure(output.call_id, output.name, "too_large", said)
        return replace(output, output=told.output, error=told.error, exception=None)


def _number(digits: str) -> int:
    return int(digits.replace(",", ""))


def _until_they_fit(
    outputs: Sequence[ToolOutput], large: Sequence[ToolOutput], most: int
) -> list[ToolOutput]:
    """The fewest of the large ones without which all are few enough bytes together."""
    left = sum(map(_size, outputs))
    found: list[ToolOutput] = []
    for output in large:
        if left < most:
            break
        left -= _size(output) - SMALL  # a word takes its place
        found.append(output)
    return found


def _size(output: ToolOutput) -> int:
    return len(output.output.encode(errors="replace"))
