"""Facts about drawing who says a status: native, computed or local."""

from __future__ import annotations

import json

import pytest

from runfsm.lifecycle import CATALOG, LIFECYCLE, RESPONSES_CHAIN, Lifecycle, Origin, RunStatus
from runfsm.lifecycle.draw import RENDERERS, draw, picture_of
from runfsm.lifecycle.draw.legend import ORIGIN_MARK, ORIGIN_WORDS
from runfsm.lifecycle.draw.picture import fold

S = RunStatus
FOREIGN = {S.REQUIRES_ACTION, S.CANCELLING, S.EXPIRED}


def test_a_node_has_the_origin_of_its_status() -> None:
    """The chain's picture tells the computed status and the local ones from the others."""
    nodes = picture_of(RESPONSES_CHAIN).nodes

    assert FOREIGN == {node.name for node in nodes if node.origin is not Origin.NATIVE}
    assert [RESPONSES_CHAIN.origin(status) for status in S] == [node.origin for node in nodes]


def test_a_folded_node_is_as_native_as_its_surest_status() -> None:
    """Of several in one place, what the service says goes first, then what is computed."""
    ends = fold(RESPONSES_CHAIN, lambda s: "end" if s in RESPONSES_CHAIN.terminal else "on its way")
    foreign = fold(RESPONSES_CHAIN, lambda s: "foreign" if s in FOREIGN else "native")

    assert {Origin.NATIVE} == {node.origin for node in ends.nodes}
    assert [Origin.NATIVE, Origin.COMPUTED] == [node.origin for node in foreign.nodes]


@pytest.mark.parametrize("form", ["mermaid", "dot", "markdown"])
def test_the_legend_tells_all_three_where_they_occur(form: str) -> None:
    """A diagram with a status that is not native explains native, computed and local."""
    text = draw(RESPONSES_CHAIN, form).replace("&#x27;", "'")

    assert [] == [words for words in ORIGIN_WORDS.values() if words not in text]
    assert [] == [mark for mark in ORIGIN_MARK.values() if mark not in text]


@pytest.mark.parametrize("form", RENDERERS)
@pytest.mark.parametrize(
    "table", [table for table in CATALOG.values() if not table.origins], ids=lambda t: t.name
)
def test_where_all_is_native_nothing_is_said_of_it(table: Lifecycle, form: str) -> None:
    """The other diagrams have no such mark, no such words and no such key."""
    text = draw(table, form)
    said = (*filter(None, ORIGIN_MARK.values()), *ORIGIN_WORDS.values(), '"origin"')

    assert [] == [sign for sign in said if sign in text]


@pytest.mark.parametrize(
    ("form", "signs"),
    [
        ("mermaid", ["requires_action 🔒<br/>ƒ computed", "class cancelling,expired local"]),
        ("dot", ["⌂ local", "ƒ computed", 'fillcolor="#D6EAF5"', 'fillcolor="#E3E3E3"']),
        ("markdown", ["| who says it |", "| ⌂ local: the library's own |"]),
    ],
)
def test_each_format_has_its_sign(form: str, signs: list[str]) -> None:
    """A mark and a word wherever there is a colour."""
    text = draw(RESPONSES_CHAIN, form)

    assert [] == [sign for sign in signs if sign not in text]


def test_json_names_the_origin_where_it_is_not_native() -> None:
    """A native status has no such key."""
    statuses = json.loads(draw(RESPONSES_CHAIN, "json"))["statuses"]

    assert {"requires_action": "computed", "cancelling": "local", "expired": "local"} == {
        status["name"]: status["origin"] for status in statuses if "origin" in status
    }


def test_a_highlight_is_seen_on_a_local_status() -> None:
    """Having been there is painted over where it comes from; the word stays."""
    text = draw(picture_of(RESPONSES_CHAIN, highlight=[S.CANCELLING]), "dot")
    (line,) = (line for line in text.splitlines() if line.startswith('"cancelling" ['))

    assert "#F0E442" in line
    assert "⌂ local" in line


def test_the_runs_table_is_all_native() -> None:
    """Nothing is computed on the wire that the run's lifecycle was taken from."""
    assert picture_of(LIFECYCLE).all_native
    assert not picture_of(RESPONSES_CHAIN).all_native
