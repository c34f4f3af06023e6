"""Numbers about a served simulator, in Prometheus' text format.

A request is counted in plain integers, and they become metrics when somebody asks for them, so
counting takes no time that a client would notice. No label has a key, an id or a world's name; each
label has a bounded set of values.

Needs the extra `server`: `pip install 'runfsm[server]'`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, ProcessCollector
from prometheus_client import generate_latest as text_of
from prometheus_client.core import CounterMetricFamily as Counted
from prometheus_client.core import GaugeMetricFamily as Gauge
from prometheus_client.core import HistogramMetricFamily as Histogram
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from runfsm_simulator.doors.autosave import Autosave
from runfsm_simulator.doors.worlds import Worlds
from runfsm_simulator.wire.http import Request, Response
from runfsm_simulator.wire.routes import template

__all__ = ["Metrics"]

METHODS: Final = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})

#: Paths of the server itself, and of the side door.
OWN: Final = frozenset({"/", "/healthz", "/metrics"})

#: Upper bounds in seconds; the last bucket has none.
BOUNDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)
LE: Final = (*(f"{bound:g}" for bound in BOUNDS), "+Inf")


class Metrics(Collector):
    """Counts answers, and shows them with what the worlds hold.

    Args:
        worlds: what is served.
        open_streams: how many streams are being sent.
        autosave: what saves the worlds, if anything does.

    Example:
        >>> metrics = Metrics(Worlds(Simulator), open_streams=lambda: 0)     # doctest: +SKIP
        >>> metrics.note(Request("GET", "/v1/models"), 200, 0.001)           # doctest: +SKIP
    """

    def __init__(
        self,
        worlds: Worlds,
        *,
        open_streams: Callable[[], int],
        autosave: Autosave | None = None,
    ) -> None:
        self._worlds = worlds
        self._open_streams = open_streams
        self._autosave = autosave
        self._requests: Counter[tuple[str, str, int | None]] = Counter()
        self._durations: dict[str, list[int]] = defaultdict(lambda: [0] * len(LE))
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._registry = CollectorRegistry()
        self._registry.register(self)
        ProcessCollector(registry=self._registry)

    def note(self, request: Request, status: int | None, took_s: float) -> None:
        """Count one answer."""
        route = _route(request.path)
        self._requests[request.method, route, status] += 1
        self._durations[route][bisect_left(BOUNDS, took_s)] += 1
        self._seconds[route] += took_s

    def page(self, _: Request) -> Response:
        """All of it, as text."""
        headers = {"content-type": CONTENT_TYPE_LATEST, "cache-control": "no-store"}
        return Response(200, headers, text_of(self._registry))

    def collect(self) -> Iterator[Metric]:
        """See `prometheus_client`'s `Collector`."""
        yield self._counted_requests()
        yield self._measured_requests()
        yield Gauge("runfsm_open_streams", "Streams being sent.", self._open_streams())
        yield Gauge("runfsm_worlds", "Worlds that exist.", len(self._worlds.names))
        runs = Gauge("runfsm_runs", "Runs that exist, in all worlds.", labels=["status"])
        for status, count in self._worlds.runs_by_status().items():
            runs.add_metric([status], count)
        yield runs
        if (saving := self._autosave) is not None:
            yield Counted("runfsm_state_saves", "Saves of the state file.", saving.saves)
            yield Counted("runfsm_state_save_failures", "Saves that failed.", saving.failures)

    def _counted_requests(self) -> Metric:
        classes: Counter[tuple[str, str, str]] = Counter()
        for (method, route, status), count in self._requests.items():
            shown = "none" if status is None else f"{status // 100}xx"
            classes[method if method in METHODS else "other", route, shown] += count
        family = Counted("runfsm_http_requests", "Answers.", labels=["method", "route", "status"])
        for labels, count in classes.items():
            family.add_metric(labels, count)
        return family

    def _measured_requests(self) -> Metric:
        family = Histogram(
            "runfsm_http_request_duration_seconds",
            "From a request to the beginning of its answer.",
            labels=["route"],
        )
        for route, counts in self._durations.items():
            buckets = [*zip(LE, map(float, accumulate(counts)), strict=True)]
            family.add_metric([route], buckets, self._seconds[route])
        return family


def _route(path: str) -> str:
    """The path as it is written in the API's reference, of which there are not many."""
    if path in OWN:
        return path
    return template(path) or ("/_sim/" if path.startswith("/_sim") else "other")
