"""What an import flow works on: the request as it was made, and one execution of it.

Made by `import_batch`, handed to every phase. No I/O of its own.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from muniment.base import engine
from muniment.base.home import Home
from muniment.flows.progress import Progress
from muniment.flows.summary import Summary


@dataclass(frozen=True, slots=True)
class Request:
    """What to import and how.

    `full` says that the files list everything their source has; None leaves it to the source.
    `observed_at` is when the source saw it; None: the file's own date.
    """

    paths: tuple[Path, ...]
    source: str | None = None
    kind: str | None = None
    full: bool | None = None
    observed_at: datetime | None = None
    dry_run: bool = False

    def to_json(self) -> dict[str, Any]:
        """As kept with the flow."""
        return {
            "paths": [str(path) for path in self.paths],
            "source": self.source,
            "kind": self.kind,
            "full": self.full,
            "observed_at": self.observed_at.isoformat() if self.observed_at else None,
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "Request":
        """As it was kept with a flow."""
        observed = stored["observed_at"]
        return cls(
            tuple(Path(path) for path in stored["paths"]),
            stored["source"],
            stored["kind"],
            stored["full"],
            datetime.fromisoformat(observed) if observed else None,
        )


@dataclass(slots=True)
class Run:
    """One execution of an import flow: what it works on and what it has counted."""

    home: Home
    flow_id: UUID
    request: Request
    progress: Progress
    summary: Summary = field(default_factory=Summary)
    cause: dict[str, Any] = field(default_factory=dict)

    def bulk(self) -> AbstractContextManager[engine.Engine]:
        """A bulk engine with this home's limits."""
        return engine.bulk(memory_limit=self.home.settings["memory_limit"], spill=self.home.spill)
