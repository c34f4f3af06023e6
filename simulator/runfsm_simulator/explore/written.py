"""A counterexample as two files: a test that plays it again, and its trace."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from runfsm_simulator.explore.laws import Laws
from runfsm_simulator.explore.replay import foreseen
from runfsm_simulator.explore.search import Counterexample
from runfsm_simulator.explore.story import traced

__all__ = ["write"]

TEST: Final = '''"""{broken}

Found by `runfsm explore`. It fails as long as that is so; {trace} tells how it comes to it.
"""

{imports}

def test_{name}() -> None:
    """With these choices of the service, {function} breaks no law."""
    assert_lawful({function}, {choices}{options})
'''


def write(  # noqa: PLR0913  # what was asked and found; all but two by keyword
    one: Counterexample,
    number: int,
    *,
    place: str,
    folder: Path,
    faults: Sequence[str],
    laws: Laws,
) -> Path:
    """Write a counterexample into a folder, and return the test's path.

    Args:
        one: what was found.
        number: tells it from the others.
        place: where the function is: `package.module:name`, or `path/to/file.py:name`.
        folder: made if it is not there.
        faults: which faults might strike.
        laws: what it was judged by; a check of the user's own is not written.
    """
    where, _, function = place.rpartition(":")
    name = f"{function}_{number}_{one.broken.law}"
    folder.mkdir(parents=True, exist_ok=True)
    trace = folder / f"{name}.jsonl"
    trace.write_text("\n".join([*traced(one.behaviour), ""]), encoding="utf-8")
    options = {"faults": [*faults], "laws": _laws(laws)}
    text = TEST.format(
        broken=one.broken,
        trace=trace.name,
        imports=_imports(where, function, ["Laws"] if options["laws"] else []),
        name=name,
        function=function,
        choices=foreseen(one.behaviour),
        options="".join(f", {key}={value}" for key, value in options.items() if value),
    )
    test = folder / f"test_counterexample_{name}.py"
    test.write_text(text, encoding="utf-8")
    return test


def _imports(where: str, function: str, more: list[str]) -> str:
    """The lines that import the function, from its module or from its file, and what it needs."""
    ours = f"from runfsm_simulator.explore import {', '.join([*more, 'assert_lawful'])}\n"
    folder, module = _found_in(where)
    if folder is None:
        return f"from {module} import {function}\n{ours}"
    found = f'import sys\n\nsys.path.insert(0, "{folder.as_posix()}")\n'
    return f"{found}\nfrom {module} import {function}  # noqa: E402  # it is found there\n{ours}"


def _found_in(where: str) -> tuple[Path | None, str]:
    """Which folder pytest must be told of, for it looks in that of the test; and the module."""
    if where.endswith(".py"):
        path = Path(where).resolve()
        return path.parent, path.stem
    here = Path.cwd() / where.partition(".")[0]
    return (Path.cwd() if here.is_dir() or here.with_suffix(".py").is_file() else None), where


def _laws(laws: Laws) -> str:
    told = {"may_raise": [*laws.may_raise], "without": [*laws.without]}
    given = ", ".join(f"{name}={value}" for name, value in told.items() if value)
    return f"Laws({given})" if given else ""
