"""Sources that differ from others throughout and always by the same amount: they mean something else.

A year of release beside a year of award is no error that votes could settle, since every object says the same
again. The meaning that most claims of the table have is kept, so that its answers go together. Called by
`claims.py` before the general model, for numbers and dates; decides nothing about single objects.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

_MOST_SOURCES = 40
_FEWEST = 12
_MOST_EQUAL, _SAME_STEP = 0.2, 0.8
_AGREE = 0.5


def outvoted(of_object: Ints, source: Ints, number: Floats) -> tuple[NDArray[np.bool_], float]:
    """Per source, whether it means something else than most claims do; and the share of claims of the meaning kept.

    Args:
        of_object: of each claim.
        source: of each claim.
        number: what each says, as a number; not a number where it is none.
    """
    sources = int(source.max()) + 1 if len(source) else 0
    known = np.flatnonzero(~np.isnan(number))
    _, first = np.unique(of_object[known] * max(sources, 1) + source[known], return_index=True)
    at = known[first]
    count = np.bincount(source[at], minlength=sources)
    kept = np.sort(np.argsort(-count, kind="stable")[:_MOST_SOURCES])
    lists = {int(one): at[source[at] == one] for one in kept.tolist()}
    agree, other = np.eye(sources, dtype=bool), np.zeros((sources, sources), dtype=bool)
    for place, one in enumerate(lists):
        for two in list(lists)[place + 1 :]:
            _, here, there = np.intersect1d(
                of_object[lists[one]], of_object[lists[two]], assume_unique=True, return_indices=True
            )
            if len(here) < _FEWEST:
                continue
            apart = np.round(number[lists[one][here]] - number[lists[two][there]], 6)
            equal = float(np.mean(apart == 0))
            _, steps = np.unique(apart[apart != 0], return_counts=True)
            agree[one, two] = agree[two, one] = equal >= _AGREE
            other[one, two] = other[two, one] = equal <= _MOST_EQUAL and steps.max() >= _SAME_STEP * len(apart)
    backing = agree.astype(float) @ count
    lost = np.asarray((other & (backing[None, :] > backing[:, None])).any(1), dtype=np.bool_)
    against = count[lost].sum()
    return lost, float(1 - against / max(count.sum(), 1))
