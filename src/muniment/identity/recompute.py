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

from muniment.base import ids
from muniment.base.engine import Engine
from muniment.base.tenancy import Scope
from muniment.identity import inputs, match_models, relink, store

if TYPE_CHECKING:
    import pyarrow as pa

    from muniment import matching


@dataclass(frozen=True, slots=True)
class Change:
    """What a recompute did: assets whose records changed, made, given up for another; records looked at."""

    touched: frozenset[UUID]
    created: int
    merged: int
    split: int
    silent: int = 0
    relinked: int = 0


def recompute(connection: sa.Connection, scope: Scope, engine: Engine, cause: str) -> Change:
    """Link the records that changed, with all that may link otherwise for it, and store what did."""
    from muniment import matching

    silent = store.drop_silent(connection, scope, inputs.naming())
    weighed = match_models.model_in_force(connection, scope).model
    plan = relink.plan(connection, scope, engine, weighed)
    only = None if plan.records is None else sorted(plan.records)
    given = inputs.read(connection, scope, engine, only)
    linked = matching.link(engine, given.records, given.identifiers, weighed, given.judgements)
    change = _store(connection, scope, given.found, linked.clusters["cluster"].to_pylist(), cause)
    _name_cases(connection, scope, engine, given, linked, whole=only is None)
    relink.keep(connection, scope, engine, plan, given, weighed)
    return replace(
        change,
        touched=change.touched | silent,
        silent=store.count_silent(connection, scope),
        relinked=given.found.num_rows,
    )


def _name_cases(
    connection: sa.Connection,
    scope: Scope,
    engine: Engine,
    given: inputs.Inputs,
    linked: matching.Linked,
    *,
    whole: bool,
) -> None:
    """Store which of the scored pairs are a case of IT, for explanations."""
    import pyarrow as pa

    from muniment import matching

    records = given.records.append_column("ended", given.found["ended"])
    found = matching.find_cases(engine, records, given.identifiers, linked.pairs, linked.clusters)
    keys = [case.key for case in matching.case_list()]
    places = found["place"].to_pylist()
    named = {
        "left_record": given.found["id"].take(found["a"]),
        "right_record": given.found["id"].take(found["b"]),
        "case_key": pa.array([keys[place] for place in places], pa.string()),
        "place": pa.array(places, pa.int32()),
        "told": found["told"],
    }
    covered = None if whole else pa.table({"record_id": given.found["id"]})
    store.write_cases(connection, scope, pa.table(named), covered)


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
