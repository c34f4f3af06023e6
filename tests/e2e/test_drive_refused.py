"""What `runfsm drive` refuses before anything begins."""

from __future__ import annotations

import pytest

from drivecommand import SECRET, TOOLS, Drive


@pytest.mark.parametrize(
    ("args", "complaint"),
    [
        (("--simulate",), 'what does the user say? runfsm drive "Hello!"'),
        (("Hi", "--simulate", "--each", "x"), "what does the user say?"),
        (("Hi",), "was shut down on 2026-08-26"),
        (("Hi", "--base-url", "localhost:80"), "is no URL of a service"),
        (("Hi", "--script", "weather"), "--script weather is for a simulator: add --simulate"),
        (("Hi", "--simulate", "--base-url", "http://x"), "leave --base-url out"),
        (("Hi", "--simulate", "--thread", "thread_1"), "a simulator begins empty"),
        (("Hi", "--simulate", "--script", "opera"), "no such scenario; there are analyst"),
        (("Hi", "--simulate", "--speed", "0"), "give a positive number"),
        (("Hi", "--simulate", "--deadline", "-1"), "deadline_s is -1"),
        (("Hi", "--simulate", "--tool-timeout", "0"), "tool_timeout_s is 0"),
        (("Hi", "--simulate", "--on-busy", "sulk"), "Invalid value for '--on-busy'"),
        (
            ("Hi", "--simulate", "--backend", "smoke"),
            "Invalid value for '--backend': 'smoke' is not one of",
        ),
        (("Hi", "--backend", "responses", "--keep"), "has no assistants to name or to keep"),
        (("Hi", "--backend", "responses", "--assistant", "asst_1"), "and say --model"),
        (("Hi", "--simulate", "--save-trace", "/dev/null"), "that is no file"),
        (("Hi", "--simulate", "--save-trace", "no/such/x"), "there is no such folder"),
        (("--simulate", "--each", "no-such-file"), "cannot be read"),
        (("--simulate", "--each", "-", "--save-trace", "x"), "leave one out"),
        (("Hi", "--simulate", "--tools", "no_such_module"), "there is no module no_such_module"),
        (("Hi", "--simulate", "--tools", "json.no_such"), "there is no module json.no_such"),
        (("Hi", "--simulate", "--tools", "no/such.py"), "there is no Python file no/such.py"),
        (("Hi", "--simulate", "--tools", f"{TOOLS}:get_time"), "has no get_time; the functions"),
        (("Hi", "--simulate", "--tools", "json"), "nothing in json is marked with @tool"),
        (
            ("Hi", "--simulate", "--tools", "json:__name__"),
            "__name__ in json is no function, and no list of them: str",
        ),
        (("Hi", "--simulate", "--tools", "json:loads"), "has no type"),
    ],
)
def test_a_users_mistake_is_refused_before_anything_begins(
    drive: Drive, args: tuple[str, ...], complaint: str
) -> None:
    """Exit code 2, what would be right, no line of Python, no key."""
    said = drive(*args)

    assert (2, "") == (said.code, said.out)
    assert complaint in " ".join(said.err.replace("│", " ").split())
    assert not {"Traceback", SECRET} & {*said.err.split()}


def test_what_to_set_is_said_when_no_service_is_named(drive: Drive) -> None:
    """Not even with a key: OpenAI's own endpoint is not there any more."""
    told = drive("Hi").err

    for word in ("--simulate", "--base-url", "OPENAI_BASE_URL", "OPENAI_API_KEY", "Azure"):
        assert word in told


def test_without_a_key_it_says_what_to_set(drive: Drive, monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenAI's own Responses API wants a key; a simulator, or another service, wants none."""
    monkeypatch.delenv("OPENAI_API_KEY")
    said = drive("Hi", "--backend", "responses")

    assert 2 == said.code
    for word in ("--simulate", "--base-url", "OPENAI_BASE_URL", "OPENAI_API_KEY=sk-"):
        assert word in said.err
