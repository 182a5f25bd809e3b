"""What identity is made of: a person's act, a record's reference, a move of an id. No I/O.

Made by `store`; the doors show them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Reference:
    """A record by what does not change: its source and its key there."""

    source_id: UUID
    key: str


@dataclass(frozen=True, slots=True)
class Act:
    """One merge or split by a person: judgements (left, right, same) that are undone together."""

    id: UUID
    kind: str
    pairs: tuple[tuple[Reference, Reference, bool], ...]
    reason: str
    actor: str
    at: datetime
    undone: bool


@dataclass(frozen=True, slots=True)
class Move:
    """An id that was given up for another (merge), or made out of another (split)."""

    kind: str
    from_asset: UUID
    to_asset: UUID
    cause: str
    actor: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Found:
    """A pair of records that is a case of IT, as it is kept.

    Attributes:
        key: of the case.
        place: of its pattern in `matching.case_list()`.
        told: kind of identifier -> what each side says.
        records, assets: the two sides.
    """

    key: str
    place: int
    told: Mapping[str, Sequence[str]]
    records: tuple[UUID, UUID]
    assets: tuple[UUID, UUID]
