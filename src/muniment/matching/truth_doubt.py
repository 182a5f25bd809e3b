"""How much of a vote's outcome hangs on accuracies that the claims do not tell.

Two sources that disagree say nothing of which is the better one; what the claims leave open stays as open as
the prior had it. The observed information of EM (Louis, JRSS B 1982) says how much that is, and a softened
vote stands for the average over it. Called by `truth.py` after its last round; pure arrays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

_MOST_SOURCES = 300
_MOST_VARIANCE = 25.0
_LEAST_SPREAD = 0.05
_SILENT = 0.05


def softening(
    claims: tuple[Ints, Ints, Floats],
    group: Ints,
    alike: tuple[Ints, Ints],
    probability: Floats,
    accuracy: Floats,
    strength: Floats,
) -> Floats:
    """Per group of one attribute, what the log odds of its best choice are to be divided by: 1 where nobody objects.

    Args:
        claims: source, choice and weight (1, less for a copy) of each claim.
        group: of each choice.
        alike: choices that agree wholly, both directions.
        probability: of each choice.
        accuracy: of each source.
        strength: of each source, claims' worth of prior.
    """
    from scipy import sparse

    source, choice, weight = claims
    sources, choices, groups = len(accuracy), len(group), int(group.max()) + 1
    stated = sparse.csr_matrix((weight, (choice, source)), shape=(choices, sources))
    lent = sparse.csr_matrix((np.ones(len(alike[0])), (alike[1], alike[0])), shape=(choices, choices))
    right = (stated + lent @ stated).tocsr()
    gather = sparse.csr_matrix((np.ones(choices), (group, np.arange(choices))), shape=(groups, choices))
    several = np.asarray((gather @ stated).getnnz(axis=1) > 1)
    counted = np.bincount(source, weights=weight * several[group[choice]], minlength=sources)
    spread = np.maximum(accuracy * (1 - accuracy), _LEAST_SPREAD)
    p = probability * several[group]
    weighed = sparse.diags(p) @ right
    mean = (gather @ weighed).tocsr()
    prior = strength * spread
    best, second = _front(group, probability, groups)
    heard = np.asarray(stated.sum(1)).ravel() > _SILENT
    second = np.where(heard[np.maximum(second, 0)], second, -1)
    apart = right[best] - sparse.diags((second >= 0).astype(float)) @ right[np.maximum(second, 0)]
    if sources > _MOST_SOURCES:
        missing = np.asarray(right.multiply(weighed).sum(0)).ravel() - np.asarray(mean.multiply(mean).sum(0)).ravel()
        variance = 1 / np.maximum(prior + counted * spread - missing, prior)
        open_ = apart.multiply(apart) @ variance
    else:
        missing = (right.T @ weighed - mean.T @ mean).toarray()
        scale = 1 / np.sqrt(prior)
        known = scale[:, None] * (np.diag(counted * spread) - missing) * scale[None, :]
        values, vectors = np.linalg.eigh((known + known.T) / 2)
        root = (vectors / np.sqrt(1 + np.maximum(values, 0.0))) * scale[:, None]
        open_ = np.asarray((apart @ root) ** 2).sum(1)
    softer = np.sqrt(1 + np.pi / 8 * np.minimum(open_, _MOST_VARIANCE))
    return np.asarray(np.where(second >= 0, softer, 1.0), dtype=np.float64)


def _front(group: Ints, probability: Floats, groups: int) -> tuple[Ints, Ints]:
    """Per group, its most probable choice and the next, -1 where there is none."""
    order = np.lexsort((np.arange(len(group)), -np.round(probability, 9), group))
    starts = np.searchsorted(group[order], np.arange(groups))
    ends = np.append(starts[1:], len(group))
    second = np.where(starts + 1 < ends, order[np.minimum(starts + 1, len(order) - 1)], -1)
    return order[starts], second
