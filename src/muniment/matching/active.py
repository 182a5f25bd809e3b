"""Which pairs to ask a person about first: those whose verdict would change, and teach, the most.

`linkage` asks it for `--ask`, review of identities for its queue. Pure and exact: the same pairs give the same
questions, and no pair is ever looked at beyond its numbers.
"""

from collections import Counter, defaultdict

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_SURE = 0.02
"""A match is never surer than this for the purpose of asking: a model that is wrong is wrong where it is sure."""

_TAUGHT, _MOST_TAUGHT = 0.1, 0.5
"""How much a verdict on one pair tells about another with the same pattern, against the pair itself; and in all."""

_LARGEST = 50.0
"""Pairs of rows that one verdict is thought to decide at most: beyond it a cluster is a fault, not a thing."""

_POOL = 20_000
"""Pairs that are ranked one by one; the rest are worth less even with nothing asked yet."""


def most_telling(
    left: Ints,
    right: Ints,
    probability: Floats,
    count: int,
    *,
    clusters: Ints | None = None,
    patterns: Ints | None = None,
) -> Ints:
    """Positions of the pairs whose verdicts teach most, the most telling first.

    A verdict is worth its doubt (p times 1 - p) times the pairs of rows it decides: between two clusters all
    that it would join, within one its share of what holds the cluster together; and a part of the doubt about
    other pairs that look the same (`patterns`). Each question lowers the worth of questions about the same
    clusters and of the same pattern, so that they spread.

    Args:
        left: the record number, from 0, of one end of each pair.
        right: of the other end; for two tables number the right rows after the left ones.
        probability: of each pair, 0 to 1, that both are one thing. Leave out pairs that were judged already.
        count: how many to give at most.
        clusters: per record its cluster, any numbers; None: every record is its own.
        patterns: per pair a number, equal where the same things agree and differ; None: all differ.

    Returns:
        At most `count` positions into the pairs, without repeats.
    """
    if not len(left) or count < 1:
        return np.zeros(0, np.int64)
    ends = (left, right) if clusters is None else (clusters[left], clusters[right])
    doubt = probability * (1 - probability)
    decided = np.maximum(doubt, _SURE * probability) * _decided(left, right, probability, ends, clusters)
    taught = np.zeros(len(left))
    if patterns is not None:
        _, pattern = np.unique(patterns, return_inverse=True)
        taught = np.minimum(_TAUGHT * (np.bincount(pattern, doubt)[pattern] - doubt), _MOST_TAUGHT)
    else:
        pattern = np.arange(len(left))
    pool = np.lexsort((right, left, -(decided + taught)))[:_POOL]
    return _spread(pool, count, decided[pool], taught[pool], [ends[0][pool], ends[1][pool], pattern[pool]])


def _decided(
    left: Ints, right: Ints, probability: Floats, ends: tuple[Ints, Ints], clusters: Ints | None
) -> npt.NDArray[np.float64]:
    """How many pairs of rows hang on each pair."""
    if clusters is None:
        return np.ones(len(left))
    _, place = np.unique(clusters, return_inverse=True)
    held = np.bincount(place).astype(np.float64)
    sizes = held[place[left]], held[place[right]]
    inside = (ends[0] == ends[1]) & (left != right)
    links = np.bincount(
        np.concatenate([left, right]),
        np.tile(np.where(inside, probability, 0.0), 2),
        minlength=max(int(left.max()), int(right.max())) + 1,
    )
    weakest = np.maximum(np.minimum(links[left], links[right]), probability)
    within = (sizes[0] - 1) * probability / np.maximum(weakest, 1e-9)
    return np.clip(np.where(inside, within, sizes[0] * sizes[1]), 1.0, _LARGEST)


def _spread(pool: Ints, count: int, decided: Floats, taught: Floats, of: list[Ints]) -> Ints:
    """Take the best one by one; what was asked about a cluster or a pattern halves the worth of more of it."""
    first, second, pattern = (each.tolist() for each in of)
    met: Counter[int] = Counter()
    seen: Counter[int] = Counter()
    touching: dict[int, list[int]] = defaultdict(list)
    alike: dict[int, list[int]] = defaultdict(list)
    for at, (one, other, kind) in enumerate(zip(first, second, pattern, strict=True)):
        touching[one].append(at)
        if other != one:
            touching[other].append(at)
        alike[kind].append(at)
    worth = decided + taught
    chosen: list[int] = []
    for _ in range(min(count, len(pool))):
        best = int(np.argmax(worth))
        chosen.append(best)
        decided[best] = taught[best] = -np.inf
        for end in {first[best], second[best]}:
            met[end] += 1
        seen[pattern[best]] += 1
        for at in {*touching[first[best]], *touching[second[best]], *alike[pattern[best]]}:
            near = met[first[at]] + met[second[at]] * (first[at] != second[at])
            worth[at] = decided[at] / 2.0 ** (near + 0.5 * seen[pattern[at]]) + taught[at] / (1.0 + seen[pattern[at]])
    return pool[np.array(chosen, np.int64)]
