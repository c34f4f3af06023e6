"""What a behaviour has come to, in a few bytes: equal where all that follows is equal.

Why pruning by it is sound: a client that is deterministic does what it does because of what it has
been told, and a service answers because of its state. So from two points at which the client has
been told the same, and the world is the same, the same choices lead to the same behaviours. Times
and ids are compared as they are: both are counted from the same beginning.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterable
from hashlib import blake2b
from operator import attrgetter
from typing import Any, Final

from runfsm_simulator.world.operations import World
from runfsm_simulator.world.plain import KEPT

__all__ = ["SHOWN", "TRACE", "fingerprint", "kept_of"]

#: Of what is kept of a world, what has no bearing on what follows.
PAST: Final = {"choices", "trace", "taken", "planned", "storm", "heals_at", "is_calm"}

#: What faults have shown to clients: no part of a world's copies, but of what follows.
SHOWN: Final = attrgetter("_engine.weather.shown._kept")

#: The edges that were taken; to be asked for without an operation, in which more may happen.
TRACE: Final = attrgetter("_engine.trace")

GETTERS: Final = {name: attrgetter(path) for name, (path, _) in KEPT.items()}

PARTS: Final = [*(get for name, get in GETTERS.items() if name not in PAST), SHOWN]


def kept_of(world: World) -> dict[str, Any]:
    """What `put_back` fills another world with: the very same things, to be copied as one."""
    return {name: get(world) for name, get in GETTERS.items()}


def fingerprint(world: World, heard: Iterable[bytes]) -> bytes:
    """The digest of a world, and of what its client has been told so far."""
    digest = blake2b(digest_size=16)
    for told in heard:
        digest.update(told)
    with world.operation():
        digest.update(pickle.dumps([part(world) for part in PARTS], protocol=5))
    return digest.digest()
