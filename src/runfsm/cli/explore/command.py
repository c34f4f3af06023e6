"""What is asked of `runfsm explore`, and what comes of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from runfsm.cli.explore import view
from runfsm.cli.importing import imported
from runfsm.cli.telling import new_console
from runfsm.clock import SystemClock
from runfsm.errors import CallerError
from runfsm_simulator.explore import Certificate, Laws, written
from runfsm_simulator.explore.adversary import FAULTS
from runfsm_simulator.explore.core import CoreStage
from runfsm_simulator.explore.laws import LAWS
from runfsm_simulator.explore.search import Watcher, search
from runfsm_simulator.explore.stage import Stage

__all__ = ["explore"]

#: What `--core` explores, and plays in its own way.
CORE: Final = "runfsm_simulator.explore.core:drive_core"


def explore(  # noqa: PLR0913  # an option each; all but the first by keyword
    place: Annotated[
        str,
        typer.Argument(
            metavar="MODULE:FUNCTION",
            help="A function that takes an openai client: my.app:ask, or path/to/app.py:ask.",
        ),
    ] = "",
    *,
    depth: Annotated[
        int, typer.Option(help="How many deviations from a harmless service a behaviour may have.")
    ] = 2,
    faults: Annotated[
        str, typer.Option(metavar="NAMES", help=f"May strike, too: {', '.join(FAULTS[:6])} ...")
    ] = "",
    may_raise: Annotated[
        str,
        typer.Option(metavar="NAMES", help="Exceptions that it may raise: RunFailed,ValueError."),
    ] = "",
    without: Annotated[
        str, typer.Option(metavar="LAWS", help=f"Laws that do not hold for it: {', '.join(LAWS)}.")
    ] = "",
    check: Annotated[
        str,
        typer.Option(metavar="MODULE:FUNCTION", help="Your own law: check(result, simulator)."),
    ] = "",
    most: Annotated[
        int | None, typer.Option(help="Give up after so many behaviours.", min=1)
    ] = None,
    write: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write each counterexample as a pytest file and a trace."),
    ] = None,
    core: Annotated[
        bool, typer.Option("--core", help="Explore runfsm's own driver, on the direct port: fast.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Go through every behaviour of the service, and see what your function makes of it.

    The service may answer, call tools, fail, be cut short, hang, expire, be quick or slow; another
    client may cancel, or answer first. Every sequence of such choices with at most DEPTH deviations
    is played against your function, through the official client, in virtual time. A function breaks
    a law when it does not end, raises, has calls refused that it could know were wrong, leaves its
    run behind, or does a thing twice.

    Exit code 1 if a law was broken. Ctrl-C ends a search and tells what it has gone through (exit
    code 130).

    Begin with: runfsm explore examples/loops/seed_loop.py:ask --depth 2
    (`runfsm examples` writes that file.)
    """
    if core and place:
        raise CallerError(f"--core explores runfsm's own driver: leave {place} out, or --core")
    place = CORE if core else place
    laws = Laws(
        may_raise=_words(may_raise),
        without=_words(without),
        check=_function(check, "--check my.app:check") if check else None,
    )
    stage = _stage(place, _words(faults))
    console = new_console()
    clock = SystemClock()
    began = clock.now()
    if write is not None:
        _make(write)
    with view.progress(console, silent=as_json) as watcher:
        certificate, is_interrupted = _searched(stage, depth, laws, most, watcher)
    took_s = clock.now() - began
    paths = [
        written.write(one, nth, place=place, folder=write, faults=certificate.faults, laws=laws)
        for nth, one in enumerate(certificate.found, 1)
        if write is not None
    ]
    if as_json:
        told = view.as_json(certificate, place, took_s, paths)
        print(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        view.tell(console, certificate, place, took_s, paths)
    if is_interrupted:
        raise typer.Exit(code=130)
    if not certificate.is_clean:
        raise typer.Exit(code=1)


def _searched(
    stage: Stage, depth: int, laws: Laws, most: int | None, watcher: Watcher
) -> tuple[Certificate, bool]:
    """What was found, and whether Ctrl-C ended it: what was gone through is worth its time."""
    latest: Certificate | None = None

    def watch(found: Certificate) -> None:
        nonlocal latest
        latest = found
        watcher(found)

    try:
        return search(stage, depth=depth, laws=laws, behaviours_max=most, watcher=watch), False
    except KeyboardInterrupt:
        if latest is None:
            raise
        latest.is_complete = False
        return latest, True


def _stage(place: str, faults: Sequence[str]) -> Stage:
    if place == CORE:
        return CoreStage(faults=faults)
    return Stage(_function(place, "runfsm explore my.app:ask"), faults=faults)


def _make(folder: Path) -> None:
    """Before the search: one that took minutes is not lost for a folder."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CallerError(f"--write {folder}: {error.strerror}; name a folder of yours") from error


def _words(listed: str) -> list[str]:
    return [word.strip() for word in listed.split(",") if word.strip()]


def _function(place: str, example: str) -> Callable[..., Any]:
    where, _, name = place.rpartition(":")
    if not where or not name.isidentifier():
        raise CallerError(
            f"{place!r} names no function; write the module or the file, a colon and the name: "
            f"{example}"
        )
    module = imported(where)
    found: Any = getattr(module, name, None)
    if found is None:
        there = [key for key, value in vars(module).items() if _is_own(value, module.__name__)]
        raise CallerError(f"{where} has no {name}; it has {', '.join(there) or 'no function'}")
    if not callable(found):
        raise CallerError(f"{name} in {where} is no function, but a {type(found).__name__}")
    function: Callable[..., Any] = found
    return function


def _is_own(value: object, module: str) -> bool:
    return callable(value) and getattr(value, "__module__", None) == module
