"""A match model estimated from an estate's own records: how often the records of one thing agree on each identifier.

Fellegi and Sunter's m, by classification EM (Celeux and Govaert, 1992): link, count within the clusters, link again.
Pairs within a cluster count whether or not they would have been proposed, so that renamed things count too. How
often two things agree stays as shipped: pairs are only looked at because they agree. `identity` keeps the result.
"""

import math
from collections.abc import Iterable
from dataclasses import replace

import pyarrow as pa

from muniment.base.engine import Engine
from muniment.matching import records as scoring
from muniment.matching.match_model import SHIPPED, MatchModel, Weight
from muniment.matching.record_clusters import Judgement, Linked

_PSEUDO = 200.0
"""A shipped weight counts as much as this many pairs, so that a small estate stays with it."""

_VERDICT = 20.0
"""A pair that a person calls the same counts as much as this many."""

_REACH = 2.0
"""Bits by which an estimate may leave a shipped weight: the clusters it is made from are not the truth."""

_ROUNDS = 3


def estimate(
    engine: Engine, records: pa.Table, identifiers: pa.Table, judgements: Iterable[Judgement] = ()
) -> MatchModel:
    """Estimate weights from the records themselves, and from people's verdicts where there are some.

    Args:
        engine: for scratch tables.
        records: as for `link`.
        identifiers: likewise.
        judgements: likewise.
    """
    judged = tuple(judgements)
    engine.register("verdicts", pa.table({
        "a": pa.array([min(one.left, one.right) for one in judged if one.same], pa.int64()),
        "b": pa.array([max(one.left, one.right) for one in judged if one.same], pa.int64()),
    }))  # fmt: skip
    model, pairs = SHIPPED, 0.0
    for _ in range(_ROUNDS):
        linked = scoring.link(engine, records, identifiers, model, judged)
        counts = scoring.compare_within(engine, linked, model, _VERDICT)
        pairs, before = sum(pair.agreed + pair.differed for pair in counts), model
        weights = dict(SHIPPED.weights)
        for one in counts:
            weights[one.kind] = _fitted(SHIPPED.weights[one.kind], one.agreed, one.differed)
        model = replace(SHIPPED, weights=weights, prior=_prior(linked))
        if model.digest == before.digest:
            break
    basis = {"records": records.num_rows, "comparisons": round(pairs), "verdicts": len(judged)}
    return replace(model, origin="estimated", basis=basis)


def _prior(linked: Linked) -> float:
    """Bits for two records that share a value: from the share of such pairs that are one thing."""
    cluster = linked.clusters["cluster"].to_numpy()
    same = float((cluster[linked.pairs["a"].to_numpy()] == cluster[linked.pairs["b"].to_numpy()]).sum())
    expected = 1 / (1 + 2**-SHIPPED.prior)
    share = (same + _PSEUDO * expected) / (linked.pairs.num_rows + _PSEUDO)
    return _near(math.log2(share / (1 - share)), SHIPPED.prior)


def _fitted(shipped: Weight, agreed: float, differed: float) -> Weight:
    """A weight from how often one kind agreed and differed within clusters."""
    if not shipped.agree or not shipped.disagree:
        return shipped
    u = (1 - 2**-shipped.disagree) / (2**shipped.agree - 2**-shipped.disagree)
    expected = u * 2**shipped.agree
    m = (agreed + _PSEUDO * expected) / (agreed + differed + _PSEUDO)
    agree, disagree = math.log2(m / u), math.log2((1 - u) / (1 - m))
    return Weight(shipped.group, _near(agree, shipped.agree), max(0.1, _near(disagree, shipped.disagree)))


def _near(bits: float, shipped: float) -> float:
    return round(min(max(bits, shipped - _REACH), shipped + _REACH), 2)
