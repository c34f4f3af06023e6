from __future__ import annotations

from pathlib import Path

import pytest

from runfsm.lifecycle.draw.gallery import pictures, text_files
from runfsm.lifecycle.draw.svg import digest_of

DIAGRAMS = Path(__file__).parents[2] / "diagrams"
STALE = "diagrams/{} is stale: run `make diagrams`"


def read(name: str) -> str:
    """A file of diagrams/, byte for byte: no translation of line ends."""
    return (DIAGRAMS / name).read_bytes().decode()


def test_nothing_is_missing_and_nothing_is_left_over() -> None:
    """diagrams/ holds what the gallery writes, and nothing else."""
    drawings = {f"{name}.svg" for name in pictures()}

    assert {*text_files(), *drawings} == {path.name for path in DIAGRAMS.iterdir()}, (
        "files of diagrams/ are missing or left over: run `make diagrams`, delete the rest"
    )


@pytest.mark.parametrize("name", text_files())
def test_text_is_what_the_tables_say_now(name: str) -> None:
    """Every generated text is, byte for byte, what the code renders now."""
    assert text_files()[name] == read(name), STALE.format(name)


@pytest.mark.parametrize("name", pictures())
def test_drawing_was_made_of_the_dot_text_beside_it(name: str) -> None:
    """Every SVG carries the digest of its DOT text; Graphviz is not needed to tell."""
    assert digest_of(read(f"{name}.dot")) in read(f"{name}.svg"), STALE.format(f"{name}.svg")


@pytest.mark.parametrize("name", pictures())
def test_drawing_refers_to_nothing_outside(name: str) -> None:
    """An SVG loads no image, no style, no script and no doctype, and links nowhere."""
    drawing = read(f"{name}.svg")
    outward = ("href=", "src=", "url(", "@import", "<image", "<script", "<!DOCTYPE")

    assert [] == [sign for sign in outward if sign in drawing]
