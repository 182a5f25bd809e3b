"""Policies in the fold: which rule decides about each claim, and which claims rank before others.

Called by `fold` between weighing and ranking. A pure function of its tables: age counts from the newest claim
about the same value, never from today, so that a register does not change by itself overnight.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from muniment import model
from muniment.base.engine import Engine
from muniment.register.policy import Reliability, contestable
from muniment.register.rules import Policies, Ruling

if TYPE_CHECKING:
    import pyarrow as pa

UNRANKED = 999
"""The place of a source that a ranking does not name, behind all that it does."""

STALE = 1_000
"""Added to the place of a claim that is too old to outrank: behind all that are not."""

ORDER = (
    "tier, CASE policy WHEN 'minimum' THEN {amount} WHEN 'maximum' THEN -({amount}) END NULLS LAST, general,"
    " CASE policy WHEN 'newest' THEN day WHEN 'most_reported' THEN support ELSE 0 END DESC,"
    " micro DESC, own DESC, support DESC, day DESC, value"
).format(
    amount="coalesce(try_cast(value AS DOUBLE), epoch(try_cast(value::JSON ->> '$' AS TIMESTAMP)))",
)
"""SQL: the order of the values of an asset's attribute, the winner first; total, since values differ."""


@dataclass(frozen=True, slots=True)
class RuleTables:
    """What the fold reads: per asset type ('' for those without rules of their own) and attribute, its rule.

    Attributes:
        rules: rule, type, attribute, policy, contestable, stale_after (days or null).
        ranks: rule, source, rank.
    """

    rules: pa.Table
    ranks: pa.Table


def deciding(reliabilities: Iterable[Reliability]) -> dict[str, list[str]]:
    """Attribute -> the sources whose settings say that they decide about it."""
    found: dict[str, list[str]] = {}
    for one in reliabilities:
        if one.authoritative:
            found.setdefault(one.attribute, []).append(one.source)
    return found


def rule_tables(
    attributes: Mapping[str, model.Attribute], policies: Policies, reliabilities: Iterable[Reliability] = ()
) -> RuleTables:
    """The rules in force for every attribute, of all assets and of the types that have some of their own."""
    import pyarrow as pa

    said = deciding(reliabilities)
    found: list[tuple[str, model.Attribute, Ruling]] = [
        (type_, attribute, policies.ruling(attribute, type_ or None, said.get(attribute.name, ())))
        for type_ in ("", *policies.types)
        for attribute in attributes.values()
    ]
    ranks = [(number, *pair) for number, (*_, ruling) in enumerate(found) for pair in ruling.ranks.items()]
    return RuleTables(
        pa.table(
            {
                "rule": pa.array(range(len(found)), pa.int32()),
                "type": pa.array([type_ for type_, *_ in found], pa.string()),
                "attribute": pa.array([attribute.name for _, attribute, _ in found], pa.string()),
                "policy": pa.array([ruling.rule.policy for *_, ruling in found], pa.string()),
                "contestable": pa.array([_contestable(one, ruling) for _, one, ruling in found], pa.bool_()),
                "stale_after": pa.array([ruling.rule.stale_after_days for *_, ruling in found], pa.int64()),
            }
        ),
        pa.table(
            {
                "rule": pa.array([rank[0] for rank in ranks], pa.int32()),
                "source": pa.array([rank[1] for rank in ranks], pa.string()),
                "rank": pa.array([rank[2] for rank in ranks], pa.int64()),
            }
        ),
    )


def _contestable(attribute: model.Attribute, ruling: Ruling) -> bool:
    """Whether values that differ are a conflict; who says that the largest is right, has settled it."""
    policy = ruling.rule.policy
    return policy not in ("minimum", "maximum") and contestable(dataclasses.replace(attribute, policy=policy))


def precede(engine: Engine, tables: RuleTables) -> None:
    """Make `votes` of `heard`: with policy, contestable and tier (the smallest first), lists by their policies.

    Needs `heard`, `held` and `settled_values`.
    """
    engine.register("fold_rules", tables.rules)
    engine.register("fold_ranks", tables.ranks)
    engine.derive("typed_assets", "SELECT NULL::VARCHAR AS asset_id, NULL::VARCHAR AS type WHERE false")
    engine.derive(
        "ruled_types", _ruled("(SELECT * FROM heard WHERE attribute = 'asset_type'"
        " AND EXISTS (FROM fold_rules WHERE type <> ''))")
    )  # fmt: skip
    engine.derive(  # what rules of types go by; a person's word on the type outranks the claims
        "typed_assets",
        "FROM (SELECT asset_id, value::JSON ->> '$' AS type FROM ("
        f" SELECT asset_id, value, row_number() OVER (PARTITION BY asset_id ORDER BY {ORDER}) AS place FROM ("
        "  SELECT asset_id, value, any_value(policy) AS policy, min(tier) AS tier, false AS general,"
        "  sum(micro)::BIGINT AS micro, sum(micro)::BIGINT AS own, count(DISTINCT source) AS support,"
        "  max(day) AS day FROM ruled_types GROUP BY asset_id, value)"
        " ) ANTI JOIN (SELECT asset_id FROM held WHERE attribute = 'asset_type') USING (asset_id)"
        " WHERE place = 1 UNION ALL SELECT asset_id, value::JSON ->> '$' FROM settled_values"
        " SEMI JOIN held USING (asset_id, attribute) WHERE attribute = 'asset_type') SEMI JOIN fold_rules USING (type)",
    )
    engine.derive("ruled", _ruled("heard"))
    lists = "multi AND policy IN ('authoritative', 'newest')"
    engine.derive(  # a list is its best source's, or its newest; other lists keep what anybody says
        "votes",
        f"SELECT * FROM ruled WHERE NOT ({lists}) UNION ALL SELECT * FROM ruled WHERE {lists}"
        " QUALIFY CASE policy WHEN 'newest' THEN day = max(day) OVER (PARTITION BY asset_id, attribute)"
        " ELSE tier = min(tier) OVER (PARTITION BY asset_id, attribute) END",
    )


def _ruled(votes: str) -> str:
    return (
        "SELECT v.* EXCLUDE (newest), r.policy, r.contestable, CASE WHEN r.policy <> 'authoritative' THEN 0"
        f" ELSE coalesce(k.rank, {UNRANKED})"
        f" + CASE WHEN v.newest - v.day > r.stale_after THEN {STALE} ELSE 0 END END AS tier"
        f" FROM {votes} v LEFT JOIN typed_assets t ON t.asset_id = v.asset_id"
        " JOIN fold_rules r ON r.attribute = v.attribute AND r.type = coalesce(t.type, '')"
        " LEFT JOIN fold_ranks k ON k.rule = r.rule AND k.source = v.source"
    )
