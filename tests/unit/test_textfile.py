"""Facts about the text files that users give: a byte order mark is dropped, UTF-16 is named."""

from __future__ import annotations

import gzip
import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from runfsm.cli import main
from runfsm.textfile import check_is_utf8, decoded, lines_of
from runfsm_simulator import Simulator
from runfsm_simulator.doors import statefile
from runfsm_simulator.replay.tape import Tape
from runfsm_simulator.world.scriptfile import load_script

LOG = '{"run_id": "run_1", "status": "queued"}\n{"run_id": "run_1", "status": "completed"}\n'
SCRIPT = "turns:\n- say: Hello, Zoë!\n"
TOOLS = 'def ping() -> str:\n    """Answer."""\n    return "pong"\n'
OTHERS = ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"]


def _run(monkeypatch: pytest.MonkeyPatch, *args: str, stdin: bytes = b"") -> Any:
    monkeypatch.setattr(sys, "argv", ["runfsm", *args])
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), "utf-8"))
    with pytest.raises(SystemExit) as caught:
        main()
    return caught.value.code


@pytest.fixture
def tape(tmp_path: Path) -> str:
    """A recording, as text."""
    Simulator(record=tmp_path / "made.jsonl").control.advance(1)
    return (tmp_path / "made.jsonl").read_text(encoding="utf-8")


def _commands(file: str, tape: str) -> list[tuple[str, list[str]]]:
    """What a file may hold, and the command that reads it."""
    drive = ["drive", "--simulate"]
    return [
        (LOG, ["judge", file]),
        (LOG, ["replay", file]),
        (tape, ["replay", file]),
        ("One\nTwo\n", [*drive, "--each", file]),
        (SCRIPT, ["simulate", f"{file}.yaml"]),
        (TOOLS, [*drive, "--tools", f"{file}.py:ping", "Hi"]),
    ]


@pytest.mark.reported(
    "viggy28/recall#38, infiniflow/ragflow#19179",
    "Files with a byte order mark, or in UTF-16: `judge` lost a look, `--each` sent U+FEFF.",
    now="A mark is dropped in every file that is read; another encoding is named, exit code 2.",
)
@pytest.mark.parametrize("number", range(6))
def test_a_byte_order_mark_is_dropped(
    number: int,
    tape: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Each command says of the file what it says without the mark (viggy28/recall#38)."""
    given = tmp_path / "given"
    text, command = _commands(str(given), tape)[number]
    said = []
    for encoding in ("utf-8", "utf-8-sig"):
        for file in (given, given.with_suffix(".py"), given.with_suffix(".yaml")):
            file.write_bytes(text.encode(encoding))
        assert 0 == _run(monkeypatch, *command)
        said.append(capsys.readouterr())

    assert said[0] == said[1]
    assert "\ufeff" not in said[1].out + said[1].err


@pytest.mark.parametrize("encoding", OTHERS)
@pytest.mark.parametrize("number", range(6))
def test_another_encoding_is_named(  # noqa: PLR0917  # fixtures
    number: int,
    encoding: str,
    tape: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """In one line, with what to do; exit code 2 (infiniflow/ragflow#19179)."""
    given = tmp_path / "given"
    text, command = _commands(str(given), tape)[number]
    for file in (given, given.with_suffix(".py"), given.with_suffix(".yaml")):
        file.write_bytes(text.encode(encoding))

    assert 2 == _run(monkeypatch, *command)
    told = " ".join(capsys.readouterr().err.split())
    assert f"it is {encoding[:6].upper()}; save it as UTF-8" in told
    assert "Traceback" not in told


@pytest.mark.parametrize("command", [["judge", "-"], ["drive", "--simulate", "--each", "-"]])
def test_standard_input_is_read_as_files_are(
    command: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """PowerShell's pipes have marks, and its files are UTF-16."""
    assert 0 == _run(monkeypatch, *command, stdin=LOG.encode("utf-8-sig"))
    assert "\ufeff" not in capsys.readouterr().out
    assert 2 == _run(monkeypatch, *command, stdin=LOG.encode("utf-16"))
    assert "it is UTF-16; save it as UTF-8" in capsys.readouterr().err


def test_a_mark_within_a_file_is_dropped_too(tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    """Files with marks that were put together: no look is lost."""
    first, second = LOG.encode("utf-8-sig").splitlines(keepends=True)
    file = tmp_path / "log.jsonl"
    file.write_bytes(first + b"\xef\xbb\xbf" + second)

    assert 0 == _run(monkeypatch, "judge", str(file), "--json")
    (run,) = json.loads(capsys.readouterr().out)["runs"]
    assert 2 == run["looks"]
    assert "a\nb" == decoded(b"\xef\xbb\xbfa\n\xef\xbb\xbfb")


def test_what_is_not_utf_8_is_told_by_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An old encoding of one's own cannot be named; the byte can."""
    file = tmp_path / "prompts.txt"
    file.write_bytes("One\nHow is Zoë?\n".encode("latin-1"))

    assert 2 == _run(monkeypatch, "drive", "--simulate", "--each", str(file))
    told = " ".join(capsys.readouterr().err.split())
    assert "line 2 is not UTF-8 (byte 0xeb); save it as UTF-8" in told


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_state_scripts_and_tapes_bear_a_mark(mark: bytes, tape: str, tmp_path: Path) -> None:
    """In Python as at the command line: what an editor has put in front changes nothing."""
    (tmp_path / "tape.jsonl").write_bytes(mark + tape.encode())
    (tmp_path / "script.yaml").write_bytes(mark + SCRIPT.encode())
    statefile.write(tmp_path / "state.json", {})
    written = (tmp_path / "state.json").read_bytes()
    (tmp_path / "state.json").write_bytes(mark + written)

    assert len(tape.splitlines()) == 1 + len(Tape.read(tmp_path / "tape.jsonl").steps)
    assert "script" == load_script(tmp_path / "script.yaml").name
    assert {} == statefile.read(tmp_path / "state.json")


@pytest.mark.parametrize("beginning", [b"", b"{", b"Zo\xc3", b"\xef\xbb\xbf{", b"\xfe", b"ab\x01"])
def test_other_beginnings_pass(beginning: bytes) -> None:
    """Short files and broken characters are for whoever reads them."""
    check_is_utf8(beginning)


def test_lines_come_as_they_are_read() -> None:
    """A long log is not taken as a whole; the file stays its opener's."""
    file = io.BytesIO(b"\xef\xbb\xbfone\r\ntwo\xff\n")
    with lines_of(file) as lines:
        assert ["one\n", "two\udcff\n"] == list(lines)


def test_names_that_differ_in_other_bytes_stay_different(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a log in Latin-1, two runs are not taken for one that went back."""
    lines = (
        '{"run_id": "r\xfcn", "status": "completed"}',
        '{"run_id": "r\xe4n", "status": "queued"}',
    )
    code = _run(monkeypatch, "judge", "-", stdin="\n".join(lines).encode("latin-1"))
    assert (0, True) == (code, "2 runs: all of it can be" in capsys.readouterr().out)


def test_a_compressed_file_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Logs are rotated and packed."""
    code = _run(monkeypatch, "judge", "-", stdin=gzip.compress(LOG.encode()))
    assert (2, True) == (
        code,
        "standard input cannot be read: it is compr" in capsys.readouterr().err,
    )
