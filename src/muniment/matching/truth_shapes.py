"""Truths that are no single choice: lists of persons, and measurements that no two sources share.

Called by `claims.py` after the general model has weighed the sources. Both still answer with one of the
claimed values, since that is what a source can be asked about.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

_ROUNDS = 12
_SENSITIVE, _FALSE = (8.0, 2.0), (1.0, 19.0)
_TRUE_SHARE = 0.5
_UNNAMED = 6.0
"""False members that a source could as well have listed, per object of one voice: the more sources speak, the more
of them are named. Without these, what only one source lists is false by its own count, and a source that cuts its
lists short passes for the right one."""
_MOST_ALONE = 0.35
_MOST_PAIRED, _FEWEST_SHARED = 60, 8
_NORMAL_QUARTILE = 0.6745
_MEDIAN_COST = 1.57
"""The variance of a median over that of a mean, of normal errors."""


def lists(of_object: Ints, source: Ints, choice: Ints, share: Floats, members: Sequence[tuple[str, ...]]) -> Floats:
    """Per choice, the chance that just its members are true.

    Each member is true or not; a source that lists the object says yes or no to each member anyone names,
    with a sensitivity and a false-positive rate of its own (the latent truth model of Zhao, Rubinstein,
    Gemmell and Han, VLDB 2012, by EM).

    Args:
        of_object: of each choice, its object.
        source: of each claim.
        choice: of each claim.
        share: of each claim, less than 1 where its source says several things.
        members: of each choice.
    """
    names = sorted({name for listed in members for name in listed})
    place = {name: number for number, name in enumerate(names)}
    sizes = np.array([len(listed) for listed in members])
    owner = np.repeat(np.arange(len(members)), sizes)
    flat = np.array([place[name] for listed in members for name in listed], dtype=np.int64)
    facts, fact = np.unique(of_object[owner] * len(names) + flat, return_inverse=True)
    fact_object = facts // len(names)
    starts = np.searchsorted(fact_object, of_object[choice])
    widths = np.searchsorted(fact_object, of_object[choice], side="right") - starts
    claim = np.repeat(np.arange(len(choice)), widths)
    about = np.repeat(starts - np.cumsum(widths) + widths, widths) + np.arange(len(claim))
    listed_pairs = np.unique(owner * len(facts) + fact)
    asked = choice[claim] * len(facts) + about
    at = np.minimum(np.searchsorted(listed_pairs, asked), len(listed_pairs) - 1)
    yes = listed_pairs[at] == asked
    odds = _members(source[claim], about, yes, share[claim], fact_object)
    score = np.bincount(owner, weights=odds[fact], minlength=len(members))
    order = np.full(int(of_object.max()) + 1, -np.inf)
    np.maximum.at(order, of_object, score)
    mass = np.exp(np.maximum(score - order[of_object], -50))
    total = np.bincount(of_object, weights=mass)[of_object]
    return np.asarray(mass / total, dtype=np.float64)


def _members(source: Ints, about: Ints, yes: NDArray[np.bool_], share: Floats, of_object: Ints) -> Floats:
    """The log odds that each member is true; learned only where another source could deny what one lists."""
    sources, facts = int(source.max()) + 1, len(of_object)
    heard = np.unique(of_object[about] * sources + source) // sources
    disputed = (np.bincount(heard, minlength=int(of_object.max()) + 1) > 1)[of_object]
    sensitive, false = np.full(sources, _SENSITIVE[0] / sum(_SENSITIVE)), np.full(sources, _FALSE[0] / sum(_FALSE))
    learned = share * disputed[about]
    listed = np.unique(of_object[about[disputed[about]]] * sources + source[disputed[about]])
    lists = np.bincount(listed % sources, minlength=sources)
    voices = len(listed) / max(len(np.unique(listed // sources)), 1)
    unnamed = _UNNAMED / max(voices, 1.0) * lists
    odds = np.zeros(facts)
    for _ in range(_ROUNDS):
        weight = np.where(yes, np.log(sensitive / false)[source], np.log((1 - sensitive) / (1 - false))[source])
        odds = np.log(_TRUE_SHARE / (1 - _TRUE_SHARE)) + np.bincount(about, weights=share * weight, minlength=facts)
        p = 1 / (1 + np.exp(-np.clip(odds, -30, 30)))[about]
        caught = np.bincount(source, weights=learned * p * yes, minlength=sources)
        could = np.bincount(source, weights=learned * p, minlength=sources)
        slipped = np.bincount(source, weights=learned * (1 - p) * yes, minlength=sources)
        might = np.bincount(source, weights=learned * (1 - p), minlength=sources) + unnamed
        sensitive = (_SENSITIVE[0] + caught) / (sum(_SENSITIVE) + could)
        false = np.minimum((_FALSE[0] + slipped) / (sum(_FALSE) + might), sensitive - 0.01)
    return np.clip(odds, -30, 30)


def measured(
    of_object: Ints, source: Ints, choice: Ints, number: Floats, share: Floats, right: Floats
) -> tuple[Floats, Floats]:
    """Choices re-ranked by nearness to the weighted median, where sources hardly ever agree.

    A measurement that everybody gets a little different has no majority; where the sources of most contested
    objects do share values, nothing is changed. Confidence: the chance that the median is as near to the truth
    as the usual source is.

    Args:
        of_object: of each choice, its object.
        source: of each claim.
        choice: of each claim.
        number: of each choice.
        share: of each choice, as the general model gives it.
        right: of each choice, likewise.
    """
    from scipy.special import erf

    claims = np.bincount(choice, minlength=len(of_object))
    objects = int(of_object.max()) + 1
    alike, same = np.unique(np.stack([of_object, number]), axis=1, return_inverse=True)
    most = np.zeros(objects)
    np.maximum.at(most, alike[0].astype(np.int64), np.bincount(same.ravel(), weights=claims))
    voices = np.bincount(of_object, weights=claims, minlength=objects)
    contested = voices > 2  # noqa: PLR2004 - of two, each is alone
    if not contested.any() or np.mean(most[contested] > 1) > _MOST_ALONE or np.isnan(number).any():
        return share, right
    noise = _noise(of_object[choice], source, number[choice])
    own = np.bincount(choice, weights=1 / noise[source], minlength=len(of_object))
    order = np.lexsort((number, of_object))
    mass = np.cumsum(own[order])
    total = np.bincount(of_object, weights=own, minlength=objects)
    before = np.concatenate([[0.0], np.cumsum(total)])[of_object[order]]
    half = total[of_object[order]] / 2
    middle = (mass - before >= half - 1e-12) & (mass - before - own[order] < half - 1e-12)
    near = np.zeros(len(of_object))
    near[order] = middle
    known = np.bincount(of_object[choice], weights=1 / noise[source] ** 2, minlength=objects)
    usual = _NORMAL_QUARTILE * float(np.median(noise[source]))
    sure = erf(usual * np.sqrt(known / _MEDIAN_COST / 2))
    return near, np.where(near > 0, sure[of_object], right)


def _noise(of_object: Ints, source: Ints, number: Floats) -> Floats:
    """The standard deviation of each source's errors, from how far each two are usually apart.

    Of errors that are independent the variances add up, so those of pairs give those of sources.
    """
    from scipy.optimize import nnls

    sources = int(source.max()) + 1
    lists = [np.flatnonzero(source == one) for one in range(sources)]
    middle = _medians(of_object, number)[of_object]
    alone = np.array([np.median(np.abs(number - middle)[one]) if len(one) else np.inf for one in lists])
    alone = np.maximum(alone / _NORMAL_QUARTILE, 1e-9)
    if sources > _MOST_PAIRED:
        return alone
    rows, sums = [], []
    for one in range(sources):
        for two in range(one + 1, sources):
            _, here, there = np.intersect1d(of_object[lists[one]], of_object[lists[two]], return_indices=True)
            if len(here) >= _FEWEST_SHARED:
                apart = np.median(np.abs(number[lists[one][here]] - number[lists[two][there]])) / _NORMAL_QUARTILE
                row = np.zeros(sources)
                row[[one, two]] = 1 / max(apart, 1e-9)
                rows.append(row)
                sums.append(max(apart, 1e-9))
    if len(rows) < sources:
        return alone
    found, _ = nnls(np.array(rows), np.array(sums))
    least = 0.1 * np.median(np.sqrt(found[found > 0])) if found.any() else 1e-9
    return np.maximum(np.where(np.array(rows).any(0), np.sqrt(found), alone), least)


def _medians(of_object: Ints, number: Floats) -> Floats:
    """The median of each object's numbers."""
    order = np.lexsort((number, of_object))
    objects = np.arange(int(of_object.max()) + 1)
    start, end = (np.searchsorted(of_object[order], objects, side=side) for side in ("left", "right"))
    last = len(order) - 1
    low, high = np.minimum((start + end - 1) // 2, last), np.minimum((start + end) // 2, last)
    return np.asarray((number[order][low] + number[order][high]) / 2, dtype=np.float64)
