"""Notices a client that was used before a fork: two processes would read from one connection.

Each then gets answers to the other's questions (langfuse PR 1658, urllib3#850). A client that was
made before the fork, and not used, has no connection yet: each process opens its own.
"""

from __future__ import annotations

import os
from typing import Final
from weakref import WeakKeyDictionary

from runfsm.errors import CallerError

__all__ = ["check_process", "is_forked"]

#: The process in which each HTTP client, which has the connections, was used first. No lock: it
#: could be held during the fork.
USED: Final[WeakKeyDictionary[object, int]] = WeakKeyDictionary()


def is_forked(backend: object) -> bool:
    """Return whether this process is a fork of the one that used the backend's client first."""
    client = getattr(backend, "_client", backend)
    client = getattr(client, "_client", client)  # which `client.with_options(...)` shares
    pid = os.getpid()
    try:
        return USED.setdefault(client, pid) != pid
    except TypeError:  # it is no key, or cannot be referred to weakly: nothing is known
        return False


def check_process(backend: object) -> None:
    """Refuse a client that was used before a fork.

    Raises:
        CallerError: it was.
    """
    if is_forked(backend):
        raise CallerError(
            "this client was used before the fork, and shares its connections with the parent, so "
            "answers would be mixed: make the client, the backend and the driver in the child"
        )
