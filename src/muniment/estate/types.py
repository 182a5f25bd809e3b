"""What the Python API returns beside the domains' own types: each with the names a person expects. No I/O.

Made by `estate`; where a domain's type says all, that is returned instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

from muniment import evidence, flows, graph, identity, register


class ImportOptions(TypedDict, total=False):
    """How to import: every key may be left out.

    `source` names the system, `kind` the kind of export (both else told by the columns); `full` says
    that the files list everything the source has; `observed_at` is when the source saw it, with a
    time zone (else the file's date); `dry_run` does it all and keeps nothing.
    """

    source: str | None
    kind: str | None
    full: bool | None
    observed_at: datetime | None
    dry_run: bool


class ExportOptions(TypedDict, total=False):
    """What to export: every key may be left out.

    `words`, `type`, `source` and `where` narrow it as they narrow `assets`; `columns` are the attributes
    to write, in their order (else all that have a value); `as_of` a past moment, with a time zone.
    """

    words: str
    type: str | None
    source: str | None
    where: Mapping[str, str]
    columns: Sequence[str]
    as_of: datetime | None


class ActOptions(TypedDict, total=False):
    """How to act: `reason` for whoever reads it later, `dry_run` to simulate, `progress` to be told of waiting."""

    reason: str
    dry_run: bool
    progress: flows.Progress


@dataclass(frozen=True, slots=True)
class Claimed:
    """A record of an asset, with the name of its source."""

    source: str
    record: evidence.Record


@dataclass(frozen=True, slots=True)
class KnownSource:
    """A source, its layouts, and how many imports and records this engagement has of it."""

    source: evidence.Source
    imports: int
    records: int
    layouts: tuple[evidence.Layout, ...]


@dataclass(frozen=True, slots=True)
class PastImport:
    """One table of a delivered file, with the name of its source."""

    source: str
    details: evidence.Import


@dataclass(frozen=True, slots=True)
class History:
    """What happened to an asset: its versions, oldest first, and the merges and splits of its id.

    `others` names the assets that the moves mention, by the text of their ids; `account` tells all of it in words.
    """

    asset: register.Asset
    versions: tuple[register.Version, ...]
    moves: tuple[identity.Move, ...]
    others: dict[str, str]
    account: tuple[graph.Happened, ...]
