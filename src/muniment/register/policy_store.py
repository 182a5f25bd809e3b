"""The only queries on policies: their versions, which are in force, and which the register was last folded by.

Each takes a connection of a tenant's transaction. All rows are appended: a version is in force from the act that
applied it, until that act is undone or another version is applied.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from muniment import model
from muniment.base import clock, ids
from muniment.base.errors import NotFound
from muniment.base.tenancy import Scope
from muniment.register import stale_store
from muniment.register.rules import Layer, Policies, Rule, concerning, holding
from muniment.register.tables import enactments, followed, policies

OWNERS = ("engagement", "tenant")


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """A policy of an engagement or tenant as it was written; `state` is in force, draft (newer), or past."""

    owner: str
    version: int
    rules: tuple[Rule, ...]
    reason: str
    actor: str
    at: datetime
    state: str


def _owned(table: sa.Table, scope: Scope, owner: str) -> sa.ColumnElement[bool]:
    mine = table.c.engagement_id
    return mine.is_(None) if owner == "tenant" else mine == scope.engagement_id


def _rules(document: Any) -> tuple[Rule, ...]:
    """The rules of a stored document, which was checked when it was written."""
    found = []
    for body in document["rules"]:
        begins = body.get("effective_from")
        whole = {**body, "sources": tuple(body.get("sources", ()))}
        found.append(Rule(**{**whole, "effective_from": date.fromisoformat(begins) if begins else None}))
    return tuple(found)


def policy_versions(connection: sa.Connection, scope: Scope, owner: str = "engagement") -> list[PolicyVersion]:
    """Every version of an engagement's or its tenant's policy, the newest first."""
    current = _in_force(connection, scope, owner)
    names = [policies.c[name] for name in ("version", "document", "reason", "actor", "at")]
    rows = connection.execute(
        sa.select(*names).where(_owned(policies, scope, owner)).order_by(policies.c.version.desc())
    )
    return [
        PolicyVersion(
            owner,
            row.version,
            _rules(row.document),
            row.reason,
            row.actor,
            row.at,
            "in force" if row.version == current else "draft" if row.version > current else "past",
        )
        for row in rows
    ]


def policy_version(connection: sa.Connection, scope: Scope, owner: str, version: int | None = None) -> Layer:
    """The rules of a version, or of the newest; 0 is the empty one that each begins with.

    Raises:
        NotFound: there is no such version.
    """
    query = sa.select(policies.c.version, policies.c.document).where(_owned(policies, scope, owner))
    if version is not None:
        query = query.where(policies.c.version == version)
    row = connection.execute(query.order_by(policies.c.version.desc()).limit(1)).one_or_none()
    if row is None and version:
        raise NotFound(f"the {owner}'s policy has no version {version}: `muniment policy history` lists them")
    return Layer(owner, row.version, _rules(row.document)) if row else Layer(owner)


def add_policy(connection: sa.Connection, scope: Scope, owner: str, rules: tuple[Rule, ...], reason: str = "") -> Layer:
    """Append the next version; it decides nothing until it is enacted."""
    version = policy_version(connection, scope, owner).version + 1
    connection.execute(
        sa.insert(policies).values(
            tenant_id=scope.tenant_id,
            id=ids.new(),
            engagement_id=None if owner == "tenant" else scope.engagement_id,
            version=version,
            document={"rules": [rule.document() for rule in rules]},
            reason=reason,
            actor=scope.actor,
            at=clock.now(),
        )
    )
    return Layer(owner, version, rules)


def _in_force(connection: sa.Connection, scope: Scope, owner: str) -> int:
    """The version last enacted by an act that was not undone; 0 where there is none."""
    undone = enactments.alias()
    query = (
        sa.select(enactments.c.version)
        .where(
            _owned(enactments, scope, owner),
            ~enactments.c.withdrawn,
            ~sa.exists().where(undone.c.act_id == enactments.c.act_id, undone.c.withdrawn),
        )
        .order_by(enactments.c.at.desc(), enactments.c.id.desc())
        .limit(1)
    )
    return connection.scalar(query) or 0


def policy_in_force(connection: sa.Connection, scope: Scope, owner: str) -> Layer:
    """The version in force, with the rules that have yet to begin."""
    return policy_version(connection, scope, owner, _in_force(connection, scope, owner))


def policies_in_force(connection: sa.Connection, scope: Scope) -> Policies:
    """The rules that hold today, the engagement's first."""
    today = clock.now().astimezone(UTC).date()
    layers = [policy_in_force(connection, scope, owner) for owner in OWNERS]
    return Policies(tuple(Layer(one.owner, one.version, holding(one.rules, today)) for one in layers))


def enact(connection: sa.Connection, scope: Scope, layer: Layer, act_id: UUID, *, withdrawn: bool = False) -> None:
    """Append that an act put a version in force, or (`withdrawn`) that this act no longer counts."""
    connection.execute(
        sa.insert(enactments).values(
            tenant_id=scope.tenant_id,
            id=ids.new(),
            engagement_id=None if layer.owner == "tenant" else scope.engagement_id,
            version=layer.version,
            act_id=act_id,
            withdrawn=withdrawn,
            actor=scope.actor,
            at=clock.now(),
        )
    )


def withdraw_policy(connection: sa.Connection, scope: Scope, act_id: UUID) -> None:
    """Append that what an act put in force no longer counts: what was in force before, is again."""
    rows = connection.execute(
        sa.select(enactments.c.engagement_id, enactments.c.version).where(enactments.c.act_id == act_id)
    ).all()
    for row in rows:
        owner = "tenant" if row.engagement_id is None else "engagement"
        enact(connection, scope, Layer(owner, row.version), act_id, withdrawn=True)


def policies_followed(connection: sa.Connection, scope: Scope) -> Policies:
    """The rules that the register was last folded by."""
    query = sa.select(followed.c.document).where(followed.c.engagement_id == scope.engagement_id)
    document = connection.scalar(query.order_by(followed.c.id.desc()).limit(1))
    if document is None:
        return Policies(tuple(Layer(owner) for owner in OWNERS))
    return Policies(tuple(Layer(one["owner"], one["version"], _rules(one)) for one in document["layers"]))


def follow_policies(connection: sa.Connection, scope: Scope, attributes: Mapping[str, model.Attribute]) -> Policies:
    """The rules that hold today; where they are others than the register was folded by, whom they concern is marked.

    An asset of which nobody claims any attribute that is decided otherwise now, comes out of the fold as before.
    """
    now, before = policies_in_force(connection, scope), policies_followed(connection, scope)
    if now != before:
        connection.execute(
            sa.insert(followed).values(
                tenant_id=scope.tenant_id,
                id=ids.new(),
                engagement_id=scope.engagement_id,
                document=now.document(),
                at=clock.now(),
            )
        )
    concerned = concerning(before, now, attributes)
    if "asset_type" in concerned:  # which every record has
        stale_store.mark_all_stale(connection, scope)
    elif concerned:
        stale_store.mark_stale_by_attributes(connection, scope, concerned)
    return now
