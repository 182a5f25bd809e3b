"""What an import made of an estate, read back from its home: mappings, rows, records, assets.

`spine.py` calls it and hands the result to the scores. It reads only, through the front pages, and in
SQL where a whole table is wanted; it must never look at the truth.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from muniment import evidence, mapping, register
from muniment.base import db, engine
from muniment.base.home import Home

Place = tuple[str, str, int]
"""A row: file, tab, number from 1."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One record: where it was read, whose it is, what it says."""

    id: str
    source: str
    asset: str
    asset_type: str | None
    key: str
    place: Place
    observed: str
    claims: Mapping[str, list[Any]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A register and how it came to be.

    Attributes:
        columns: (file, tab, column) to (attribute, state, probability).
        rows: every row that was read, to its record's id.
        records: by id.
        assets: by id; values and provenance as in the register.
    """

    columns: Mapping[tuple[str, str, str], tuple[str | None, str, float]]
    rows: Mapping[Place, str]
    records: Mapping[str, Entry]
    assets: Mapping[str, register.Asset]


def read(home: Home) -> Outcome:
    """Read everything back; rows of one key are attributed by deriving their keys again."""
    with home.scope.transaction() as connection, engine.bulk() as bulk:
        imports = evidence.list_imports(connection, home.scope)
        places = {str(one.id): (one.file, one.tab) for one in imports}
        records = _records(connection, home, places)
        by_key = {(entry.source, entry.key): entry.id for entry in records.values()}
        names = {source.id: source.name for source in evidence.list_sources(connection)}
        attributes = mapping.attributes(connection)
        columns: dict[tuple[str, str, str], tuple[str | None, str, float]] = {}
        rows: dict[Place, str] = {}
        for one in imports:
            layout = evidence.get_layout(connection, one.layout_id)
            current = mapping.current(connection, layout.id)
            for column in current:
                columns[one.file, one.tab, column.column] = (
                    column.attribute,
                    column.state,
                    column.probability,
                )
            rules = [
                evidence.Rule(column.column, column.attribute, column.transform)
                for column in current
                if column.applied and column.attribute is not None
            ]
            raw = evidence.Raw(str(one.id), one.observed_at, home.lake.read(one.lake_path))
            evidence.records(bulk, [raw], layout, rules, attributes)
            keyed = bulk.rows("SELECT row_number, source_key FROM full_rows")
            owners = {
                number: by_key[names[one.source_id], key]
                for number, key in zip(keyed["row_number"].to_pylist(), keyed["source_key"].to_pylist(), strict=True)
            }
            rows |= _delivered(one.file, one.tab, raw.rows, owners)
        assets = register.find(connection, home.scope, register.Query(limit=None))
        return Outcome(columns, rows, records, {str(asset.id): asset for asset in assets})


def _delivered(file: str, tab: str, raw: pa.Table, owners: Mapping[int, str]) -> dict[Place, str]:
    """The rows as they stand in the file: in a workbook also those of tabs that were joined to others."""
    if not file.endswith(".xlsx"):
        return {(file, tab, number): record for number, record in owners.items()}
    found: dict[Place, str] = {}
    for number, line, payload in zip(*(raw[name].to_pylist() for name in ("_row", "_line", "_payload")), strict=True):
        if record := owners.get(int(number)):
            found[file, tab, int(line) - 1] = record
            for part, members in json.loads(payload or "{}").items():
                found |= {(file, part, int(member["line"]) - 1): record for member in members}
    return found


def _records(connection: Any, home: Home, places: Mapping[str, tuple[str, str]]) -> dict[str, Entry]:
    table = db.read_arrow(
        connection,
        "SELECT r.id, s.name AS source, coalesce(m.asset_id, r.id) AS asset_id, r.asset_type,"
        " r.source_key, r.import_id,"
        " r.row_number, r.observed_at::date AS observed, r.claims FROM records r"
        " JOIN sources s ON s.id = r.source_id LEFT JOIN memberships m ON m.record_id = r.id"
        " WHERE r.engagement_id = %s ORDER BY s.name, r.source_key",
        (home.scope.engagement_id,),
    )
    return {
        row["id"]: Entry(
            row["id"],
            row["source"],
            row["asset_id"],
            row["asset_type"],
            row["source_key"],
            (*places[row["import_id"]], int(row["row_number"])),
            row["observed"],
            json.loads(row["claims"]),
        )
        for row in table.to_pylist()
    }
