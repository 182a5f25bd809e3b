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
    _points(connection, home, bulk, layout, [delivery], attributes)
    bulk.derive("derived", "SELECT * FROM keyed")
    bulk.register("known", evidence.known_records(connection, home.scope, delivery.source_id))
    bulk.derive(
        "compared",
        "SELECT d.*, k.id AS known_id, k.delivered::BIGINT AS known_delivered, CASE WHEN k.id IS NULL THEN d.delivered"
        " ELSE k.first_delivered::BIGINT END AS first_delivered, k.claims_hash <> d.claims_hash AS claims_changed,"
        " CASE WHEN k.id IS NULL"
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
    _remember(connection, home, bulk, layout, attributes)
    _write(connection, home, bulk, layout)
    return counts


def recall(connection: sa.Connection, home: Home, bulk: Engine, source_ids: Sequence[UUID]) -> None:
    """Find anew what the records of sources said before, where a delivery came out of its order.

    To be called when all of several deliveries are derived: it reads every import of the families concerned.
    """
    for layout_id in evidence.families_to_recall(connection, home.scope, source_ids):
        layout = evidence.get_layout(connection, layout_id)
        _tell(connection, home, bulk, layout)
        _recalled(connection, home, bulk, layout)
        firsts = bulk.rows("SELECT source_key, min(delivered) AS first_delivered FROM told GROUP BY ALL ORDER BY 1")
        evidence.write_first(connection, home.scope, layout.source_id, firsts)


def _recalled(connection: sa.Connection, home: Home, bulk: Engine, layout: evidence.Layout) -> None:
    """Let what ended in the deliveries of a family take the place of what is remembered of it."""
    ended = evidence.find_ended(bulk, *register.remembered(mapping.attributes(connection)))
    family = (layout.source_id, layout.family_id)
    evidence.write_ended(connection, home.scope, family, ended, whole=True)


def _remember(
    connection: sa.Connection,
    home: Home,
    bulk: Engine,
    layout: evidence.Layout,
    attributes: Mapping[str, model.Attribute],
) -> None:
    """Keep what records said until a delivery that comes after all others; note those whose delivery does not."""
    late = bulk.rows(
        "SELECT known_id FROM compared WHERE (status = 'superseded' AND delivered <> known_delivered)"
        " OR (status = 'changed' AND claims_changed AND delivered = known_delivered) ORDER BY 1"
    )["known_id"].to_pylist()
    bulk.derive(
        "changing", "SELECT * FROM compared WHERE status = 'changed' AND claims_changed AND delivered > known_delivered"
    )
    known = bulk.rows("SELECT known_id FROM changing ORDER BY 1")["known_id"].to_pylist()
    if known:
        bulk.register("told_before", evidence.claims_of(connection, known))
        columns = "source_key, {} AS delivered, import_id, claims, derived, claims_hash"
        bulk.derive(
            "told",
            f"SELECT {columns.format('delivered::BIGINT')} FROM told_before UNION ALL"
            f" SELECT {columns.format('delivered')} FROM changing",
        )
        ended = evidence.find_ended(bulk, *register.remembered(attributes))
        evidence.write_ended(connection, home.scope, (layout.source_id, layout.family_id), ended)
    if late:
        bulk.register("late", _ids(late))
        bulk.derive(
            "compared",
            "SELECT c.* EXCLUDE (first_delivered), CASE WHEN l.id IS NULL THEN c.first_delivered END AS first_delivered"
            " FROM compared c LEFT JOIN late l ON l.id = c.known_id",
        )
        evidence.forget_first(connection, late)


def _ids(found: Sequence[str]) -> pa.Table:
    import pyarrow as pa

    return pa.table({"id": pa.array(found, pa.string())})


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
    "delivered", "observed", "first_delivered", "asset_type", "type_stated", "claims", "derived", "notes",
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
    layout = evidence.get_layout(connection, layout_id)
    _tell(connection, home, bulk, layout, without=without)
    _recalled(connection, home, bulk, layout)
    bulk.derive(
        "derived",
        "SELECT *, min(delivered) OVER (PARTITION BY source_key) AS first_delivered FROM told QUALIFY row_number() OVER"
        " (PARTITION BY source_key ORDER BY delivered DESC) = 1",
    )
    bulk.register("known", evidence.known_records(connection, home.scope, layout.source_id))
    bulk.register("family", _ids([str(member.id) for member in _family(connection, layout)]))
    _replace(connection, home, bulk, layout, park=park)


def _family(connection: sa.Connection, layout: evidence.Layout) -> list[evidence.Layout]:
    """The layouts of a layout's family, itself among them."""
    listed = evidence.list_layouts(connection, layout.source_id)
    return [other for other in listed if other.family_id == layout.family_id]


def _tell(
    connection: sa.Connection,
    home: Home,
    bulk: Engine,
    layout: evidence.Layout,
    *,
    without: tuple[UUID, int] | None = None,
) -> None:
    """Make the table `told`: what each delivery of a family that counts said of each thing, one row per moment."""
    attributes = mapping.attributes(connection)
    members = _family(connection, layout)
    for number, member in enumerate(members):
        delivered = evidence.list_imports(connection, home.scope, layout_ids=[member.id], counting=True)
        _points(connection, home, bulk, member, delivered, attributes, without=without)
        bulk.derive(f"told_{number}", f"SELECT *, '{member.id}' AS layout_id FROM keyed")
    every = " UNION ALL ".join(f"SELECT * FROM told_{number}" for number in range(len(members)))
    bulk.derive(
        "told",
        f"SELECT * FROM ({every}) QUALIFY row_number() OVER (PARTITION BY source_key, delivered ORDER BY"
        " observed DESC, filled DESC, row_hash DESC, claims_hash DESC) = 1",
    )


def _replace(connection: sa.Connection, home: Home, bulk: Engine, layout: evidence.Layout, *, park: bool) -> None:
    changed = bulk.rows(
        "SELECT d.*, k.id AS known_id FROM derived d LEFT JOIN known k USING (source_key)"
        " WHERE k.id IS NULL OR k.claims_hash <> d.claims_hash OR k.row_hash <> d.row_hash"
        " OR k.observed::BIGINT <> d.observed OR k.delivered::BIGINT <> d.delivered"
        " OR k.first_delivered::BIGINT IS DISTINCT FROM d.first_delivered ORDER BY source_key"
    )
    old = bulk.rows(
        "SELECT k.id FROM known k SEMI JOIN family f ON f.id = k.layout_id"
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


def _points(
    connection: sa.Connection,
    home: Home,
    bulk: Engine,
    layout: evidence.Layout,
    delivered: Sequence[evidence.Import],
    attributes: Mapping[str, model.Attribute],
    *,
    without: tuple[UUID, int] | None = None,
) -> None:
    """Make the table `keyed` from imports of one layout."""
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
    evidence.points(bulk, raws, layout, rules, attributes)


def _rows(home: Home, delivery: evidence.Import, without: tuple[UUID, int] | None) -> pa.Table:
    rows = home.lake.read(delivery.lake_path)
    if without is None or without[0] != delivery.id:
        return rows
    import pyarrow.compute as pc

    return rows.filter(pc.not_equal(rows["_row"], without[1]))


def _source(connection: sa.Connection, source_id: UUID) -> evidence.Source:
    return next(source for source in evidence.list_sources(connection) if source.id == source_id)
