"""How often each source is right about each attribute, learned from claims about the same assets.

Called by the flows before a fold. A pure function of evidence, memberships and settings (no order, no ids of
ours in it), so that the same evidence gives the same weights however it was delivered; `matching` does the
estimating, this file brings the claims to it and keeps the versions. Never folds.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from muniment import matching, model
from muniment.base.engine import Engine
from muniment.base.tenancy import Scope
from muniment.register import reliability_store, resolve, stale_store
from muniment.register.policy import Learned, Reliability, contestable, half_life, kind
from muniment.register.types import Verdicts

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

_LEAST_COPYING = 0.05
_DAY = 86_400_000_000
_ELSEWHERE = 0.75


def relearn(
    connection: sa.Connection,
    scope: Scope,
    engine: Engine,
    attributes: Mapping[str, model.Attribute],
    priors: list[Reliability],
) -> Learned:
    """Estimate again from all evidence; where it differs from what is in force, keep it and mark all assets.

    Args:
        connection: of the phase's transaction.
        scope: whose register.
        engine: for the tables.
        attributes: the model with the tenant's own attributes.
        priors: what to expect before anything is learned.
    """
    current = reliability_store.current(connection, scope)
    if stale_store.stale_count(connection, scope) == 0:
        return current
    claims = reliability_store.overlapping_claims(connection, scope, _learnable(attributes))
    found = dataclasses.replace(
        learn(engine, claims, attributes, priors, resolve.verdict_counts(connection, scope)),
        usual=reliability_store.usual(connection, scope),
    )
    if found.document() == current.document():
        return current
    kept = reliability_store.keep(connection, scope, found)
    stale_store.mark_all_stale(connection, scope)
    return kept


def learn(
    engine: Engine,
    claims: pa.Table,
    attributes: Mapping[str, model.Attribute],
    priors: list[Reliability],
    verdicts: Sequence[Verdicts] = (),
) -> Learned:
    """Estimate from claims.

    Args:
        engine: for the tables.
        claims: asset (named by content), source, attribute, value (JSON text), observed (microseconds).
        attributes: the model; attributes that can be many are left out.
        priors: what to expect before anything is learned.
        verdicts: how often people found a source right and wrong; each counts as a claim whose truth is known.
    """
    import numpy as np

    single = _learnable(attributes)
    engine.register("learn_claims", claims)
    votes = engine.rows(
        "SELECT dense_rank() OVER (ORDER BY asset) - 1 AS object, source, attribute,"
        " CASE WHEN starts_with(value, '\"') THEN value::JSON ->> '$' ELSE value END AS text,"
        f" max(observed::BIGINT) // {_DAY} AS day FROM learn_claims"
        f" WHERE attribute IN ({', '.join(chr(39) + name + chr(39) for name in single)})"
        " GROUP BY asset, source, attribute, value"
        " QUALIFY count(*) OVER (PARTITION BY asset, attribute) > 1 ORDER BY attribute, object, source, text"
    )
    sources = sorted(set(votes["source"].to_pylist()))
    names = sorted(set(votes["attribute"].to_pylist()))
    if len(sources) < 2 or not names:  # noqa: PLR2004 - nobody to compare with
        return Learned()
    columns = [_column(votes, name, attributes[name], sources) for name in names]
    prior = np.full((len(sources), len(names)), _ELSEWHERE)
    place = {name: number for number, name in enumerate(sources)}
    at = {name: number for number, name in enumerate(names)}
    for one in priors:
        if one.source in place and one.attribute in at:
            prior[place[one.source], at[one.attribute]] = one.share_right
    judged = np.zeros((*prior.shape, 2))
    for verdict in verdicts:
        if verdict.source in place and verdict.attribute in at:
            judged[place[verdict.source], at[verdict.attribute]] += (verdict.right, verdict.wrong)
    lives = np.array([half_life(attributes[name]) for name in names])
    found = matching.discover(dataclasses.replace(matching.votes(columns, prior, lives), judged=judged))
    slips = {each.name: tuple(pairs) for each in columns if (pairs := matching.slips(each))}
    return dataclasses.replace(_learned(found, sources, names), slips=slips)


def _learnable(attributes: Mapping[str, model.Attribute]) -> list[str]:
    """Attributes of which sources are right or wrong: one value, and not one that just moves on."""
    return [name for name, one in attributes.items() if not one.multi and contestable(one)]


def _column(votes: pa.Table, name: str, attribute: model.Attribute, sources: list[str]) -> matching.Claims:
    import pyarrow as pa
    import pyarrow.compute as pc

    mine = votes.filter(pc.equal(votes["attribute"], name))
    texts = sorted(set(mine["text"].to_pylist()))
    said = pc.index_in(mine["text"].combine_chunks(), pa.array(texts, pa.string()))
    source = pc.index_in(mine["source"].combine_chunks(), pa.array(sources, pa.string()))
    return matching.column(
        name, kind(attribute), _ints(mine["object"]), _ints(source), (_ints(said), texts), _ints(mine["day"]) * 1.0
    )


def _ints(values: Any) -> np.ndarray[Any, Any]:
    import numpy as np

    return np.asarray(values.to_numpy(), dtype=np.int64)


def _learned(found: matching.Found, sources: list[str], names: list[str]) -> Learned:
    """Rounded, so that no last digit makes a version."""
    shares = {
        (source, name): (
            round(float(found.accuracy[one, two]), 3),
            round(float(found.low[one, two]), 2),
            round(float(found.high[one, two]), 2),
            round(float(found.count[one, two])),
        )
        for one, source in enumerate(sources)
        for two, name in enumerate(names)
        if found.count[one, two] > 0
    }
    assert found.half_life is not None  # noqa: S101 - ages were given
    lives = {name: float(found.half_life[two]) for two, name in enumerate(names)}
    collision = {name: round(float(found.collision[two]), 2) for two, name in enumerate(names)}
    pairs = found.copying.tocoo()
    copying = {
        (sources[one], sources[two]): round(share, 2)
        for one, two, share in zip(pairs.row.tolist(), pairs.col.tolist(), pairs.data.tolist(), strict=True)
        if share >= _LEAST_COPYING
    }
    return Learned(shares, lives, collision, copying)
