"""Servers that speak the Responses wire otherwise: what is seen of them, and what comes of it."""

from __future__ import annotations

from typing import Any

import pytest

from chains import LOOPS, Chains
from driving import S
from runfsm import BackendError, Capabilities, FaultKind
from runfsm_simulator import ArmedFault, hang

pytestmark = pytest.mark.parametrize("loop", LOOPS, ids=str)

DONE = {
    "id": "resp_1",
    "status": "completed",
    "output": [
        {
            "type": "message",
            "id": "msg_1",
            "role": "assistant",
            "content": [{"type": "output_text", "text": "It rains."}],
        }
    ],
}


def _says(stage: Chains, method: str, path: str, body: Any, *, status: int = 200) -> None:
    fault = ArmedFault(method=method, path=path, status=status, body=body)
    stage.sim.control.faults.arm(fault)


def test_nothing_is_known_against_a_server_at_first(loop: Any) -> None:
    """It cannot list runs, by its contract; the rest is believed until it is seen otherwise."""
    assert Capabilities(can_list=False) == Chains(loop=loop).backend.capabilities


def test_a_server_that_ignores_background_completes_at_once(loop: Any) -> None:
    """Its answer to the creation is the end of the run, and the capabilities say so."""
    stage = Chains(loop=loop)
    _says(stage, "POST", "/v1/responses", DONE)
    _says(stage, "GET", "/v1/responses/resp_1", DONE)
    outcome = stage.run()

    assert (S.COMPLETED, "It rains.") == (outcome.status, outcome.text)
    assert not stage.backend.capabilities.in_background


@pytest.mark.parametrize("status", [404, 405, 501])
def test_a_server_without_a_cancel_says_so(loop: Any, status: int) -> None:
    """The run goes on there, and who cancels it is told; it is not asked again and again."""
    stage = Chains(hang(queue_s=1), loop=loop)
    path = "/v1/responses/*/cancel"
    _says(stage, "POST", path, {"error": {"message": "Not Found"}}, status=status)

    with pytest.raises(BackendError, match="cannot cancel") as caught:
        stage.run(on_step=lambda watch, _: watch.cancel())
    assert FaultKind.UNSUPPORTED is caught.value.fault.kind
    assert not stage.backend.capabilities.can_cancel


def test_an_id_that_changes_is_followed(loop: Any) -> None:
    """A server may name a response otherwise as soon as it is at work: the chain has its new id."""
    stage = Chains(loop=loop)
    _says(stage, "POST", "/v1/responses", {"id": "req_1", "status": "queued", "output": []})
    _says(stage, "GET", "/v1/responses/req_1", DONE)
    _says(stage, "GET", "/v1/responses/resp_1", DONE)
    outcome = stage.run()

    assert ("resp_1",) == outcome.ref.chain
    assert not stage.backend.capabilities.keeps_ids


UNKNOWN = {"type": "telepathy_call", "id": "tp_1", "call_id": "call_1", "status": "completed"}


def test_a_call_of_an_unknown_kind_is_never_the_end(loop: Any) -> None:
    """It waits for the client, under its own name; the run is not completed."""
    stage = Chains(loop=loop)
    shown = {"id": "resp_1", "status": "completed", "output": [UNKNOWN]}
    _says(stage, "POST", "/v1/responses", shown)
    run = stage.do("create", stage.request())

    assert S.REQUIRES_ACTION is run.status
    assert [("telepathy_call", "telepathy_call")] == [(it.kind, it.name) for it in run.calls]


def test_a_tool_may_answer_what_is_no_function(loop: Any) -> None:
    """A tool that is named as the kind gets its fields; its `True` approves."""
    heard: list[str] = []

    def mcp_approval_request(id: str, server_label: str, name: str) -> bool:
        """Approve."""
        assert id
        heard.extend([server_label, name])
        return True

    stage = Chains(loop=loop, tools=[mcp_approval_request])
    asks = {"type": "mcp_approval_request", "id": "mcpr_1", "server_label": "docs", "name": "find"}
    _says(stage, "POST", "/v1/responses", {"id": "r", "status": "completed", "output": [asks]})
    _says(stage, "POST", "/v1/responses", DONE)
    for path in ("r", "resp_1"):
        _says(stage, "GET", f"/v1/responses/{path}", DONE)
    stage.run()
    sent = [it for it in stage.sim.control.journal.requests if it.path == "/v1/responses"]

    assert ["docs", "find"] == heard
    assert 2 == len(sent)
