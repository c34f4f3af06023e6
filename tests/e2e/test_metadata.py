"""Facts about the package as an index shows it."""

from __future__ import annotations

import re
from email import message_from_string
from email.message import Message
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def metadata() -> Message:
    """The core metadata that the build backend makes."""
    wheel = pytest.importorskip("hatchling.builders.wheel", reason="hatchling builds the wheel")
    builder = wheel.WheelBuilder(str(ROOT))
    text = builder.config.core_metadata_constructor(builder.metadata)
    return message_from_string(text)


@pytest.mark.reported(
    "tried as a new user",
    "Relative links and images of the README break on a package index; the metadata has no URLs.",
    now="The build makes them absolute, and the metadata has URLs.",
)
def test_the_readme_has_no_relative_link(metadata: Message) -> None:
    """Each link of the README leads to the same file, on the web (tried as a new user)."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    links = re.compile(r"\]\(([^)]+)\)")
    written = links.findall(readme)
    shown = links.findall(str(metadata.get_payload()))

    assert len(written) == len(shown) > 20
    for before, after in zip(written, shown, strict=True):
        assert after.startswith(("https://", "http://", "#"))
        assert after.endswith(before)


def test_the_picture_is_a_picture(metadata: Message) -> None:
    """An image's address gives the file, not a page around it."""
    pictures = re.findall(r"!\[[^]]*\]\(([^)]+)\)", str(metadata.get_payload()))

    assert pictures
    assert [] == [one for one in pictures if not one.startswith("https://raw.")]


def test_the_metadata_has_urls(metadata: Message) -> None:
    """An index shows where the code, the documentation and the changelog are."""
    urls = [one.partition(",")[0] for one in metadata.get_all("Project-URL") or ()]

    assert ["Changelog", "Documentation", "Homepage", "Issues"] == sorted(urls)
