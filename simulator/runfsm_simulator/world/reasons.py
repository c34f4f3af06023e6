"""Why the fields of a run are what they are: each rule in words, and where we know it from.

`effects.py` does what these say; the edges have their own reasons, in `runfsm.lifecycle.run`,
where the sources are named too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from runfsm.lifecycle import Evidence

__all__ = ["RUN_FIELDS", "Reason"]


@dataclass(frozen=True, slots=True)
class Reason:
    """A rule in words.

    Attributes:
        rule: what it says.
        evidence: where we know it from.
    """

    rule: str
    evidence: Evidence

    def to_dict(self) -> dict[str, str]:
        """A JSON object."""
        return {
            "rule": self.rule,
            "source": self.evidence.source,
            "confidence": self.evidence.confidence.value,
        }


def _certain(rule: str, source: str) -> Reason:
    return Reason(rule, Evidence.certain(source))


def _inferred(rule: str, source: str) -> Reason:
    return Reason(rule, Evidence.inferred(source))


RUN_FIELDS: Final[tuple[Reason, ...]] = (
    _certain(
        "started_at is null at first, kept while queued again, and overwritten at the next start",
        "recordings: openai-dotnet",
    ),
    _certain(
        "expires_at is created_at + 600 s and never extended; null as soon as the run is over",
        "recordings: every one of them",
    ),
    _certain(
        "completed_at is set on incomplete too",
        "recording: ruby-openai 2024-04-29; openai-python#1407",
    ),
    _certain(
        "required_action is there in requires_action only: the answer to submit lacks it already",
        "recordings: openai-dotnet",
    ),
    _certain(
        "usage is null until the run is over, then the sum over its steps, or zeros without any",
        "recordings: openai-dotnet; a report: failed before any model call, usage 0/0/0",
    ),
    _certain(
        "max_prompt_tokens and max_completion_tokens hold for all turns of a run together; the "
        "turn that would pass one is cut there, and the run is incomplete",
        "documentation: how Assistants work; recording: ruby-openai 2024-04-29",
    ),
    _inferred(
        "of a turn that is cut, calls are not made, and a message without a text is left",
        "by analogy with a text that is cut",
    ),
    _inferred(
        "expires_at is null and usage an object on cancelled and on expired runs",
        "by analogy with the other ends",
    ),
)
