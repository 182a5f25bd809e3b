"""The time, asked for in one place, so that tests can set it.

Everything stored is UTC. Called by whatever stamps a row; never sleeps.
"""

from collections.abc import Callable
from datetime import UTC, datetime


def _system() -> datetime:
    return datetime.now(UTC)


_source: Callable[[], datetime] = _system


def now() -> datetime:
    """The present moment, in UTC."""
    return _source()


def set_source(source: Callable[[], datetime] | None) -> None:
    """Let `now` answer from `source`; None brings the system's clock back."""
    global _source  # noqa: PLW0603 - the one injected clock of a process
    _source = source or _system
