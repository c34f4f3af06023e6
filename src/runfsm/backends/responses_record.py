"""What a run's name carries on the Responses API, so that any process can go on with the run. Pure.

The service keeps no run: neither its recipe, nor when it began, nor which calls its latest hop has
answered. So that stands in `RunRef.record`, as JSON.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from runfsm.errors import CallerError
from runfsm.lifecycle.snapshot import RunRef

__all__ = ["Record"]


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of a run, beside its chain.

    Attributes:
        recipe: what is sent with every hop.
        created_at: when its first response was created, Unix seconds, if that is known.
        usage: tokens of each response that is over: input, output, total.
        answering: id and kind of the calls whose outputs its latest response was created with.
        given_up: whether its calls were given up, which ended it.
        after: if an answer to a creation was lost: the item after which its own items begin, that
            were found in the conversation.
        known: so many of its responses came before that item.
    """

    recipe: Mapping[str, Any]
    created_at: float | None = None
    usage: Mapping[str, tuple[int, int, int]] = field(default_factory=dict)
    answering: tuple[tuple[str, str], ...] = ()
    given_up: bool = False
    after: str | None = None
    known: int = 0

    @classmethod
    def of(cls, ref: RunRef) -> Self:
        """The record of a name.

        Raises:
            CallerError: it has none: it is no run of this backend.
        """
        try:
            data = json.loads(ref.record or "")
            return cls(**{**data, "answering": tuple(map(tuple, data["answering"]))})
        except (KeyError, TypeError, ValueError) as error:
            raise CallerError(
                f"{ref.run_id} is the name of no run on the Responses API: keep "
                f"json.dumps(snapshot.ref.to_dict()), and come back with RunRef.from_dict"
            ) from error

    def is_blind(self, ref: RunRef) -> bool:
        """Whether its latest response is not known by its id, but only by what it has left."""
        return self.after is not None and self.known == len(ref.chain)

    def to_json(self) -> str:
        """The inverse of `of`."""
        return json.dumps(asdict(self))
