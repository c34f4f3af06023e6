"""The arrows of the design, and a few more facts about the tree that a reader relies on."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
from pathlib import Path
from typing import Any

import pytest

import runfsm
import runfsm_simulator

ROOT = Path(__file__).parents[2]
SOURCES = sorted([*ROOT.glob("src/**/*.py"), *ROOT.glob("simulator/**/*.py")])

#: The files of `driver/` that do things; all others there are pure.
LOOPS = ("sync", "aio", "watch", "aiowatch", "hands", "aiohands", "many", "shared")

#: The files of `driver/` in which tools and streams run beside a loop.
WORKERS = ("toolthread", "tooltask", "streamthread", "streamtask")

#: A room -> the rooms of runfsm that it may import. Files stand for themselves where they differ.
MAY_IMPORT = {
    "runfsm.errors": set(),
    "runfsm.clock": set(),
    "runfsm.textfile": set(),
    "runfsm.latemodule": set(),
    "runfsm.lifecycle": {"errors", "lifecycle"},
    "runfsm.driver": {"errors", "lifecycle", "driver", "tools"},
    **{
        f"runfsm.driver.{loop}": {
            "errors",
            "lifecycle",
            "driver",
            "tools",
            "backends.base",
            "clock",
        }
        for loop in LOOPS
    },
    **{f"runfsm.driver.{worker}": {"driver", "clock"} for worker in WORKERS},
    "runfsm.tools": {"errors", "lifecycle", "tools", "driver.request"},
    "runfsm.backends": {
        "errors",
        "lifecycle",
        "driver.content",
        "driver.forked",
        "driver.request",
        "driver.hint",
        "driver.live",
        "backends",
        "latemodule",
    },
    "runfsm.otel": {"errors", "lifecycle", "driver"},
    "runfsm_simulator": {"errors", "latemodule", "lifecycle", "textfile"},
    "runfsm_pytest": {"errors", "lifecycle"},
    # It makes what clients take, and tests them.
    "runfsm_simulator.testing": {"errors", "lifecycle", "driver", "backends.base"},
    # It is a client, and waits in real time.
    "runfsm_simulator.testing.conformance": {
        "errors",
        "lifecycle",
        "driver",
        "backends.base",
        "clock",
    },
    # What is explored there is the project's own driver.
    "runfsm_simulator.explore.core": {"backends", "clock", "driver", "lifecycle", "tools"},
}
ONLY_IMPORTER = {
    "transitions": {"runfsm.lifecycle.machine", "runfsm.lifecycle.machine_class"},
    "opentelemetry": {"runfsm.otel"},
    # `pretend` gives a user's own sleeps and dice to a search.
    "time": {"runfsm.clock", "runfsm_simulator.explore.pretend"},
    "random": {"runfsm_simulator.world.chooser", "runfsm_simulator.explore.pretend"},
    "openai": {
        "runfsm.backends.agents",
        "runfsm.backends.assistants",
        "runfsm.backends.assistants_pages",
        "runfsm.backends.assistants_stream",
        "runfsm.backends.clients",
        "runfsm.backends.faults",
        "runfsm.backends.flow",
        "runfsm.backends.responses",
        "runfsm.backends.responses_answers",
        "runfsm.backends.webhooks",
        "runfsm.driver.responseformat",  # the strict schema of a pydantic model
        "runfsm.cli.conform",
        "runfsm.cli.demo",
        "runfsm.cli.drive.services",
        "runfsm_simulator.doors.transport",
        "runfsm_simulator.simulator",
        "runfsm_pytest",  # for the types of its fixtures
        "runfsm_simulator.testing.conformance.check",
        "runfsm_simulator.testing.conformance.service",
        "runfsm_simulator.testing.conformance.stage",
    },
}
STDLIB_ONLY = [
    "runfsm.errors",
    "runfsm.textfile",
    "runfsm.latemodule",
    *(
        f"runfsm.lifecycle.{name}"
        for name in ("names", "table", "run", "catalog", "snapshot", "journal")
    ),
    "runfsm.lifecycle.response",
    "runfsm.lifecycle.wires.chain",
    "runfsm.lifecycle.wires.wire",
]


def _module(path: Path) -> str:
    parts = list(path.relative_to(ROOT).with_suffix("").parts[1:])
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import"
            found.add(str(node.module))
    return found


def _room(module: str) -> str | None:
    return max(
        (room for room in MAY_IMPORT if f"{module}.".startswith(f"{room}.")), key=len, default=None
    )


def _within(module: str, rooms: set[str]) -> bool:
    return any(f"{module}.".startswith(f"runfsm.{room}.") for room in rooms)


@pytest.mark.parametrize("path", SOURCES, ids=_module)
def test_the_arrows_point_one_way(path: Path) -> None:
    """Every room imports only the rooms that the design allows it."""
    module = _module(path)
    room = _room(module)
    if room is None:  # runfsm itself and its command line join everything
        assert module == "runfsm" or module.startswith(("runfsm.cli", "runfsm.__main__"))
        return
    inner = {name for name in _imports(path) if name.split(".")[0] == "runfsm"}

    assert set() == {name for name in inner if not _within(name, MAY_IMPORT[room])}


def test_runfsm_does_not_know_the_simulator() -> None:
    """Only the command line imports it."""
    knowing = {
        _module(path)
        for path in ROOT.glob("src/**/*.py")
        if any(name.split(".")[0] == "runfsm_simulator" for name in _imports(path))
    }
    assert all(module.startswith("runfsm.cli.") for module in knowing)


@pytest.mark.parametrize("library", ONLY_IMPORTER)
def test_a_library_has_one_door(library: str) -> None:
    """`transitions`, `time`, `random` and `openai` are imported where the design says."""
    users = {
        _module(path)
        for path in SOURCES
        if any(name.split(".")[0] == library for name in _imports(path))
    }
    assert ONLY_IMPORTER[library] == users


@pytest.mark.parametrize("module", STDLIB_ONLY)
def test_the_tables_need_the_standard_library_only(module: str) -> None:
    """What may happen is told without any third-party package."""
    path = next(path for path in SOURCES if _module(path) == module)
    outer = {name.split(".")[0] for name in _imports(path)} - {"runfsm"}

    assert set() == {name for name in outer if name not in _STDLIB}


_STDLIB = {*importlib.import_module("sys").stdlib_module_names}


def test_nothing_is_evaluated() -> None:
    """No `eval`, no `exec`, no unsafe YAML, anywhere in the product."""
    forbidden = {"eval", "exec", "unsafe_load", "full_load"}
    called = {
        (_module(path), name)
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        for name in [getattr(node.func, "id", getattr(node.func, "attr", ""))]
        if name in forbidden
    }
    assert set() == called


@pytest.mark.parametrize("package", [runfsm, runfsm_simulator], ids=lambda p: p.__name__)
def test_all_names_what_is_there(package: object) -> None:
    """`__all__` of every module is sorted as ruff sorts it, and names only what exists."""
    names = [
        info.name
        for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")  # type: ignore[attr-defined]  # packages have both
        if not info.name.endswith("__main__")
    ]
    for name in names:
        module = importlib.import_module(name)
        missing = [one for one in getattr(module, "__all__", ()) if not hasattr(module, one)]
        assert not missing, f"{name}.__all__ names {missing}"


@pytest.mark.parametrize("package", [runfsm, runfsm_simulator], ids=lambda p: p.__name__)
def test_every_public_name_is_documented(package: object) -> None:
    """Each class and function that a package exports has a docstring."""
    exported = {name: getattr(package, name) for name in package.__all__}  # type: ignore[attr-defined]  # packages have it
    undocumented = [
        name
        for name, thing in exported.items()
        if callable(thing) and not (getattr(thing, "__doc__", "") or "").strip()
    ]
    assert [] == undocumented


def test_the_simulator_is_imported_by_one_name() -> None:
    """`simulator/` is a folder, not a package: else every module would exist twice."""
    assert not (ROOT / "simulator" / "__init__.py").exists()
    users = [
        path
        for path in [*SOURCES, *ROOT.glob("tests/**/*.py")]
        if any(name.startswith("simulator.") for name in _imports(path))
    ]
    assert [] == users


@pytest.mark.parametrize(
    ("threads", "tasks"), [("sync", "aio"), ("watch", "aiowatch"), ("hands", "aiohands")]
)
def test_the_two_loops_are_mirrors(threads: str, tasks: str) -> None:
    """Their files have the same classes with the same methods in the same order."""

    def names(loop: str) -> list[str]:
        tree = ast.parse((ROOT / f"src/runfsm/driver/{loop}.py").read_text(encoding="utf-8"))
        classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
        methods = [
            f"{top.name}.{node.name}"
            for top in classes
            for node in top.body
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        ]
        return [
            re.sub(r"Async|(?<=__)a(?=iter|next|enter|exit)|(?<=\.)a(?=close)", "", n)
            for n in methods
        ]

    for_tasks_alone = {"RunDriver.map"}  # for threads, a pool's own `map` does it

    assert names(threads) == [name for name in names(tasks) if name not in for_tasks_alone]


@pytest.mark.reported(
    "tried as a new user (P24)",
    "help(build_machine) printed 8 kB: the whole table, as a default.",
    now="A table's repr is one short line, and no public default is longer than 1,000 characters.",
)
@pytest.mark.parametrize("package", [runfsm, runfsm_simulator], ids=lambda p: p.__name__)
def test_no_public_default_is_long(package: object) -> None:
    """`help()` shows what can be given, not what a default holds (tried as a new user)."""
    exported = {name: getattr(package, name) for name in package.__all__}  # type: ignore[attr-defined]  # packages have it
    methods = {
        f"{name}.{part}": getattr(thing, part)
        for name, thing in exported.items()
        if inspect.isclass(thing)
        for part in vars(thing)
        if not part.startswith("_")
    }
    long = [
        (name, parameter.name)
        for name, thing in {**exported, **methods}.items()
        if callable(thing)
        for parameter in _parameters(thing)
        if len(repr(parameter.default)) > 1000
    ]

    assert [] == long


def _parameters(thing: Any) -> list[inspect.Parameter]:
    try:
        return list(inspect.signature(thing).parameters.values())
    except ValueError:  # of an enum, or of what is written in C
        return []
