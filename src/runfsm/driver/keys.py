"""What a request still needs: a name to find its run by, and the thread of a session.

The one place where the driver needs chance.
"""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

from runfsm.driver.actions import AddMessage
from runfsm.driver.content import MessageContent, check_content
from runfsm.driver.request import RunRequest, check_key
from runfsm.errors import CallerError
from runfsm.lifecycle.snapshot import METADATA_MAX, has_room_for_key

__all__ = ["checked", "keyed", "new_key", "new_message", "on_thread"]


def new_key() -> str:
    """A name that nobody else has."""
    return uuid4().hex


def new_message(thread_id: str, content: MessageContent, key: str | None) -> AddMessage:
    """Make the message that is to be added, with the app's key or a new one.

    Raises:
        CallerError: the content is no message, the key no name, or one cannot be sent.
    """
    if key is not None:
        check_key(key)
    return AddMessage(thread_id, check_content(content, "content"), key or new_key())


def checked(request: RunRequest) -> RunRequest:
    """The request, if it is one.

    Raises:
        CallerError: it is something else.
    """
    if isinstance(request, RunRequest):
        return request
    kind = type(request).__name__
    raise CallerError(f"a {kind} is no request: say driver.run(RunRequest(assistant_id, message))")


def keyed(request: RunRequest) -> RunRequest:
    """The request, with a key of its own or a new one.

    Whoever uses all of a run's metadata has no room for a key; then there is none, and a creation
    that was not answered is not repeated, as it could not be looked up.

    Raises:
        CallerError: it has a key, and no room for it.
    """
    if has_room_for_key(checked(request).options.get("metadata") or {}):
        return request if request.key is not None else replace(request, key=new_key())
    if request.key is not None:
        raise CallerError(
            f"RunRequest.key takes one of the {METADATA_MAX} pairs of metadata that a run can have,"
            f" and options['metadata'] has no room for it: leave out a pair, or the key"
        )
    return request


def on_thread(request: RunRequest, thread_id: str) -> RunRequest:
    """The request, on a session's thread.

    Raises:
        CallerError: it names another one.
    """
    if checked(request).thread_id not in {None, thread_id}:
        raise CallerError(
            f"this session has {thread_id}, and the request says thread_id="
            f"{request.thread_id!r}: leave it out, or run it by the driver"
        )
    return replace(request, thread_id=thread_id)
