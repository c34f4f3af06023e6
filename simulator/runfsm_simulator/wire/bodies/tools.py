"""Tools, as an assistant or a run takes them, and as they are echoed."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import Discriminator, Field, StringConstraints, Tag

from runfsm_simulator.wire.bodies.common import Body, by_type
from runfsm_simulator.wire.validation import TAG
from runfsm_simulator.world.terms import Json

__all__ = ["Tool"]

#: The parameters of a function that was sent without any (recordings: openai-dotnet 2025). That
#: `null` and `{}` become the same is a guess.
NO_PARAMETERS: Final[Json] = {"type": "object", "properties": {}}


class FunctionDefinition(Body):
    """A function of the app, described for the model."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9_-]+$", max_length=64)]
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class FunctionTool(Body):
    """A function tool."""

    type: Literal["function"]
    function: FunctionDefinition

    def kept(self) -> Json:
        """As it is echoed: `parameters` and `strict` are there even when not sent (recordings)."""
        given = self.function.model_dump(exclude_unset=True)
        strict = bool(given.pop("strict", None))
        filled = {"parameters": given.get("parameters") or NO_PARAMETERS, "strict": strict}
        return {"type": "function", "function": {**given, **filled}}


class CodeInterpreterTool(Body):
    """Accepted and echoed; whether it is run, a script says."""

    type: Literal["code_interpreter"]

    def kept(self) -> Json:
        """As it is echoed."""
        return {"type": "code_interpreter"}


class Ranking(Body):
    """How results are ranked. `hybrid_search` is not in the schema, but was echoed (recordings)."""

    ranker: Literal["auto", "default_2024_08_21"] = "default_2024_08_21"
    score_threshold: Annotated[float, Field(ge=0, le=1)] = 0.0
    hybrid_search: dict[str, Any] | None = None


class FileSearchOptions(Body):
    """How files are searched."""

    max_num_results: Annotated[int, Field(ge=1, le=50)] | None = None
    ranking_options: Ranking = Ranking()


class FileSearchTool(Body):
    """A search in files."""

    type: Literal["file_search"]
    file_search: FileSearchOptions = FileSearchOptions()

    def kept(self) -> Json:
        """As it is echoed: with the defaults filled in (recordings)."""
        options = self.file_search.model_dump(exclude_unset=True)
        ranking = self.file_search.ranking_options.model_dump()
        return {"type": "file_search", "file_search": {**options, "ranking_options": ranking}}


Tool = Annotated[
    Annotated[CodeInterpreterTool, Tag(f"{TAG}code_interpreter")]
    | Annotated[FileSearchTool, Tag(f"{TAG}file_search")]
    | Annotated[FunctionTool, Tag(f"{TAG}function")],
    Discriminator(by_type),
]
