"""A pydantic model as `response_format`: what every API takes in place of it."""

from __future__ import annotations

import re
from typing import Any, Final, cast

from runfsm.errors import CallerError

__all__ = ["response_format_of"]

#: What the API does not take in the name of a schema.
NO_NAME: Final = re.compile(r"[^a-zA-Z0-9_-]")
NAME_MAX: Final = 64


def response_format_of(wanted: Any) -> Any:
    """Return the API's own `response_format` for a pydantic model; anything else as it is.

    The schema is the strict one that the `openai` client makes: each object is closed, and each
    property required.

    Raises:
        CallerError: the model has no such schema.

    Example:
        >>> from pydantic import BaseModel
        >>> class Weather(BaseModel):
        ...     degrees: int
        >>> response_format_of(Weather)["json_schema"]["schema"]["required"]
        ['degrees']
    """
    if not (isinstance(wanted, type) and hasattr(wanted, "model_json_schema")):
        return wanted
    from openai import pydantic_function_tool  # noqa: PLC0415  # only those pay for it who use it

    try:
        schema = pydantic_function_tool(cast("Any", wanted))["function"]["parameters"]
    except Exception as error:
        raise CallerError(
            f"response_format is the class {wanted.__name__}, which has no strict JSON schema: "
            f"{error}. Write one: {{'type': 'json_schema', 'json_schema': {{'name': ..., "
            f"'schema': {{...}}}}}}"
        ) from error
    name = NO_NAME.sub("_", wanted.__name__)[:NAME_MAX]
    inner = {"name": name, "schema": schema, "strict": True}
    return {"type": "json_schema", "json_schema": inner}
