"""Which sources copy each other, and how much an agreeing claim still counts.

After Dong, Berti-Equille and Srivastava ("Integrating Conflicting Data: the Role of Source Dependence",
VLDB 2009): sharing wrong values tells. What all pairs share beyond chance (some objects are simply hard)
is taken for no copying. Called by `truth.py`; symmetric, so that no order of sources matters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy import sparse

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

_RATES = (0.2, 0.4, 0.6, 0.8, 0.95)
_PRIOR_LOG_ODDS = -4.0
_FEWEST_SHARED = 8
_ENOUGH_PAIRS = 6
_MOST_SOURCES = 2000
_WEAKEST = 0.02


@dataclass(frozen=True, slots=True)
class Seen:
    """Dependence (sources x sources, nothing where it was not measured) and independence of each claim."""

    dependence: sparse.csr_array
    independence: Floats


class Copying:
    """Measures dependence between sources; holds what does not change between rounds."""

    def __init__(
        self, source: Ints, choice: Ints, share: Floats, group: Ints, overlapping: NDArray[np.bool_], sources: int
    ) -> None:
        from scipy import sparse

        self._source, self._choice, self._group = source, choice, group
        self._overlapping = overlapping
        self._sources = sources
        counts = np.bincount(source[overlapping], minlength=self._sources)
        kept = np.sort(np.argsort(-counts, kind="stable")[:_MOST_SOURCES])
        self._kept = kept[counts[kept] > 0]
        place = np.full(self._sources, -1)
        place[self._kept] = np.arange(len(self._kept))
        use = overlapping & (place[source] >= 0)
        self._use, self._place = use, place
        shape = (len(group), len(self._kept))
        self._states = sparse.csr_matrix((share[use], (choice[use], place[source[use]])), shape=shape)

    def measure(self, right: Floats, attribute: Ints, accuracy: Floats, collision: Floats) -> Seen:
        """Measure with what is believed so far.

        Args:
            right: of each choice, the chance that it is true.
            attribute: of each group.
            accuracy: sources x attributes.
            collision: of each attribute, chance that two wrong claims are the same.
        """
        from scipy import sparse

        kinds = len(collision)
        same = np.zeros((len(self._kept),) * 2)
        true, shared, both_wrong, meeting = same.copy(), same.copy(), same.copy(), same.copy()
        of_choice = attribute[self._group]
        for kind in range(kinds):
            rows = np.flatnonzero(of_choice == kind)
            states = self._states[rows]
            if not states.nnz:
                continue
            answers, renamed = np.unique(self._group[rows], return_inverse=True)
            gather = sparse.csr_matrix(
                (np.ones(len(rows)), (renamed, np.arange(len(rows)))), shape=(len(answers), len(rows))
            )
            asked = gather @ states
            wrong_states = sparse.diags(1 - right[rows]) @ states
            wrong = gather @ wrong_states
            alike = (states.T @ states).toarray()
            alike_wrong = (states.T @ wrong_states).toarray()
            pair_wrong = (wrong.T @ wrong).toarray()
            same += alike
            true += alike - alike_wrong
            shared += (asked.T @ asked).toarray()
            both_wrong += np.maximum(pair_wrong, alike_wrong)
            meeting += collision[kind] * np.maximum(pair_wrong, alike_wrong)
        dependence = self._dependence(same, true, shared, (both_wrong, meeting), self._mean(accuracy))
        one, other = np.nonzero(dependence)
        places = (self._kept[one], self._kept[other])
        full = sparse.csr_array((dependence[one, other], places), shape=(self._sources, self._sources))
        return Seen(full, self._independence(dependence))

    def _mean(self, accuracy: Floats) -> Floats:
        return np.asarray(np.clip(accuracy.mean(1)[self._kept], 0.05, 0.99), dtype=np.float64)

    def _dependence(
        self, same: Floats, true: Floats, shared: Floats, wrong: tuple[Floats, Floats], mean: Floats
    ) -> Floats:
        """Likelihood of what two sources share if one takes a part from the other, against chance."""
        if not len(self._kept):
            return np.zeros((0, 0))
        off = ~np.eye(len(mean), dtype=bool)
        shared = np.where(off, np.maximum(shared, same), 0)
        false = np.maximum(same - true, 0)
        differ = np.maximum(shared - same, 0)
        right = mean
        together = np.outer(right, right)
        usual = self._usual(true, shared * together, 1.0, 1.6)
        both_wrong, meeting = wrong
        chance = float(meeting.sum() / both_wrong.sum()) if both_wrong.any() else 0.1
        meet = self._usual(false, both_wrong, min(max(chance, 0.1), 0.9), 0.9)
        fewest = np.minimum.outer(right, right)
        p_true = np.minimum(usual * together, 0.98 * fewest)
        p_false = meet * np.maximum(1 - np.add.outer(right, right) + p_true, 0.005)
        p_differ = np.maximum(1 - p_true - p_false, 0.005)
        best = np.full_like(same, -np.inf)
        rate = np.zeros_like(same)
        for part in _RATES:
            log = (
                true * np.log((part * fewest + (1 - part) * p_true) / p_true)
                + false * np.log((part * (1 - fewest) + (1 - part) * p_false) / p_false)
                + differ * np.log(((1 - part) * p_differ) / p_differ)
            )
            rate = np.where(log > best + 1e-9, part, rate)
            best = np.maximum(best, log)
        odds = np.clip(best + _PRIOR_LOG_ODDS, -50, 50)
        found = np.where(off & (shared >= _FEWEST_SHARED), rate / (1 + np.exp(-odds)), 0.0)
        found = np.maximum(found, found.T)
        return np.where(found < _WEAKEST, 0.0, np.round(found, 9))

    def _usual(self, amount: Floats, expected: Floats, start: float, most: float) -> float:
        """What pairs of sources share, over what was expected: the median of pairs, where there are enough."""
        upper = np.triu(np.ones_like(expected, dtype=bool), 1) & (expected >= _FEWEST_SHARED / 2)
        if upper.sum() < _ENOUGH_PAIRS:
            return start
        return float(np.clip(np.quantile(amount[upper] / expected[upper], 0.3), start, most))

    def _independence(self, dependence: Floats) -> Floats:
        """Of each claim, its share of one vote that it has with the claims it may be a copy of."""
        from scipy import sparse

        result = np.ones(len(self._source))
        if not dependence.any():
            return result
        counted = self._states.copy()
        counted.data = np.ones_like(counted.data)
        overlap: Any = counted.multiply(counted @ sparse.csr_matrix(dependence)).tocsr()
        use = self._use
        lent = np.asarray(overlap[self._choice[use], self._place[self._source[use]]]).ravel()
        result[use] = 1 / (1 + lent)
        return result
