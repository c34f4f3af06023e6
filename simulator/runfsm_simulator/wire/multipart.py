"""multipart/form-data, as far as an upload needs it (RFC 7578).

The parts are split at the boundary byte for byte: what is uploaded is never decoded. Their headers
are read by the standard library, so that a file name may come in UTF-8 (httpx, browsers), as an
encoded word (.NET) or as `filename*` (RFC 5987).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email import message_from_string
from email.message import EmailMessage
from email.policy import HTTP
from typing import Final

from runfsm_simulator.wire.errors import REFUSALS
from runfsm_simulator.wire.wording import ApiError

__all__ = ["Part", "form"]

PARTS_MAX: Final = 32


@dataclass(frozen=True, slots=True)
class Part:
    """One field of a form: a value, or a file."""

    content: bytes
    filename: str | None = None


def form(content_type: str, body: bytes) -> Mapping[str, Part]:
    """The fields of a form by their names; of two with one name, the last.

    Raises:
        ApiError: it is not such a form.
    """
    boundary = _headers(f"content-type: {content_type}").get_boundary()
    if not content_type.lower().startswith("multipart/form-data") or not boundary:
        raise _malformed("the request is not a multipart/form-data form with a boundary")
    return dict(_fields(boundary.encode(), body))


def _fields(boundary: bytes, body: bytes) -> Iterator[tuple[str, Part]]:
    _, *parts = (b"\r\n" + body).split(b"\r\n--" + boundary, PARTS_MAX + 1)
    if not parts or not parts[-1].startswith(b"--"):
        raise _malformed(f"the form has no end, or more than {PARTS_MAX} fields")
    for part in parts[:-1]:
        yield _field(part)


def _field(part: bytes) -> tuple[str, Part]:
    head, blank, content = part.partition(b"\r\n\r\n")
    try:
        headers = _headers(head.decode().lstrip())
    except UnicodeDecodeError:
        raise _malformed("the headers of a field are not UTF-8") from None
    name = headers.get_param("name", header="content-disposition")
    if not blank or not isinstance(name, str):
        raise _malformed("a field has no name")
    return name, Part(content, headers.get_filename())


def _headers(text: str) -> EmailMessage:
    return message_from_string(text + "\n\n", policy=HTTP)


def _malformed(problem: str) -> ApiError:
    return REFUSALS["not_a_form"].error(problem=problem)
