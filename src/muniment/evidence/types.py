"""What evidence is made of: sources, layouts, imports, rejected rows, records. No I/O.

Made by `store`, handed to every door and flow.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

_KEY = re.compile(r"(?:(.*?):(?=[=~]|row ))?(=|~|row )?(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Source:
    """A system that asserts facts, and how its files are to be read.

    `full` says whether its imports list everything it has; None: nobody has said. `scope_by` names the
    attribute whose values an import speaks for (an account, a management server); empty: the whole source.
    """

    id: UUID
    name: str
    kind: str
    reliability: float
    authoritative: tuple[str, ...]
    interval_days: int | None
    full: bool | None
    scope_by: str
    active: bool
    decimal_comma: bool
    day_first: bool | None
    timezone: str


@dataclass(frozen=True, slots=True)
class Layout:
    """One set of columns that a source delivers, and what identifies a row of it.

    `family_id` is shared by layouts that follow each other when columns come and go. In a
    `detail` layout several rows describe one thing (a row per network card, say). `type_stated` tells an
    asset type that is known from one that was guessed from the columns.
    """

    id: UUID
    source_id: UUID
    tab: str
    header_hash: str
    family_id: UUID
    columns: tuple[str, ...]
    format: str
    asset_type: str | None
    key_columns: tuple[str, ...]
    key_reason: str
    detail: bool
    type_stated: bool


@dataclass(frozen=True, slots=True)
class Import:
    """One table of one delivered file.

    `full`: it lists everything its source has in `scope` (attribute and values; empty: all); `full_reason`
    says why. `waiting` for a person's word are a `retirement` of what it lacks or its own `changes`.
    """

    id: UUID
    flow_id: UUID
    source_id: UUID
    layout_id: UUID
    file: str
    tab: str
    sha256: str
    size: int
    format: str
    details: Mapping[str, str]
    full: bool
    full_reason: str
    scope: Mapping[str, Any]
    waiting: str | None
    observed_at: datetime
    status: str
    counts: Mapping[str, int]
    lake_path: str
    actor: str
    started_at: datetime
    finished_at: datetime | None


SET_ASIDE = ("held", "rejected", "withdrawn")
"""Status of imports whose rows do not count."""


@dataclass(frozen=True, slots=True)
class Record:
    """The newest claims of one source about one thing.

    `derived` holds single values read off a cell of another attribute (a family off an operating
    system); they count only where nobody claims the attribute itself.
    """

    id: UUID
    source_id: UUID
    layout_id: UUID
    source_key: str
    import_id: UUID
    row_number: int
    delivered_at: datetime
    observed_at: datetime
    asset_type: str | None
    claims: Mapping[str, list[Any]]
    derived: Mapping[str, list[Any]]
    notes: Mapping[str, Any]
    gone: bool

    @property
    def known_as(self) -> str:
        """What its source calls the thing: a name where it gives one, with its key there; else the key."""
        key = key_words(self.source_key) or f"row {self.row_number:,}"
        for attribute in ("name", "hostname", "fqdn"):
            for value in self.claims.get(attribute, ()):
                return str(value) if key_words(self.source_key) in {"", str(value).lower()} else f"{value} ({key})"
        return key


def key_words(source_key: str) -> str:
    """The part of a record's key that people know: cells as they are, names and serials; "" for a row's digest."""
    _, kind, key = _KEY.fullmatch(source_key).groups()  # type: ignore[union-attr]
    if kind == "~":
        return ", ".join(part.partition(":")[2].strip('"') for part in key.split("|"))
    return "" if kind == "row " else key.replace("|", ", ")


@dataclass(frozen=True, slots=True)
class Rule:
    """What one column gives: the attribute it is mapped to and how its cells are read."""

    column: str
    attribute: str
    transform: Mapping[str, Any] = field(default_factory=dict)
