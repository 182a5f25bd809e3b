"""The map and derive phases for one import: what its columns mean, and the records they give.

Also used when a mapping or a key changes: then all imports of the layout's family are read again
from the lake, so that the records are what they would be had it always been so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa

from muniment import evidence, identity, mapping, model, register
from muniment.base import ids
from muniment.base.engine import Engine
from muniment.base.errors import Rejected
from muniment.base.home import Home
from muniment.flows import guard
from muniment.flows.types import Run

if TYPE_CHECKING:
    import pyarrow as pa


def map_layout(connection: sa.Connection, run: Run, delivery: evidence.Import) -> None:
    """Choose meanings, key and type for the layout of an import, unless it has them."""
    layout = evidence.get_layout(connection, delivery.layout_id)
    if mapping.current(connection, layout.id):
        return
    source = _source(connection, delivery.source_id)
    kind = mapping.kind(delivery.details["kind"])
    rows = run.home.lake.read(delivery.lake_path)
    relatives = [
        other
        for other in evidence.list_layouts(connection, layout.source_id)
        if other.family_id == layout.family_id and other.id != layout.id
    ]
    relatives = [other for other in relatives if mapping.current(connection, other.id)]
    earlier = {column.column: column for other in relatives for column in mapping.current(connection, other.id)}
    settings = run.home.settings
    template = _template(connection, run, delivery, layout, rows)
    said = template.columns if template else {}
    by_template = {column: body["attribute"] or "" for column, body in said.items() if "attribute" in body}
    sheet = mapping.Sheet(
        layout.id,
        rows,
        layout.columns,
        layout.tab or Path(delivery.file).stem,
        [earlier[column] for column in layout.columns if column in earlier],
        reading_defaults(source),
        {**kind.meanings(layout.columns), **by_template},
        template,
    )
    limits = (settings[f"{name}_threshold"] for name in ("auto", "suggest", "reject"))
    mapped = mapping.propose(connection, run.home.scope, sheet, mapping.Thresholds(*limits))
    tab = kind.tab(layout.tab)
    if relatives and set(relatives[0].key_columns) <= set(layout.columns):
        first = relatives[0]
        evidence.set_key(connection, layout.id, first.key_columns, first.key_reason)
        evidence.set_type(connection, layout.id, first.asset_type, stated=first.type_stated)
        return
    key, reason = mapping.choose_key(rows.select(layout.columns), mapped, tab)
    asset_type, stated = mapping.infer_type(sheet.tab, tab, mapped)
    evidence.set_key(connection, layout.id, key, reason)
    evidence.set_type(connection, layout.id, asset_type, stated=stated)


def newest_rows(
    connection: sa.Connection, home: Home, column: mapping.ColumnMapping
) -> tuple[pa.Table, dict[str, Any]]:
    """The rows of a column's layout as last delivered, and how its source writes numbers and dates.

    Raises:
        Rejected: the layout has no rows in this engagement.
    """
    layout = evidence.get_layout(connection, column.layout_id)
    delivered = evidence.list_imports(connection, home.scope, layout_ids=[layout.id])
    if not delivered:
        raise Rejected(f"{column.column!r} has no rows in this engagement")
    return home.lake.read(delivered[-1].lake_path), reading_defaults(_source(connection, layout.source_id))


def _template(
    connection: sa.Connection, run: Run, delivery: evidence.Import, layout: evidence.Layout, rows: pa.Table
) -> mapping.Template | None:
    """The template that fits a new layout; those that nearly fit are told in the summary."""
    known = mapping.templates(connection)
    found, nearly = mapping.fitting(known, delivery.details["kind"], layout.tab, rows, layout.columns)
    for entry in run.summary.files:
        if entry.get("import") == str(delivery.id):
            if found is not None:
                entry["template"] = f"{found.name} version {found.version}"
            if nearly:
                entry["no_longer_fits"] = [f"{one.name} version {one.version}: {why}" for one, why in nearly]
    return mapping.reading(found, known, mapping.kind(found.kind), layout.columns) if found else None


def reading_defaults(source: evidence.Source) -> dict[str, Any]:
    """How a source writes numbers and dates, where its settings say so."""
    return {
        "decimal_comma": source.decimal_comma,
        "day_first": source.day_first,
        "timezone": source.timezone,
    }


def derive_import(
    connection: sa.Connection,
    home: Home,
    bulk: Engine,
    delivery: evidence.Import,
    attributes: Mapping[str, model.Attribute],
    *,
    guarded: bool = True,
) -> dict[str, int]:
    """Turn the raw rows of one import into records; new and changed ones are stored.

    An import that changes far more than its source usually does is held, and nothing of it stored.

    Returns:
        How many records are new, changed, unchanged, superseded, how many rows merged, cells not understood.
    """
    layout = evidence.get_layout(connection, delivery.layout_id)
    derived = _records(connection, home, bulk, layout, [delivery], attributes)
    bulk.register("derived", derived)
    bulk.register("known", evidence.known_records(connection, home.scope, delivery.source_id))
    bulk.derive(
        "compared",
        "SELECT d.*, k.id AS known_id, k.claims_hash <> d.claims_hash AS claims_changed, CASE WHEN k.id IS NULL"
        " THEN 'new'"
        " WHEN (d.delivered, d.observed, d.filled, d.row_hash, d.claims_hash) <="
        " (k.delivered::BIGINT, k.observed::BIGINT, k.filled::INT, k.row_hash, k.claims_hash) THEN"
        "  CASE WHEN d.row_hash = k.row_hash AND d.claims_hash = k.claims_hash THEN 'unchanged'"
        "  ELSE 'superseded' END"
        " WHEN d.claims_hash <> k.claims_hash OR d.row_hash <> k.row_hash THEN 'changed'"
        " ELSE 'seen' END AS status FROM derived d LEFT JOIN known k ON k.source_key = d.source_key",
    )
    counts = _count(bulk)
    source = _source(connection, delivery.source_id)
    scope = evidence.scope_of(bulk, [source.scope_by] if source.scope_by else evidence.SCOPES)
    evidence.decide_full(connection, delivery.id, scope=scope, counts=counts)
    reason = guard.too_many_changes(connection, home.scope, delivery, layout, counts) if guarded else None
    if reason:
        evidence.decide_full(connection, delivery.id, status="held", waiting="changes", full_reason=reason)
        return {}
    evidence.close_import(connection, delivery.id, "derived", {})
    _write(connection, home, bulk, layout)
    return counts


def _write(connection: sa.Connection, home: Home, bulk: Engine, layout: evidence.Layout) -> None:
    changed = bulk.rows("SELECT * FROM compared WHERE status IN ('new', 'changed') ORDER BY source_key")
    _write_changed(connection, home, layout.source_id, _of_layout(changed, layout))
    seen = bulk.rows(
        "SELECT known_id AS id, import_id, row_number, delivered, observed FROM compared"
        " WHERE status = 'seen' ORDER BY known_id"
    )
    if seen.num_rows:
        evidence.touch_records(connection, seen)
    touched = bulk.rows("SELECT known_id FROM compared WHERE status IN ('changed', 'seen') ORDER BY 1")
    register.mark_stale_by_records(connection, home.scope, touched["known_id"].to_pylist())


_STORED = (
    "id", "layout_id", "source_key", "import_id", "row_number", "row_hash", "claims_hash", "filled",
    "delivered", "observed", "asset_type", "type_stated", "claims", "derived", "notes",
)  # fmt: skip


def _of_layout(rows: pa.Table, layout: evidence.Layout) -> pa.Table:
    import pyarrow as pa

    return rows.append_column("layout_id", pa.array([str(layout.id)] * rows.num_rows, pa.string()))


def _write_changed(connection: sa.Connection, home: Home, source_id: UUID, changed: pa.Table) -> list[str]:
    """Store new and changed records; one that was away comes back under its id. Returns their ids."""
    import pyarrow as pa

    if not changed.num_rows:
        return []
    away = identity.parked_ids(connection, home.scope, source_id)
    given = [
        known or away.get(key) or str(ids.new())
        for known, key in zip(changed["known_id"].to_pylist(), changed["source_key"].to_pylist(), strict=True)
    ]
    rows = changed.append_column("id", pa.array(given, pa.string())).select(list(_STORED))
    evidence.write_records(connection, home.scope, source_id, rows)
    if away:
        identity.unpark(connection, home.scope, given)
        register.mark_stale_by_records(connection, home.scope, given)
    return given


def _count(bulk: Engine) -> dict[str, int]:
    row = bulk.rows(
        "SELECT count(*) FILTER (WHERE status = 'new') AS new,"
        " count(*) FILTER (WHERE status = 'changed') AS changed,"
        " count(*) FILTER (WHERE status = 'changed' AND claims_changed) AS claims_changed,"
        " count(*) FILTER (WHERE status IN ('seen', 'unchanged')) AS unchanged,"
        " count(*) FILTER (WHERE status = 'superseded') AS superseded,"
        " count(known_id) AS matched, coalesce(sum(rows_merged - 1), 0)::BIGINT AS merged FROM compared"
    ).to_pylist()[0]
    problems = bulk.rows("SELECT count(*) AS n FROM cell_notes WHERE note LIKE '%\"problem\":%'").to_pylist()[0]["n"]
    return {**{name: int(value) for name, value in row.items()}, "problems": problems}


def derive_again(
    connection: sa.Connection,
    home: Home,
    bulk: Engine,
    layout_id: UUID,
    *,
    park: bool = False,
    without: tuple[UUID, int] | None = None,
) -> None:
    """Derive every record of a layout's family anew from the lake, and mark what changed.

    Imports that are held, rejected or withdrawn do not count. With `park` the records that no import gives
    any more are remembered, to come back under their ids. `without` leaves out one row of one import.
    """
    import pyarrow as pa

    layout = evidence.get_layout(connection, layout_id)
    family = [
        other for other in evidence.list_layouts(connection, layout.source_id) if other.family_id == layout.family_id
    ]
    attributes = mapping.attributes(connection)
    parts = []
    for member in family:
        delivered = evidence.list_imports(connection, home.scope, layout_ids=[member.id], counting=True)
        part = _records(connection, home, bulk, member, delivered, attributes, without=without)
        parts.append(_of_layout(part, member))
    bulk.register("derived_parts", pa.concat_tables(parts))
    bulk.derive(
        "derived",
        "SELECT * FROM derived_parts QUALIFY row_number() OVER (PARTITION BY source_key ORDER BY"
        " delivered DESC, observed DESC, filled DESC, row_hash DESC, claims_hash DESC) = 1",
    )
    bulk.register("known", evidence.known_records(connection, home.scope, layout.source_id))
    bulk.register(
        "family",
        pa.table({"layout_id": pa.array([str(member.id) for member in family], pa.string())}),
    )
    _replace(connection, home, bulk, layout, park=park)


def _replace(connection: sa.Connection, home: Home, bulk: Engine, layout: evidence.Layout, *, park: bool) -> None:
    changed = bulk.rows(
        "SELECT d.*, k.id AS known_id FROM derived d LEFT JOIN known k USING (source_key)"
        " WHERE k.id IS NULL OR k.claims_hash <> d.claims_hash OR k.row_hash <> d.row_hash"
        " OR k.observed::BIGINT <> d.observed OR k.delivered::BIGINT <> d.delivered ORDER BY source_key"
    )
    old = bulk.rows(
        "SELECT k.id FROM known k SEMI JOIN family f ON f.layout_id = k.layout_id"
        " ANTI JOIN derived d ON d.source_key = k.source_key ORDER BY k.id"
    )["id"].to_pylist()
    touched = [known for known in changed["known_id"].to_pylist() if known] + old
    register.mark_stale_by_records(connection, home.scope, touched)
    given = _write_changed(connection, home, layout.source_id, changed)
    if given and old:
        pairs = evidence.same_rows(connection, old, given)
        identity.carry_over(connection, home.scope, pairs.select(["old", "new"]))
        keys = pairs.select(["old_key", "new_key"])
        identity.follow_keys(connection, home.scope, layout.source_id, keys)
        register.follow_keys(connection, home.scope, layout.source_id, keys)
    if old:
        if park:
            identity.park(connection, home.scope, old)
        evidence.remove_records(connection, old)


def _records(
    connection: sa.Connection,
    home: Home,
    bulk: Engine,
    layout: evidence.Layout,
    delivered: Sequence[evidence.Import],
    attributes: Mapping[str, model.Attribute],
    *,
    without: tuple[UUID, int] | None = None,
) -> pa.Table:
    rules = [
        evidence.Rule(column.column, attribute, transform)
        for column in mapping.current(connection, layout.id)
        for attribute, transform in column.readings
    ]
    raws = [
        evidence.Raw(
            str(delivery.id),
            delivery.observed_at,
            _rows(home, delivery, without),
            mapping.kind(delivery.details["kind"]).lag_days,
        )
        for delivery in delivered
    ]
    return evidence.records(bulk, raws, layout, rules, attributes)


def _rows(home: Home, delivery: evidence.Import, without: tuple[UUID, int] | None) -> pa.Table:
    rows = home.lake.read(delivery.lake_path)
    if without is None or without[0] != delivery.id:
        return rows
    import pyarrow.compute as pc

    return rows.filter(pc.not_equal(rows["_row"], without[1]))


def _source(connection: sa.Connection, source_id: UUID) -> evidence.Source:
    return next(source for source in evidence.list_sources(connection) if source.id == source_id)
