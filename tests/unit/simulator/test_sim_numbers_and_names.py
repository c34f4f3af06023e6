"""Values that JSON can carry and the schema does not have: numbers without end, unknown names."""

from __future__ import annotations

from typing import Any

import pytest

from runfsm.lifecycle import RunEvent
from sdk_record import RECORD


@pytest.mark.parametrize("path", ["/v1/assistants", "{thread}/runs"])
def test_an_effort_is_one_of_the_clients(stage: Any, path: str) -> None:
    """Each that the client has a name for, over its versions, is echoed; another is refused."""
    path = path.format(thread=stage.thread)
    body = {"model": "m"} if path.endswith("assistants") else {"assistant_id": stage.assistant_id}
    for effort in (*RECORD.union("reasoning efforts"), None):
        made = stage.post(path, {**body, "reasoning_effort": effort})
        assert effort == made["reasoning_effort"]
        if made["object"] == "thread.run":
            stage.sim.world.fire(made["id"], RunEvent.EXPIRE)
    status, error = stage.refused("POST", path, {**body, "reasoning_effort": "huge"})

    assert (400, "reasoning_effort", "invalid_value") == (status, error["param"], error["code"])
    assert (
        "Invalid value: 'huge'. Supported values are: "
        "'none', 'minimal', 'low', 'medium', 'high', 'xhigh', and 'max'." == error["message"]
    )


def test_an_attribute_is_a_number_that_a_client_can_read(stage: Any) -> None:
    """JSON's integers have no end; one beyond every float is refused, and the last is taken."""
    store = stage.post("/v1/vector_stores", {})["id"]
    with stage.sim.world.operation():
        file_id = stage.sim.world.files.upload("a.txt", b"x", "assistants").id
    path, body = f"/v1/vector_stores/{store}/files", {"file_id": file_id}
    status, error = stage.refused("POST", path, {**body, "attributes": {"a": -(10**400)}})

    assert (400, "Invalid 'attributes.a': Input should be a finite number.") == (
        status,
        error["message"],
    )
    assert {"a": 10**308} == stage.post(path, {**body, "attributes": {"a": 10**308}})["attributes"]
