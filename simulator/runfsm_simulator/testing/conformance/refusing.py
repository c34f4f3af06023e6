"""How a refusal is recognised: by the words that the wire's table has for it."""

from __future__ import annotations

from typing import Any

from runfsm.lifecycle import Evidence
from runfsm_simulator.testing.conformance.behaviour import expect
from runfsm_simulator.testing.conformance.exchange import Answer
from runfsm_simulator.wire.errors import REFUSALS

__all__ = ["expect_refusal", "known"]


def known(name: str) -> Evidence:
    """Where the words of a refusal are known from."""
    return REFUSALS[name].evidence


def expect_refusal(answer: Answer, refusal: str, /, **facts: Any) -> None:
    """The answer is this refusal: HTTP status, message and type.

    Raises:
        NotSo: it is not.
    """
    error = REFUSALS[refusal].error(**facts)
    expect("the answer", f"{error.status} {error.message}", answer.said)
    expect("the error's type", error.body()["error"]["type"], answer.error.get("type"))
