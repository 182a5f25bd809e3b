"""What mapping is made of: the meaning of one column and the state of that choice. No I/O.

Made by `store`, handed to the flows and the doors.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

DECISION = "mapping"
"""The kind under which memory keeps these choices."""

APPLIED = ("auto", "accepted")
"""States in which a mapping gives values."""


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """What a column means, since when, by whom, and why.

    `state` is auto, suggested, accepted, rejected or unmapped; only auto and accepted give values. `transform`
    is a document of `model.schema`. `act_id` is shared by what a person changed at once; `undoes` names the act
    that was taken back.
    """

    id: int
    layout_id: UUID
    column: str
    attribute: str | None
    transform: Mapping[str, Any]
    state: str
    probability: float
    reasons: tuple[str, ...]
    runner_up: Mapping[str, Any] | None
    samples: tuple[str, ...]
    decision_id: UUID
    actor: str
    at: datetime
    act_id: UUID | None = None
    undoes: UUID | None = None

    @property
    def applied(self) -> bool:
        """Whether the column gives values."""
        return self.state in APPLIED and self.attribute is not None

    @property
    def readings(self) -> tuple[tuple[str, Mapping[str, Any]], ...]:
        """The attributes that the column gives, each with the transform for it; none unless it is applied."""
        if not self.applied or self.attribute is None:
            return ()
        main = {key: value for key, value in self.transform.items() if key != "also"}
        more = [
            (entry["attribute"], {key: value for key, value in entry.items() if key != "attribute"})
            for entry in self.transform.get("also", ())
        ]
        return ((self.attribute, main), *more)
