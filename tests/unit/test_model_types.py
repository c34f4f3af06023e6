"""The base classes for models say what a machine binds, no more and no less."""

from __future__ import annotations

import ast
import inspect
from types import SimpleNamespace
from typing import Any

import pytest

from runfsm.lifecycle import model
from runfsm.lifecycle.machine import build_machine


@pytest.mark.reported(
    "pytransitions#674",
    "mypy on the README's `build_machine` example: three errors.",
    now="A model that derives from `RunModel` passes `mypy --strict`: `tests/typing/machines.py`.",
)
def test_the_types_are_what_the_machine_binds() -> None:
    """Each trigger, each `may_…` and each `is_…`, and the state (pytransitions#674)."""
    (base,) = (
        node
        for node in ast.parse(inspect.getsource(model)).body
        if isinstance(node, ast.ClassDef) and node.name == "_Model"
    )
    typed = {node.name for node in ast.walk(base) if isinstance(node, ast.FunctionDef)}
    bound: Any = SimpleNamespace()
    build_machine(bound)

    assert set(vars(bound)) == typed | {"state"}


def test_they_are_empty_at_run_time() -> None:
    """A machine binds onto what derives from them as onto anything else."""
    own = {"__module__", "__doc__", "__orig_bases__", "__parameters__"}

    assert set() == {*vars(model.RunModel), *vars(model.AsyncRunModel)} - own
    assert {} == vars(model.RunModel())
