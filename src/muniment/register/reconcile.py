"""Bring the register up to date with the evidence: fold the stale assets, store what changed.

`flows` calls this as a phase, in one transaction. Compares before it stages: what is unchanged
costs a hash.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from muniment import model
from muniment.base import clock
from muniment.base.engine import Engine
from muniment.base.tenancy import Scope
from muniment.register import change_store, dependents, past, resolve, stale_store, store
from muniment.register.fold import fold
from muniment.register.policy import Learned, Reliability, attribute_table, learned_tables, share_table
from muniment.register.precede import rule_tables
from muniment.register.rules import Policies
from muniment.register.types import Reconciled

PORTION = 10_000
"""Assets that are folded at once: an asset's fold looks at no other's claims, and memory need not hold them all."""


def reconcile(
    connection: sa.Connection,
    scope: Scope,
    engine: Engine,
    attributes: Mapping[str, model.Attribute],
    reliabilities: list[Reliability],
    cause: Mapping[str, Any],
    *,
    learned: Learned | None = None,
    policies: Policies | None = None,
) -> Reconciled:
    """Fold every stale asset and store the difference.

    Args:
        connection: of the phase's transaction.
        scope: whose register.
        engine: for the fold's tables.
        attributes: the model with the tenant's own attributes.
        reliabilities: how much each source weighs per attribute; a missing pair counts as right 0.75 of the time.
        cause: what led to this, kept with every version it makes.
        learned: half-lives, collisions and copying in force; what the model says where None.
        policies: the rules in force, before sources' settings and the model's.
    """
    resolve.mark_lapsed(connection, scope)
    if stale_store.stale_count(connection, scope) == 0:
        return Reconciled(0, 0, 0, 0, 0)
    known, weights = attribute_table(attributes, learned), share_table(reliabilities)
    rules = rule_tables(attributes, policies or Policies(), reliabilities)
    done, now = Reconciled(0, 0, 0, 0, 0), clock.now()
    for _ in stale_store.in_portions(connection, scope, PORTION):
        fold(
            engine,
            stale_store.stale_records(connection, scope),
            stale_store.stale_claims(connection, scope),
            known,
            weights,
            rules,
            settled=resolve.settled(connection, scope),
            learned=learned_tables(learned, change_store.stale_suspicions(connection, scope)),
        )
        done += _store(connection, scope, engine, cause, now)
    dependents.weigh(connection, scope)
    past.keep_conflicts(connection, scope, now, folded=False)
    return done


def _store(
    connection: sa.Connection, scope: Scope, engine: Engine, cause: Mapping[str, Any], now: datetime
) -> Reconciled:
    """Write what the fold found otherwise than it is stored."""
    _compare(connection, scope, engine)
    total = engine.count("hashed")
    counts = engine.rows(
        "SELECT count(*) FILTER (WHERE created) AS created, count(*) FILTER (WHERE updates) AS updated,"
        " count(*) FILTER (WHERE retires) AS retired, count(*) AS changed FROM changed_assets"
    ).to_pylist()[0]
    if counts["changed"]:
        store.write(
            connection,
            scope,
            engine.rows(
                "SELECT id, type, subtype, state, name, confidence, to_json(sources)::VARCHAR AS sources,"
                " record_count, values, provenance, values_hash, content_hash FROM changed_assets"
            ),
            engine.rows("SELECT t.* FROM found_terms t JOIN changed_assets a ON a.id = t.asset_id"),
            engine.rows("SELECT c.* FROM found_conflicts c JOIN changed_assets a ON a.id = c.asset_id"),
            dict(cause),
            now=now,
        )
    removed = store.remove_empty(connection, scope, now)
    past.keep_conflicts(connection, scope, now, folded=True)
    return Reconciled(counts["created"], counts["updated"], total - counts["changed"], counts["retired"], removed)


def _compare(connection: sa.Connection, scope: Scope, engine: Engine) -> None:
    """Make `hashed`, every folded asset with its digests, and `changed_assets`, those that differ from before."""
    engine.register("stored", stale_store.stored_hashes(connection, scope))
    engine.derive(
        "hashed",
        "SELECT folded.*, md5(concat_ws('|', type, subtype, state, name, values)) AS values_hash,"
        " md5(concat_ws('|', type, subtype, state, name, values, provenance, to_json(sources),"
        " record_count, conflicts)) AS content_hash FROM folded LEFT JOIN (SELECT asset_id AS id, string_agg(concat_ws("
        "'/', attribute, kind, state, severity, decision, CASE kind WHEN 'value_mismatch' THEN '' ELSE hint END), ','"
        " ORDER BY attribute, kind) AS conflicts FROM found_conflicts"
        " GROUP BY asset_id) c USING (id)",
    )
    engine.derive(
        "changed_assets",
        "SELECT h.*, s.id IS NULL AS created, h.state = 'retired' AND coalesce(s.state, '') <> 'retired'"
        " AS retires, s.values_hash IS NOT NULL AND s.values_hash <> h.values_hash AS updates"
        " FROM hashed h LEFT JOIN stored s ON s.id = h.id"
        " WHERE s.id IS NULL OR s.content_hash <> h.content_hash",
    )
