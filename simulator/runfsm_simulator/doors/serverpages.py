"""Pages about the server itself, and observers of each answer.

The pages are for probes, browsers and Prometheus. They need no key, and are no part of the
simulated service: no world, no journal and no clock notices them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from html import escape
from re import compile as regex
from typing import Any, Final
from urllib.parse import quote

from runfsm_simulator.doors.asgirequest import Scope
from runfsm_simulator.doors.sidedoor import foreign_page
from runfsm_simulator.wire.errors import REFUSALS
from runfsm_simulator.wire.http import Request, Response, json_bytes
from runfsm_simulator.wire.wording import JSON_ONLY, ApiError

__all__ = ["Observer", "Page", "ServerPages", "about_page", "access_line", "guarded", "health_page"]

#: Answers a GET of one path.
Page = Callable[[Request], Response]

#: Receives each request, the status of its answer (`None`: no answer), and how many seconds passed
#: until it was known.
Observer = Callable[[Request, int | None, float], None]

#: What may stand in a header `host`; anything else is not repeated.
HOST: Final = regex(r"[\w.:\[\]-]{1,255}")

HTML: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>runfsm</title></head><body>
<h1>runfsm {version}</h1>
<p>{what}</p>
<pre>client = openai.OpenAI(base_url="{base_url}", api_key="any")</pre>
<p>Time is {time}.</p>
<ul>{links}</ul>
</body></html>
"""


class ServerPages:
    """Answers for the server itself, passes on everything else, and reports all of it to observers.

    Args:
        pages: by their paths.
        observers: called with each answer.
        now: the time in seconds.
    """

    def __init__(
        self, pages: Mapping[str, Page], *, observers: Iterable[Observer], now: Callable[[], float]
    ) -> None:
        self._pages = pages
        self._observers = tuple(observers)
        self._now = now

    def handle(
        self, request: Request, scope: Scope, inner: Callable[[Request, Scope], Response]
    ) -> Response:
        """Answer one request, by a page or by `inner`.

        Raises:
            NoAnswer: as it came.
        """
        began, status = self._now(), None
        try:
            page = self._pages.get(request.path)
            if page is None or request.method not in {"GET", "HEAD"}:
                answer = inner(request, scope)
            else:
                answer = page(request)
            status = answer.status
            return answer
        finally:
            took_s = self._now() - began
            for observe in self._observers:
                observe(request, status, took_s)


def health_page(version: str, *, now: Callable[[], float]) -> Page:
    """A page that says that the server serves: for `HEALTHCHECK`, and for readiness probes."""
    began = now()

    def page(_: Request) -> Response:
        body = {"status": "ok", "version": version, "uptime_s": round(now() - began, 3)}
        return Response(200, {**JSON_ONLY, "cache-control": "no-store"}, json_bytes(body))

    return page


def about_page(facts: Mapping[str, Any]) -> Page:
    """A page that says what is served: in HTML for a browser, in JSON for everybody else.

    Args:
        facts: `version`, `what`, `time` and `links`, a mapping of paths by their names.
    """

    def page(request: Request) -> Response:
        host = request.headers.get("host", "")
        root = f"http://{host if HOST.fullmatch(host) else '127.0.0.1'}"
        body = {"name": "runfsm", **facts, "base_url": f"{root}/v1", "azure_endpoint": root}
        headers = {"vary": "accept", "cache-control": "no-store"}
        if "text/html" not in request.headers.get("accept", ""):
            return Response(200, {**JSON_ONLY, **headers}, json_bytes(body))
        text = HTML.format_map(
            {name: escape(str(fact)) for name, fact in body.items()} | _links(body)
        )
        headers["content-type"] = "text/html; charset=utf-8"
        return Response(200, headers, text.encode())

    return page


def _links(body: Mapping[str, Any]) -> dict[str, str]:
    items = (
        f'<li><a href="{escape(path)}">{escape(path)}</a>: {escape(name)}</li>'
        for name, path in body["links"].items()
    )
    return {"links": "".join(items)}


def guarded(page: Page, *, is_local: bool) -> Page:
    """A page that the pages of other sites, in a browser on this machine, may not read.

    Args:
        page: answers everybody else.
        is_local: whether only this machine can reach the server; then its name must be this
            machine's too, or a site could have a name of its own for it.
    """

    def checked(request: Request) -> Response:
        if problem := foreign_page(request, is_local=is_local):
            error: ApiError = REFUSALS["metrics_shut"].error(problem=problem)
            return error.response()
        return page(request)

    return checked


def access_line(request: Request, status: int | None, took_s: float) -> str:
    """A line of the access log: neither keys nor the values of a query are in it.

    Example:
        >>> access_line(Request("GET", "/v1/threads/thread_1", {"after": ["x"]}), 200, 0.0012)
        'GET /v1/threads/thread_1?after 200 1.2 ms'
    """
    query = f"?{'&'.join(quote(name) for name in request.query)}" if request.query else ""
    shown = "no answer" if status is None else status
    return f"{request.method} {quote(request.path)}{query} {shown} {took_s * 1000:.1f} ms"
