"""Load on a server of this machine: by `wrk` where it is installed, by asyncio otherwise.

Bounded in time and in connections, and only ever sent to 127.0.0.1.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from statistics import quantiles
from time import perf_counter

CONNECTIONS_MAX = 256
SECONDS_MAX = 30

#: What `wrk` is to print at the end: requests, microseconds in all, percentiles, the worst, errors.
DONE = """
done = function(summary, latency, requests)
  local e = summary.errors
  io.write(string.format("\\nSEEN %d %d %d %d %d %d\\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), latency.max,
    e.connect + e.read + e.write + e.status + e.timeout))
end
"""


@dataclass
class Measured:
    """One round.

    Attributes:
        requests: how many were answered.
        rate: of them in a second.
        p50_ms: the median latency.
        p99_ms: 99 of 100 requests took no longer.
        max_ms: the worst.
        cpu_us: processor time of the server for one request; 0 where that cannot be known.
    """

    requests: int
    rate: float
    p50_ms: float
    p99_ms: float
    max_ms: float
    cpu_us: float = 0.0


def tool() -> str:
    """The tool that makes the load."""
    return "wrk" if shutil.which("wrk") else "an asyncio client (install wrk for more)"


def cpu_s(pid: int) -> float:
    """Processor time that a process has had; 0 where the system does not tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Load:
    """Makes the load.

    Args:
        folder: where scripts may be written.
        headers: of each request.
    """

    def __init__(self, folder: Path, headers: Mapping[str, str]) -> None:
        self._folder = folder
        self._headers = {**headers, "Content-Type": "application/json"}

    def run(
        self, port: int, path: str, body: bytes | None, connections: int, seconds: int
    ) -> Measured:
        """One round of GET, or of POST with a body, on kept-alive connections.

        Raises:
            SystemExit: a request was not answered by 200.
        """
        connections, seconds = min(connections, CONNECTIONS_MAX), min(seconds, SECONDS_MAX)
        if shutil.which("wrk"):
            return self._by_wrk(f"http://127.0.0.1:{port}{path}", body, connections, seconds)
        return asyncio.run(self._by_asyncio(port, path, body, connections, seconds))

    def _by_wrk(self, url: str, body: bytes | None, connections: int, seconds: int) -> Measured:
        lines = [f'wrk.headers["{name}"] = "{text}"' for name, text in self._headers.items()]
        if body is not None:
            lines += ['wrk.method = "POST"', f"wrk.body = [==[{body.decode()}]==]"]
        script = self._folder / "load.lua"
        script.write_text("\n".join(lines) + DONE)
        told = subprocess.run(  # noqa: S603  # a fixed program, and a URL of our own
            ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(script), url],  # noqa: S607  # from the PATH, as a user has it
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        seen = told.partition("SEEN ")[2].split()
        requests, taken_us, p50_us, p99_us, max_us, wrong = map(int, seen)
        if wrong:
            raise SystemExit(f"{url}: {wrong} of {requests} requests went wrong")
        rate = requests / taken_us * 1e6
        return Measured(requests, rate, p50_us / 1e3, p99_us / 1e3, max_us / 1e3)

    async def _by_asyncio(
        self, port: int, path: str, body: bytes | None, connections: int, seconds: int
    ) -> Measured:
        request = self._request(path, body)
        began_at = perf_counter()
        until = began_at + seconds
        each = [asked_until(until, port, request) for _ in range(connections)]
        latencies_s = [*chain.from_iterable(await asyncio.gather(*each))]
        percentiles = quantiles(latencies_s, n=100, method="inclusive")
        return Measured(
            len(latencies_s),
            len(latencies_s) / (perf_counter() - began_at),
            percentiles[49] * 1e3,
            percentiles[98] * 1e3,
            max(latencies_s) * 1e3,
        )

    def _request(self, path: str, body: bytes | None) -> bytes:
        method = "GET" if body is None else "POST"
        lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
        lines += [f"{name}: {text}" for name, text in self._headers.items()]
        if body is not None:
            lines.append(f"Content-Length: {len(body)}")
        return "\r\n".join([*lines, "", ""]).encode() + (body or b"")


async def asked_until(until: float, port: int, request: bytes) -> list[float]:
    """The seconds that each request took, one after another on one connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    taken_s = []
    while (began_at := perf_counter()) < until:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        if b" 200 " not in head.partition(b"\r\n")[0]:
            raise SystemExit(f"went wrong: {head.decode()}")
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        await reader.readexactly(int(length))
        taken_s.append(perf_counter() - began_at)
    writer.close()
    await writer.wait_closed()
    return taken_s
