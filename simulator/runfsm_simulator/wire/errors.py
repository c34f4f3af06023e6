"""How a refusal sounds: status, text, type, param, code; and where each text is known from.

Sources beside those of `runfsm.lifecycle.run`: public repositories that quote an answer in full
("public code"), and the general wording of the same platform's other endpoints. Which of them a
refusal of the world is told in: `refused.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from runfsm.lifecycle import Evidence
from runfsm_simulator.wire.parameter_refusals import PARAMETER_REFUSALS
from runfsm_simulator.wire.request_refusals import REQUEST_REFUSALS
from runfsm_simulator.wire.response_refusals import RESPONSE_REFUSALS
from runfsm_simulator.wire.run_refusals import RUN_REFUSALS
from runfsm_simulator.wire.session_refusals import SESSION_REFUSALS
from runfsm_simulator.wire.wording import Wording

__all__ = ["REFUSALS"]

_certain, _likely, _inferred = Evidence.certain, Evidence.likely, Evidence.inferred

OWN: Final = _inferred("the simulator's own answer")

#: Every answer that is an error, by a short name.
REFUSALS: Final[Mapping[str, Wording]] = {
    **RUN_REFUSALS,
    **REQUEST_REFUSALS,
    # What goes wrong in the middle.
    "broken_stream": Wording(
        "The server had an error processing your request. Sorry about that! You can retry your "
        "request, or contact us through our help center at help.openai.com if you keep seeing this "
        "error. (Please include the request ID {request_id} in your email.)",
        _certain("recording: simple-openai 2024-05, in the middle of a stream; public code"),
        status=500,
        type="server_error",
    ),
    # The simulator's own matters: its worlds, its side door.
    "own": Wording("{problem}", OWN, code="simulator"),
    "no_world": Wording("{problem}", OWN, code="no_world"),
    "side_door_shut": Wording("The side door is shut: {problem}.", OWN, status=403),
    "metrics_shut": Wording("The metrics are shut: {problem}.", OWN, status=403),
    "no_metrics": Wording("{problem}", OWN, status=501),
    "not_simulated": Wording(
        "{method} {path} is not simulated here. Simulated are assistants, threads and runs; "
        "responses and conversations; agent sessions; files, vector stores and models. "
        "Give the code that calls this another base_url.",
        OWN,
        status=404,
        code="not_simulated",
    ),
    # What is nobody's fault but ours, or the planner's.
    "broken": Wording(
        "The server had an error while processing your request. Sorry about that! "
        "(The simulator, or the planner it was given, raised {problem}; see the log for where.)",
        _likely("the service's documentation of its errors; what is in brackets is our own"),
        status=500,
        type="server_error",
        headers=(("x-should-retry", "false"),),  # to the SDKs: it would go wrong again
    ),
    **PARAMETER_REFUSALS,
    **RESPONSE_REFUSALS,
    **SESSION_REFUSALS,
}
