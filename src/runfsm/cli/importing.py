"""A user's own module or file, imported as Python imports it; nothing is evaluated."""

from __future__ import annotations

import importlib
import sys
import traceback
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Final

from runfsm.errors import CallerError
from runfsm.textfile import check_is_utf8
from runfsm.tools.outputs import described

__all__ = ["imported", "located"]

RIGHT: Final = "functions come from a module (package.module) or from a file (./name.py)"

#: What a name ends in that is surely not a module's; of files that are there, the others are seen.
OTHER_FILES: Final = frozenset(
    {".cfg", ".csv", ".ini", ".ipynb", ".js", ".json", ".jsonl", ".md", ".pyc", ".pyi", ".sh"}
    | {".toml", ".ts", ".txt", ".yaml", ".yml"}
)


def imported(where: str) -> ModuleType:
    """The module of a name, as seen from here, or of a path to a file.

    Raises:
        CallerError: there is none, or it cannot be imported; the message says where it fails.
    """
    _check_kind(where)
    is_path = where.endswith(".py") or "/" in where or "\\" in where
    try:
        return _from_file(Path(where)) if is_path else _from_name(where)
    except CallerError:
        raise
    except SystemExit as error:  # a script, that runs whenever it is imported
        raise CallerError(
            f"{where} cannot be imported: it exits. What it does as a script belongs under "
            "if __name__ == '__main__':"
        ) from error
    except Exception as error:
        raise CallerError(f"{where} cannot be imported: {located(error)}") from error


def _check_kind(where: str) -> None:
    """Refuse what is another thing than a module or a Python file, whether it is there or not."""
    path = Path(where)
    if not where.strip("."):
        raise CallerError(f"{where!r} names no module: {RIGHT}")
    if path.is_dir() and ("/" in where or "\\" in where):
        raise CallerError(f"{where} is a folder: {RIGHT}")
    is_other_file = path.is_file() and path.suffix != ".py"
    if is_other_file or path.suffix.lower() in OTHER_FILES:
        raise CallerError(f"{where} is no Python file: {RIGHT}")
    if where.startswith(".") and "/" not in where and "\\" not in where:
        file = f"./{where.lstrip('.').replace('.', '/')}.py"
        raise CallerError(f"{where} is relative to no package: a file is named by its path, {file}")


def _from_name(name: str) -> ModuleType:
    _look_first_in(Path.cwd())
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise  # it is there, and misses another one
        raise CallerError(
            f"there is no module {name}, neither here nor installed; a file is named by its path: "
            f"./{name.replace('.', '/')}.py"
        ) from error


def _from_file(path: Path) -> ModuleType:
    spec = spec_from_file_location(str(path.resolve()), path)
    if not path.is_file() or spec is None or spec.loader is None:
        raise CallerError(f"there is no Python file {path}")
    with path.open("rb") as file:
        check_is_utf8(file.read(4))
    _look_first_in(path.resolve().parent)
    module = sys.modules[spec.name] = module_from_spec(spec)  # type hints are looked up in there
    spec.loader.exec_module(module)
    return module


def _look_first_in(folder: Path) -> None:
    """As `python file.py` and `python -m module` do."""
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))


def located(error: BaseException) -> str:
    """Return the kind and the text of an exception, and the file and line that raised it."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if not frame.filename.startswith("<frozen")]
    has_place = bool(ours) and not isinstance(error, SyntaxError)  # whose text names it
    return described(error) + (f" ({ours[-1].filename}:{ours[-1].lineno})" if has_place else "")
