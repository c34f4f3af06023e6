"""What shows that a line of a tape is as it was written, and where it was written.

Each line ends with a digest of itself and of all lines before it. So a changed byte is named by its
line, as is a line that was taken out, put in or moved; and the world need not be played to tell.
It is no signature: whoever means to deceive can write a tape anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

__all__ = ["Seal"]

KEY: Final = "seal"
LETTERS: Final = 16


class Seal:
    """The digest of a tape, as far as it goes: one for who writes, another one for who reads.

    Example:
        >>> text = Seal().sealed({"read": 1})
        >>> Seal().opened(text)
        {'read': 1}
        >>> Seal().opened(text.replace("1", "2", 1))
        Traceback (most recent call last):
        ValueError: it is not as it was written: changed, moved or cut short
    """

    def __init__(self) -> None:
        self._digest = hashlib.sha256()

    def sealed(self, line: Mapping[str, Any]) -> str:
        """The next line as text, without its end.

        Raises:
            TypeError: something in it is no JSON.
        """
        text = json.dumps(line)[:-1]
        return f'{text}, "{KEY}": "{self._of(text)}"}}'

    def opened(self, text: str) -> Any:
        """The next line as it was before it was sealed.

        Raises:
            ValueError: it is not the one that was written here.
        """
        inner, _, seal = text.rpartition(f', "{KEY}": "')
        if seal != f'{self._of(inner)}"}}':
            raise ValueError("it is not as it was written: changed, moved or cut short")
        return json.loads(f"{inner}}}")

    def copy(self) -> Seal:
        """Another one that is as far."""
        twin = Seal()
        twin._digest = self._digest.copy()
        return twin

    def _of(self, text: str) -> str:
        self._digest.update(text.encode(errors="replace"))
        return self._digest.hexdigest()[:LETTERS]
