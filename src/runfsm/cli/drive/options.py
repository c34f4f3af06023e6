"""The options of `runfsm drive`: what each is called, takes and means, in the order of `--help`."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated, Literal

from typer import Argument, Option

from runfsm.cli.drive.services import Wire

Prompt = Annotated[str | None, Argument(help="What the user says.")]

# Where --------------------------------------------------------------------------------------------

_where = partial(Option, rich_help_panel="Where")

Backend = Annotated[
    Wire,
    _where(
        help="What the service speaks: the Assistants API, or the Responses API in background "
        "mode, where a run is a chain of responses and an assistant is yours alone."
    ),
]
BaseUrl = Annotated[
    str | None,
    _where(
        metavar="URL",
        help="The service, such as http://127.0.0.1:4010/v1 of `runfsm serve`; a query like "
        "?api-version=v1 goes with every call. OPENAI_BASE_URL says the same; with --backend "
        "responses, it is OpenAI's own if neither does. The key is taken from OPENAI_API_KEY, and "
        "from nowhere else.",
    ),
]
Simulate = Annotated[
    bool,
    _where("--simulate", help="A simulator in this process: offline, and without a key."),
]
Script = Annotated[
    str | None,
    _where(
        metavar="PATH",
        help="With --simulate: a script (YAML), a folder of them, or a shipped scenario by its "
        "name. Without one, a sensible assistant calls each tool and answers.",
    ),
]
Seed = Annotated[int | None, _where(help="With --simulate: the same seed makes the same choices.")]
Speed = Annotated[
    float | None,
    _where(
        help="With --simulate: how many seconds pass in one; 1 is real time. Without it, nobody "
        "waits: time is virtual."
    ),
]

# Who answers --------------------------------------------------------------------------------------

_who = partial(Option, rich_help_panel="Who answers")

AssistantId = Annotated[
    str | None,
    _who(
        "--assistant",
        metavar="ID",
        help="The assistant that answers. Without one, one is made, and deleted in the end.",
    ),
]
Keep = Annotated[bool, _who("--keep", help="Keep an assistant that was made.")]
Model = Annotated[
    str | None,
    _who(help="Of the assistant that is made (gpt-4o if not said), or for this run alone."),
]
Instructions = Annotated[
    str | None, _who(help="What the assistant that is made is told, or for this run alone.")
]
Tools = Annotated[
    list[str] | None,
    _who(
        metavar="PLACE",
        help="Functions that the model may call: package.module or path/to/file.py, which is "
        "imported. All that are marked with @tool there, or those named: tools.py:one,another. May "
        "be said several times. An assistant that is made is offered them; one that is there has "
        "its own list of tools, and these answer.",
    ),
]
ThreadId = Annotated[
    str | None, _who("--thread", metavar="ID", help="The thread to go on with, instead of a new.")
]

# On what terms ------------------------------------------------------------------------------------

_terms = partial(Option, rich_help_panel="On what terms")

OnBusyWord = Literal["reject", "wait", "interrupt", "enqueue"]
OnBusy = Annotated[OnBusyWord, _terms(help="What to do when another run holds the thread.")]
DeadlineS = Annotated[
    float | None, _terms("--deadline", metavar="SECONDS", help="Cancel a run after so long.")
]
ToolTimeoutS = Annotated[
    float | None,
    _terms("--tool-timeout", metavar="SECONDS", help="For tools without a limit of their own."),
]
Poll = Annotated[bool, _terms("--poll", help="Poll the run; do not listen to its stream.")]

# What is shown ------------------------------------------------------------------------------------

_shown = partial(Option, rich_help_panel="What is shown")

AsJson = Annotated[
    bool,
    _shown(
        "--json",
        help="One JSON object a line, each with its `kind`: begin, transition, tool_call, "
        "tool_answered, run_step, text, fault_met ...; the last one is outcome, error or left. "
        "What tools print goes to stderr. All kinds, and their fields: docs/drive.md.",
    ),
]
ShowArguments = Annotated[bool, _shown("--show-arguments", help="Show what tools are called with.")]
SaveTrace = Annotated[
    Path | None,
    _shown(
        metavar="FILE",
        help="Save the run's journal as JSON lines, however it ends: ids, statuses and times, and "
        "nothing that anybody said.",
    ),
]

# Many prompts -------------------------------------------------------------------------------------

_many = partial(Option, rich_help_panel="Many prompts")

Each = Annotated[
    str | None,
    _many(
        metavar="FILE",
        help="A file of prompts, one a line, instead of PROMPT; - is standard input. A run for "
        "each, and a line for each that is over.",
    ),
]
Limit = Annotated[int, _many(min=1, help="How many runs at a time.")]
