"""The nouns of the example estate: things, changes, claims, tables, the truth, and what was asked for.

Made by the builders and exporters beside this file, read by all of them. Nothing here does I/O or draws
a random number.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, NamedTuple

from muniment.base.errors import Rejected

Value = str | int | float | tuple[str, ...]
"""A canonical value; a tuple for an attribute of which one thing may have several."""

Cell = str | int | float | None
"""What stands in a cell of an export; None is an empty cell."""

Level = Literal["low", "medium", "high"]

SOURCES = ("servicenow", "rvtools", "discovery", "lifecycle", "monitoring", "cloud")
DEFAULT_SOURCES = SOURCES[:5]
LEVELS: tuple[Level, ...] = ("low", "medium", "high")
TODAY = date(2026, 6, 30)
SMALLEST, LARGEST = 40, 200_000


@dataclass(frozen=True, slots=True)
class EstateSpec:
    """What estate to make; the same spec gives the same bytes.

    Attributes:
        assets: number of things of all kinds, SMALLEST to LARGEST.
        seed: any integer.
        sources: which of SOURCES to export, each once; adding one changes no other's file.
        dirt: how dirty: "low", "medium" or "high".
        today: the day the exports are taken; never the clock's.

    Raises:
        Rejected: an argument is outside these bounds.
    """

    assets: int = 300
    seed: int = 1
    sources: tuple[str, ...] = DEFAULT_SOURCES
    dirt: Level = "medium"
    today: date = TODAY

    def __post_init__(self) -> None:
        if not SMALLEST <= self.assets <= LARGEST:
            raise Rejected(f"An estate of {self.assets} assets cannot be made: ask for {SMALLEST} to {LARGEST}.")
        unknown = sorted(set(self.sources) - set(SOURCES))
        if unknown or not self.sources or len(set(self.sources)) != len(self.sources):
            raise Rejected(
                f"The sources {', '.join(self.sources) or '(none)'} cannot be exported: "
                f"name each of {', '.join(SOURCES)} at most once, and at least one."
            )
        if self.dirt not in LEVELS:
            raise Rejected(f"There is no dirt level {self.dirt!r}: use {', '.join(LEVELS)}.")


@dataclass(frozen=True, slots=True)
class Change:
    """Something that happened to a thing, which a source may not have noticed.

    Attributes:
        kind: the error kind of a claim that still has the old values, such as "renamed".
        on: the day it happened.
        old: the values before, of the attributes that changed.
    """

    kind: str
    on: date
    old: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Thing:
    """One real thing of the estate.

    Attributes:
        id: its truth id, such as "T000123".
        kind: one of the builders' kinds: physical, hypervisor, vm, instance, cluster, database,
            application, network, storage, device.
        values: its true values by canonical attribute.
        changes: what happened to it, at most one change per attribute.
        marks: planted cases it takes part in, such as "cloned_uuid".
        keep: facts that exporters need and the truth does not list, such as the other machine whose
            serial a source reports for it.
    """

    id: str
    kind: str
    values: dict[str, Value]
    changes: list[Change] = field(default_factory=list)
    marks: set[str] = field(default_factory=set)
    keep: dict[str, str] = field(default_factory=dict)

    def text(self, attribute: str) -> str:
        """Its value of an attribute as text; the first of several; "" when it has none."""
        value = self.values.get(attribute, "")
        if isinstance(value, tuple):
            return value[0] if value else ""
        return str(value)

    def texts(self, attribute: str) -> tuple[str, ...]:
        """Its values of an attribute of which it may have several."""
        value = self.values.get(attribute, ())
        return value if isinstance(value, tuple) else (str(value),)

    def number(self, attribute: str) -> float:
        """Its value of a numeric attribute; 0 when it has none."""
        value = self.values.get(attribute, 0)
        return value if isinstance(value, int | float) else 0


class Dependency(NamedTuple):
    """That one thing needs another: `relation` is runs_on, uses or calls; both ends are truth ids."""

    source: str
    relation: str
    target: str


@dataclass(frozen=True, slots=True)
class Estate:
    """Everything there is: the things, in order of id, and how they depend on each other."""

    spec: EstateSpec
    things: tuple[Thing, ...]
    dependencies: tuple[Dependency, ...]


class Claim(NamedTuple):
    """What one cell says, read perfectly.

    Attributes:
        asset: truth id of the thing the row is about.
        attribute: canonical attribute.
        source: one of SOURCES.
        file: file name in the estate's folder.
        tab: worksheet, "" where the file has none.
        row: data row number from 1, or element number from 1.
        value: canonical value, "" for a placeholder.
        correct: whether it is true (for several values: all of them are).
        kind: why it is wrong or incomplete, "" for a plain claim.
    """

    asset: str
    attribute: str
    source: str
    file: str
    tab: str
    row: int
    value: Value
    correct: bool
    kind: str


class ColumnTruth(NamedTuple):
    """What a column means: its attribute ("" for none) and others that are as good, joined by "|"."""

    file: str
    tab: str
    column: str
    attribute: str
    also_accepted: str


class RowTruth(NamedTuple):
    """Whom a row is about."""

    file: str
    tab: str
    row: int
    asset: str


@dataclass(frozen=True, slots=True)
class Truth:
    """What is true about an estate and what its exports claim.

    Attributes:
        assets: true values by truth id and attribute; "asset_type" is always among them.
        claims: every claim of every exported cell whose column has a scored attribute.
        rows: every exported row.
        columns: every exported column.
        dependencies: true dependencies.
    """

    assets: Mapping[str, Mapping[str, Value]]
    claims: tuple[Claim, ...]
    rows: tuple[RowTruth, ...] = ()
    columns: tuple[ColumnTruth, ...] = ()
    dependencies: tuple[Dependency, ...] = ()


class Ceiling(NamedTuple):
    """What could be known of one attribute ("" for all together).

    Attributes:
        attribute: canonical attribute.
        values: true values about which at least one source claims something.
        stated: how many of them at least one source states truly: no method can know the others.
        contested: single-valued ones on which at least two sources differ; 0 for lists.
        contested_stated: how many of those at least one source states truly.
        majority: expected number of those that plain majority vote gets right.
    """

    attribute: str
    values: int
    stated: int
    contested: int
    contested_stated: int
    majority: float


@dataclass(frozen=True, slots=True)
class Majority:
    """How plain majority vote does: contested values, and the expected number it gets right."""

    contested: int
    right: float

    @property
    def accuracy(self) -> float:
        """Share of contested values resolved rightly; 1 when nothing is contested."""
        return self.right / self.contested if self.contested else 1.0


class FileSummary(NamedTuple):
    """One written file: its source ("truth" for the truth files), rows and bytes."""

    source: str
    file: str
    tabs: int
    rows: int
    size: int


@dataclass(frozen=True, slots=True)
class Summary:
    """What was written: the files, how many things of each type, and the oracle ceiling.

    Attributes:
        spec: what was asked for.
        files: exports, then truth files.
        types: number of things by asset type.
        unseen: things that no exported source knows.
        rows: exported rows.
        claims: claims in them.
        ceiling: per attribute, the one of all together first.
    """

    spec: EstateSpec
    files: tuple[FileSummary, ...]
    types: Mapping[str, int]
    unseen: int
    rows: int
    claims: int
    ceiling: tuple[Ceiling, ...]


def draws(seed: int, *parts: object) -> random.Random:
    """A reproducible stream of draws of its own for one part of the estate."""
    return random.Random(":".join([str(seed), *map(str, parts)]))  # noqa: S311 - nothing secret
