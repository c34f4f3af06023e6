"""What a live drive tells beside its journal: each call, and each piece of text once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from runfsm import StepUpdate, TextDelta
from runfsm.driver.actions import RunTools
from runfsm.driver.narrator import Narrator
from runfsm.driver.replies import Fetched, Heard, Silent
from runfsm.lifecycle.snapshot import RunMessage, RunRef, ToolCall

REF = RunRef("assistants", "run_1", "thread_1")


def heard(message_id: str, text: str) -> Heard:
    """A piece of text that came."""
    return Heard(TextDelta(message_id, text), 0.0)


@given(came=st.lists(st.text(min_size=1), max_size=4), rest=st.text())
def test_all_pieces_of_a_message_are_its_text(came: list[str], rest: str) -> None:
    """Wherever the stream broke off, and however often the messages are read afterwards."""
    narrator = Narrator()
    text = "".join(came) + rest
    told = [item for piece in came for item in narrator.after(heard("msg_1", piece))]
    for _ in range(2):
        told += narrator.after(Fetched([RunMessage("msg_1", "assistant", text)], 0.0))

    assert text == "".join(item.text for item in told if isinstance(item, TextDelta))


def test_messages_do_not_mix() -> None:
    """The rest of each is told under its own id, in the order of the messages."""
    narrator = Narrator()
    list(narrator.after(heard("msg_2", "se")))
    messages = [RunMessage("msg_1", "assistant", "first"), RunMessage("msg_2", "assistant", "sec")]

    assert [TextDelta("msg_1", "first")] == list(narrator.after(Fetched(messages[:1], 0.0)))
    assert [TextDelta("msg_2", "c")] == list(narrator.after(Fetched(messages, 0.0)))


def test_what_the_text_does_not_go_on_from_is_not_told_anew() -> None:
    """A message that reads otherwise than its pieces did: what was printed cannot be taken back."""
    narrator = Narrator()
    list(narrator.after(heard("msg_1", "Helo")))

    assert [] == list(narrator.after(Fetched([RunMessage("msg_1", "assistant", "Hello")], 0.0)))


def test_calls_are_told_before_they_are_made() -> None:
    """All of a round, in their order."""
    calls = (ToolCall("call_1", "f", "{}"), ToolCall("call_2", "g", "{}"))

    assert list(calls) == list(Narrator().before(RunTools(calls, REF, None, 5.0)))


def test_what_is_no_news_of_this_kind_is_left_to_the_journal() -> None:
    """Steps pass; silence says nothing."""
    step, narrator = StepUpdate("step_1", "tool_calls", "completed"), Narrator()

    assert [step] == list(narrator.after(Heard(step, 0.0)))
    assert [] == list(narrator.after(Silent(0.0)))
