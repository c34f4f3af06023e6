"""Why the fields of runs, responses and turns are what they are: each rule, and its evidence.

`effects.py` does what these say; the edges have their own reasons, in `runfsm.lifecycle.run`,
where the sources are named too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from runfsm.lifecycle import Evidence

__all__ = ["RESPONSE_FIELDS", "RUN_FIELDS", "TURN_FIELDS", "Reason"]


@dataclass(frozen=True, slots=True)
class Reason:
    """A rule in words.

    Attributes:
        rule: what it says.
        evidence: where we know it from.
    """

    rule: str
    evidence: Evidence

    @classmethod
    def certain(cls, rule: str, source: str) -> Reason:
        """Recorded, or told by several."""
        return cls(rule, Evidence.certain(source))

    @classmethod
    def likely(cls, rule: str, source: str) -> Reason:
        """Documented, or told once."""
        return cls(rule, Evidence.likely(source))

    @classmethod
    def inferred(cls, rule: str, source: str) -> Reason:
        """Follows from the rest."""
        return cls(rule, Evidence.inferred(source))

    def to_dict(self) -> dict[str, str]:
        """A JSON object."""
        return {
            "rule": self.rule,
            "source": self.evidence.source,
            "confidence": self.evidence.confidence.value,
        }


_certain, _likely, _inferred = Reason.certain, Reason.likely, Reason.inferred

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
    _certain(
        "a cancelled run has cancelled_at, expires_at null, and usage: 0/0/0 without a model call",
        "recording: simple-openai 2024-05",
    ),
    _inferred(
        "expires_at is null and usage an object on expired runs",
        "by analogy with the other ends",
    ),
)

RESPONSE_FIELDS: Final[tuple[Reason, ...]] = (
    _likely(
        "completed_at is set on completed only, and there is no expires_at",
        "types of openai-python 3.54; the reference",
    ),
    _likely(
        "a response that wants functions called is completed: a client finds the calls in output",
        "function calling guide; openai-agents-python#673",
    ),
    _likely("output is empty once a response is cancelled", "background guide; Azure's server"),
    _likely(
        "tools and instructions are those of this response; none are carried over",
        "the reference, on previous_response_id",
    ),
    _likely(
        "input and output join the conversation when the response is over, and not before",
        "the reference: 'after this response completes'",
    ),
    _inferred(
        "they do so after completed and incomplete, and not after failed and cancelled",
        "no evidence: the likelier of two",
    ),
    _inferred(
        "an item is in output as soon as it is whole, while others are being written",
        "no evidence; bodies printed of queued ones have an empty output",
    ),
)

TURN_FIELDS: Final[tuple[Reason, ...]] = (
    _likely(
        "usage is null when a turn ends, and measured seconds later; a session's is the sum, and "
        "null while that of one of its turns is",
        "MiniMax-AI/OpenAgentCore, contracts/agents-api: probes of the live service, 2026-09",
    ),
    _likely(
        "completed_at is set at each end, whichever it is",
        "types of openai-python 3.54: 'when the turn reached a terminal state'",
    ),
    _likely(
        "nothing about a turn shows that a cancel was accepted, until it is cancelled",
        "types of openai-python 3.54; MiniMax-AI/OpenAgentCore: probes of 2026-09",
    ),
    _inferred(
        "a token cap in a script is told as max_output_tokens, one of the input as "
        "context_length_exceeded",
        "types of openai-python 3.54: the error codes",
    ),
)
