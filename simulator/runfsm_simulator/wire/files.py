"""/v1/files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final
from urllib.parse import quote

from pydantic import Field

from runfsm_simulator.wire import file_shapes
from runfsm_simulator.wire.asked import Asked
from runfsm_simulator.wire.bodies.files import Upload
from runfsm_simulator.wire.errors import REFUSALS
from runfsm_simulator.wire.http import Response
from runfsm_simulator.wire.listing import Window
from runfsm_simulator.wire.multipart import Part, form
from runfsm_simulator.wire.validation import validate

__all__ = ["content", "create", "delete", "list_all", "retrieve"]

#: As the recorded refusal lists them.
PURPOSES: Final = ("fine-tune", "assistants", "batch", "user_data", "vision", "evals")


class FileWindow(Window):
    """Files come in longer pages (published API schema)."""

    limit: Annotated[int, Field(ge=1, le=10_000)] = 10_000


def create(asked: Asked) -> dict[str, Any]:
    """POST /files."""
    parts = form(asked.request.headers.get("content-type", ""), asked.request.body)
    for name in ("file", "purpose"):
        if name not in parts:
            raise REFUSALS["missing_field"].error(name=name)
    upload = validate(Upload, _values(parts))
    if upload.purpose not in PURPOSES:
        raise REFUSALS["wrong_purpose"].error(value=upload.purpose, supported=list(PURPOSES))
    file = asked.world.files.upload(
        parts["file"].filename or "file",
        parts["file"].content,
        upload.purpose,
        lifetime_s=upload.expires_after.seconds if upload.expires_after else None,
    )
    return file_shapes.file(file)


def _values(parts: Mapping[str, Part]) -> dict[str, Any]:
    """The fields beside the file; `a[b]` is key `b` of the object `a`."""
    values: dict[str, Any] = {}
    for name, part in parts.items():
        outer, bracket, inner = name.partition("[")
        text = part.content.decode(errors="replace")
        if bracket:
            known = values.get(outer)
            values[outer] = {**(known if isinstance(known, dict) else {}), inner.rstrip("]"): text}
        elif name != "file":
            values[name] = text
    return values


def list_all(asked: Asked) -> dict[str, Any]:
    """GET /files; `purpose` leaves those of that purpose."""
    window = asked.window(FileWindow)
    things = list(asked.world.files.uploaded().values())
    for purpose in asked.request.query.get("purpose", ()):
        things = [file for file in things if file.purpose == purpose]
    page = window.page(things, "file", file_shapes.file)
    order = ("object", "data", "has_more", "first_id", "last_id")  # as recorded, here alone
    return {key: page[key] for key in order}


def retrieve(asked: Asked) -> dict[str, Any]:
    """GET /files/{id}."""
    return file_shapes.file(asked.world.files.file(**asked.ids))


def delete(asked: Asked) -> dict[str, Any]:
    """DELETE /files/{id}."""
    asked.world.files.delete_file(**asked.ids)
    return file_shapes.deleted_file(asked.ids["id"])


def content(asked: Asked) -> Response:
    """GET /files/{id}/content."""
    data = asked.world.files.content(**asked.ids)
    filename = asked.world.files.file(**asked.ids).filename
    headers = {
        "content-type": "application/octet-stream",
        "content-disposition": f"attachment; {_filename(filename)}",
    }
    return Response(200, headers, data)


def _filename(name: str) -> str:
    """A name as a header may carry it: RFC 5987 where it is not plain."""
    if re.fullmatch(r"[\w .()+-]+", name, re.ASCII):
        return f'filename="{name}"'
    return f"filename*=UTF-8''{quote(name, safe='', errors='replace')}"
