"""Which records must be linked again: those that changed, and all whose link may change with them.

`recompute` asks this first. What a record shares with nobody who changed, directly or through others, links as it
did; so the clusters are the same as from scratch, while the work follows the change. Never links itself.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from muniment.base.engine import Engine
from muniment.base.tenancy import Scope
from muniment.identity import inputs, linked_store, store
from muniment.identity.types import Reference

if TYPE_CHECKING:
    import pyarrow as pa

    from muniment import matching

_FORM = 1
"""Counts up when records link otherwise than before for another reason than their model; then all are linked anew."""

_WORTHWHILE = 0.3
"""Where more of the records than this would be linked again, all are: reading them at once costs less."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to link again.

    Attributes:
        records: ids, None for all.
        how: digest of what decides besides the records.
        judged: per record that people judged, a digest of what they say.
    """

    records: frozenset[str] | None
    how: str
    judged: Mapping[str, str]


def plan(connection: sa.Connection, scope: Scope, engine: Engine, weighed: matching.MatchModel) -> Plan:
    """Find what changed since the records were linked, and how far that reaches."""
    how = f"{_FORM}:{weighed.digest}"
    partners = _partners(connection, scope)
    judged = {one: hashlib.sha256(json.dumps(said).encode()).hexdigest() for one, said in partners.items()}
    changed, known = linked_store.note_changes(connection, scope, inputs.naming(), how)
    linked_store.note_judged(connection, scope, judged)
    most = known * _WORTHWHILE
    if changed > most:
        return Plan(None, how, judged)
    new = inputs.read(connection, scope, engine, linked_store.changed(connection))
    linked_store.spread(connection, scope, values(engine, new, weighed), weighed.block_limit)
    given_up = [records for _, records, _ in store.given_up(connection, scope)]
    step, came = 1, 1
    while came:
        reached = linked_store.to_link(connection)
        if len(reached) > most:
            return Plan(None, how, judged)
        more = {other for one in reached & partners.keys() for other, _ in partners[one]}
        more |= {one for records in given_up if not reached.isdisjoint(records) for one in records}
        came = linked_store.spread_further(connection, scope, step, weighed.block_limit)
        came += linked_store.add(connection, sorted(more - reached), step)
        step += 1
    return Plan(frozenset(reached), how, judged)


def keep(
    connection: sa.Connection,
    scope: Scope,
    engine: Engine,
    done: Plan,
    given: inputs.Inputs,
    weighed: matching.MatchModel,
) -> None:
    """Remember what the records were linked by, after their memberships are stored."""
    if done.records is None:
        linked_store.keep_all(connection, scope, values(engine, given, weighed), done.how, done.judged)
    else:
        linked_store.keep_changed(connection, scope, done.judged)


def values(engine: Engine, given: inputs.Inputs, weighed: matching.MatchModel) -> pa.Table:
    """What could link each record: digests of family, kind and value, one row each (record_id, digest).

    A kind whose agreement says nothing has digests of its own for each record.
    """
    import pyarrow as pa

    alone = sorted(kind for kind, weight in weighed.weights.items() if weight.agree <= 0)
    engine.register("value_owners", given.records.append_column("id", given.found["id"]))
    engine.register("values_given", given.identifiers)
    engine.register("kinds_alone", pa.table({"kind": pa.array(alone, pa.string())}))
    return engine.rows(
        "SELECT DISTINCT o.id AS record_id, md5(concat_ws('|', o.family, v.kind, k.kind || o.id, v.value)) AS digest"
        " FROM values_given v JOIN value_owners o USING (record) LEFT JOIN kinds_alone k ON k.kind = v.kind"
    )


def _partners(connection: sa.Connection, scope: Scope) -> dict[str, list[tuple[str, bool]]]:
    """Per record that people judged: with whom, and whether they are one thing, in the order that counts."""
    latest: dict[tuple[Reference, Reference], bool] = {}
    for act in store.judgement_acts(connection, scope):
        for left, right, same in () if act.undone else act.pairs:
            pair = (left, right) if (left.source_id, left.key) < (right.source_id, right.key) else (right, left)
            latest.pop(pair, None)
            latest[pair] = same
    ids = store.records_of(connection, scope, sorted({one for pair in latest for one in pair}, key=str))
    found: dict[str, list[tuple[str, bool]]] = defaultdict(list)
    for (left, right), same in latest.items():
        if left in ids and right in ids:
            found[ids[left]].append((ids[right], same))
            found[ids[right]].append((ids[left], same))
    return dict(found)
