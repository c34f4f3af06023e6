"""Pages of a thread's messages and runs, as the official client reads them.

Imports `openai`: loaded with the first call that asks for a page, not before.
"""

from __future__ import annotations

import openai
from openai.types.beta.threads import Message, Run

__all__ = ["MessagePage", "RunPage"]


class MessagePage(openai.BaseModel):
    """One page of a thread's messages."""

    data: list[Message]


class RunPage(openai.BaseModel):
    """One page of a thread's runs."""

    data: list[Run]
