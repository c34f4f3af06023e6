"""What a script is told: a JSON object a line, each with its `kind`; docs/drive.md lists them.

The last line says how it ended: `outcome`, `error`, or `left`.
"""

from __future__ import annotations

import json
import sys
from typing import Any, TextIO

from runfsm.cli.asjson import error_to_dict, item_to_dict, outcome_to_dict, ref_to_dict
from runfsm.driver.core import RunCore
from runfsm.driver.live import LiveItem
from runfsm.driver.outcome import Outcome
from runfsm.errors import RunfsmError

__all__ = ["JsonView"]


class JsonView:
    """A run, told to a script.

    Args:
        out: where to.
        arguments: whether to tell what tools are called with.
    """

    def __init__(self, out: TextIO, *, arguments: bool) -> None:
        self._out = out
        self._arguments = arguments

    def __enter__(self) -> None:
        """See `View`."""

    def __exit__(self, *exc_info: object) -> None:
        """See `View`."""

    def noted(self, text: str) -> None:
        """See `View`."""
        print(f"runfsm: {text}", file=sys.stderr)  # for whoever looks on

    def asked(self, prompt: str, assistant_id: str) -> None:
        """See `View`."""
        del prompt  # whoever reads this has it
        self._print("begin", assistant_id=assistant_id)

    def heard(self, item: LiveItem) -> None:
        """See `View`."""
        self._print(**item_to_dict(item, arguments=self._arguments))

    def cancelling(self) -> None:
        """See `View`; the journal has it."""

    def ended(self, outcome: Outcome) -> None:
        """See `View`."""
        self._print("outcome", **outcome_to_dict(outcome))

    def failed(self, error: RunfsmError) -> None:
        """See `View`."""
        self._print("error", **error_to_dict(error))

    def left(self, core: RunCore | None) -> None:
        """See `View`."""
        seen = core.snapshot if core else None
        status = seen.raw_status if seen else None
        self._print("left", **ref_to_dict(seen.ref if seen else None), status=status)

    def _print(self, kind: str, **told: Any) -> None:
        print(json.dumps({"kind": kind, **told}), file=self._out, flush=True)
