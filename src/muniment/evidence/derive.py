"""Raw rows to records: normalise each distinct cell once, choose keys, keep the fullest row.

Called by `flows` with the raw rows of one layout and the rules of its columns. Pure: Arrow in,
tables of the engine or Arrow out; what becomes of the records in the database is `store`'s.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from muniment import model
from muniment.base import db
from muniment.base.engine import Engine
from muniment.evidence.cells import referred, said, texts
from muniment.evidence.types import Layout, Rule

OBSERVED_BY = ("last_seen", "changed_on")
"""Attributes that say when a source looked at the thing, best first."""

STRONG = (
    ("uuid", "serial", "cloud_id", "asset_tag"),
    ("fqdn", "hostname", "name", "application_id", "database_name"),
    ("ip_address",),
)
"""Attributes that make a key where a layout has no column for it: the best of each group, the
last group only where no hardware is named. Two things may share one value (a cloned serial,
a re-used name), hardly the pair."""

_DERIVED_RANK = 1_000_000
_FALLBACK_RANK = 500_000
_OBSERVED_SLACK_DAYS = 1


@dataclass(frozen=True, slots=True)
class Raw:
    """The raw rows of one import: `_row`, `_hash`, `_line`, `_payload` and one text column each."""

    import_id: str
    delivered_at: datetime
    rows: pa.Table
    lag_days: int = 0


def records(
    engine: Engine,
    raws: Sequence[Raw],
    layout: Layout,
    rules: Sequence[Rule],
    attributes: Mapping[str, model.Attribute],
) -> pa.Table:
    """One record per key from raw rows: what `points` gives, the newest of each key."""
    points(engine, raws, layout, rules, attributes)
    return engine.rows(
        "SELECT * FROM keyed QUALIFY row_number() OVER (PARTITION BY source_key ORDER BY delivered DESC) = 1"
        " ORDER BY source_key"
    )


def points(
    engine: Engine,
    raws: Sequence[Raw],
    layout: Layout,
    rules: Sequence[Rule],
    attributes: Mapping[str, model.Attribute],
) -> None:
    """Make the table `keyed`: one row per key and moment of delivery, what was said of a thing at that time.

    Its columns are source_key, import_id, row_number, row_hash, claims_hash, filled, delivered,
    observed (microseconds since 1970), asset_type, type_stated, claims, derived, notes (JSON text), and
    rows_merged: how many rows became it.

    Args:
        engine: used for scratch tables `cells`, `cell_notes`, `raw_rows`, `keyed` and more.
        raws: imports of layouts of one family.
        layout: whose key columns and asset type apply.
        rules: what the columns give; columns without a rule stay in the raw rows only.
        attributes: every attribute a rule may name, also those people added.
    """
    cells: list[pa.Table] = []
    notes: list[pa.Table] = []
    rows: list[pa.Table] = []
    start = 0
    for raw in raws:
        for rank, rule in enumerate(rules):
            if rule.column in raw.rows.column_names:
                last = _FALLBACK_RANK if rule.transform.get("fallback") else 0
                found, remarks = _read_column(raw.rows, rule, attributes, start, last + rank * 10)
                cells.append(found)
                notes.append(remarks)
        rows.append(_row_table(raw, layout, start))
        start += raw.rows.num_rows
    engine.register("cells", pa.concat_tables(cells) if cells else _NO_CELLS)
    engine.register("cell_notes", pa.concat_tables(notes) if notes else _NO_NOTES)
    engine.register("raw_rows", pa.concat_tables(rows) if rows else _NO_ROWS)
    _assemble(engine, layout, attributes)


_NO_CELLS = pa.table(
    {
        "row": pa.array([], pa.int64()),
        "attribute": pa.array([], pa.string()),
        "value": pa.array([], pa.string()),
        "rank": pa.array([], pa.int64()),
    }
)
_NO_ROWS = pa.schema(
    [
        (name, pa.int64() if name in {"row", "row_number", "delivered", "lag"} else pa.string())
        for name in ("row", "import_id", "row_number", "row_hash", "content", "delivered", "lag", "raw_key")
    ]
).empty_table()
_NO_NOTES = pa.table({"row": pa.array([], pa.int64()), "note": pa.array([], pa.string())})


def _read_column(
    table: pa.Table, rule: Rule, attributes: Mapping[str, model.Attribute], start: int, rank: int
) -> tuple[pa.Table, pa.Table]:
    encoded = pc.dictionary_encode(texts(table, rule))
    read = model.reader(attributes[rule.attribute], rule.transform, referred(table, rule))
    known = pc.is_valid(encoded).to_numpy(zero_copy_only=False)
    row_numbers = np.flatnonzero(known)
    codes = encoded.indices.drop_null().to_numpy(zero_copy_only=False)
    outputs: list[list[tuple[str, str, int]]] = []
    remarks: list[str | None] = []
    for text in encoded.dictionary.to_pylist():
        given = read(text)
        found = [(rule.attribute, db.dumps(value), rank) for value in given.values]
        for position, (attribute, values) in enumerate(given.derived.items()):
            found += [(attribute, db.dumps(value), _DERIVED_RANK + rank + position) for value in values]
        outputs.append(found)
        remarks.append(_remark(rule, text, given))
    return _spread(outputs, codes, row_numbers, start), _spread_notes(remarks, codes, row_numbers, start)


def _spread(
    outputs: list[list[tuple[str, str, int]]],
    codes: Any,
    row_numbers: Any,
    start: int,
) -> pa.Table:
    counts = np.array([len(found) for found in outputs], dtype=np.int64)
    flat = [item for found in outputs for item in found]
    offsets = np.concatenate([[0], np.cumsum(counts)]) if len(counts) else np.array([0])
    per_row = counts[codes] if len(codes) else np.array([], dtype=np.int64)
    total = int(per_row.sum())
    if total == 0:
        return _NO_CELLS
    first = np.repeat(offsets[codes], per_row)
    within = np.arange(total) - np.repeat(np.cumsum(per_row) - per_row, per_row)
    take = pa.array(first + within)
    return pa.table(
        {
            "row": pa.array(np.repeat(row_numbers, per_row) + start, pa.int64()),
            "attribute": pc.take(pa.array([item[0] for item in flat], pa.string()), take),
            "value": pc.take(pa.array([item[1] for item in flat], pa.string()), take),
            "rank": pa.array(np.repeat([item[2] for item in flat], 1), pa.int64()).take(take),
        }
    )


def _spread_notes(remarks: list[str | None], codes: Any, row_numbers: Any, start: int) -> pa.Table:
    having = np.array([remark is not None for remark in remarks], dtype=bool)
    chosen = np.flatnonzero(having[codes]) if len(codes) else np.array([], dtype=np.int64)
    if len(chosen) == 0:
        return _NO_NOTES
    texts = pa.array(remarks, pa.string())
    return pa.table(
        {
            "row": pa.array(row_numbers[chosen] + start, pa.int64()),
            "note": pc.take(texts, pa.array(codes[chosen])),
        }
    )


_LONGEST_SHOWN = 200


def _remark(rule: Rule, raw: str, given: model.Normalised) -> str | None:
    kind = "problem" if given.problem else "note" if given.note else None
    if kind is None:
        return None
    return db.dumps(
        {
            "column": rule.column,
            "attribute": rule.attribute,
            "raw": model.masked(raw, rule.column)[:_LONGEST_SHOWN],
            kind: said(rule.column, given.problem or given.note),
        }
    )


def _row_table(raw: Raw, layout: Layout, start: int) -> pa.Table:
    count = raw.rows.num_rows
    return pa.table(
        {
            "row": pa.array(np.arange(start, start + count), pa.int64()),
            "import_id": pa.array([raw.import_id] * count, pa.string()),
            "row_number": raw.rows["_row"].cast(pa.int64()),
            "row_hash": raw.rows["_hash"],
            "content": raw.rows["_content"],
            "delivered": pa.array(np.full(count, int(raw.delivered_at.timestamp() * 1_000_000)), pa.int64()),
            "lag": pa.array([raw.lag_days] * count, pa.int64()),
            "raw_key": _raw_key(raw.rows, layout),
        }
    )


def _raw_key(rows: pa.Table, layout: Layout) -> Any:
    columns = [
        pc.utf8_trim_whitespace(pc.utf8_lower(rows[name])) for name in layout.key_columns if name in rows.column_names
    ]
    if not columns or len(columns) < len(layout.key_columns):
        return pa.nulls(rows.num_rows, pa.string())
    columns = [pc.if_else(pc.equal(column, ""), None, column) for column in columns]
    return pc.binary_join_element_wise(*columns, "|", null_handling="emit_null")


def _quoted(names: Sequence[str]) -> str:
    return ", ".join("'" + name.replace("'", "''") + "'" for name in names)


def _assemble(engine: Engine, layout: Layout, attributes: Mapping[str, model.Attribute]) -> None:
    multi = _quoted([name for name, attribute in attributes.items() if attribute.multi])
    day = 86_400_000_000
    fallback = f"min(rank) % {_DERIVED_RANK} >= {_FALLBACK_RANK}"
    engine.derive(  # a value once per row and attribute; of single-valued attributes the first, fallbacks last
        "best_cells",
        "SELECT row, attribute, value, min(rank) AS rank FROM cells GROUP BY row, attribute, value"
        f" QUALIFY CASE WHEN attribute IN ({multi}) THEN NOT ({fallback})"
        f" OR bool_and({fallback}) OVER (PARTITION BY row, attribute) ELSE"
        " row_number() OVER (PARTITION BY row, attribute ORDER BY min(rank), value) = 1 END",
    )
    engine.derive("strong_keys", _strong_keys())
    moments = " ".join(f"WHEN '{name}' THEN {rank}" for rank, name in enumerate(OBSERVED_BY))
    engine.derive(
        "observed",
        f"SELECT row, min_by(epoch_us(try_cast(value::JSON ->> '$' AS TIMESTAMP)), CASE attribute {moments} END)"
        f" AS observed FROM best_cells WHERE attribute IN ({_quoted(OBSERVED_BY)}) GROUP BY row",
    )
    engine.derive(
        "row_types",
        "SELECT row, min_by(value::JSON ->> '$', rank) AS asset_type, min(rank) < "
        f"{_DERIVED_RANK} AS said FROM best_cells WHERE attribute = 'asset_type' GROUP BY row",
    )
    engine.derive(  # in a list of all kinds of things, those with a database engine are databases
        "engines",
        "SELECT DISTINCT row FROM best_cells WHERE attribute = 'database_engine' AND"
        " (SELECT count(DISTINCT row) FILTER (WHERE attribute = 'database_engine') < count(DISTINCT row)"
        "  AND count(*) FILTER (WHERE attribute IN ('memory_mib', 'cpu_count', 'os')) = 0 FROM best_cells)",
    )
    guess = _guessed_type(engine, layout)
    prefix = (layout.tab or layout.family_id.hex[:8]).replace("'", "''")
    engine.derive(
        "full_rows",
        f"SELECT r.*, '{prefix}:' || coalesce('=' || r.raw_key, '~' || k.strong_key,"
        " 'row ' || r.row_hash || '-' || md5(r.content)) AS source_key,"
        " CASE WHEN o.observed IS NULL OR"
        f" o.observed > r.delivered + {_OBSERVED_SLACK_DAYS * day} THEN r.delivered - r.lag * {day}"
        " ELSE o.observed END AS observed,"
        " coalesce(CASE WHEN t.said THEN t.asset_type END, CASE WHEN x.row IS NOT NULL THEN 'database' END,"
        f" {guess if layout.type_stated else 'NULL'}, t.asset_type, {guess}) AS asset_type,"
        f" coalesce(t.said, false) OR x.row IS NOT NULL OR {layout.type_stated} AS type_stated,"
        " coalesce(f.filled, 0) AS filled"
        " FROM raw_rows r LEFT JOIN strong_keys k USING (row) LEFT JOIN observed o USING (row)"
        " LEFT JOIN row_types t USING (row) LEFT JOIN engines x USING (row)"
        " LEFT JOIN clients u USING (row)"
        " LEFT JOIN (SELECT row, count(DISTINCT attribute)::INT AS filled FROM best_cells GROUP BY row) f"
        " USING (row)",
    )
    engine.derive(
        "ranked",
        "SELECT *, row_number() OVER w AS place,"
        " count(*) OVER (PARTITION BY source_key, delivered) AS rows_merged,"
        " first_value(row) OVER w AS best FROM full_rows"
        " WINDOW w AS (PARTITION BY source_key, delivered ORDER BY observed DESC, filled DESC,"
        " row_hash DESC, md5(content) DESC, import_id, row_number)",
    )
    _claims(engine, layout, multi)


def _guessed_type(engine: Engine, layout: Layout) -> str:
    """The type of a row that does not say its own, as SQL; what runs Windows 11 or macOS is no server."""
    engine.derive(
        "clients",
        "SELECT DISTINCT row FROM best_cells WHERE attribute = 'os' AND"
        f" regexp_full_match(value::JSON ->> '$', '{model.CLIENTS}')",
    )
    if layout.asset_type != "server" or layout.type_stated:
        return f"'{layout.asset_type}'" if layout.asset_type else "NULL"
    return "CASE WHEN u.row IS NOT NULL THEN 'end_user_device' ELSE 'server' END"


def _strong_keys() -> str:
    parts = []
    for group in STRONG:
        order = " ".join(f"WHEN '{name}' THEN {rank}" for rank, name in enumerate(group))
        parts.append(
            "min_by(attribute || ':' || lower(value),"
            f" (CASE attribute {order} END, rank, value)) FILTER (WHERE attribute IN ({_quoted(group)}))"
        )
    hardware, name, address = parts
    return (
        f"SELECT row, nullif(concat_ws('|', {hardware}, {name},"
        f" CASE WHEN {hardware} IS NULL THEN {address} END), '') AS strong_key"
        " FROM best_cells GROUP BY row"
    )


def _claims(engine: Engine, layout: Layout, multi: str) -> None:
    extra = ""
    if layout.detail:  # several rows describe one thing: lists are collected from all of its latest
        extra = (
            " UNION ALL SELECT r.best, c.attribute, c.value, c.rank + r.place * 100000"
            " FROM best_cells c JOIN ranked r ON r.row = c.row AND r.place > 1"
            " JOIN ranked b ON b.row = r.best AND b.import_id = r.import_id"
            f" WHERE c.attribute IN ({multi})"
        )
    engine.derive(
        "record_cells",
        "SELECT row, attribute, value, min(rank) AS rank FROM ("
        " SELECT c.row, c.attribute, c.value, c.rank FROM best_cells c JOIN ranked r"
        f" ON r.row = c.row AND r.place = 1{extra}) GROUP BY row, attribute, value",
    )
    for name, which in (("claims", ""), ("derived_claims", "NOT ")):
        engine.derive(
            name,
            "SELECT row, '{' || string_agg(claim, ',' ORDER BY claim) || '}' AS claims FROM ("
            " SELECT row, to_json(attribute) || ':[' || string_agg(value, ',' ORDER BY rank, value) || ']'"
            f" AS claim FROM record_cells WHERE attribute <> 'asset_type' AND {which}"
            f" (attribute IN ({multi}) OR rank < {_DERIVED_RANK}) GROUP BY row, attribute) GROUP BY row",
        )
    engine.derive(
        "row_notes",
        "SELECT row, '[' || string_agg(note, ',' ORDER BY note) FILTER (WHERE note LIKE '%\"problem\":%')"
        " || ']' AS problems, '[' || string_agg(note, ',' ORDER BY note)"
        " FILTER (WHERE note NOT LIKE '%\"problem\":%') || ']' AS notes FROM cell_notes GROUP BY row",
    )
    engine.derive(
        "details",
        "SELECT best AS row, '[' || string_agg(row_number::VARCHAR, ',' ORDER BY row_number) || ']' AS rows"
        " FROM ranked GROUP BY best",
    )
    rows_note = " || ',\"rows\":' || d.rows" if layout.detail else ""
    engine.derive(
        "keyed",
        "SELECT r.source_key, r.import_id, r.row_number, r.row_hash,"
        " md5(concat(r.asset_type, '/', r.type_stated, coalesce(c.claims, '{}'),"
        " coalesce(e.claims, ''), coalesce(n.problems, ''))) AS claims_hash,"
        " r.filled, r.delivered, r.observed, r.asset_type,"
        " r.type_stated, coalesce(c.claims, '{}') AS claims, coalesce(e.claims, '{}') AS derived,"
        " '{\"problems\":' || coalesce(n.problems, '[]')"
        f" || ',\"notes\":' || coalesce(n.notes, '[]'){rows_note} || '}}' AS notes, r.rows_merged"
        " FROM ranked r LEFT JOIN claims c USING (row) LEFT JOIN derived_claims e USING (row)"
        " LEFT JOIN row_notes n USING (row)"
        " LEFT JOIN details d USING (row) WHERE r.place = 1",
    )
