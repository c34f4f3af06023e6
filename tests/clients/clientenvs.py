"""An environment for each version of a client, made once from its pins.

It is named after a digest of the pins and of what installs them, so other pins get another one.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from clientlist import HERE, Client

__all__ = ["CACHE", "NotHere", "program_command", "run_quietly", "write_pins"]

ROOT: Final = HERE.parents[1]
CACHE: Final = ROOT / ".clients"
INSTALL_TIMEOUT_S: Final = 180.0


class NotHere(Exception):  # noqa: N818  # no error of the client's: the machine lacks something
    """A client cannot be played on this machine; the text says why."""


def program_command(client: Client, version: str) -> list[str]:
    """Return the command that starts the client's program, with its environment made.

    Raises:
        NotHere: no Node, or no registry to install from.
    """
    folder = _folder(client, version)
    if not (folder / "ready").exists():
        _remove_older(client, version)
        folder.mkdir(parents=True)
        (_install_python if client.language == "python" else _install_node)(client, version, folder)
        (folder / "ready").touch()
    if client.language == "python":
        return [str(folder / "venv/bin/python"), str(client.program)]
    return [_tool("node"), str(folder / client.program.name)]


def _folder(client: Client, version: str) -> Path:
    made_of = [client.pins(version).read_bytes(), sys.version.encode()]
    if client.language == "node":  # ESM finds packages beside the program: it is copied there
        made_of += [client.program.read_bytes(), (HERE / "lib/clientprogram.mjs").read_bytes()]
    digest = hashlib.sha256(b"\0".join(made_of)).hexdigest()[:12]
    return CACHE / f"{client.name}@{version}@{digest}"


def _remove_older(client: Client, version: str) -> None:
    for folder in CACHE.glob(f"{client.name}@{version}@*"):
        shutil.rmtree(folder)


def _install_python(client: Client, version: str, folder: Path) -> None:
    pins, venv = str(client.pins(version)), str(folder / "venv")
    python = f"{venv}/bin/python"
    if uv := _uv():
        run_quietly(uv, "venv", "--python", sys.executable, venv)
        run_quietly(uv, "pip", "install", "--no-deps", "--python", python, "-r", pins)
    else:
        run_quietly(sys.executable, "-m", "venv", venv)
        quiet = ("--disable-pip-version-check", "--no-deps")
        run_quietly(python, "-m", "pip", "install", *quiet, "-r", pins)


def _install_node(client: Client, version: str, folder: Path) -> None:
    for file in client.pins(version).parent.glob("package*.json"):
        shutil.copy(file, folder)
    for file in (client.program, HERE / "lib/clientprogram.mjs"):
        shutil.copy(file, folder)
    quiet = ("--ignore-scripts", "--no-audit", "--no-fund")
    run_quietly(_tool("npm"), "ci", *quiet, "--prefix", str(folder))


def write_pins(client: Client, version: str) -> None:
    """Pin anew what a version needs, from its direct requirements in `client.toml`.

    Raises:
        NotHere: no registry, or requirements that do not fit together.
    """
    pins = client.pins(version)
    if client.language == "node":
        pins.parent.mkdir(exist_ok=True)
        (pins.parent / "package.json").write_text('{"private": true, "type": "module"}\n', "utf-8")
        quiet = ("--package-lock-only", "--save-exact", "--omit-lockfile-registry-resolved")
        npm = (_tool("npm"), "install", *quiet, "--prefix", str(pins.parent))
        run_quietly(*npm, *client.versions[version])
        return
    uv = _uv()
    if uv is None:
        raise NotHere("pins are made by uv, and there is none")
    wants = pins.with_suffix(".in")
    wants.write_text("\n".join(client.versions[version]) + "\n", "utf-8")
    python = ("--python-version", "3.11", "--universal")
    try:
        run_quietly(
            *(uv, "pip", "compile", "--no-annotate", "--no-header", *python),
            *(str(wants), "-o", str(pins)),
        )
    finally:
        wants.unlink()


def run_quietly(*command: str) -> None:
    """Run an installer.

    Raises:
        NotHere: it fails, or takes too long.
    """
    try:
        subprocess.run(  # noqa: S603  # our own command
            command, capture_output=True, text=True, check=True, timeout=INSTALL_TIMEOUT_S
        )
    except subprocess.CalledProcessError as error:
        said = (error.stderr.strip() or error.stdout.strip()).splitlines()
        raise NotHere(f"{Path(command[0]).name} failed: {' '.join(said[:3])[:300]}") from error
    except subprocess.TimeoutExpired as error:
        raise NotHere(f"{Path(command[0]).name} took over {INSTALL_TIMEOUT_S:g} s") from error


def _uv() -> str | None:
    return shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")


def _tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise NotHere(f"there is no {name} on this machine")
    return found
