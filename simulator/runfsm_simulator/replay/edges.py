"""The edges that a world has taken since it was last asked: both sides of a tape ask."""

from __future__ import annotations

from typing import Any

from runfsm_simulator.world.operations import World

__all__ = ["Edges"]


class Edges:
    """Follows the edges of a world.

    Args:
        world: whose; from its beginning.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._taken = 0

    def new(self) -> list[dict[str, Any]]:
        """Those since the last call, oldest first; none, if the world came back to an earlier time.

        Whatever has come due by now is among them.
        """
        with self._world.operation():
            since = max(0, self._world.taken - self._taken)
            self._taken = self._world.taken
            return [entry.to_dict() for entry in self._world.trace[-since:]] if since else []
