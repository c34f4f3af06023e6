from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path

import pytest

from runfsm.errors import CallerError
from runfsm.lifecycle import CATALOG, LIFECYCLE, MESSAGE, RUN_STEP, RunEvent, RunStatus
from runfsm.lifecycle.draw import RENDERERS, __main__, draw, picture_of, thread_lock_picture
from runfsm.lifecycle.draw.layout import column_of, leads_back, spine_of
from runfsm.lifecycle.draw.picture import Picture
from runfsm.lifecycle.draw.svg import digest_of, svg_of
from runfsm.lifecycle.table import Actor, Confidence, Edge, Evidence, Lifecycle

S, E = RunStatus, RunEvent


def events(picture: Picture, source: str, dest: str) -> set[str]:
    """The events that lead from one node of a picture to another."""
    return {a.event for a in picture.arrows if (a.source, a.dest) == (source, dest)}


@pytest.mark.parametrize("table", CATALOG.values(), ids=CATALOG)
def test_a_picture_is_its_table(table: Lifecycle) -> None:
    """A picture without a fold has a node for each status and an arrow for each row, in order."""
    picture = picture_of(table)

    assert [
        (status, status in table.terminal, table.locks_thread(status)) for status in table.statuses
    ] == [(node.name, node.terminal, node.locks) for node in picture.nodes]
    assert [(edge,) for edge in table.edges] == [arrow.edges for arrow in picture.arrows]
    assert [(e.source, e.event, e.dest, e.actor, e.why, e.evidence) for e in table.edges] == [
        (a.source, a.event, a.dest, a.actor, a.why, a.evidence) for a in picture.arrows
    ]


# The thread lock ---------------------------------------------------------------------------------


def test_lock_nodes_hold_every_status() -> None:
    """The two nodes share out the nine statuses as `locks_thread` says; the start is unlocked."""
    unlocked, locked = thread_lock_picture().nodes

    assert {s for s in S if LIFECYCLE.locks_thread(s)} == set(locked.inside)
    assert {"no run yet", *(s for s in S if not LIFECYCLE.locks_thread(s))} == set(unlocked.inside)
    assert (True, False) == (unlocked.before_creation, locked.before_creation)
    assert not unlocked.terminal


def test_only_create_takes_the_lock() -> None:
    """One event leads from unlocked to locked, and none stays in unlocked."""
    assert {E.CREATE} == events(thread_lock_picture(), "unlocked", "locked")
    assert set() == events(thread_lock_picture(), "unlocked", "unlocked")


def test_lock_is_kept_or_released_as_the_table_says() -> None:
    """From locked, an event keeps the lock if its row's end locks, else releases it."""
    rows = [edge for edge in LIFECYCLE.edges if edge.source in LIFECYCLE.locks]
    kept = {edge.event for edge in rows if LIFECYCLE.locks_thread(edge.dest)}
    released = {edge.event for edge in rows if not LIFECYCLE.locks_thread(edge.dest)}

    assert kept == events(thread_lock_picture(), "locked", "locked")
    assert released == events(thread_lock_picture(), "locked", "unlocked")


def test_no_row_is_lost_in_the_fold() -> None:
    """The arrows of the lock stand for all nineteen rows, each once."""
    rows = [edge for arrow in thread_lock_picture().arrows for edge in arrow.edges]

    assert sorted(map(str, LIFECYCLE.edges)) == sorted(map(str, rows))


def test_folded_arrow_tells_each_row_and_the_surest_evidence() -> None:
    """`fail` releases from three statuses: each is named, and the certain row speaks for it."""
    (fail,) = (arrow for arrow in thread_lock_picture().arrows if arrow.event == "fail")

    assert ["queued", "in_progress", "cancelling"] == [
        reason.split(":")[0] for reason in fail.why.split("; ")
    ]
    assert LIFECYCLE.next(S.IN_PROGRESS, E.FAIL).evidence == fail.evidence


@pytest.mark.parametrize("form", RENDERERS)
def test_every_format_shows_what_the_lock_refuses(form: str) -> None:
    """Creating a message and creating a run are shown as refused while locked."""
    text = draw(thread_lock_picture(), form)

    assert "create message" in text
    assert "create run" in text


# Formats -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", RENDERERS)
@pytest.mark.parametrize("table", [LIFECYCLE, RUN_STEP, MESSAGE], ids=lambda table: table.name)
def test_every_format_names_everything(table: Lifecycle, form: str) -> None:
    """No status and no event is missing in any format, and drawing twice gives the same text."""
    text = draw(table, form)

    assert [] == [word for word in (*table.statuses, *table.events) if word not in text]
    assert draw(picture_of(table), form) == text


def test_json_is_the_table_with_its_evidence() -> None:
    """The run's JSON has nine statuses and nineteen edges, each with source and confidence."""
    document = json.loads(draw(LIFECYCLE, "json"))

    assert {"name", "about", "statuses", "edges"} == set(document)
    assert 9 == len(document["statuses"])
    assert {"name": "queued", "terminal": False, "locks_thread": True} == document["statuses"][0]
    assert 19 == len(document["edges"])
    assert all(edge["evidence"]["source"] for edge in document["edges"])
    assert {
        "source": None,
        "event": "create",
        "dest": "queued",
        "actor": "client",
        "why": LIFECYCLE.edges[0].why,
        "evidence": {
            "source": LIFECYCLE.edges[0].evidence.source,
            "confidence": "certain",
        },
    } == document["edges"][0]


@pytest.mark.parametrize(
    ("form", "signs"),
    [
        ("mermaid", ["● cancel ?", "■ truncate ??", "◷ expire\n", "expired --> [*]", "🔒"]),
        ("dot", ["● cancel", "#D55E00", "peripheries=2", "style=dashed", "cluster_lock"]),
        ("markdown", ["| ● cancel |", "| likely |", "**expired**, terminal", "🔒"]),
        ("json", ['"actor": "clock"', '"terminal": true', '"confidence": "likely"']),
    ],
)
def test_every_format_shows_actor_end_and_confidence(form: str, signs: list[str]) -> None:
    """Each format has its own sign for who acts, what is terminal, how sure it is, what locks."""
    text = draw(LIFECYCLE, form)

    assert [] == [sign for sign in signs if sign not in text]


def test_unknown_format_names_the_known_ones() -> None:
    """Asking for a format that there is not says which ones there are."""
    with pytest.raises(CallerError, match=r"no format 'png'.* mermaid, dot, markdown, json"):
        draw(LIFECYCLE, "png")


def test_markdown_escapes_what_would_break_a_row() -> None:
    """A bar within a reason does not add a column."""
    row = draw(_odd_table('a | b "c" <d> \\'), "markdown").splitlines()[-1]

    assert "a \\| b" in row


def test_dot_escapes_quotes_and_angles() -> None:
    """A reason or a sentence with quotes, backslashes and angles stays within its string."""
    text = draw(_odd_table('say "c" \\ <d>'), "dot")

    assert 'say \\"c\\" \\\\ <d>' in text
    assert "about &lt;this&gt;" in text


class OddStatus(StrEnum):
    ON = "on"
    OFF = "off"


class OddEvent(StrEnum):
    SWITCH = "switch"


def _odd_table(why: str) -> Lifecycle[OddStatus, OddEvent]:
    known = Evidence("made up", Confidence.LIKELY)
    rows = ((None, OddStatus.ON), (OddStatus.ON, OddStatus.OFF))
    edges = tuple(Edge(a, OddEvent.SWITCH, b, Actor.CLOCK, why, known) for a, b in rows)
    return Lifecycle("lamp", OddStatus, OddEvent, edges, about="about <this>")


# Highlights --------------------------------------------------------------------------------------


def test_highlight_paints_what_was_named_and_no_more() -> None:
    """A path and a status paint those arrows and that node alone."""
    way = LIFECYCLE.path(S.QUEUED, S.REQUIRES_ACTION) or ()
    picture = picture_of(LIFECYCLE, highlight=[*way, S.REQUIRES_ACTION])

    assert [S.REQUIRES_ACTION] == [node.name for node in picture.nodes if node.highlighted]
    assert way == tuple(a.edges[0] for a in picture.arrows if a.highlighted)


def test_highlight_of_a_run_paints_the_lock() -> None:
    """In the folded picture, a run's status paints its node and a run's edge its arrow."""
    picture = thread_lock_picture(highlight=[S.CANCELLING, LIFECYCLE.next(S.QUEUED, E.CANCEL)])

    assert ["locked"] == [node.name for node in picture.nodes if node.highlighted]
    assert ["cancel"] == [arrow.event for arrow in picture.arrows if arrow.highlighted]


@pytest.mark.parametrize("form", RENDERERS)
def test_every_format_shows_highlights(form: str) -> None:
    """Highlighting one edge, and highlighting one status, each changes the text."""
    plain = draw(LIFECYCLE, form)

    assert plain != draw(picture_of(LIFECYCLE, highlight=[LIFECYCLE.edges[0]]), form)
    assert plain != draw(picture_of(LIFECYCLE, highlight=[S.QUEUED]), form)


def test_unknown_highlight_names_the_strangers_and_the_known() -> None:
    """A status that the table does not have is refused by name, with those that it has."""
    with pytest.raises(CallerError, match=r"cannot paint sleeping: .*queued, in_progress"):
        picture_of(LIFECYCLE, highlight=[S.QUEUED, "sleeping"])


def test_edge_of_another_table_is_refused() -> None:
    """An edge is known by its whole row: a run step's is no edge of a message."""
    with pytest.raises(CallerError, match=r"cannot paint .*open.*not in the table"):
        picture_of(MESSAGE, highlight=RUN_STEP.edges[:1])


@pytest.mark.reported(
    "tried as a new user",
    "In run.svg, the arrow queued → expired began under the head of another arrow.",
    now="An arrow that leads back ends at a corner of its own.",
)
@pytest.mark.parametrize("lifecycle", CATALOG.values(), ids=CATALOG)
def test_an_arrow_back_has_a_corner_of_its_own(lifecycle: Lifecycle) -> None:
    """No other arrow begins or ends where one that leads back ends (tried as a new user)."""
    lines = [line for line in draw(lifecycle, "dot").splitlines() if "headport=" in line]
    picture = picture_of(lifecycle)
    spine = spine_of(picture)
    back = [arrow for arrow in picture.arrows if leads_back(arrow, spine)]

    assert {f'"{arrow.source}" -> "{arrow.dest}"' for arrow in back} == {
        line.partition(" [")[0] for line in lines
    }
    assert lifecycle is not LIFECYCLE or ["submit_tool_outputs"] == [a.event for a in back]


# Graphviz ----------------------------------------------------------------------------------------


def test_missing_graphviz_is_told_kindly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without `dot` on the PATH, drawing SVG says what to install."""
    monkeypatch.setenv("PATH", "")

    with pytest.raises(CallerError, match=r"Graphviz.*apt install graphviz") as caught:
        svg_of("digraph {}")
    assert "make " not in str(caught.value)  # whoever installed a wheel has no Makefile


def test_missing_graphviz_leaves_the_gallery_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command fails before it writes the first file."""
    monkeypatch.setenv("PATH", "")

    assert 2 == __main__.main([str(tmp_path)])
    assert "Graphviz" in capsys.readouterr().err
    assert [] == list(tmp_path.iterdir())


def test_command_without_a_directory_says_how_to_call_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A wrong call prints the usage and exits with 2."""
    assert 2 == __main__.main([])
    assert "usage: python -m runfsm.lifecycle.draw DIRECTORY" in capsys.readouterr().err


def test_digest_tells_two_drawings_apart() -> None:
    """One character more in the DOT text is another digest."""
    assert digest_of("digraph {}") != digest_of("digraph { }")


# Layout ------------------------------------------------------------------------------------------


def test_spine_is_the_happy_path() -> None:
    """The straight line of the run's drawing is create, start, complete."""
    assert ["create", "start", "complete"] == [a.event for a in spine_of(picture_of(LIFECYCLE))]


def test_spine_is_empty_where_nothing_ends() -> None:
    """A picture without an end, such as the thread lock, has no line to keep straight."""
    assert () == spine_of(thread_lock_picture())


def test_column_has_every_end_once_and_the_spines_in_the_middle() -> None:
    """The run's five ends stand in one column around `completed`."""
    picture = picture_of(LIFECYCLE)
    column = [node.name for node in column_of(picture, spine_of(picture))]

    assert LIFECYCLE.terminal == set(column)
    assert (5, S.COMPLETED) == (len(column), column[2])
