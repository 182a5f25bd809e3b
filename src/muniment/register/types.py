"""What the register is made of: assets, versions, conflicts, and the terms of a query. No I/O.

Made by `store`, handed to every door.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict
from uuid import UUID

SEVERITIES = ("critical", "high", "medium", "low")
CONFLICT_STATES = ("open", "resolved", "accepted")
CONFLICT_KINDS = (
    "value_mismatch", "type_mismatch", "missing_in_new", "missing_in_existing", "suspicious_change", "contradicted",
)  # fmt: skip


class Narrowed(TypedDict, total=False):
    """Which conflicts: of a severity, of a kind, of an attribute, of an asset; what is left out or None is all."""

    severity: str | None
    kind: str | None
    attribute: str | None
    asset_id: UUID | None


@dataclass(frozen=True, slots=True)
class Asset:
    """One real thing: its values are the winners among its records' claims.

    `values` holds a list for attributes that can be many, else one scalar. `provenance` holds per
    attribute: rule, confidence, the winning record's id, `each` (value, sources, confidence) for
    lists, and `rivals` where claims differ.
    """

    id: UUID
    type: str
    subtype: str | None
    state: str
    name: str
    confidence: float
    readiness: float | None
    sources: tuple[str, ...]
    record_count: int
    values: Mapping[str, Any]
    provenance: Mapping[str, Any]
    version: int
    cause: Mapping[str, Any]
    created_at: datetime
    created_by: str
    updated_at: datetime
    updated_by: str


@dataclass(frozen=True, slots=True)
class Version:
    """An asset as it was from one moment to another; `valid_to` None is the present."""

    version: int
    valid_from: datetime
    valid_to: datetime | None
    type: str
    state: str
    name: str
    values: Mapping[str, Any]
    cause: Mapping[str, Any]
    actor: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """Claims about one attribute of one asset that disagree, or that changed suspiciously.

    `decision` says who settled it, when, how and why; `dependents` how many assets depend on this one. A claim that
    no longer stands has `until`, the day it was last made.
    """

    asset_id: UUID
    asset: str
    attribute: str
    kind: str
    severity: str
    claims: list[dict[str, Any]]
    hint: str
    state: str
    decision: Mapping[str, Any] | None
    opened_at: datetime
    dependents: int


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person chose for an attribute of an asset: no values says that it has none.

    `source` names the source that the value was taken from, where one was.
    """

    asset_id: UUID
    attribute: str
    values: tuple[Any, ...] = ()
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Resolution:
    """A person's word on one attribute of one asset.

    `verdict` is resolved (these values hold) or accepted (the conflict stays as it is); `seen` the (source,
    value) pairs claimed at the time; `state` is standing, superseded, expired, undone, or lost (no record is
    left that it was said of).
    """

    id: UUID
    act_id: UUID
    asset_id: UUID
    asset: str | None
    attribute: str
    verdict: str
    values: tuple[Any, ...]
    seen: tuple[tuple[str, Any], ...]
    reason: str
    actor: str
    at: datetime
    until: datetime | None
    until_agreed: bool
    chosen_source: str | None
    state: str


@dataclass(frozen=True, slots=True)
class Annotation:
    """A tag or a note that a person put on an asset."""

    kind: str
    text: str
    actor: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Verdicts:
    """How often people found a source right and wrong about an attribute."""

    source: str
    attribute: str
    right: int
    wrong: int


@dataclass(frozen=True, slots=True)
class Query:
    """What to list: words that begin a value, type, source, exact values, order, how many, as of when."""

    words: str = ""
    type: str | None = None
    source: str | None = None
    where: tuple[tuple[str, str], ...] = ()
    sort: str = "name"
    descending: bool = False
    limit: int | None = 50
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What a fold did to the register."""

    created: int
    updated: int
    unchanged: int
    retired: int
    removed: int

    def __add__(self, other: "Reconciled") -> "Reconciled":
        """Both together."""
        return Reconciled(*(getattr(self, name) + getattr(other, name) for name in Reconciled.__dataclass_fields__))


@dataclass(frozen=True, slots=True)
class ValueChange:
    """One value of one asset before and after; None where there was or is none."""

    asset: str
    attribute: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Difference:
    """What a change does to the register.

    `removed` assets have no record left; `retired` ones keep their records, which are gone at their sources.
    `values` counts changed values by attribute, of assets there before and after; `sample` shows some of
    them, `retiring` names some of the assets retired.
    """

    created: int
    removed: int
    retired: int
    revived: int
    updated: int
    values: Mapping[str, int]
    sample: tuple[ValueChange, ...]
    retiring: tuple[str, ...]
    conflicts_opened: int
    conflicts_closed: int

    @property
    def empty(self) -> bool:
        """Whether nothing changes."""
        counts = (self.created, self.removed, self.retired, self.revived, self.updated)
        return not any((*counts, self.conflicts_opened, self.conflicts_closed))
