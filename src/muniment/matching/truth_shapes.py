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
_MOST_ALONE = 0.35
_LEAST_WEIGHT = 0.05


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
    odds = _members(source[claim], about, yes, share[claim], len(facts))
    score = np.bincount(owner, weights=odds[fact], minlength=len(members))
    order = np.full(int(of_object.max()) + 1, -np.inf)
    np.maximum.at(order, of_object, score)
    mass = np.exp(np.maximum(score - order[of_object], -50))
    total = np.bincount(of_object, weights=mass)[of_object]
    sure = 1 / (1 + np.exp(-np.abs(odds)))
    doubt = np.bincount(fact_object, weights=np.log(sure), minlength=len(order))
    return np.asarray(mass / total * np.exp(doubt)[of_object], dtype=np.float64)


def _members(source: Ints, about: Ints, yes: NDArray[np.bool_], share: Floats, facts: int) -> Floats:
    """The log odds that each member is true."""
    sources = int(source.max()) + 1
    said = np.bincount(about, weights=share * yes, minlength=facts)
    asked = np.bincount(about, weights=share, minlength=facts)
    true = np.clip((said + 0.5) / (asked + 1), 0.02, 0.98)
    odds = np.log(true / (1 - true))
    for _ in range(_ROUNDS):
        p = true[about]
        caught = np.bincount(source, weights=share * p * yes, minlength=sources)
        could = np.bincount(source, weights=share * p, minlength=sources)
        slipped = np.bincount(source, weights=share * (1 - p) * yes, minlength=sources)
        might = np.bincount(source, weights=share * (1 - p), minlength=sources)
        sensitive = (_SENSITIVE[0] + caught) / (sum(_SENSITIVE) + could)
        false = np.minimum((_FALSE[0] + slipped) / (sum(_FALSE) + might), sensitive - 0.01)
        weight = np.where(yes, np.log(sensitive / false)[source], np.log((1 - sensitive) / (1 - false))[source])
        odds = np.log(_TRUE_SHARE / (1 - _TRUE_SHARE)) + np.bincount(about, weights=share * weight, minlength=facts)
        true = 1 / (1 + np.exp(-np.clip(odds, -30, 30)))
    return np.clip(odds, -30, 30)


def measured(
    of_object: Ints, choice: Ints, weight: Floats, number: Floats, share: Floats, right: Floats
) -> tuple[Floats, Floats]:
    """Choices re-ranked by nearness to the weighted median, where sources hardly ever agree.

    A measurement that everybody gets a little different has no majority; where the sources of most contested
    objects do share values, nothing is changed.

    Args:
        of_object: of each choice, its object.
        choice: of each claim.
        weight: of each claim, its log weight.
        number: of each choice.
        share: of each choice, as the general model gives it.
        right: of each choice, likewise.
    """
    claims = np.bincount(choice, minlength=len(of_object))
    objects = int(of_object.max()) + 1
    most = np.zeros(objects)
    np.maximum.at(most, of_object, claims)
    voices = np.bincount(of_object, weights=claims, minlength=objects)
    contested = voices > 2  # noqa: PLR2004 - of two, each is alone
    if not contested.any() or np.mean(most[contested] > 1) > _MOST_ALONE or np.isnan(number).any():
        return share, right
    own = np.bincount(choice, weights=np.maximum(weight, _LEAST_WEIGHT), minlength=len(of_object))
    order = np.lexsort((number, of_object))
    mass = np.cumsum(own[order])
    total = np.bincount(of_object, weights=own, minlength=objects)
    before = np.concatenate([[0.0], np.cumsum(total)])[of_object[order]]
    half = total[of_object[order]] / 2
    middle = (mass - before >= half - 1e-12) & (mass - before - own[order] < half - 1e-12)
    near = np.zeros(len(of_object))
    near[order] = middle
    return near, np.where(near > 0, np.maximum(right, 0.5), right)
