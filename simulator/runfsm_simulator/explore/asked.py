"""What a client asked of the service, and what it was shown: one record for both roads."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Answer", "Asked", "Asking", "Line"]


@dataclass(frozen=True, slots=True)
class Asking:
    """One request, as far as a search looks at it.

    Attributes:
        verb: `"create"`, `"look"`, `"submit"`, `"cancel"`; or of other things, `"other"`.
        what: the request on a line.
        key: equal for two requests that ask for the same.
        thread_id: the thread that it names.
        run_id: the run that it names.
        call_ids: for which calls it brings outputs.
        is_repeat: whether the client library sends it once more, by itself.
    """

    verb: str
    what: str
    key: object
    thread_id: str | None = None
    run_id: str | None = None
    call_ids: tuple[str, ...] = ()
    is_repeat: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of it.

    Attributes:
        status: as HTTP counts; `None` if no answer came.
        said: the error's message, or why there is no answer.
        shown: the run that it shows, as (id, status, ids of pending calls).
        body: all of it, to tell one answer from another.
    """

    status: int | None
    said: str = ""
    shown: tuple[str, str, tuple[str, ...]] | None = None
    body: object = None

    @property
    def is_refusal(self) -> bool:
        """Whether the service says that the client is wrong."""
        return self.status is not None and 400 <= self.status < 500


@dataclass(frozen=True, slots=True)
class Asked:
    """A request and its answer, and what there was to know.

    Attributes:
        asking: the request.
        answer: the answer.
        struck: whether a fault befell it.
        moved: whether the run, or the thread's lock, was not as the client had been shown.
        created: how many runs it created.
    """

    asking: Asking
    answer: Answer
    struck: bool
    moved: bool
    created: int


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a story: when, in seconds from its beginning; who; what."""

    at_s: float
    who: str
    what: str
