"""What a flow tells while it runs: which phase, how far. The doors draw it.

Flows call it; it must never slow one down or raise.
"""

from typing import Protocol


class Progress(Protocol):
    """Called often and cheaply; must not raise."""

    def __call__(self, phase: str, done: int, total: int | None, what: str = "") -> None:
        """Tell that `done` of `total` (None: unknown) units of a phase are through.

        Args:
            phase: read, map, derive, identify, reconcile, publish, embed or waiting.
            done: rows or assets so far.
            total: how many there are.
            what: the file in hand, or for whom is waited.
        """


def quiet(phase: str, done: int, total: int | None, what: str = "") -> None:
    """Tell nobody."""
