"""Which rows of one table are one thing, from pairs that were weighed: groups that do not chain.

`linkage` calls it. Two groups join when the evidence between all their rows, for and against, says so on
average; one likely pair between two groups that otherwise differ is a weak bridge and is cut.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

UNSEEN = -0.5
"""Evidence (nats) between two rows that were not compared: they shared too little to be candidates."""

AGAINST, FOR = -1.0, 4.0
"""One pair of rows says this much at most: a group of dirty rows always holds some that look different."""

CLOSE = 40
"""In groups of up to this many rows every row is compared with every other."""


def groups(count: int, rows: Ints, others: Ints, likely: npt.NDArray[np.bool_]) -> Ints:
    """Per row the number of its group when every likely pair counts: the most that can be one thing."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    ends = rows[likely], others[likely]
    graph = coo_matrix((np.ones(len(ends[0])), ends), shape=(count, count))
    return np.asarray(connected_components(graph, directed=False)[1], np.int64)


def within(group: Ints) -> tuple[Ints, Ints]:
    """All pairs of rows inside groups of at most `CLOSE` rows."""
    order = np.argsort(group, kind="stable")
    begins = np.flatnonzero(np.diff(group[order], prepend=-1))
    sizes = np.diff(np.append(begins, len(order)))
    found = [np.zeros((2, 0), np.int64)]
    for size in range(2, CLOSE + 1):
        starts = begins[sizes == size]
        one, other = np.triu_indices(size, 1)
        found.append(np.stack([order[starts[:, None] + one].ravel(), order[starts[:, None] + other].ravel()]))
    pairs = np.concatenate(found, axis=1)
    return pairs.min(axis=0), pairs.max(axis=0)


JUDGED = 1e6
"""What a person said of two rows outweighs whatever else is known of the groups they are in."""


def cluster(group: Ints, rows: Ints, others: Ints, evidence: Floats, told: npt.NDArray[np.int8]) -> Ints:
    """Per row the smallest row of its cluster.

    Args:
        group: per row its group, as `groups` says.
        rows: of the pairs that were compared, one end.
        others: their other end.
        evidence: per pair the log odds that it is a match, less what a match needs.
        told: per pair 1 where a person said that it is one thing, -1 where not, else 0.
    """
    found = np.arange(len(group))
    inside = group[rows] == group[others]
    if not inside.any():
        return found
    order = np.argsort(group[rows[inside]], kind="stable")
    first, second = rows[inside][order], others[inside][order]
    weight = np.where(told == 0, np.clip(evidence, AGAINST, FOR), JUDGED * told)[inside][order]
    begins = np.flatnonzero(np.diff(group[first], prepend=-1))
    for start, end in zip(begins.tolist(), [*begins[1:].tolist(), len(first)], strict=True):
        cut = slice(start, end)
        for members in _join(first[cut].tolist(), second[cut].tolist(), weight[cut].tolist()):
            found[members] = min(members)
    return found


def _join(first: Sequence[int], second: Sequence[int], weight: Sequence[float]) -> Iterable[list[int]]:
    """Average linkage over signed evidence, the strongest first, ties by the smaller rows."""
    members = {row: [row] for row in (*first, *second)}
    links: dict[int, dict[int, tuple[float, int]]] = defaultdict(dict)
    heap: list[tuple[float, int, int]] = []
    for one, other, amount in zip(first, second, weight, strict=True):
        links[one][other] = links[other][one] = (amount, 1)
        if amount > 0:
            heapq.heappush(heap, (-amount, one, other))
    while heap:
        score, one, other = heapq.heappop(heap)
        if one not in members or other not in members or -score != _mean(links[one].get(other), members, one, other):
            continue
        members[one] += members.pop(other)
        for mate, (amount, seen) in links.pop(other).items():
            del links[mate][other]
            if mate != one:
                before = links[one].get(mate, (0.0, 0))
                links[one][mate] = links[mate][one] = (before[0] + amount, before[1] + seen)
        for mate in links[one]:
            mean = _mean(links[one][mate], members, one, mate)
            if mean > 0:
                heapq.heappush(heap, (-mean, min(one, mate), max(one, mate)))
    return list(members.values())


def _mean(link: tuple[float, int] | None, members: Mapping[int, Sequence[int]], one: int, other: int) -> float:
    if link is None:
        return UNSEEN
    every = len(members[one]) * len(members[other])
    return (link[0] + (every - link[1]) * UNSEEN) / every
