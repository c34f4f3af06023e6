"""`make lock`: write the lock files anew from pyproject.toml.

Versions that still fit stay as they are; `--upgrade` takes the newest. No index, no address and no
path of this machine gets into a file: its hashes say what is meant, wherever it comes from.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from lockfile import LOCKS, PYTHONS, ROOT, Lock, python_range

__all__ = ["command", "header", "main"]

OPTIONS: Final = (
    "--universal",
    *("--python-version", ".".join(map(str, PYTHONS[0]))),
    "--generate-hashes",
)
SILENT: Final = (
    *("--quiet", "--no-config", "--no-annotate", "--no-header"),
    *("--no-emit-index-url", "--no-emit-find-links"),
)


def command(lock: Lock) -> list[str]:
    """Return the words that make a lock, as its header shows them."""
    return [
        *("uv", "pip", "compile", *OPTIONS, *lock.options),
        *(word for extra in lock.extras for word in ("--extra", extra)),
        *(word for group in lock.groups for word in ("--group", group)),
        "pyproject.toml",
    ]


def header(name: str) -> str:
    """Return the first lines of a lock file."""
    lock = LOCKS[name]
    limits = "".join(f", with {one}" for one in lock.constraints)
    return (
        f"# {lock.purpose}. Python {python_range()}; Linux, macOS, Windows.\n"
        f"# Made by `make lock`, and not by hand:\n"
        f"#   {' '.join(command(lock))}{limits}\n"
        f"# uv and pip both take it: pip install --require-hashes -r locks/{name}.txt\n"
    )


def main() -> None:
    """Make all of them, or none: a version that cannot be had leaves the files as they were."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--uv", default="uv", help="the uv to make them with")
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions")
    args = parser.parse_args()
    made = {name: _made(name, args.uv, upgrade=args.upgrade) for name in LOCKS}
    for name, text in made.items():
        (ROOT / "locks" / f"{name}.txt").write_text(text, encoding="utf-8", newline="\n")
        print(f"locks/{name}.txt")


def _made(name: str, uv: str, *, upgrade: bool) -> str:
    lock, written = LOCKS[name], ROOT / "locks" / f"{name}.txt"
    with tempfile.TemporaryDirectory() as folder:
        out, limits = Path(folder, "out.txt"), Path(folder, "constraints.txt")
        limits.write_text("\n".join(lock.constraints), encoding="utf-8")
        if lock.keeps and not upgrade and written.exists():
            out.write_bytes(written.read_bytes())  # uv prefers the versions that it finds there
        words = [uv, *command(lock)[1:], *SILENT, "--constraints", str(limits)]
        subprocess.run([*words, "--output-file", str(out)], check=True, cwd=ROOT)  # noqa: S603  # our own words
        return header(name) + out.read_text(encoding="utf-8")


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:  # uv has said why
        raise SystemExit(error.returncode) from None
