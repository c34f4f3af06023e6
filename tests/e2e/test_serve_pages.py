"""`runfsm serve` beside the API: pages, logs, browsers, and the official client for Azure."""

from __future__ import annotations

import asyncio
import builtins
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import openai
import pytest
import uvicorn

from runfsm.cli import main
from runfsm.cli.httpserver import _metrics
from runfsm.cli.serveoptions import ServeOptions
from runfsm_simulator import Simulator
from runfsm_simulator.doors.asgi import OpenAnswers
from runfsm_simulator.doors.worlds import Worlds
from runfsm_simulator.wire.http import Request as Asked
from serving import Server, running

# The SDK warns at every call of this API.
pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")

SITE = "http://localhost:3000"
SECRET = "sk-secret"  # noqa: S105  # opens nothing
TOOL: Any = {"type": "function", "function": {"name": "look_up"}}
THREAD: Any = {"messages": [{"role": "user", "content": "Where is it?"}]}
SCRIPT = """
turns:
  - {call: {name: look_up, arguments: {}}, queue_s: 0, work_s: 0}
  - {say: Found., queue_s: 0, work_s: 0}
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with a world for each key, which pages of one site may call."""
    script = tmp_path_factory.mktemp("scripts") / "tool.yaml"
    script.write_text(SCRIPT, encoding="utf-8")
    options = ("--worlds", "key", "--cors-origin", SITE, "--script", str(script))
    with running(*options) as server:
        yield server


def ask(url: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], str]:
    """Status, headers and body of an answer, without any client's help."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    asked = Request(url, method=method, headers=named)  # noqa: S310  # our own server
    try:
        with urlopen(asked, timeout=60) as answer:  # noqa: S310  # likewise
            return answer.status, dict(answer.headers), answer.read().decode()
    except HTTPError as error:
        with error:
            return error.code, dict(error.headers), error.read().decode()


@pytest.mark.parametrize(
    ("path", "accept", "kind", "text"),
    [
        ("/healthz", "*/*", "application/json", '"status": "ok"'),
        ("/", "*/*", "application/json", '"base_url": "http://127.0.0.1:'),
        ("/", "text/html", "text/html; charset=utf-8", "<h1>runfsm "),
        ("/metrics", "*/*", "text/plain", "runfsm_worlds "),
        ("/_sim", "*/*", "application/json", '"GET /_sim/": '),
        ("/_sim/script", "*/*", "application/json", '"problems": []'),
    ],
)
def test_pages_of_the_server_need_no_key(
    server: Server, path: str, accept: str, kind: str, text: str
) -> None:
    """For a probe, a person, and Prometheus; `/_sim` is the same as `/_sim/`."""
    status, headers, body = ask(f"{server.url}{path}", accept=accept)

    assert 200 == status
    assert headers["content-type"].startswith(kind)
    assert text in body


def test_a_head_of_a_page_has_no_body(server: Server) -> None:
    """Some probes ask so."""
    status, _, body = ask(f"{server.url}/healthz", "HEAD")

    assert (200, "") == (status, body)


@pytest.mark.reported(
    "stripe-mock#412; prism#1020",
    "A client in a browser: its OPTIONS request was answered with 401.",
    now="With --cors-origin the site's pages may call the API; without, no page may.",
)
def test_a_page_of_an_allowed_site_may_call_the_api(server: Server) -> None:
    """stripe-mock#412, prism#1020: its preflight needs no key, its request does."""
    url, wanted = f"{server.url}/v1/threads", "authorization, openai-beta, x-stainless-os"
    status, headers, _ = ask(
        url,
        "OPTIONS",
        origin=SITE,
        access_control_request_method="POST",
        access_control_request_headers=wanted,
    )
    asked_status, asked_headers, _ = ask(f"{server.url}/v1/models", origin=SITE)

    assert (200, SITE) == (status, headers["access-control-allow-origin"])
    assert wanted == headers["access-control-allow-headers"]
    assert (401, SITE) == (asked_status, asked_headers["access-control-allow-origin"])
    assert "x-request-id" in asked_headers["access-control-expose-headers"]


@pytest.mark.parametrize(
    ("path", "origin", "status"),
    [
        ("/v1/threads", "https://evil.example", 400),
        ("/_sim/clock", SITE, 403),
        ("/_sim", SITE, 403),
    ],
)
def test_no_other_site_and_no_site_at_the_side_door(
    server: Server, path: str, origin: str, status: int
) -> None:
    """No header lets the page read an answer, or send a request."""
    asked = {"origin": origin, "access_control_request_method": "POST"}
    answered, headers, _ = ask(f"{server.url}{path}", "OPTIONS", **asked)

    assert (status, False) == (answered, "access-control-allow-origin" in headers)


def test_a_log_that_nobody_reads_any_more_stops_nobody() -> None:
    """As with `runfsm serve --access-log 2>&1 | head`: each request was answered with 500."""
    with running("--access-log") as server:
        assert server.process.stderr is not None
        server.process.stderr.close()
        with urlopen(f"{server.url}/healthz") as answer:  # noqa: S310  # our own server
            assert 200 == answer.status


def test_queries_and_keys_stay_out_of_the_access_log() -> None:
    """A line for each request on stderr, if it is asked for; and nothing else."""
    with running("--access-log") as server:
        ask(f"{server.url}/healthz")
        ask(f"{server.url}/v1/models?limit={SECRET}", authorization=f"Bearer {SECRET}")
        code, log = server.end(signal.SIGTERM)
    lines = [line.rpartition(" ")[0].rpartition(" ")[0] for line in log.splitlines()]

    assert (0, ["GET /healthz 200", "GET /v1/models?limit 200"]) == (code, lines)


@pytest.mark.reported(
    "gbaeke/azure-assistants-api; higty/higlabo#82",
    "openai.AzureOpenAI at `runfsm serve`: 401 for its header api-key, 404 for its paths.",
    now="It drives a run; its key counts as a key, its paths are those under /v1.",
)
def test_the_official_client_for_azure_drives_a_run(server: Server) -> None:
    """gbaeke/azure-assistants-api, higty/higlabo#82: unmodified, with tools; and a response."""
    with openai.AzureOpenAI(
        azure_endpoint=server.url, api_key="azure-1", api_version="2024-05-01-preview"
    ) as client:
        assistant = client.beta.assistants.create(model="m", tools=[TOOL])
        run = client.beta.threads.create_and_run_poll(assistant_id=assistant.id, thread=THREAD)
        assert run.required_action
        (call,) = run.required_action.submit_tool_outputs.tool_calls
        run = client.beta.threads.runs.submit_tool_outputs_and_poll(
            run_id=run.id,
            thread_id=run.thread_id,
            tool_outputs=[{"tool_call_id": call.id, "output": "There."}],
        )
        (answer, _) = client.beta.threads.messages.list(run.thread_id).data
        response = client.responses.create(model="m", input="Where is it?", tools=[_flat(TOOL)])
        file = client.files.create(file=("a.txt", b"Hello!"), purpose="assistants")
        store = client.vector_stores.create(file_ids=[file.id])

    assert ("completed", "Found.") == (run.status, answer.content[0].text.value)  # type: ignore[union-attr]  # the script says so
    assert ("function_call", 1) == (response.output[0].type, store.file_counts.total)


def _flat(tool: Any) -> Any:
    """The same tool, as responses have it."""
    return {"type": "function", "parameters": None, "strict": False, **tool["function"]}


def test_its_asynchronous_twin_does_too(server: Server) -> None:
    """In a world of its own, for it has another key; with a stream."""

    async def drive() -> tuple[str, str, int]:
        async with openai.AsyncAzureOpenAI(
            azure_endpoint=server.url, api_key="azure-2", api_version="2024-05-01-preview"
        ) as client:
            assistant = await client.beta.assistants.create(model="m", tools=[TOOL])
            run = await client.beta.threads.create_and_run_poll(
                assistant_id=assistant.id, thread=THREAD
            )
            assert run.required_action
            (call,) = run.required_action.submit_tool_outputs.tool_calls
            async with client.beta.threads.runs.submit_tool_outputs_stream(
                run_id=run.id,
                thread_id=run.thread_id,
                tool_outputs=[{"tool_call_id": call.id, "output": "There."}],
            ) as stream:
                await stream.until_done()
                (message,) = await stream.get_final_messages()
            there_are = await client.beta.assistants.list()
            return run.status, message.content[0].text.value, len(there_are.data)  # type: ignore[union-attr]  # the script says so

    assert ("requires_action", "Found.", 1) == asyncio.run(drive())


# At its start -------------------------------------------------------------------------------------

Serve = Callable[..., tuple[object, str]]


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Serve:
    """`runfsm serve` in this process, which does not serve: exit code and stderr."""

    def run(*args: str) -> tuple[object, str]:
        monkeypatch.setattr(uvicorn.Server, "run", lambda *_, **__: None)
        monkeypatch.setattr(sys, "argv", ["runfsm", "serve", *args])
        with pytest.raises(SystemExit) as caught:
            main()
        return caught.value.code, capsys.readouterr().err

    return run


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (
            ("--log-level", "loud"),
            "--log-level must be one of critical, error, warning, info, debug, trace, got 'loud'",
        ),
        (
            ("--state", "x.json", "--state-every", "0"),
            "--state-every must be a number of seconds > 0, got 0; write, say, --state-every 1",
        ),
        (
            ("--state", "x.json", "--state-every", "nan"),
            "--state-every must be a number of seconds > 0, got nan; write, say, --state-every 1",
        ),
        (
            ("--state", "x.json", "--state-every", "inf"),
            "--state-every must be a number of seconds > 0, got inf; write, say, --state-every 1",
        ),
        (
            ("--cors-origin", "localhost:3000"),
            "--cors-origin must be * or an origin as http://localhost:3000, got 'localhost:3000'",
        ),
        (
            ("--cors-origin", "http://localhost:3000/"),
            (
                "--cors-origin must be * or an origin as http://localhost:3000, got "
                "'http://localhost:3000/'"
            ),
        ),
        (  # a browser sends a host in small letters
            ("--cors-origin", "http://LocalHost:3000"),
            (
                "--cors-origin must be * or an origin as http://localhost:3000, got "
                "'http://LocalHost:3000'"
            ),
        ),
    ],
)
def test_a_wrong_option_is_one_line(serve: Serve, args: tuple[str, ...], told: str) -> None:
    """With what to write instead; exit code 2."""
    assert (2, f"runfsm: {told}\n") == serve("--port", "0", *args)


@pytest.mark.parametrize("level", ["critical", "ERROR", "warning", "Info", "debug", "trace"])
def test_a_level_is_written_as_one_likes(serve: Serve, level: str) -> None:
    """Large or small."""
    assert (0, "") == serve("--port", "0", "--log-level", level)


def test_a_port_in_use_is_one_line(server: Server, serve: Serve) -> None:
    """It names the port, and the way out."""
    port = server.url.rpartition(":")[2]
    code, err = serve("--port", port)

    assert (2, 1) == (code, err.count("\n"))
    assert err.startswith(
        f"runfsm: cannot listen on 127.0.0.1, port {port}: Address already in use"
    )
    assert err.endswith("or give another --port (0 picks a free one) or --host\n")


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Takes a package away, as if it was not installed."""
    real = builtins.__import__

    def take(package: str) -> None:
        for name in [one for one in sys.modules if one.endswith((".metrics", ".statelock"))]:
            monkeypatch.delitem(sys.modules, name)

        def imported(name: str, *rest: Any) -> Any:
            if name.partition(".")[0] == package:
                raise ModuleNotFoundError(f"No module named {package!r}", name=package)
            return real(name, *rest)

        monkeypatch.setattr(builtins, "__import__", imported)

    return take


def test_a_state_needs_its_lock(
    serve: Serve, without: Callable[[str], None], tmp_path: Path
) -> None:
    """Without the package that locks it, nothing is served: two servers might write one file."""
    without("filelock")
    code, err = serve("--port", "0", "--state", str(tmp_path / "x.json"))

    assert (2, 1) == (code, err.count("\n"))
    assert "needs filelock for --state, which is not installed: pip install 'runfsm[server]'" in err


def test_serving_needs_no_metrics(serve: Serve, without: Callable[[str], None]) -> None:
    """Without the package that writes them, their page says how to have them."""
    without("prometheus_client")
    page, observers = _metrics(Worlds(Simulator), OpenAnswers(), ServeOptions())
    answer = page(Asked("GET", "/metrics"))

    assert (501, []) == (answer.status, observers)
    assert "metrics need prometheus_client: pip install 'runfsm[server]'" in answer.body.decode()
    assert (0, "") == serve("--port", "0")
