"""`runfsm serve`: the simulator behind a URL, for any client in any language."""

from __future__ import annotations

import ipaddress
import logging
import math
import re
import signal
import socket
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Annotated, Final, Literal

import typer

from runfsm.cli.serveoptions import LEVELS, TRACE, ServeOptions
from runfsm.clock import SystemClock
from runfsm.errors import CallerError
from runfsm_simulator import Simulator, Switches, VirtualClock, scenarios
from runfsm_simulator.doors import statefile
from runfsm_simulator.doors.autosave import Autosave
from runfsm_simulator.doors.pacing import Pace
from runfsm_simulator.doors.sidedoor import SideDoor
from runfsm_simulator.doors.worlds import Worlds
from runfsm_simulator.replay.recorder import RecordedSideDoor, Recorder
from runfsm_simulator.world.engine import WorldClock
from runfsm_simulator.world.script import Planner

__all__ = ["serve"]

#: Scheme, host and maybe a port, in small letters, without a path: RFC 6454, section 6.2.
ORIGIN: Final = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#@A-Z\s]+")

Time = Literal["real", "virtual", "manual"]


def serve(  # noqa: PLR0913  # the options of a command are its parameters
    *,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port to listen on; 0 picks a free one.")
    ] = 4010,
    script: Annotated[
        str | None,
        typer.Option(
            metavar="PATH",
            help="A script (YAML) to play, or a shipped scenario, by its name. Or a folder of "
            "scripts: an assistant plays the one that is called as it is, by its name or id, and "
            "default.yaml otherwise. Files may be edited meanwhile. Without one, and where nothing "
            "fits: a sensible assistant.",
        ),
    ] = None,
    state: Annotated[
        Path | None,
        typer.Option(
            help="A file from which the worlds are taken at the start, if it is there, and to "
            "which they are written when they change, and at the end. Real time has gone on "
            "meanwhile."
        ),
    ] = None,
    state_every: Annotated[
        float,
        typer.Option(
            metavar="SECONDS",
            help="How often --state is written at most; what a kill -9 loses at most.",
        ),
    ] = 1.0,
    seed: Annotated[int, typer.Option(help="The same seed makes the same choices.")] = 0,
    time: Annotated[
        Time,
        typer.Option(
            help="real: it passes by itself. virtual: it jumps whenever a client polls a run that "
            "cannot move before. manual: only the side door /_sim/ moves it."
        ),
    ] = "real",
    speed: Annotated[
        float, typer.Option(help="With --time real: how many seconds pass in one.")
    ] = 1.0,
    worlds: Annotated[
        Literal["one", "key", "header"],
        typer.Option(
            help="What tells apart worlds that do not meet: nothing (there is one), the API key, "
            "or the header x-runfsm-world."
        ),
    ] = "one",
    control_token: Annotated[
        str | None,
        typer.Option(
            envvar="RUNFSM_CONTROL_TOKEN",
            help="Asked for at the side door /_sim/. Without one, only this machine may use it.",
        ),
    ] = None,
    profile: Annotated[
        Literal["wire", "spec"],
        typer.Option(
            help="Bodies as the service sent them, or as its published schema demands, for clients "
            "that validate strictly."
        ),
    ] = "wire",
    switch: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE",
            help="Another way to go where nobody recorded any, as endpoint=gone; may be repeated. "
            "`runfsm switches` lists them.",
        ),
    ] = None,
    record: Annotated[
        Path | None,
        typer.Option(
            help="Write a tape in this file: choices, requests, answers, edges. `runfsm replay` "
            "plays it. It holds what clients send, save their keys."
        ),
    ] = None,
    cors_origin: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ORIGIN",
            help="A site whose pages may call the API from a browser, as http://localhost:3000; "
            "may be repeated. * is every site. The side door is for none of them.",
        ),
    ] = None,
    log_level: Annotated[
        str, typer.Option(metavar="LEVEL", help=f"What is logged on stderr: {', '.join(LEVELS)}.")
    ] = "warning",
    access_log: Annotated[
        bool,
        typer.Option(
            "--access-log",
            help="A line on stderr for each request: method, path, status, milliseconds.",
        ),
    ] = False,
    permissive: Annotated[
        bool,
        typer.Option(
            "--permissive",
            help="Answer everything from stubs, for test suites that are generated with a client.",
        ),
    ] = False,
) -> None:
    """Serve the simulator over HTTP, on this machine only.

    Point a client at it: `openai.OpenAI(base_url="http://127.0.0.1:4010/v1", api_key="any")`.
    What only a simulator can do is under /_sim/: `curl http://127.0.0.1:4010/_sim/` lists it.
    For probes and Prometheus there are /healthz and /metrics.
    """
    _set_up_log(log_level)
    _check_origins(cors_origin or ())
    make_clock = _clocks(time, speed)
    pacing: Pace = "everybody" if time == "virtual" else "nobody"
    _check_recordable(record, worlds=worlds, state=state, permissive=permissive)
    planner = _planner(script, is_recorded=record is not None)
    switches = Switches.read(switch or ())
    make = partial(
        Simulator,
        planner,
        seed=seed,
        pacing=pacing,
        profile=profile,
        switches=switches,
        permissive=permissive,
    )
    recorded = [make(clock=make_clock(), record=record)] if record else []
    recorder = recorded[0].recorder if recorded else None
    served = Worlds(
        lambda: recorded.pop() if recorded else make(clock=make_clock()),
        by=worlds,
    )
    if state and permissive:
        raise CallerError("--permissive keeps nothing, so there is no --state; leave one out")
    if switches.thrown and permissive:
        raise CallerError("--permissive never says no, so there is no --switch; leave one out")
    if not 0 < state_every < math.inf:
        raise CallerError(
            f"--state-every must be a number of seconds > 0, got {state_every:g}; write, say, "
            "--state-every 1"
        )
    run = _server()
    with (
        _ended_by_signals(),
        _listen(host, port) as listener,
        _kept(served, state, every_s=state_every) as autosave,
    ):
        side_door = _side_door(served, listener, control_token, recorder)
        if side_door is None:
            print(f"No side door /_sim/: others reach {host}, and there is no --control-token.")
        print(f"Listening on http://{_url_host(host)}:{listener.getsockname()[1]}", flush=True)
        if permissive:
            print("Permissive: rules about state are off, and nothing is kept.", flush=True)
        options = ServeOptions(
            time=_time_told(time, speed),
            log_level=log_level.lower(),
            access_log=access_log,
            cors_origins=tuple(cors_origin or ()),
            autosave=autosave,
        )
        run(served, side_door, listener, options)


@contextmanager
def _kept(served: Worlds, state: Path | None, *, every_s: float) -> Iterator[Autosave | None]:
    """The worlds as the file has them; and the file as they are, while they are served and after.

    A file that is refused is refused before anything begins, so that nothing is written to it.
    """
    if state is None:
        yield None
        return
    try:
        from runfsm_simulator.doors.statelock import held  # noqa: PLC0415  # an extra
    except ImportError as error:
        raise _not_installed("--state", error) from error
    statefile.check_writable(state)
    with held(state):
        statefile.sweep(state)
        if state.exists():
            served.load(state)
        with Autosave(served, state, every_s=every_s, now=SystemClock().now) as autosave:
            yield autosave


def _not_installed(what: str, error: ImportError) -> CallerError:
    return CallerError(
        f"`runfsm serve` needs {error.name} for {what}, which is not installed: "
        f"pip install 'runfsm[server]'"
    )


def _set_up_log(level: str) -> None:
    """Log on stderr, from this level on.

    Raises:
        CallerError: there is no such level.
    """
    if level.lower() not in LEVELS:
        raise CallerError(f"--log-level must be one of {', '.join(LEVELS)}, got {level!r}")
    number = getattr(logging, level.upper(), TRACE)
    logging.basicConfig(level=number, format="%(levelname)s: %(message)s", stream=sys.stderr)


def _check_origins(origins: Iterable[str]) -> None:
    """Refuse what no browser sends as an origin: it would match nothing, silently."""
    for origin in origins:
        if origin != "*" and not ORIGIN.fullmatch(origin):
            raise CallerError(
                f"--cors-origin must be * or an origin as http://localhost:3000, got {origin!r}"
            )


def _time_told(time: Time, speed: float) -> str:
    return f"{time}, {speed:g} times as fast" if speed != 1 else time


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Ctrl-C and SIGTERM are how a server ends, not how it fails: what comes after it is done.

    uvicorn ends gracefully at either, and then sends it again to whoever handled it before. A
    terminal that is closed (SIGHUP) ends it as SIGTERM does, unless it was begun by `nohup`.
    """
    handlers: dict[int, Callable[[int, FrameType | None], object]] = {
        signal.SIGTERM: signal.default_int_handler
    }
    hang_up = getattr(signal, "SIGHUP", None)  # Windows has none
    if hang_up is not None and signal.getsignal(hang_up) is signal.SIG_DFL:
        handlers[hang_up] = lambda *_: signal.raise_signal(signal.SIGTERM)
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        with suppress(KeyboardInterrupt):
            yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _server() -> Callable[[Worlds, SideDoor | None, socket.socket, ServeOptions], None]:
    """What serves until it is interrupted. Looked for before anything is begun."""
    try:
        import uvicorn  # noqa: F401, PLC0415  # an extra: only this command needs it

        from runfsm.cli.httpserver import run  # noqa: PLC0415  # as above
    except ImportError as error:
        raise _not_installed("HTTP", error) from error
    return run


def _side_door(
    served: Worlds, listener: socket.socket, token: str | None, recorder: Recorder | None
) -> SideDoor | None:
    """The side door, if it has a token or if only this machine can reach it."""
    is_local = ipaddress.ip_address(listener.getsockname()[0]).is_loopback
    if not (token or is_local):
        return None
    if recorder is not None:
        return RecordedSideDoor(served, token=token, recorder=recorder)
    return SideDoor(served, token=token)


def _planner(script: str | None, *, is_recorded: bool) -> Planner | None:
    """What plays; on a tape it is written down in full, so it is one script, as it is now."""
    if script is None or not is_recorded:
        return scenarios.live(script) if script else None
    if Path(script).is_dir():
        raise CallerError(f"--record is of one script, and {script} is a folder of them")
    return scenarios.find(script)


def _check_recordable(
    record: Path | None, *, worlds: str, state: Path | None, permissive: bool
) -> None:
    others = {f"--worlds {worlds}": worlds != "one", "--state": state, "--permissive": permissive}
    if record and (wrong := [option for option, is_on in others.items() if is_on]):
        raise CallerError(
            f"a tape is of one world from its beginning: leave out {wrong[0]}, or --record"
        )


def _clocks(time: Time, speed: float) -> Callable[[], WorldClock]:
    """What makes the clock of each world."""
    if not 0 < speed < math.inf:
        raise CallerError(f"time can't go by at --speed {speed}: give a positive number")
    if time == "real":
        return partial(SystemClock, speed=speed)
    if speed != 1:
        raise CallerError(f"--speed is for --time real; {time} time does not go by itself")
    return partial(VirtualClock, by_hand=time == "manual")


def _listen(host: str, port: int) -> socket.socket:
    """A socket that is listening already: who reads the line may connect at once."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        reason = str(error.strerror).partition(" (while attempting")[
            0
        ]  # which says the address again
        raise CallerError(
            f"cannot listen on {host}, port {port}: {reason}; end what listens there, or "
            "give another --port (0 picks a free one) or --host"
        ) from error
    # Its connections inherit this. asyncio sets it only where a socket says that it is of TCP, and
    # `create_server` leaves that out: each answer would wait 40 ms for a delayed acknowledgement.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _url_host(host: str) -> str:
    try:
        return f"[{host}]" if ipaddress.ip_address(host).version == 6 else host
    except ValueError:  # a name
        return host
