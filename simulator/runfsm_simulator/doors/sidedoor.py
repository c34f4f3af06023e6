"""`/_sim/`: the simulator's own powers over HTTP, as JSON. Who may come in, and how mistakes sound.

With a token, whoever knows it may; without one, whoever is on this machine, save the pages of
other sites in a browser on it. A server that others can reach has no side door unless it has a
token (`runfsm serve --control-token`).
"""

from __future__ import annotations

import hmac
import ipaddress
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlsplit

from runfsm.errors import CallerError
from runfsm_simulator.doors.powers import POWERS, Power
from runfsm_simulator.doors.wanted import Wanted
from runfsm_simulator.doors.worlds import Worlds
from runfsm_simulator.wire.errors import REFUSALS
from runfsm_simulator.wire.http import Request, Response, json_bytes
from runfsm_simulator.wire.paths import pattern
from runfsm_simulator.wire.refused import api_error
from runfsm_simulator.wire.wording import JSON_ONLY, ApiError
from runfsm_simulator.world.refusals import NotFound

__all__ = ["SideDoor", "foreign_page"]

COMPILED: Final = tuple((pattern(f"/_sim{path}"), powers) for path, powers in POWERS.items())


class SideDoor:
    """The way to the powers over some worlds.

    Args:
        worlds: over which.
        token: whoever sends it as `authorization: Bearer TOKEN` may come in, and nobody else;
            `None`: whoever is on this machine may.
    """

    def __init__(self, worlds: Worlds, *, token: str | None = None) -> None:
        self._worlds = worlds
        self._token = token

    def handle(self, request: Request, *, peer: str | None) -> Response:
        """Answer one request. Every mistake in it is an answer too.

        Args:
            request: its path begins with `/_sim/`.
            peer: the IP address that it came from, if that is known.
        """
        try:
            self._check_may(request, peer)
            answer = self._answer(request)
        except ApiError as error:
            return error.response()
        except NotFound as error:
            return api_error(error).response()
        except CallerError as error:
            return REFUSALS["own"].error(problem=error).response()
        return Response(200, JSON_ONLY, json_bytes(answer))

    def _answer(self, request: Request) -> Any:
        power, parts = _route(request)
        if self._token is not None:  # then the header names no world, but who asks
            others = {
                name: text for name, text in request.headers.items() if name != "authorization"
            }
            request = replace(request, headers=others)
        try:
            return power(Wanted(self._worlds, self._worlds.name(request), parts, request))
        finally:
            if request.method != "GET":
                self._worlds.changes += 1

    def _check_may(self, request: Request, peer: str | None) -> None:
        if self._token is None:
            problem = _not_local(request, peer)
        else:
            given = request.headers.get("authorization", "").encode()
            knows = hmac.compare_digest(given, f"Bearer {self._token}".encode())
            problem = None if knows else "send 'authorization: Bearer TOKEN', with its token"
        if problem:
            raise REFUSALS["side_door_shut"].error(problem=problem)


def _not_local(request: Request, peer: str | None) -> str | None:
    """Why a request is not one of a program on this machine, if it is not."""
    if not _is_loopback(peer):
        return f"{peer} is not this machine; the server has no token (--control-token)"
    return foreign_page(request, is_local=True)


def foreign_page(request: Request, *, is_local: bool) -> str | None:
    """Return the sign that a request is of another site's page in a browser, if it is.

    Args:
        request: as it came.
        is_local: whether only this machine can reach the server. Then a site may have given its own
            name to this machine's address, so the name is looked at too.
    """
    host = urlsplit(f"//{request.headers.get('host', '')}")
    if is_local and host.hostname != "localhost" and not _is_loopback(host.hostname):
        return f"the host '{host.hostname}' is not this machine; call it by 127.0.0.1"
    origin = request.headers.get("origin")
    if origin and urlsplit(origin).netloc != host.netloc:
        return f"a page of {origin} may not use it"
    return None


def _is_loopback(address: str | None) -> bool:
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:  # a name, or nothing
        return False
    mapped = getattr(parsed, "ipv4_mapped", None)
    return (mapped or parsed).is_loopback


def _route(request: Request) -> tuple[Power, dict[str, str]]:
    asked = {"method": request.method, "path": request.path}
    for path, powers in COMPILED:
        if match := path.fullmatch(request.path):
            if power := powers.get(request.method):
                return power, match.groupdict()
            raise REFUSALS["wrong_method"].error(**asked)
    raise REFUSALS["unknown_url"].error(**asked)
