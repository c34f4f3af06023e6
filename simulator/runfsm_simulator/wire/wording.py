"""What an answer that is an error is made of: a wording with its evidence, and the facts in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from runfsm.lifecycle import Evidence
from runfsm_simulator.wire.http import Response, json_bytes
from runfsm_simulator.world.reasons import Reason

__all__ = ["JSON_ONLY", "PLATFORM", "ApiError", "Wording"]

#: Where many texts are known from that nobody recorded on these endpoints.
PLATFORM: Final = Evidence.likely("the wording of the platform's other endpoints")


@dataclass(frozen=True, slots=True)
class Wording:
    """One kind of answer.

    Attributes:
        text: with the facts as format fields.
        evidence: where the text is known from.
        status: the HTTP status.
        code: the error's code, if it has one; it may have format fields.
        param: the parameter that is at fault, as a format field.
        type: the error's type.
        headers: further response headers.
    """

    text: str
    evidence: Evidence
    status: int = 400
    code: str | None = None
    param: str | None = None
    type: str = "invalid_request_error"
    headers: tuple[tuple[str, str], ...] = ()

    def error(self, **facts: Any) -> ApiError:
        """The answer for these facts."""
        return ApiError(
            self,
            self.text.format(**facts),
            param=self.param and self.param.format(**facts),
            code=self.code and self.code.format(**facts),
        )


JSON_ONLY: Final[Mapping[str, str]] = {"content-type": "application/json"}


class ApiError(Exception):
    """An answer that is an error, on its way to the client."""

    def __init__(
        self, wording: Wording, message: str, *, param: str | None, code: str | None
    ) -> None:
        super().__init__(message)
        self.wording = wording
        self.message = message
        self.param = param
        self.code = code

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.wording.status

    def body(self) -> dict[str, Any]:
        """The envelope, keys in the recorded order."""
        error = {
            "message": self.message,
            "type": self.wording.type,
            "param": self.param,
            "code": self.code,
        }
        return {"error": error}

    def response(self, headers: Mapping[str, str] = JSON_ONLY) -> Response:
        """The answer, with `headers` beside its own."""
        return Response(
            self.status,
            {**headers, **dict(self.wording.headers)},
            json_bytes(self.body()),
            reasons=(Reason(self.wording.text, self.wording.evidence),),
        )
