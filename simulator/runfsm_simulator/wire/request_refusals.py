"""How a request is refused for what it is as a whole: its key, its headers, its body, its form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from runfsm.lifecycle import Evidence
from runfsm_simulator.wire.wording import PLATFORM, Wording

__all__ = ["REQUEST_REFUSALS"]

_certain, _likely, _inferred = Evidence.certain, Evidence.likely, Evidence.inferred

#: Every one by a short name; `errors.py` has them among all others.
REQUEST_REFUSALS: Final[Mapping[str, Wording]] = {
    # What is asked before anybody looks at the body.
    "no_key": Wording(
        "You didn't provide an API key. You need to provide your API key in an Authorization "
        "header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY), or as the password field "
        "(with blank username) if you're accessing the API from your browser and are prompted for "
        "a username and password. You can obtain an API key from "
        "https://platform.openai.com/account/api-keys.",
        _certain("public code, for other endpoints"),
        status=401,
        headers=(("www-authenticate", 'Basic realm="OpenAI API"'),),
    ),
    "no_beta": Wording(
        "You must provide the 'OpenAI-Beta' header to access the Assistants API. "
        "Please try again by setting the header 'OpenAI-Beta: assistants=v2'.",
        _certain("public code; status 400: SwiftOpenAI#66"),
        code="invalid_beta",
    ),
    "malformed_beta": Wording(
        "Invalid beta header provided: '{beta}'. "
        "The header should be in the format 'OpenAI-Beta: example_beta=v1'.",
        _likely("public code, for vector stores"),
        code="invalid_beta",
    ),
    "unknown_beta": Wording(
        "Unknown beta requested: '{beta}'.", _likely("public code"), code="invalid_beta"
    ),
    # The body as a whole.
    "too_large": Wording(
        "Request body too large. The maximum is {limit} bytes.",
        _inferred("the simulator's own limit"),
        status=413,
    ),
    "not_json": Wording(
        "We could not parse the JSON body of your request. (HINT: This likely means you aren't "
        "using your HTTP library correctly. The OpenAI API expects a JSON payload, but what was "
        "sent was not valid JSON.)",
        PLATFORM,
    ),
    "not_an_object": Wording(
        "Invalid type for the body: expected an object, but got {got} instead.",
        _inferred("the wording for parameters"),
        code="invalid_type",
    ),
    "stream": Wording(
        "Nothing can be streamed here, for {why}: leave 'stream' out, and poll.",
        _inferred("the simulator's own answer"),
        param="stream",
        code="unsupported_parameter",
    ),
    # Uploads.
    "not_a_form": Wording(
        "We could not parse the multipart form of your request: {problem}.",
        _inferred("the wording for a JSON body"),
    ),
    "missing_field": Wording(
        "'{name}' is a required property", _likely("public code, for a missing file")
    ),
    "wrong_purpose": Wording(
        "'{value}' is not one of {supported} - 'purpose'",
        _certain("recordings: openai-dotnet 2025"),
        param="purpose",
    ),
    "not_downloadable": Wording(
        "Not allowed to download files of purpose: {purpose}",
        _certain("public code, many (assistants, user_data)"),
    ),
    "storage_full": Wording(
        "The simulator keeps uploads up to {bytes_max} bytes together. Delete some.",
        _inferred("the simulator's own limit"),
        status=413,
    ),
}
