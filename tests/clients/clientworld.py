"""The server's side of a scenario: its world is scripted, and asked what came of it."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

from clientscenarios import FIRST

__all__ = ["World"]


class World:
    """A world of `runfsm serve --worlds key`.

    Args:
        url: of the server.
        key: which it takes for this world's.
    """

    def __init__(self, url: str, key: str) -> None:
        self._url = url
        self._key = key

    def play(self, script: Mapping[str, Any] | None) -> None:
        """Play this script from now on, if there is one."""
        if script is not None:
            self._ask("POST", "/_sim/script", script)

    def end(self) -> None:
        """Forget it, if it ever began."""
        worlds = self._ask("GET", "/_sim/worlds")
        if worlds["this"] in worlds["worlds"]:
            self._ask("DELETE", f"/_sim/worlds/{worlds['this']}")

    def ended(self) -> str | None:
        """Return the latest status of the latest run or response."""
        moves = self._moves()
        return moves[-1]["dest"] if moves else None

    def remembers(self, wire: str) -> bool:
        """Return if the first turn stands before the second one, in one thread or one input."""
        if wire == "responses":
            path = f"/v1/responses/{self._moves()[-1]['run_id']}/input_items"
        else:
            path = f"/v1/threads/{self._latest_thread()}/messages"
        told = json.dumps(self._ask("GET", path)["data"])
        return f'"{FIRST}"' in told and f'"You said: {FIRST}"' in told

    def _latest_thread(self) -> str:
        asked = " ".join(it["path"] for it in self._ask("GET", "/_sim/journal")["requests"])
        return re.findall(r"/v1/threads/(thread_\w+)", asked)[-1]

    def _moves(self) -> list[dict[str, Any]]:
        moves: list[dict[str, Any]] = self._ask("GET", "/_sim/journal")["transitions"]
        return moves

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        headers = {
            "Authorization": f"Bearer {self._key}",
            "Content-Type": "application/json",
            "OpenAI-Beta": "assistants=v2",
        }
        data = None if body is None else json.dumps(body).encode()
        asked = urllib.request.Request(  # noqa: S310  # our own server, by http
            self._url + path, method=method, headers=headers, data=data
        )
        try:
            with urllib.request.urlopen(asked, timeout=30) as answer:  # noqa: S310  # likewise
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{method} {path}: {error.read().decode()}") from error
