"""Files that an answer cites: by which marks in its text.

A model writes marks (`【4:0†lease.pdf】`, `sandbox:/mnt/data/rents.csv`), and the service
annotates them with the files that they stand for. A script says both.

Rule: where a mark stands is looked up in the text that is written in the end. What the text quotes
is filled in by then, and a mark behind a cut is not there.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Self

from pydantic import ConfigDict, model_validator

from runfsm_simulator.world.mistakes import Loc, ScriptPart, Text, told_as_script_error

__all__ = ["Annotation", "Citation", "annotate", "cite", "cited_files", "miscited"]


class Citation(ScriptPart):
    """A mark, wherever it stands in an answer, and its file. Exactly one of the last two is given.

    Attributes:
        text: the mark. One that begins with `sandbox:` is a path of the code interpreter.
        file_id: of the file.
        file_name: the name of a file that a search of the same turn has found.
    """

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["file_id"]}, {"required": ["file_name"]}]}
    )

    text: Text
    file_id: Text | None = None
    file_name: Text | None = None

    @model_validator(mode="after")
    def _one_file(self) -> Self:
        if (self.file_id is None) == (self.file_name is None):
            raise ValueError("a citation names exactly one of file_id, file_name")
        return self

    def file(self, found: Mapping[str, str]) -> str | None:
        """The id of the file; `None` if it is not found.

        Args:
            found: ids of files, by their names.
        """
        return self.file_id if self.file_name is None else found.get(self.file_name)


@told_as_script_error()
def cite(text: str, file_id: str | None = None, *, file_name: str | None = None) -> Citation:
    """Cite a file: `say("In May【4:0†a.pdf】.", cites=[cite("【4:0†a.pdf】", "file-1")])`.

    Arguments as in a `Citation`.
    """
    return Citation(text=text, file_id=file_id, file_name=file_name)


def cited_files(cites: Sequence[Citation], found: Mapping[str, str]) -> Mapping[str, str]:
    """Ids of the cited files, by their marks. A file that was not found is not cited.

    Args:
        cites: of a message.
        found: ids of files that were found, by their names.
    """
    files = ((cite.text, cite.file(found)) for cite in cites)
    return {mark: file_id for mark, file_id in files if file_id is not None}


def miscited(cites: Sequence[Citation], text: str, found: Collection[str]) -> Mapping[Loc, str]:
    """What is wrong with the citations of a turn, by their places.

    Args:
        cites: of the turn.
        text: of its answer.
        found: the names of the files that it has found.
    """
    marks = [cite.text for cite in cites]
    placed = {one.text for one in annotate(text, dict.fromkeys(marks, ""))}
    wrong: dict[Loc, str] = {}
    for index, cite in enumerate(cites):
        if cite.text in marks[:index]:
            wrong["cites", index, "text"] = "cited for the second time; one mark is for one file"
        elif cite.text not in placed:
            wrong["cites", index, "text"] = "is not in the answer, or only inside of another mark"
        if cite.file_name is not None and cite.file_name not in found:
            names = ", ".join(sorted(found)) or "none"
            why = f"no search of this turn has found it; found are {names}"
            wrong["cites", index, "file_name"] = why
    return wrong


@dataclass(frozen=True, slots=True)
class Annotation:
    """A place in a text where a file is cited.

    Attributes:
        index: which of the text's annotations.
        text: the mark that stands there.
        start: its first character, counted from 0.
        end: the character behind it.
        file_id: of the file.
    """

    index: int
    text: str
    start: int
    end: int
    file_id: str

    @property
    def type(self) -> Literal["file_citation", "file_path"]:
        """Cited by a search, or written by the code interpreter: that is a path of its sandbox."""
        return "file_path" if self.text.startswith("sandbox:") else "file_citation"


def annotate(text: str, cited: Mapping[str, str]) -> tuple[Annotation, ...]:
    """Every place in `text` where one of the marks stands.

    Args:
        text: to be annotated.
        cited: ids of files, by their marks. Of marks that overlap, the earlier one counts; of those
            that begin at one place, the longer.
    """
    marks = sorted(filter(None, cited), key=len, reverse=True)
    places = re.finditer("|".join(map(re.escape, marks)), text) if marks else ()
    return tuple(
        Annotation(index, place[0], *place.span(), cited[place[0]])
        for index, place in enumerate(places)
    )
