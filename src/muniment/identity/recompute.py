"""From records and judgements to memberships, under ids that stay.

`flows` calls `recompute` after records or judgements changed. The clusters are a function of the
records and the judgements alone; which id a cluster bears depends on what it bore before.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa

from muniment import model
from muniment.base import ids
from muniment.base.engine import Engine
from muniment.base.tenancy import Scope
from muniment.identity import store
from muniment.identity.types import Reference

if TYPE_CHECKING:
    import pyarrow as pa

    from muniment import matching

_LABEL = "[a-z0-9]([a-z0-9_-]*[a-z0-9])?"
_FQDN = rf"{_LABEL}(\.{_LABEL})+"
_ATTRIBUTES = (
    "uuid", "cloud_id", "serial", "asset_tag", "vm_id", "mac_address", "ip_address", "fqdn",
    "hostname", "name", "application_id", "database_name", "instance_name", "host",
)  # fmt: skip
_VIRTUAL_CARDS = "(00:50:56|00:0c:29|00:05:69|00:1c:14|08:00:27|00:15:5d|52:54:00|00:16:3e|00:1c:42).*"
"""Network cards of VMware, VirtualBox, Hyper-V, QEMU, Xen and Parallels, by their IEEE prefixes."""

_NAMING = ["source_id", "vm_id", "instance_name", "url", "software_product", "licence_key", "application"]
"""What names a thing besides the attributes with an identity role; a row with none of all these is no asset."""

_LOOSE = "machine"


@dataclass(frozen=True, slots=True)
class Change:
    """What a recompute did: assets whose records changed, made, given up for another."""

    touched: frozenset[UUID]
    created: int
    merged: int
    split: int
    silent: int = 0


def recompute(connection: sa.Connection, scope: Scope, engine: Engine, cause: str) -> Change:
    """Link all records of the engagement and store the memberships that changed."""
    import numpy as np
    import pyarrow as pa

    from muniment import matching

    naming = [name for name, item in model.attributes().items() if item.role != "none"]
    naming += _NAMING
    silent = store.drop_silent(connection, scope, naming)
    found = store.records(connection, scope, naming)
    number = {record_id: index for index, record_id in enumerate(found["id"].to_pylist())}
    families = [_family(kind) for kind in found["asset_type"].to_pylist()]
    table = pa.table(
        {
            "record": pa.array(np.arange(len(number)), pa.int64()),
            "source": found["source"],
            "list": found["list"],
            "family": pa.array(families, pa.string()),
        }
    )
    values = _identifiers(engine, store.identifiers(connection, scope, _ATTRIBUTES), found, families)
    references = {
        Reference(UUID(source_id), key): index
        for index, (source_id, key) in enumerate(
            zip(found["source_id"].to_pylist(), found["source_key"].to_pylist(), strict=True)
        )
    }
    clusters, _ = matching.link(engine, table, values, _judgements(connection, scope, references))
    change = _store(connection, scope, found, clusters["cluster"].to_pylist(), cause)
    return replace(
        change, touched=change.touched | silent, silent=store.count_records(connection, scope) - found.num_rows
    )


def _family(asset_type: str | None) -> str:
    return _LOOSE if asset_type is None else model.family(asset_type)


def _identifiers(engine: Engine, raw: pa.Table, found: pa.Table, families: list[str]) -> pa.Table:
    import numpy as np
    import pyarrow as pa

    engine.register(
        "found",
        found.select(["id"])
        .append_column("record", pa.array(np.arange(found.num_rows), pa.int64()))
        .append_column("family", pa.array(families, pa.string())),
    )
    engine.register("raw_identifiers", raw)
    both = _column(engine, "uuid")
    spelt = [(value, min(model.uuid_byte_orders(value))) for value in both]
    engine.register(
        "spellings",
        pa.table(
            {
                "value": pa.array([pair[0] for pair in spelt], pa.string()),
                "canonical": pa.array([pair[1] for pair in spelt], pa.string()),
            }
        ),
    )
    engine.derive(  # a machine's name may be written short or with its domain, in any of these
        "names",
        "SELECT f.record, lower(trim(i.value)) AS value FROM raw_identifiers i JOIN found f ON f.id = i.id"
        " WHERE f.family = 'machine' AND i.attribute IN ('hostname', 'name', 'fqdn')",
    )
    engine.derive(
        "identifying",
        "SELECT f.record, f.family, CASE i.attribute WHEN 'database_name' THEN 'name'"
        "  WHEN 'host' THEN 'parent' WHEN 'instance_name' THEN 'instance' ELSE i.attribute END AS kind,"
        " CASE i.attribute WHEN 'uuid' THEN coalesce(s.canonical, i.value)"
        "  WHEN 'host' THEN split_part(lower(trim(i.value)), '.', 1) ELSE lower(trim(i.value)) END AS value"
        " FROM raw_identifiers i JOIN found f ON f.id = i.id"
        " LEFT JOIN spellings s ON i.attribute = 'uuid' AND s.value = i.value"
        " WHERE NOT (i.attribute = 'serial' AND i.value ILIKE 'VMWARE-%')"  # the uuid, written otherwise
        " AND CASE WHEN f.family = 'machine'"
        "  THEN i.attribute NOT IN ('hostname', 'name', 'fqdn', 'host', 'database_name', 'instance_name')"
        "  WHEN f.family = 'database' THEN i.attribute NOT IN ('hostname', 'fqdn', 'ip_address', 'mac_address')"
        "  ELSE i.attribute NOT IN ('host', 'instance_name', 'database_name') END",
    )
    return engine.rows(
        "SELECT record, 'hostname' AS kind, split_part(value, '.', 1) AS value FROM names"
        f" WHERE regexp_full_match(split_part(value, '.', 1), '{_LABEL}') AND value NOT SIMILAR TO '[0-9.:]+'"
        f" UNION SELECT record, 'fqdn', value FROM names WHERE regexp_full_match(value, '{_FQDN}')"
        " AND value NOT SIMILAR TO '[0-9.]+' UNION SELECT record, kind, value FROM identifying"
        " UNION SELECT record, 'form', min(form) FROM (SELECT record, CASE"
        f"  WHEN kind = 'mac_address' AND value SIMILAR TO '{_VIRTUAL_CARDS}' THEN 'virtual'"
        "   WHEN kind = 'mac_address' AND value NOT SIMILAR TO '.[26ae].*' THEN 'physical'"
        "   WHEN kind = 'serial' AND value SIMILAR TO '[a-z0-9]{5,15}' THEN 'physical' END AS form"
        "  FROM identifying WHERE family = 'machine') WHERE form IS NOT NULL"
        " GROUP BY record HAVING count(DISTINCT form) = 1"
    )


def _column(engine: Engine, attribute: str) -> list[str]:
    found = engine.rows(f"SELECT DISTINCT value FROM raw_identifiers WHERE attribute = '{attribute}'")
    return [str(value) for value in found["value"].to_pylist()]


def _judgements(
    connection: sa.Connection, scope: Scope, references: Mapping[Reference, int]
) -> list[matching.Judgement]:
    """The judgements that count, oldest first; of two on one pair the later one does."""
    from muniment import matching

    latest: dict[tuple[int, int], bool] = {}
    for act in store.judgement_acts(connection, scope):
        if act.undone:
            continue
        for left, right, same in act.pairs:
            if left in references and right in references:
                a, b = sorted((references[left], references[right]))
                latest.pop((a, b), None)
                latest[a, b] = same
    return [matching.Judgement(a, b, same) for (a, b), same in latest.items()]


def _store(connection: sa.Connection, scope: Scope, found: pa.Table, clusters: list[int], cause: str) -> Change:
    import pyarrow as pa

    record_ids = found["id"].to_pylist()
    before = [UUID(value) if value else None for value in found["asset_id"].to_pylist()]
    members: dict[int, list[int]] = defaultdict(list)
    for index, cluster in enumerate(clusters):
        members[cluster].append(index)
    chosen, created = _choose_ids(connection, scope, members, before, record_ids)
    changed = [
        (record_ids[index], chosen[cluster])
        for index, cluster in enumerate(clusters)
        if before[index] != chosen[cluster]
    ]
    touched = {asset for _, asset in changed}
    had: dict[UUID, list[int]] = defaultdict(list)
    for index, asset in enumerate(before):
        if asset is not None:
            had[asset].append(index)
    moves = []
    for index, cluster in enumerate(clusters):
        old, new = before[index], chosen[cluster]
        if old is not None and old != new:
            touched.add(old)
    standing = set(chosen.values())
    for old, records in sorted(had.items()):
        if old not in standing:
            target = Counter(chosen[clusters[index]] for index in records).most_common(1)[0][0]
            moves.append(_move("merge", old, target, [record_ids[index] for index in records], cause))
    for cluster, asset in chosen.items():
        if asset in created and (origin := before[members[cluster][0]]) is not None:
            kept = [record_ids[index] for index in members[cluster]]
            moves.append(_move("split", origin, asset, kept, cause))
    if changed:
        store.write_memberships(
            connection,
            scope,
            pa.table(
                {
                    "record_id": pa.array([record for record, _ in changed], pa.string()),
                    "asset_id": pa.array([str(asset) for _, asset in changed], pa.string()),
                }
            ),
        )
    store.add_moves(connection, scope, moves)
    merged = sum(move["kind"] == "merge" for move in moves)
    split = len(moves) - merged
    return Change(frozenset(touched), len(created) - split, merged, split)


def _move(kind: str, from_asset: UUID, to_asset: UUID, records: list[str], cause: str) -> dict[str, object]:
    return {
        "kind": kind,
        "from_asset": from_asset,
        "to_asset": to_asset,
        "records": records,
        "cause": cause,
    }


def _choose_ids(
    connection: sa.Connection,
    scope: Scope,
    members: Mapping[int, list[int]],
    before: list[UUID | None],
    record_ids: list[str],
) -> tuple[dict[int, UUID], set[UUID]]:
    """An id per cluster: the oldest it bore, unless a larger part of that asset is elsewhere."""
    shares: Counter[tuple[int, UUID]] = Counter()
    for cluster, records in members.items():
        for index in records:
            if (asset := before[index]) is not None:
                shares[cluster, asset] += 1
    chosen = _revived(connection, scope, members, before, record_ids)
    holder: dict[UUID, int] = {}
    for (cluster, asset), _ in sorted(shares.items(), key=lambda item: (-item[1], item[0][0])):
        if cluster not in chosen:
            holder.setdefault(asset, cluster)
    for asset in sorted(holder):  # version 7 ids sort by age: the oldest is kept
        chosen.setdefault(holder[asset], asset)
    without = [cluster for cluster in members if cluster not in chosen]
    created: set[UUID] = set()
    for cluster in without:
        if cluster not in chosen:
            chosen[cluster] = ids.new()
            created.add(chosen[cluster])
    return chosen, created


def _revived(
    connection: sa.Connection,
    scope: Scope,
    members: Mapping[int, list[int]],
    before: list[UUID | None],
    record_ids: list[str],
) -> dict[int, UUID]:
    """Ids given up in a merge come back to the part that they stood for, when it leaves again."""
    cluster_of = {index: cluster for cluster, records in members.items() for index in records}
    parts: dict[UUID, set[int]] = defaultdict(set)
    for index, asset in enumerate(before):
        if asset is not None:
            parts[asset].add(cluster_of[index])
    leaving = {cluster for clusters in parts.values() if len(clusters) > 1 for cluster in clusters}
    if not leaving:
        return {}
    inside = {cluster: {record_ids[index] for index in members[cluster]} for cluster in sorted(leaving)}
    known = set(record_ids)
    revived: dict[int, UUID] = {}
    for asset, records, at in store.given_up(connection, scope):
        stood_for = known.intersection(records)
        for cluster, part in inside.items():
            came_later = all(ids.made_at(UUID(record)) > at for record in part - stood_for)
            if stood_for and stood_for <= part and came_later:
                revived.setdefault(cluster, asset)
    return revived
