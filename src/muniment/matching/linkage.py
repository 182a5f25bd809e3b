"""Which rows of one or two tables are one thing: no settings, no labels, nothing known beforehand.

The front door of the `linkage_*` files; flows call it. Fields and their kinds are told from the values,
candidates from shared rare words, weights from the candidates alone. Arrow in, pairs and clusters out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from muniment.matching import linkage_blocks, linkage_clusters, linkage_verdicts
from muniment.matching.linkage_fields import Field, fields
from muniment.matching.linkage_levels import Levels, top
from muniment.matching.linkage_weights import LIMIT, Pairs, Weighed, chances, said, weigh

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

ACCEPTED = 0.5
"""The probability from which a pair is a match."""

_DRAWN = 100_000
_TOLD = float(np.log(2))
_RARER = 3.0
_LIKELIER = 1.5
"""Nats that a pair within a group of likely pairs gains: two rows that match a third are one thing with it.

Measured on dirty tables of persons made with known truth: of such pairs with even odds four in five match.
"""


@dataclass(frozen=True, slots=True)
class Matched:
    """The pairs that may be one thing, the most probable of each row among them, with what speaks for each.

    Attributes:
        left, right: row numbers from 0; for one table both are of it, left below right.
        probability: of each pair.
        keys: of each pair, what agrees and what differs: `+NAME +DOB -CITY`.
        clusters: for one table, per row the smallest row of its cluster; None for two.
        compared: the fields, as (name, kind).
        exclusive: whether each table was found to list a thing once (one table: never asked).
        levels: fields times pairs, how alike: 0 says nothing, 1 different, up to the same.
        parts: fields times pairs, nats for a match.
        prior: nats of a pair of which nothing is known.
        others: per field the right table's column; empty where a field is of all columns.
        told: per pair 1 where a person said that it is one thing, -1 where not, else 0.
    """

    left: Ints
    right: Ints
    probability: Floats
    keys: Sequence[str]
    clusters: Ints | None
    compared: Sequence[tuple[str, str]]
    exclusive: bool
    levels: npt.NDArray[np.int8]
    parts: Floats
    prior: float
    others: Sequence[str]
    told: npt.NDArray[np.int8]

    def patterns(self) -> Ints:
        """Per pair a number, equal where the same fields are as much alike."""
        return np.unique(self.levels, axis=1, return_inverse=True)[1].ravel().astype(np.int64)


def match_records(
    left: pa.Table,
    right: pa.Table | None = None,
    *,
    threshold: float = ACCEPTED,
    verdicts: Mapping[tuple[int, int], bool] | None = None,
    also: Sequence[tuple[int, int]] = (),
) -> Matched:
    """Find the pairs of rows that are one thing.

    Args:
        left: a table, any columns, of text or anything that Arrow casts to text.
        right: another to link it to, its columns named and ordered in any way; None finds duplicates.
        threshold: pairs below this probability are not given.
        verdicts: of pairs (left row, right row) a person judged, whether they are one thing. They hold, and they
            move the weights of all other pairs.
        also: pairs to weigh even where they share too little to be candidates.

    Returns:
        Pairs sorted by row; empty where no column says anything.

    Raises:
        IndexError: a row of `verdicts` or `also` does not exist.
    """
    single = right is None
    found = fields(left, right)
    sizes = (left.num_rows, left.num_rows if right is None else right.num_rows)
    judged = linkage_verdicts.ordered(verdicts or {}, sizes, single=single)
    wanted = [*judged, *linkage_verdicts.ordered(dict.fromkeys(also, True), sizes, single=single)]
    if not found or min(sizes) < 1:
        return _none(sizes[0] if single else None)
    comparers = [Levels(field) for field in found]
    rows, others = _with(*linkage_blocks.candidates(found, single=single), wanted, sizes[1])
    if not len(rows):
        return _none(sizes[0] if single else None)
    pairs = _compared(comparers, rows, others, sizes, _chance(comparers, sizes))
    pairs = replace(pairs, told=linkage_verdicts.marks(pairs.rows * sizes[1] + pairs.others, judged, sizes[1]))
    clean, weighed = weigh(pairs)
    if judged:
        settled = _unsaid(comparers, pairs, weighed, clean)
        weighed = linkage_verdicts.taught(pairs, weighed, settled, exclusive=clean)
    clusters = None
    if single:
        pairs, weighed, clusters = _clustered(comparers, pairs, weighed)
    kept = np.flatnonzero(weighed.probability >= threshold)
    return Matched(
        pairs.rows[kept],
        pairs.others[kept],
        weighed.probability[kept],
        _keys(found, weighed, kept),
        clusters,
        [(field.name, field.kind) for field in found],
        clean,
        pairs.levels[:, kept],
        weighed.parts[:, kept],
        weighed.shift,
        [field.other for field in found],
        pairs.told[kept],
    )


def _with(rows: Ints, others: Ints, wanted: Sequence[tuple[int, int]], size: int) -> tuple[Ints, Ints]:
    """Candidates and the pairs that are wanted, each once, sorted."""
    if not wanted:
        return rows, others
    more = np.array(wanted, np.int64)
    keys = np.unique(np.concatenate([rows * size + others, more[:, 0] * size + more[:, 1]]))
    return keys // size, keys % size


def _none(rows: int | None) -> Matched:
    empty = np.zeros(0, np.int64)
    clusters = None if rows is None else np.arange(rows)
    none = np.zeros((0, 0))
    marks = empty.astype(np.int8)
    return Matched(empty, empty, np.zeros(0), [], clusters, [], False, none.astype(np.int8), none, 0.0, [], marks)  # noqa: FBT003


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
    return Pairs(rows, others, levels, rarity, tops, sizes, chance, single, np.zeros(len(rows), np.int8))


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


def _unsaid(comparers: Sequence[Levels], pairs: Pairs, weighed: Weighed, clean: bool) -> Floats:  # noqa: FBT001
    """The probability of each pair by the same weights, had nobody said anything."""
    free = replace(pairs, told=np.zeros_like(pairs.told))
    alone = replace(weighed, probability=chances(free, weighed.log_odds, exclusive=clean))
    if not pairs.single:
        return alone.probability
    every, settled, _ = _clustered(comparers, free, alone)
    keys = every.rows * pairs.sizes[1] + every.others
    return settled.probability[np.searchsorted(keys, pairs.rows * pairs.sizes[1] + pairs.others)]


def _clustered(comparers: Sequence[Levels], pairs: Pairs, weighed: Weighed) -> tuple[Pairs, Weighed, Ints]:
    """Clusters, and the probability of each pair made to agree with them."""
    count = pairs.sizes[0]
    group = linkage_clusters.groups(count, pairs.rows, pairs.others, weighed.probability >= ACCEPTED)
    one, other = linkage_clusters.within(group)
    fresh = ~np.isin(one * count + other, pairs.rows * count + pairs.others)
    more = _compared(comparers, one[fresh], other[fresh], pairs.sizes, pairs.chance)
    pairs = pairs.joined(more)
    odds = said(pairs, np.concatenate([weighed.log_odds, weighed.odds(more)]))
    clusters = linkage_clusters.cluster(group, pairs.rows, pairs.others, odds + _LIKELIER, pairs.told)
    together = clusters[pairs.rows] == clusters[pairs.others]
    settled = np.where(together, np.maximum(odds, 0) + _LIKELIER, np.minimum(odds, -1e-3))
    chance = chances(pairs, np.where(pairs.told == 0, settled, LIMIT * pairs.told), exclusive=False)
    order = np.lexsort((pairs.others, pairs.rows))
    pairs = pairs.taken(order)
    weighed = replace(weighed, parts=weighed.parts_of(pairs), log_odds=odds[order], probability=chance[order])
    return pairs, weighed, clusters


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
