"""DOT -> SVG, by Graphviz: the only place that needs it.

Two versions of Graphviz draw two different files, so nobody can say whether an SVG is fresh by
drawing it again. Instead each carries the digest of the DOT text it was made of.
"""

from __future__ import annotations

import shutil
import subprocess
from hashlib import sha256

from runfsm.errors import CallerError

__all__ = ["digest_of", "svg_of"]


def digest_of(dot_text: str) -> str:
    """The line of an SVG that says which DOT text it was made of."""
    return f"sha256 of the DOT text: {sha256(dot_text.encode()).hexdigest()}"


def svg_of(dot_text: str) -> str:
    """The drawing, self-contained: no external reference, no script.

    Raises:
        CallerError: Graphviz is not installed.
    """
    program = shutil.which("dot")
    if program is None:
        raise CallerError(
            "drawing SVG needs Graphviz, and there is no `dot` on the PATH. Install it "
            "(`apt install graphviz`, `brew install graphviz`, `winget install graphviz`) "
            "and try again. Every other format works without it."
        )
    drawn = subprocess.run(  # noqa: S603  # our own DOT text, on stdin, to a program from the PATH
        [program, "-Tsvg"], input=dot_text, capture_output=True, check=True, encoding="utf-8"
    ).stdout
    picture = drawn[drawn.index("<svg") :]  # drops the doctype, which points to another site
    return f"<!-- {digest_of(dot_text)} -->\n{picture}"
