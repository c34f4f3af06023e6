"""Escaped surrogates in JSON and YAML: a pair is one character, a half is refused everywhere."""

from __future__ import annotations

import json
import re
from typing import Any, Final

import pytest

from runfsm.errors import ScriptError
from runfsm_simulator import Simulator, Worlds
from runfsm_simulator.doors.powers import POWERS
from runfsm_simulator.doors.sidedoor import SideDoor
from runfsm_simulator.wire.http import Request
from runfsm_simulator.wire.routes import ROUTES
from runfsm_simulator.world.scriptfile import parse_script

PAIR: Final = "\\ud83d\\ude0a"
SMILE: Final = "\N{SMILING FACE WITH SMILING EYES}"
HALVES: Final = ["\\ud83d", "\\ude0a", "\\ude0a\\ud83d", "x\\ud83dx"]
HEADERS: Final = {"authorization": "Bearer sk-any", "content-type": "application/json"}
BETAS: Final = {"/v1/agents": "agents=v1"}

#: Every route that takes a body, by method and path.
TAKING: Final = [
    (method, re.sub(r"\{(\w+)\}", "x_1", path))
    for path, handlers in ROUTES.items()
    for method in handlers
    if method == "POST" and path != "/v1/files"
]
#: The same of the side door; a reset and a jump take an empty body only, but read it.
POWERFUL: Final = [
    (method, f"/_sim{path}")
    for path, powers in POWERS.items()
    for method in powers
    if method in {"POST", "PUT"} and not path.endswith("/restore")
]


def side(method: str, path: str, body: bytes) -> tuple[int, Any]:
    """What the side door answers."""
    return through(Worlds(Simulator), method, path, body)


def through(worlds: Worlds, method: str, path: str, body: bytes) -> tuple[int, Any]:
    """What the side door to these worlds answers."""
    request = Request(method, path, headers={"host": "127.0.0.1"}, body=body)
    answer = SideDoor(worlds).handle(request, peer="127.0.0.1")
    return answer.status, answer.json()


@pytest.mark.parametrize("half", HALVES)
@pytest.mark.parametrize(("method", "path"), TAKING)
def test_half_a_pair_is_refused_on_every_route(method: str, path: str, half: str) -> None:
    """With 400 and a text, in a value and in a key, however deep; never with 500."""
    beta = next((one for root, one in BETAS.items() if path.startswith(root)), "assistants=v2")
    for body in (f'{{"a": [{{"b": "{half}"}}]}}', f'{{"{half}": 1}}', f'"{half}"'):
        request = Request(
            method, path, headers={**HEADERS, "openai-beta": beta}, body=body.encode()
        )
        answer = Simulator().handle(request)
        error = answer.json()["error"]

        assert (400, True) == (answer.status, bool(error["message"])), error


@pytest.mark.parametrize("half", HALVES)
@pytest.mark.parametrize(("method", "path"), POWERFUL)
def test_half_a_pair_is_refused_at_the_side_door(method: str, path: str, half: str) -> None:
    """The same, at each of its paths that reads a body."""
    status, answer = side(method, path.format(run_id="run_1"), f'{{"a": "{half}"}}'.encode())

    assert 400 == status
    assert answer["error"]["message"]


@pytest.mark.reported(
    "recordings",
    "POST /_sim/script refused JSON with an escaped surrogate pair.",
    now="A pair is one character; a lone half is refused with its line, on every route.",
)
@pytest.mark.parametrize(
    "body",
    [
        f'{{"turns": [{{"say": "{PAIR}!"}}]}}',
        f'{{"turns":\n\t[\n\t\t{{"say": "{PAIR}!"}}\n\t]\n}}',
        f'turns:\n- say: "{PAIR}!"',
        f'{{turns: [{{say: "{PAIR}!"}}]}}',
        f"turns:\n- say: {SMILE}!",
        f'\ufeff{{"turns": [{{"say": "{PAIR}!"}}]}}',
    ],
    ids=["json", "json with tabs", "yaml", "flow", "raw", "with a mark"],
)
def test_a_script_may_have_an_escaped_pair(body: str) -> None:
    """As JSON and as YAML, it is the one character (a player of recordings sent such scripts)."""
    worlds = Worlds(Simulator)
    status, _ = through(worlds, "POST", "/_sim/script", body.encode())
    planner: Any = worlds.world("main").world.planner

    assert 200 == status
    assert f"{SMILE}!" == planner.turns[0].say


def test_json_that_yaml_reads_otherwise_is_taken_as_json() -> None:
    """A line separator in a text stays what it is."""
    text = json.dumps({"turns": [{"say": "a\u2028b"}]}, ensure_ascii=False)

    assert "a\u2028b" == parse_script(text, where="x").turns[0].say


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('turns:\n- say: "\\ud83d"', "w.yaml:2: half of a surrogate pair"),
        ('turns:\n- call: {name: f, arguments: {"\\ude0a": 1}}\n- say: x', "w.yaml:2: half of a"),
        ('{"turns": [\n{"say": "\\ud83d"}]}', "w.yaml:2: half of a surrogate pair"),
        ('{"turns": [{"say": "x"}], "turns": []}', "w.yaml:1: the key 'turns' for the second time"),
        ('{"turns": [\n{"sya": "x"}]}', "w.yaml:2: turns[0].sya: unknown key; did you mean 'say'?"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, problem: str) -> None:
    """Of JSON as well as of YAML."""
    with pytest.raises(ScriptError) as caught:
        parse_script(text, where="w.yaml")

    assert problem == caught.value.problems[0][: len(problem)]


def test_a_script_that_is_no_utf_8_is_refused() -> None:
    """Half of a pair in bytes, too."""
    status, answer = side("POST", "/_sim/script", b'turns: [{say: "\xed\xa0\xbd"}]')

    assert 400 == status
    assert "the body is not UTF-8" in answer["error"]["message"]


@pytest.mark.parametrize("text", [SMILE, PAIR])
def test_a_pair_in_a_body_is_one_character(stage: Any, text: str) -> None:
    """In a message, whether it is escaped or not."""
    body = f'{{"role": "user", "content": "{text}"}}'.encode()
    path = f"{stage.thread}/messages"
    headers = {**HEADERS, "openai-beta": "assistants=v2"}
    made = stage.sim.handle(Request("POST", path, headers=headers, body=body)).json()

    assert SMILE == made["content"][0]["text"]["value"]
