"""A batch: files that were put into a vector store together, to be waited for together.

It has no lifecycle of its own: how far it is follows from its files. That a batch is *completed*
when some of its files have failed is what the client's poll helper says; that one whose files are
all done cannot be cancelled any more, and is left as it is, is a guess.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from runfsm.lifecycle import VECTOR_STORE_FILE
from runfsm_simulator.world.filemodels import StoreFile

__all__ = ["FileBatch"]


@dataclass(slots=True)
class FileBatch:
    """Which files of a vector store, and whether somebody gave them up.

    Attributes:
        file_ids: each once; one that has left the vector store since counts no more.
        is_cancelled: whether indexing was given up for those that it was not done with.
    """

    id: str
    created_at: float
    vector_store_id: str
    file_ids: tuple[str, ...]
    is_cancelled: bool = False

    def status_of(
        self, files: Iterable[StoreFile]
    ) -> Literal["in_progress", "completed", "cancelled"]:
        """How far it is, if those are its files."""
        if any(file.status not in VECTOR_STORE_FILE.terminal for file in files):
            return "in_progress"
        return "cancelled" if self.is_cancelled else "completed"
