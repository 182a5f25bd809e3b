"""The only queries on assets, versions, terms and conflicts.

Each takes a connection of a tenant's transaction; searches go through narrow columns only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Unpack
from uuid import UUID

import sqlalchemy as sa

from muniment.base import db
from muniment.base.errors import NotFound, Rejected
from muniment.base.tenancy import Scope
from muniment.register import past
from muniment.register.annotate import tagged
from muniment.register.tables import assets, conflicts, terms, versions
from muniment.register.types import (
    CONFLICT_KINDS,
    CONFLICT_STATES,
    SEVERITIES,
    Asset,
    Conflict,
    Narrowed,
    Query,
    Version,
)

if TYPE_CHECKING:
    import pyarrow as pa

_SORTS = ("name", "type", "state", "confidence", "updated_at", "version", "record_count")


# Writing


def write(
    connection: sa.Connection,
    scope: Scope,
    folded: pa.Table,
    found_terms: pa.Table,
    found_conflicts: pa.Table,
    cause: dict[str, Any],
    *,
    now: datetime,
) -> None:
    """Replace the assets in `folded`: close the versions that end, store terms and conflicts.

    Args:
        connection: of the transaction that also clears the marks.
        scope: whose register.
        folded: as the fold made it, with values_hash and content_hash; only what changed.
        found_terms: asset_id, attribute, term.
        found_conflicts: asset_id, attribute, kind, severity, rank, claims, hint, state, decision.
        cause: what made this change, kept with the versions.
        now: the moment from which it holds.
    """
    parameters = {
        "tenant": scope.tenant_id,
        "engagement": scope.engagement_id,
        "actor": scope.actor,
        "now": now,
        "cause": db.dumps(cause),
    }
    connection.execute(sa.text(_TEMPORARY))
    db.copy_arrow(connection, "incoming_assets", folded)
    connection.execute(
        sa.text(_CLOSE + " JOIN incoming_assets i ON i.id = a.id WHERE i.values_hash <> a.values_hash"),
        parameters,
    )
    connection.execute(sa.text(_UPSERT), parameters)
    for name, table in (("asset_terms", found_terms), ("conflicts", found_conflicts)):
        connection.execute(
            sa.text(
                f"CREATE TEMP TABLE incoming_{name} ON COMMIT DROP AS SELECT "
                + ", ".join(table.column_names)
                + f" FROM {name} WITH NO DATA"
            )
        )
        db.copy_arrow(connection, f"incoming_{name}", table)
    connection.execute(sa.text(_TERMS_OUT), parameters)
    connection.execute(sa.text(_TERMS_IN), parameters)
    connection.execute(sa.text(_CONFLICTS_OUT), parameters)
    connection.execute(sa.text(_CONFLICTS_IN), parameters)
    for name in ("incoming_assets", "incoming_asset_terms", "incoming_conflicts"):
        connection.execute(sa.text(f"DROP TABLE {name}"))


_TEMPORARY = (
    "CREATE TEMP TABLE incoming_assets (id uuid, type text, subtype text, state text, name text,"
    " confidence double precision, sources jsonb, record_count int, values jsonb, provenance jsonb,"
    " values_hash text, content_hash text) ON COMMIT DROP"
)
_CLOSE = (
    "INSERT INTO asset_versions (tenant_id, asset_id, version, engagement_id, valid_from, valid_to,"
    " type, subtype, state, name, confidence, sources, record_count, values, provenance, cause, created_at,"
    " created_by, actor)"
    " SELECT a.tenant_id, a.id, a.version, a.engagement_id, a.updated_at, :now, a.type, a.subtype,"
    " a.state, a.name, a.confidence, a.sources, a.record_count, a.values, a.provenance, a.cause,"
    " a.created_at, a.created_by, a.updated_by"
    " FROM assets a"
)
_UPSERT = (
    "INSERT INTO assets (tenant_id, id, engagement_id, type, subtype, state, name, confidence,"
    " sources, record_count, values, provenance, values_hash, content_hash, version, cause,"
    " created_at, created_by, updated_at, updated_by)"
    " SELECT :tenant, i.id, :engagement, i.type, i.subtype, i.state, i.name, i.confidence,"
    " ARRAY(SELECT jsonb_array_elements_text(i.sources)), i.record_count, i.values, i.provenance,"
    " i.values_hash, i.content_hash, coalesce(v.version, 0) + 1, cast(:cause AS jsonb),"
    " coalesce(v.created_at, :now), coalesce(v.created_by, :actor), :now, :actor"
    " FROM incoming_assets i LEFT JOIN LATERAL (SELECT version, created_at, created_by"
    "  FROM asset_versions WHERE asset_id = i.id ORDER BY version DESC LIMIT 1) v ON true"
    " ORDER BY i.id ON CONFLICT (tenant_id, id) DO UPDATE SET type = excluded.type,"
    " subtype = excluded.subtype, state = excluded.state, name = excluded.name,"
    " confidence = excluded.confidence, sources = excluded.sources,"
    " record_count = excluded.record_count, values = excluded.values,"
    " provenance = excluded.provenance, content_hash = excluded.content_hash,"
    " values_hash = excluded.values_hash,"
    " version = CASE WHEN assets.values_hash = excluded.values_hash THEN assets.version"
    "  ELSE assets.version + 1 END,"
    " cause = CASE WHEN assets.values_hash = excluded.values_hash THEN assets.cause"
    "  ELSE excluded.cause END,"
    " updated_at = CASE WHEN assets.values_hash = excluded.values_hash THEN assets.updated_at"
    "  ELSE excluded.updated_at END,"
    " updated_by = CASE WHEN assets.values_hash = excluded.values_hash THEN assets.updated_by"
    "  ELSE excluded.updated_by END"
)
_TERMS_OUT = (
    "DELETE FROM asset_terms t USING incoming_assets i WHERE t.asset_id = i.id AND NOT EXISTS"
    " (SELECT 1 FROM incoming_asset_terms n WHERE n.asset_id = t.asset_id"
    "  AND n.attribute = t.attribute AND n.term = t.term)"
)
_TERMS_IN = (
    "INSERT INTO asset_terms (tenant_id, engagement_id, attribute, term, asset_id)"
    " SELECT :tenant, :engagement, n.attribute, n.term, n.asset_id FROM incoming_asset_terms n"
    " JOIN incoming_assets i ON i.id = n.asset_id ORDER BY n.attribute, n.term, n.asset_id"
    " ON CONFLICT DO NOTHING"
)
_CONFLICTS_OUT = (
    "DELETE FROM conflicts c USING incoming_assets i WHERE c.asset_id = i.id AND NOT EXISTS"
    " (SELECT 1 FROM incoming_conflicts n WHERE n.asset_id = c.asset_id"
    "  AND n.attribute = c.attribute AND n.kind = c.kind)"
)
_CONFLICTS_IN = (
    "INSERT INTO conflicts (tenant_id, engagement_id, asset_id, attribute, kind, severity, rank,"
    " own_rank, claims, hint, state, decision, opened_at) SELECT :tenant, :engagement, n.asset_id, n.attribute,"
    " n.kind, n.severity, n.rank, n.rank, n.claims, n.hint, n.state, n.decision, :now FROM incoming_conflicts n"
    " JOIN incoming_assets i ON i.id = n.asset_id"
    " ON CONFLICT (tenant_id, engagement_id, asset_id, attribute, kind) DO UPDATE SET"
    " severity = CASE WHEN conflicts.own_rank = excluded.own_rank THEN conflicts.severity ELSE excluded.severity END,"
    " rank = CASE WHEN conflicts.own_rank = excluded.own_rank THEN conflicts.rank ELSE excluded.rank END,"
    " own_rank = excluded.own_rank, claims = excluded.claims,"
    " hint = excluded.hint, state = excluded.state, decision = excluded.decision,"
    " opened_at = CASE WHEN excluded.state = conflicts.state THEN conflicts.opened_at ELSE excluded.opened_at END"
)


def remove_empty(connection: sa.Connection, scope: Scope, now: datetime) -> int:
    """Take stale assets without records out of the register, closing their last version; returns how many."""
    parameters = {"engagement": scope.engagement_id, "now": now}
    empty = (
        " WHERE a.engagement_id = :engagement AND EXISTS (SELECT 1 FROM stale_assets t WHERE t.asset_id = a.id)"
        " AND NOT EXISTS (SELECT 1 FROM memberships m WHERE m.asset_id = a.id)"
    )
    connection.execute(sa.text(_CLOSE + empty), parameters)
    connection.execute(
        sa.text("DELETE FROM asset_terms d USING assets a" + empty + " AND d.asset_id = a.id"), parameters
    )
    return connection.execute(sa.text("DELETE FROM assets a" + empty), parameters).rowcount


# Reading


def _asset(row: Any) -> Asset:
    values = dict(row._mapping)  # noqa: SLF001
    values["sources"] = tuple(values["sources"])
    return Asset(**values)


_FIELDS = [assets.c[name] for name in Asset.__dataclass_fields__]


def find(connection: sa.Connection, scope: Scope, query: Query) -> list[Asset]:
    """Assets that match a query, in its order.

    Raises:
        Rejected: it sorts by something that cannot be sorted by.
    """
    if query.sort not in _SORTS:
        raise Rejected(f"cannot sort by {query.sort!r}: use one of {', '.join(_SORTS)}")
    table = _table(query)
    order = table.c[query.sort].desc() if query.descending else table.c[query.sort]
    statement = _matching(table, scope, query).order_by(order, table.c.id)
    return [_asset(row) for row in connection.execute(statement.limit(query.limit))]


def _table(query: Query) -> sa.FromClause:
    """The assets as they are, or as they were."""
    return assets if query.as_of is None else past.assets_at(query.as_of)


def _matching(table: sa.FromClause, scope: Scope, query: Query) -> sa.Select[Any]:
    statement = sa.select(*(table.c[name] for name in Asset.__dataclass_fields__))
    statement = statement.where(table.c.engagement_id == scope.engagement_id)
    if query.type:
        statement = statement.where(table.c.type == query.type)
    if query.source:
        statement = statement.where(table.c.sources.contains([query.source]))
    for word in query.words.lower().split():
        statement = statement.where(_found(table, scope, None, word, prefix=True))
    for attribute, value in query.where:
        if attribute in {"type", "state", "name"}:
            statement = statement.where(table.c[attribute] == value)
        elif attribute == "tag":
            statement = statement.where(table.c.id.in_(tagged(scope, value.strip().lower())))
        else:
            statement = statement.where(_found(table, scope, attribute, value.strip().lower(), prefix=False))
    return statement


def _found(table: sa.FromClause, scope: Scope, attribute: str | None, text: str, *, prefix: bool) -> Any:
    if table is not assets:
        return past.has_value(table.c["values"], attribute, text, prefix=prefix)
    chosen = _having(scope, terms.c.term, text, prefix=prefix)
    return table.c.id.in_(chosen if attribute is None else chosen.where(terms.c.attribute == attribute))


def _having(scope: Scope, column: sa.Column[Any], word: str, *, prefix: bool) -> sa.Select[Any]:
    chosen = sa.select(terms.c.asset_id).where(terms.c.engagement_id == scope.engagement_id)
    if not prefix:
        return chosen.where(column == word)
    return chosen.where(column >= word, column < word + "\U0010ffff")


def get(connection: sa.Connection, scope: Scope, asset_id: UUID, as_of: datetime | None = None) -> Asset:
    """One asset by its id, as it is or as it was at a moment.

    Raises:
        NotFound: there is none of that id, or it was not there then.
    """
    table = _table(Query(as_of=as_of))
    row = connection.execute(_matching(table, scope, Query()).where(table.c.id == asset_id)).one_or_none()
    if row is None:
        when = f" on {as_of:%Y-%m-%d %H:%M}" if as_of else ""
        raise NotFound(f"{asset_id} is not an asset of this engagement{when}: `muniment assets` lists them")
    return _asset(row)


def find_by_name(connection: sa.Connection, scope: Scope, text: str) -> list[UUID]:
    """Assets that a person may mean: by id, end of an id, name, or any exact term; at most 20."""
    base = sa.select(assets.c.id).where(assets.c.engagement_id == scope.engagement_id).limit(20)
    lowered = text.strip().lower()
    attempts = [base.where(assets.c.name == text.strip())]
    if lowered.replace("-", "").isalnum():
        attempts.append(base.where(sa.cast(assets.c.id, sa.Text).like("%" + lowered.replace("%", ""))))
    attempts.append(base.where(assets.c.id.in_(_having(scope, terms.c.term, lowered, prefix=False))))
    for attempt in attempts:
        found = list(connection.scalars(attempt.order_by(assets.c.name, assets.c.id)))
        if found:
            return found
    return []


def bearing(
    connection: sa.Connection, scope: Scope, attributes: Sequence[str], words: Sequence[str], limit: int
) -> list[Asset]:
    """Assets (retired ones left out) with one of these exact terms in one of the attributes, by name."""
    chosen = sa.select(terms.c.asset_id).where(
        terms.c.engagement_id == scope.engagement_id, terms.c.term.in_(words), terms.c.attribute.in_(attributes)
    )
    query = (
        sa.select(*_FIELDS)
        .where(assets.c.engagement_id == scope.engagement_id, assets.c.state != "retired", assets.c.id.in_(chosen))
        .order_by(assets.c.name, assets.c.id)
    )
    return [_asset(row) for row in connection.execute(query.limit(limit))]


def all_assets(connection: sa.Connection, scope: Scope, query: Query | None = None) -> Iterator[Asset]:
    """Every asset that matches a query's conditions (not its order and limit), by name then id, streamed."""
    table = _table(query or Query())
    statement = _matching(table, scope, query or Query()).order_by(table.c.name, table.c.id)
    for row in db.stream(connection, statement):
        yield _asset(row)


def count_assets(connection: sa.Connection, scope: Scope) -> dict[str, int]:
    """How many assets there are of each type, retired ones left out."""
    query = (
        sa.select(assets.c.type, sa.func.count())
        .where(assets.c.engagement_id == scope.engagement_id, assets.c.state != "retired")
        .group_by(assets.c.type)
        .order_by(sa.func.count().desc(), assets.c.type)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def history(connection: sa.Connection, scope: Scope, asset_id: UUID) -> list[Version]:
    """The versions of an asset, oldest first, the present one last."""
    names = (
        "version",
        "valid_from",
        "valid_to",
        "type",
        "state",
        "name",
        "values",
        "cause",
        "actor",
    )
    query = (
        sa.select(*(versions.c[name] for name in names))
        .where(versions.c.asset_id == asset_id, versions.c.engagement_id == scope.engagement_id)
        .order_by(versions.c.version)
    )
    found = [Version(*row) for row in connection.execute(query)]
    row = connection.execute(
        sa.select(*_FIELDS).where(assets.c.id == asset_id, assets.c.engagement_id == scope.engagement_id)
    ).one_or_none()
    if row is not None:
        now = _asset(row)
        found.append(
            Version(
                now.version,
                now.updated_at,
                None,
                now.type,
                now.state,
                now.name,
                now.values,
                now.cause,
                now.updated_by,
            )
        )
    return found


def as_of(connection: sa.Connection, scope: Scope, asset_id: UUID, at: datetime) -> Version | None:
    """The version of an asset that held at a moment; None where it did not exist then."""
    for version in history(connection, scope, asset_id):
        if version.valid_from <= at and (version.valid_to is None or at < version.valid_to):
            return version
    return None


def list_conflicts(
    connection: sa.Connection,
    scope: Scope,
    *,
    state: str | None = "open",
    limit: int | None = 50,
    as_of: datetime | None = None,
    **narrowed: Unpack[Narrowed],
) -> list[Conflict]:
    """Conflicts of a state (None: all), the most severe first, then by asset name and attribute; also of a past moment.

    Raises:
        Rejected: there is no such severity, kind or state.
    """
    _known("state of conflicts", state, CONFLICT_STATES)
    _known("severity", narrowed.get("severity"), SEVERITIES)
    _known("kind of conflicts", narrowed.get("kind"), CONFLICT_KINDS)
    disputed, table = _disputed(as_of), _table(Query(as_of=as_of))
    query = (
        sa.select(
            disputed.c.asset_id,
            table.c.name,
            *(disputed.c[name] for name in Conflict.__dataclass_fields__ if name not in {"asset_id", "asset"}),
        )
        .join(
            table,
            (table.c.engagement_id == disputed.c.engagement_id) & (table.c.id == disputed.c.asset_id),
        )
        .where(disputed.c.engagement_id == scope.engagement_id)
        .order_by(disputed.c.rank, table.c.name, disputed.c.asset_id, disputed.c.attribute, disputed.c.kind)
        .limit(limit)
    )
    chosen = query.where(*_narrowing(disputed, {"state": state, **narrowed}))
    return [Conflict(*row) for row in connection.execute(chosen)]


def _known(what: str, value: object, allowed: Sequence[str]) -> None:
    if value is not None and value not in allowed:
        raise Rejected(f"{value!r} is not a {what}: use one of {', '.join(allowed)}")


def _narrowing(disputed: sa.FromClause, wanted: Mapping[str, object]) -> list[sa.ColumnElement[bool]]:
    return [disputed.c[name] == value for name, value in wanted.items() if value is not None]


def _disputed(as_of: datetime | None) -> sa.FromClause:
    """The conflicts as they are, or as they were."""
    return conflicts if as_of is None else past.conflicts_at(as_of)


def count_conflicts(
    connection: sa.Connection, scope: Scope, *, as_of: datetime | None = None, **narrowed: Unpack[Narrowed]
) -> dict[str, int]:
    """How many conflicts are open (or were at a moment), by severity, the most severe first."""
    disputed = _disputed(as_of)
    query = (
        sa.select(disputed.c.severity, sa.func.count())
        .where(disputed.c.engagement_id == scope.engagement_id, disputed.c.state == "open")
        .group_by(disputed.c.severity)
    )
    chosen = query.where(*_narrowing(disputed, narrowed))
    counts = {row[0]: row[1] for row in connection.execute(chosen)}
    return {severity: counts[severity] for severity in SEVERITIES if severity in counts}


def filled(connection: sa.Connection, scope: Scope, query: Query | None = None) -> dict[str, dict[str, int]]:
    """Per type and attribute: how many assets that match have a value. A type without values is there, empty."""
    chosen = _matching(_table(query or Query()), scope, query or Query()).cte("chosen")
    key = sa.func.jsonb_object_keys(chosen.c["values"]).table_valued("key").render_derived("k")
    counts: dict[str, dict[str, int]] = {
        kind: {} for kind in connection.scalars(sa.select(chosen.c.type).distinct().order_by(chosen.c.type))
    }
    per_key = sa.select(chosen.c.type, key.c.key, sa.func.count()).select_from(chosen.join(key, sa.true()))
    for kind, attribute, count in connection.execute(per_key.group_by(chosen.c.type, key.c.key)):
        counts[kind][attribute] = count
    return counts
