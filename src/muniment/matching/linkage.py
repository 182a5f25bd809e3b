"""Which rows of one or two tables are one thing: no settings, no labels, nothing known beforehand.

The front door of the `linkage_*` files; flows call it. Fields and their kinds are told from the values,
candidates from shared rare words, weights from the candidates alone. Arrow in, pairs and clusters out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from muniment.matching import linkage_blocks, linkage_clusters
from muniment.matching.linkage_fields import Field, fields
from muniment.matching.linkage_levels import Levels, top
from muniment.matching.linkage_weights import Pairs, Weighed, exclusive, weigh

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

ACCEPTED = 0.5
"""The probability from which a pair is a match."""

_DRAWN = 100_000
_TOLD = float(np.log(2))
_HIGHEST = 30.0
_RARER = 3.0
_LIKELIER = 1.5
"""Nats that a pair within a group of likely pairs gains: two rows that match a third are one thing with it.

Measured on dirty tables of persons made with known truth: of such pairs with even odds four in five match.
"""


@dataclass(frozen=True, slots=True)
class Matched:
    """The pairs that may be one thing, the most probable of each row among them.

    Attributes:
        left, right: row numbers from 0; for one table both are of it, left below right.
        probability: of each pair.
        keys: of each pair, what agrees and what differs: `+NAME +DOB -CITY`.
        clusters: for one table, per row the smallest row of its cluster; None for two.
        compared: the fields, as (name, kind).
        exclusive: whether each table was found to list a thing once (one table: never asked).
    """

    left: Ints
    right: Ints
    probability: Floats
    keys: Sequence[str]
    clusters: Ints | None
    compared: Sequence[tuple[str, str]]
    exclusive: bool


def match_records(left: pa.Table, right: pa.Table | None = None, *, threshold: float = ACCEPTED) -> Matched:
    """Find the pairs of rows that are one thing.

    Args:
        left: a table, any columns, of text or anything that Arrow casts to text.
        right: another to link it to, its columns named and ordered in any way; None finds duplicates.
        threshold: pairs below this probability are not given.

    Returns:
        Pairs sorted by row; empty where no column says anything.
    """
    single = right is None
    found = fields(left, right)
    sizes = (left.num_rows, left.num_rows if right is None else right.num_rows)
    if not found or min(sizes) < 1:
        return _none(sizes[0] if single else None)
    comparers = [Levels(field) for field in found]
    rows, others = linkage_blocks.candidates(found, single=single)
    if not len(rows):
        return _none(sizes[0] if single else None)
    pairs = _compared(comparers, rows, others, sizes, _chance(comparers, sizes))
    if single:
        clean = False
        weighed = weigh(pairs, exclusive=False)
        pairs, weighed, clusters = _clustered(comparers, pairs, weighed)
    else:
        clean, weighed, clusters = *exclusive(pairs), None
    kept = np.flatnonzero(weighed.probability >= threshold)
    return Matched(
        pairs.rows[kept],
        pairs.others[kept],
        weighed.probability[kept],
        _keys(found, weighed, kept),
        clusters,
        [(field.name, field.kind) for field in found],
        clean,
    )


def _none(rows: int | None) -> Matched:
    empty = np.zeros(0, np.int64)
    clusters = None if rows is None else np.arange(rows)
    return Matched(empty, empty, np.zeros(0), [], clusters, [], exclusive=False)


def _chance(comparers: Sequence[Levels], sizes: tuple[int, int]) -> list[Floats]:
    """Per field the share of each level among pairs drawn at random (of one table: of different rows)."""
    draw = np.random.default_rng(20260101)
    rows, others = draw.integers(0, sizes[0], _DRAWN), draw.integers(0, sizes[1], _DRAWN)
    if comparers[0].field.right is comparers[0].field.left:
        rows, others = rows[rows != others], others[rows != others]
    found = []
    for comparer in comparers:
        counts = np.bincount(comparer(rows, others), minlength=top(comparer.field.kind) + 1)[1:] + 0.5
        found.append(np.concatenate([[1.0], counts / counts.sum()]))
    return found


def _compared(
    comparers: Sequence[Levels], rows: Ints, others: Ints, sizes: tuple[int, int], chance: Sequence[Floats]
) -> Pairs:
    levels = np.stack([comparer(rows, others) for comparer in comparers])
    rarity = np.stack([_rarity(one.field, rows, level) for one, level in zip(comparers, levels, strict=True)])
    tops = [top(one.field.kind) for one in comparers]
    single = comparers[0].field.right is comparers[0].field.left
    return Pairs(rows, others, levels, rarity, tops, sizes, chance, single)


def _rarity(field: Field, rows: Ints, level: npt.NDArray[np.int8]) -> Floats:
    """What agreement on this value adds to agreement on a usual one; texts are weighted by rarity already."""
    found = np.zeros(len(rows))
    same = level == top(field.kind)
    if field.kind in {"text", "words", "models"} or not same.any():
        return found
    sides = [field.left] if field.right is field.left else [field.left, field.right]
    counts = np.bincount(np.concatenate([side[side >= 0] for side in sides]), minlength=len(field.texts))
    held = counts[field.left[rows[same]]].astype(np.float64)
    found[same] = np.clip(np.log(held.mean() / held), -_RARER, _RARER)
    return found


def _clustered(comparers: Sequence[Levels], pairs: Pairs, weighed: Weighed) -> tuple[Pairs, Weighed, Ints]:
    """Clusters, and the probability of each pair made to agree with them."""
    count = pairs.sizes[0]
    group = linkage_clusters.groups(count, pairs.rows, pairs.others, weighed.probability >= ACCEPTED)
    one, other = linkage_clusters.within(group)
    fresh = ~np.isin(one * count + other, pairs.rows * count + pairs.others)
    more = _compared(comparers, one[fresh], other[fresh], pairs.sizes, pairs.chance)
    odds = np.concatenate([weighed.log_odds, weighed.odds(more)])
    pairs = pairs.joined(more)
    clusters = linkage_clusters.cluster(group, pairs.rows, pairs.others, odds + _LIKELIER)
    together = clusters[pairs.rows] == clusters[pairs.others]
    odds = np.where(together, np.maximum(odds, 0) + _LIKELIER, np.minimum(odds, -1e-3))
    chance = 1 / (1 + np.exp(-np.clip(odds, -_HIGHEST, _HIGHEST)))
    order = np.lexsort((pairs.others, pairs.rows))
    pairs = pairs.taken(order)
    return pairs, Weighed(weighed.weights, weighed.parts_of(pairs), odds[order], chance[order], weighed.shift), clusters


def _keys(found: Sequence[Field], weighed: Weighed, kept: Ints) -> list[str]:
    """`+NAME` where a field speaks for the match by a factor of two or more, `-CITY` where against it."""
    parts = weighed.parts[:, kept]
    signs = np.where(parts >= _TOLD, 1, np.where(parts <= -_TOLD, -1, 0))
    codes, back = np.unique(signs, axis=1, return_inverse=True)
    names = ["_".join(field.name.upper().split()) for field in found]
    said = [
        " ".join(f"{'+' if sign > 0 else '-'}{name}" for name, sign in zip(names, column, strict=True) if sign)
        for column in codes.T.tolist()
    ]
    return [said[place] for place in back.ravel().tolist()]
