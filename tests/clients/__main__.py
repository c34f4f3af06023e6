"""Play the scenarios with clients that nobody here wrote, and hold them against docs/clients.md.

Exit code: 0 if each cell is as declared, 1 if one is not, 3 if a client cannot be installed here.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Final

from clientenvs import NotHere, write_pins
from clientlist import Client, read_clients
from clientpage import PAGE, WIRES, render, table
from clientplay import Cell, play_client, served
from clientverdict import Verdict

NOT_HERE: Final = 3

#: No client is begun later, so that all are over in ten minutes: installing one takes three minutes
#: at most, and playing it one and a half.
LAST_START_S: Final = 330.0


def main(words: list[str]) -> int:
    """Play what is asked for."""
    parser = argparse.ArgumentParser(prog="python tests/clients", description=__doc__)
    parser.add_argument("word", nargs="*", help="a part of a client's name: langchain")
    parser.add_argument("--write", action="store_true", help="write docs/clients.md anew")
    parser.add_argument("--pin", action="store_true", help="pin anew what the clients need")
    parser.add_argument("--missing-ok", action="store_true", help="exit 0 without some of them")
    asked = parser.parse_args(words)
    clients = read_clients(asked.word)
    if not clients:
        parser.error(f"tests/clients has no such client: {', '.join(asked.word)}")
    if asked.pin:
        return _pin(clients)
    verdict = _play(clients)
    page = render(read_clients())
    if asked.write and verdict.is_as_declared:
        PAGE.write_text(page, encoding="utf-8")
    if not PAGE.exists() or page != PAGE.read_text(encoding="utf-8"):
        verdict.wrong.append("STALE docs/clients.md: run `make clients WRITE=1`")
    for wire in WIRES:
        if ours := [client for client in clients if client.wire == wire]:
            _say("\n".join(["", *table(wire, ours, verdict.found)]))
    _say("\n".join(["", *verdict.lines()]))
    return 1 if verdict.wrong else NOT_HERE if verdict.missing and not asked.missing_ok else 0


def _pin(clients: Sequence[Client]) -> int:
    for client in clients:
        for version in client.versions:
            write_pins(client, version)
            _say(f"pinned {client.named(version)}")
    return 0


def _play(clients: Sequence[Client]) -> Verdict:
    verdict = Verdict()
    began = time.monotonic()

    def play(client: Client, version: str, url: str) -> list[Cell]:
        if time.monotonic() - began > LAST_START_S:
            raise NotHere(f"its turn did not come within {LAST_START_S:g} s")
        return play_client(client, version, url)

    with served() as url, ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        playing = {
            pool.submit(play, client, version, url): (client, version)
            for client in clients
            for version in client.versions
        }
        for done in as_completed(playing):
            client, version = playing[done]
            try:
                verdict.add(client, version, done.result())
            except NotHere as reason:
                verdict.miss(client, version, str(reason))
            except Exception as error:  # noqa: BLE001  # the others are to be played all the same
                verdict.crash(client, version, error)
            _say(f"{time.monotonic() - began:4.0f} s  {client.named(version)}")
    return verdict


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
