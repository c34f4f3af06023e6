"""The tools that the service runs by itself: the code interpreter and the file search.

They need nothing of a client: a run works on, and a step shows what was run. A script says both
sides, what the model writes and what it gets to read; no code runs and no file is searched.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, field_validator, model_validator

from runfsm_simulator.world.mistakes import ScriptPart, Text, told_as_script_error

__all__ = [
    "CodeInterpreter",
    "FileResult",
    "FileSearch",
    "HostedStep",
    "code_interpreter",
    "file_search",
]


class CodeInterpreter(ScriptPart):
    """A piece of code that the model has run.

    Attributes:
        input: the code.
        logs: what it printed; `None` if nothing.
        image: the id of a file that it drew; `None` if nothing.
    """

    input: Text
    logs: Text | None = None
    image: Text | None = None


class FileResult(ScriptPart):
    """A passage that a search has found.

    Attributes:
        file_id: of the file.
        file_name: its name.
        score: how well it fits, from 0 to 1.
        content: the passage; shown to clients that ask for it with `include[]`.
    """

    file_id: Text
    file_name: Text
    score: Annotated[float, Field(json_schema_extra={"minimum": 0, "maximum": 1})] = 1.0
    content: Text = ""

    @field_validator("score", mode="before")
    @classmethod
    def _from_0_to_1(cls, value: Any) -> Any:
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1:
            return value
        raise ValueError("expected a number from 0 to 1")


class FileSearch(ScriptPart):
    """A search, and what it found."""

    results: tuple[FileResult, ...] = ()


class HostedStep(ScriptPart):
    """One run of one hosted tool. Exactly one of the two is given."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [{"required": ["code_interpreter"]}, {"required": ["file_search"]}]
        }
    )

    code_interpreter: CodeInterpreter | None = None
    file_search: FileSearch | None = None

    @model_validator(mode="after")
    def _one_tool(self) -> Self:
        if (self.code_interpreter is None) == (self.file_search is None):
            raise ValueError("a step runs exactly one of code_interpreter, file_search")
        return self

    @property
    def type(self) -> Literal["code_interpreter", "file_search"]:
        """The tool's name on the wire."""
        return "code_interpreter" if self.code_interpreter else "file_search"

    @property
    def written(self) -> str:
        """What the model writes to have it run. Nobody is shown the words of a search."""
        return self.code_interpreter.input if self.code_interpreter else ""

    @property
    def found(self) -> str:
        """What the model reads afterwards."""
        if self.code_interpreter:
            return self.code_interpreter.logs or ""
        return "".join(result.content for result in self.results)

    @property
    def results(self) -> tuple[FileResult, ...]:
        """What a search has found; of code, nothing."""
        return self.file_search.results if self.file_search else ()


# Steps, made in Python; a mistake is a `ScriptError` ---------------------------------------------


@told_as_script_error()
def code_interpreter(
    input: str, *, logs: str | None = None, image: str | None = None
) -> HostedStep:
    """Run code: `say("It is 42.").after(code_interpreter("print(6 * 7)", logs="42"))`."""
    return HostedStep(code_interpreter=CodeInterpreter(input=input, logs=logs, image=image))


@told_as_script_error()
def file_search(*results: FileResult) -> HostedStep:
    """Search the files, and find these passages."""
    return HostedStep(file_search=FileSearch(results=results))
