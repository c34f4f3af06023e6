"""Facts about what `import runfsm` and `runfsm --help` load, and what only its use does."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from inspect import getdoc
from pathlib import Path
from pkgutil import resolve_name
from typing import Any, get_type_hints

import pytest

import runfsm
from runfsm.cli.commands import COMMANDS
from runfsm.latemodule import LateModule

HEAVY = ("anyio", "openai", "pydantic", "transitions", "typer")

LOADED = """
import json, sys
{code}
print(json.dumps(sorted({{name.partition(".")[0] for name in sys.modules}} & {heavy!r})))
"""


def _loaded_by(code: str) -> list[str]:
    """Run code in a new interpreter: which of the heavy packages it has loaded."""
    program = LOADED.format(code=code, heavy={*HEAVY, "runfsm_simulator"})
    done = subprocess.run(  # noqa: S603  # our own interpreter and text
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    loaded: list[str] = json.loads(done.stdout.splitlines()[-1])
    return loaded


@pytest.mark.reported(
    "a fresh machine",
    "`import runfsm` took 1.4 s, of which the official client took 1.1 s.",
    now="It loads no other package; a name is loaded when it is first asked for.",
)
def test_an_import_of_the_package_loads_no_other() -> None:
    """`import runfsm` loads nothing but the standard library (found on a fresh machine)."""
    assert [] == _loaded_by("import runfsm")


def test_all_public_names_are_loaded_without_the_client() -> None:
    """Backends, drivers and tools are imported without `openai`."""
    assert "openai" not in _loaded_by("from runfsm import *\nimport runfsm.backends")


def test_a_backend_that_is_made_loads_the_client() -> None:
    """What was left out by then comes with the first backend, even one of a wrong client."""
    code = """
from runfsm import AssistantsBackend
try:
    AssistantsBackend("no client")
except TypeError:
    pass
"""
    assert "openai" in _loaded_by(code)


def test_help_loads_no_command() -> None:
    """`runfsm --help` lists the commands without their modules, and so without the client."""
    code = """
from runfsm.cli import main
sys.argv = ["runfsm", "--help"]
try:
    main()
except SystemExit:
    pass
"""
    assert ["typer"] == _loaded_by(code)


def test_a_submodule_is_an_attribute_without_an_import_of_its_own() -> None:
    """`import runfsm` is enough for `runfsm.errors` and its siblings."""
    assert [] == _loaded_by("import runfsm\nassert runfsm.errors.CallerError is runfsm.CallerError")


def test_each_name_is_where_the_types_say() -> None:
    """A name's module at run time is the one that a type checker reads."""
    tree = ast.parse(Path(runfsm.__file__).read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    typed: dict[str, list[str]] = {}
    for node in imports:
        typed.setdefault(str(node.module), []).extend(sorted(alias.name for alias in node.names))

    assert runfsm.SUBMODULES == set(typed.pop("runfsm"))
    assert typed == {f"runfsm.{module}": sorted(names) for module, names in runfsm.MODULES.items()}
    assert sorted(runfsm.__all__) == sorted(runfsm.MODULE_OF)
    assert set(runfsm.__all__) <= set(dir(runfsm))


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    """A misspelt name is refused as by any other module."""
    wrong: Any = runfsm
    with pytest.raises(AttributeError, match="module 'runfsm' has no attribute 'RunDrive'"):
        _ = wrong.RunDrive


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_says_what_a_command_says_of_itself(name: str) -> None:
    """A command's line in `runfsm --help` is the first one of its docstring."""
    doc = getdoc(resolve_name(COMMANDS[name].function))

    assert doc is not None
    assert COMMANDS[name].summary == doc.partition("\n\n")[0].replace("\n", " ")


@pytest.mark.parametrize(
    "wanted",
    [
        "runfsm.SyncAssistantsBackend.__init__",
        "runfsm.AsyncResponsesBackend",
        "runfsm.SyncAgentsBackend.__init__",
        "runfsm.WebhookInbox.__init__",
        "runfsm_simulator.Simulator.client",
        "runfsm_simulator.Simulator.async_client",
    ],
)
def test_hints_that_name_the_client_can_be_read(wanted: str) -> None:
    """Frameworks that fill in arguments by their types read them so; `NameError` was the answer."""
    hints = get_type_hints(resolve_name(wanted))

    assert "openai" in str(hints)


def test_who_only_looks_at_a_late_module_does_not_import_it() -> None:
    """As `inspect.unwrap` and `doctest` do, which ask each name of a module for such attributes."""
    assert not hasattr(LateModule("no_such_module"), "__wrapped__")
