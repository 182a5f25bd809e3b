"""What a person's verdicts on pairs of rows do to the weights of all other pairs.

`linkage` calls it after the weights were learned from the rows. A few dozen verdicts move a few numbers: how much
each field counts, and how many pairs match; the prior of each is what the rows alone said.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from muniment.matching.linkage_weights import LIMIT, Pairs, Weighed, chances

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_SPREADS = (0.35, 0.2, 0.2)
"""Standard deviations before any verdict: of the prior odds (nats), of the weight of all fields, of that of each."""

_ROUNDS = 25


def ordered(
    verdicts: Mapping[tuple[int, int], bool], sizes: tuple[int, int], *, single: bool
) -> dict[tuple[int, int], bool]:
    """Verdicts on rows that exist; of one table with the smaller row first."""
    found: dict[tuple[int, int], bool] = {}
    for (one, other), same in verdicts.items():
        if not (0 <= one < sizes[0] and 0 <= other < sizes[1]) or (single and one == other):
            raise IndexError(f"there is no pair of rows {one} and {other}: rows are numbered from 0")
        found[(min(one, other), max(one, other)) if single else (one, other)] = same
    return found


def marks(keys: Ints, judged: Mapping[tuple[int, int], bool], size: int) -> npt.NDArray[np.int8]:
    """Per pair 1 where it was judged to be one thing, -1 where not, else 0; keys are row times size plus other."""
    found = np.zeros(len(keys), np.int8)
    if judged:
        asked = np.array([one * size + other for one, other in judged], np.int64)
        found[np.searchsorted(keys, asked)] = np.where(list(judged.values()), 1, -1)
    return found


def taught(pairs: Pairs, found: Weighed, settled: Floats, *, exclusive: bool) -> Weighed:
    """The weights that verdicts make likeliest, with what the rows alone said as prior (MAP logistic regression).

    Args:
        pairs: all candidates, with what was said of them.
        found: what was learned of them from the rows.
        settled: their probabilities before anything was said, with what better partners and clusters did to them:
            a verdict teaches only what goes beyond that.
        exclusive: a row is in one match at most.
    """
    heard = np.flatnonzero(pairs.told)
    if not len(heard):
        return found
    chance = np.clip(settled[heard], 1e-12, 1 - 1e-12)
    rivals = np.log(chance / (1 - chance)) - found.log_odds[heard]
    parts = found.parts[:, heard].T
    base = parts.sum(axis=1) + found.shift
    known = np.column_stack([np.ones(len(heard)), base, parts])
    spreads = np.array([*_SPREADS[:2], *[_SPREADS[2]] * parts.shape[1]])
    moved = _fit(known, base + rivals, (pairs.told[heard] > 0).astype(np.float64), spreads)
    scale = 1 + moved[1] + moved[2:]
    shift = (1 + moved[1]) * found.shift + moved[0]
    found = replace(found, scale=np.maximum(scale, 0), shift=float(shift))
    parts = found.parts_of(pairs)
    odds = np.clip(parts.sum(axis=0) + found.shift, -LIMIT, LIMIT)
    return replace(found, parts=parts, log_odds=odds, probability=chances(pairs, odds, exclusive=exclusive))


def _fit(known: Floats, offset: Floats, same: Floats, spreads: Floats) -> Floats:
    """Newton's method for a logistic regression with an offset and normal priors around nothing."""
    moved = np.zeros(known.shape[1])
    for _ in range(_ROUNDS):
        chance = 1 / (1 + np.exp(-np.clip(offset + known @ moved, -LIMIT, LIMIT)))
        slope = known.T @ (same - chance) - moved / spreads**2
        bend = (known.T * (chance * (1 - chance))) @ known + np.diag(1 / spreads**2)
        step = np.linalg.solve(bend, slope)
        moved = moved + step * min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-9))
        if np.abs(step).max() < 1e-6:  # noqa: PLR2004
            break
    return moved
