"""The examples tell what they promise, and the notebook holds what its cells print today.

`python tests/e2e/test_examples.py` stores the notebook anew, after a change of its cells.
"""

from __future__ import annotations

import io
import json
import re
import runpy
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import anyio
import pytest

from runfsm import LIFECYCLE
from runfsm.lifecycle.draw import draw

EXAMPLES = Path(__file__).parents[2] / "examples"
NOTEBOOK = EXAMPLES / "function_calling.ipynb"

WEATHER = [
    "(created) → queued  create by client",
    "queued → in_progress  start by service",
    "in_progress → requires_action  require_action by service",
    "requires_action → queued  submit_tool_outputs by client",
    "queued → in_progress  start by service",
    "in_progress → completed  complete by service",
]

#: Lines of each example's output, in their order: statuses passed, answers given.
STORIES = {
    "function_calling.py": [
        *WEATHER,
        "assistant: It is 72 °F in Los Angeles, also known as LA.",
        *WEATHER[:2],
        "in_progress → incomplete  truncate by service",
        "(incomplete: max_completion_tokens)",
        "Terminal, and not waited for by the lesson's loop: cancelled, expired, incomplete.",
    ],
    "embed_sync.py": [
        "(looking things up ...)",
        "desk: Your engine leaves tomorrow.",
        "desk: First there was steam, and then ... (sorry, incomplete)",
        "(stopping ...)",
        "desk: This took too long, and was stopped.",
        "(stopping ...)",
        "desk: Stopped, as you wished.",
        "desk: One moment, your last question is still being answered.",
        "desk: Once an engine left, and arrived.",
    ],
    "embed_async.py": [
        "7.8 s  Oslo completed: It will be sunny in Oslo.",
        "16.6 s  Lisbon completed: It will be sunny in Lisbon.",
        "19.0 s  Timbuktu cancelled: -",
        "Take an umbrella to neither Lisbon nor Oslo.",
    ],
    "webhooks.py": [
        "60.0 s  in_progress → requires_action  require_action by service (computed)",
        "120.0 s  in_progress → completed  complete by service",
        "Take an umbrella.",
        "11.5 s  in_progress → requires_action  require_action by service (computed)",
        "26.5 s  in_progress → completed  complete by service",
        "Take an umbrella.",
    ],
    "weather_tools.py": [
        "get_weather: Get the weather in a location.",
        "get_nickname: Get the nickname of a city.",
    ],
    "many_runs.py": [
        "#--     2  On “Please answer in one word.”: yes.",
        "##--    4  RunFailed",
        "###--   5  On “Many thanks!”: yes.",
        "####--  0  On “Where is my engine?”: yes.",
        "#####-  1  On “Is steam still sold?”: yes.",
        "######  3  On “A very long story ...”: yes.",
    ],
    "track_your_own_polling.py": [
        "requires_action → queued  submit_tool_outputs by client, not seen",
        "impossible: completed → failed (a terminal status is final); kept completed",
        "ticket: somebody has to answer",
        "app: restarted; 3 steps were saved",
        "requires_action → cancelling  cancel by another client, not seen",
        "ticket: closed",
    ],
}


def test_no_example_is_left_untested() -> None:
    """Every script in examples/ has its story here."""
    assert set(STORIES) == {path.name for path in EXAMPLES.glob("*.py")}


@pytest.mark.parametrize("name", STORIES)
def test_an_example_tells_its_story(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Run as a script, it prints the lines of its story, each as often, and in this order."""
    runpy.run_path(str(EXAMPLES / name), run_name="__main__")
    printed = map(str.strip, capsys.readouterr().out.splitlines())

    assert STORIES[name] == [line for line in printed if line in STORIES[name]]


def test_the_async_example_runs_on_trio_too(capsys: pytest.CaptureFixture[str]) -> None:
    """On trio it gives the answers, and prints the times, that it prints on asyncio."""
    first_answers = runpy.run_path(str(EXAMPLES / "embed_async.py"))["first_answers"]
    answers = anyio.run(first_answers, 2, backend="trio")

    assert {"Lisbon", "Oslo"} == set(answers)
    printed = capsys.readouterr().out.splitlines()
    assert STORIES["embed_async.py"][:-1] == [line.strip() for line in printed]


def test_the_readme_tells_of_every_example() -> None:
    """examples/README.md has a link to each script, notebook and folder, and to nothing else."""
    linked = re.findall(r"\]\(([^)]+)\)", (EXAMPLES / "README.md").read_text(encoding="utf-8"))

    assert sorted([*STORIES, NOTEBOOK.name, "loops"]) == sorted(linked)


def test_the_notebook_holds_what_its_cells_print_now() -> None:
    """Executed in their order, the cells print what is stored; the diagram is the table's."""
    stored = _read()

    assert _renewed(stored) == stored, "stale: run `python tests/e2e/test_examples.py`"


def test_the_notebook_is_of_nbformat_4_5() -> None:
    """Every cell has the fields that the format asks for, and an id of its own."""
    book = _read()
    code = {"cell_type", "execution_count", "id", "metadata", "outputs", "source"}
    fields = {"code": code, "markdown": {"cell_type", "id", "metadata", "source"}}

    assert (4, 5) == (book["nbformat"], book["nbformat_minor"])
    assert "python" == book["metadata"]["language_info"]["name"]
    assert all(fields[cell["cell_type"]] == set(cell) for cell in book["cells"])
    assert len(book["cells"]) == len({cell["id"] for cell in book["cells"]})


def test_the_notebook_goes_through_steps_0_to_6() -> None:
    """The lesson's seven steps are headings, in their order."""
    text = "\n".join(line for cell in _read()["cells"] for line in cell["source"])

    assert [*"0123456"] == re.findall(r"^## Step (\d): \w+", text, flags=re.MULTILINE)


def _read() -> dict[str, Any]:
    book: dict[str, Any] = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    return book


def _renewed(book: dict[str, Any]) -> dict[str, Any]:
    """The notebook with the outputs and the diagram of today, and without execution counts."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    return book | {"cells": [_renewed_cell(cell, namespace) for cell in book["cells"]]}


def _renewed_cell(cell: dict[str, Any], namespace: dict[str, Any]) -> dict[str, Any]:
    source = "".join(cell["source"])
    if cell["cell_type"] == "code":
        outputs = _outputs(source, namespace)
        return cell | {"execution_count": None, "metadata": {}, "outputs": outputs}
    diagram = f"```mermaid\n{draw(LIFECYCLE, 'mermaid').strip()}\n```"
    drawn = re.sub(r"(?s)```mermaid\n.*?\n```", lambda _: diagram, source)
    return cell | {"source": drawn.splitlines(keepends=True)}


def _outputs(source: str, namespace: dict[str, Any]) -> list[dict[str, Any]]:
    with redirect_stdout(io.StringIO()) as printed:
        exec(compile(source, NOTEBOOK.name, "exec"), namespace)  # noqa: S102  # our own lesson
    lines = printed.getvalue().splitlines(keepends=True)
    return [{"name": "stdout", "output_type": "stream", "text": lines}] if lines else []


if __name__ == "__main__":
    text = json.dumps(_renewed(_read()), indent=1, ensure_ascii=False)
    NOTEBOOK.write_text(f"{text}\n", encoding="utf-8")
