"""Truth discovery: which of the claimed values are true and how often each source is right, together.

EM over overlapping claims in the frame of ACCU (Dong, Berti-Equille and Srivastava, VLDB 2009), with
accuracies per source and attribute shrunk to the source's, values that speak for each other, ageing claims
and sources that copy (`truth_copying.py`). Pure arrays; called by `claims.py` and for the register.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from muniment.matching import truth_copying, truth_doubt

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy import sparse

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

PRIOR = 0.8
"""Accuracy of a source of which nothing is known (ACCU's own start)."""

COLLISION = 0.1
"""Chance that two wrong claims are the same wrong value, before it is learned (ACCU's 1/n, n = 10)."""

_ROUNDS = 24
_COPYING_AT = (0, 4, 9)
_OF_SOURCE = 6.0
_OF_PAIR = 8.0
_OF_COLLISION = 20.0
_LOWEST, _HIGHEST = 0.03, 0.99
_SILENT = 0.02
_FEWEST_WEIGHT = 0.05
_COMMON = 0.2
_COMMON_FROM = 3
_HALF_LIFE_FACTORS = 2.0 ** np.arange(-3, 5)
_HALF_LIFE_SPREAD = 1.0
_INTERVAL = (0.025, 0.975)


@dataclass(frozen=True, slots=True)
class Votes:
    """Claims as arrays of numbers.

    Attributes:
        source: of each claim.
        choice: of each claim, the value it states; a value of one group only.
        share: of each claim, less than 1 where its source states several values of the group.
        group: of each choice, the question it answers (an attribute of an object).
        attribute: of each group.
        pairs: choices (one, other, how far `one` speaks for `other`, 0 to 1), both directions listed.
        general: of each choice, whether an agreeing one says more; such are right but never chosen.
        prior: sources x attributes, the accuracy to expect.
        frequency: of each choice, how many other groups of the attribute claim the same value.
        lag: of each claim, days behind the newest of its group; None where age is unknown.
        half_life: of each attribute, days; where `lag` is given.
        judged: sources x attributes x (right, wrong): verdicts of people; None without any.
    """

    source: Ints
    choice: Ints
    share: Floats
    group: Ints
    attribute: Ints
    pairs: tuple[Ints, Ints, Floats]
    general: NDArray[np.bool_]
    prior: Floats
    frequency: Floats
    lag: Floats | None = None
    half_life: Floats | None = None
    judged: Floats | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What was found.

    Attributes:
        probability: of each choice, that it is the truth's best wording.
        right: of each choice, that it is right: it or an agreeing one is true.
        own: of each choice, the log weight of who states just it.
        accuracy, low, high, count: sources x attributes; the 95 % interval; claims it was seen on.
        copying: sources x sources, share of agreement that is dependence.
        half_life: of each attribute, days (None without ages).
        collision: of each attribute.
    """

    probability: Floats
    right: Floats
    own: Floats
    accuracy: Floats
    low: Floats
    high: Floats
    count: Floats
    copying: sparse.csr_array
    half_life: Floats | None
    collision: Floats


@dataclass(slots=True)
class _State:
    """The parameters between rounds."""

    accuracy: Floats
    collision: Floats
    independence: Floats
    half_life: Floats | None
    copying: sparse.csr_array
    count: Floats


def discover(votes: Votes) -> Found:
    """Find truth and accuracies; the same for any order of the claims."""
    from scipy import sparse

    sources, attributes = votes.prior.shape
    groups = len(votes.attribute)
    of_claim = votes.group[votes.choice]
    heard = votes.share > _SILENT
    distinct = np.unique((of_claim * sources + votes.source)[heard]) // max(sources, 1)
    overlapping = (np.bincount(distinct, minlength=groups) > 1)[of_claim]
    state = _State(
        votes.prior.copy(),
        _collision_prior(votes),
        np.ones(len(votes.source)),
        votes.half_life,
        sparse.csr_array((sources, sources)),
        np.zeros((sources, attributes)),
    )
    copying = truth_copying.Copying(votes.source, votes.choice, votes.share, votes.group, overlapping, sources)
    probability = np.zeros(len(votes.group))
    for turn in range(_ROUNDS):
        probability, _ = _values(votes, state)
        if turn in _COPYING_AT:  # copies are discounted before they can pass for accurate
            seen = copying.measure(_right(votes, probability), votes.attribute, state.accuracy, state.collision)
            state.copying, state.independence = seen.dependence, seen.independence
            state.collision = _collisions(votes, probability, state.independence)
            probability, _ = _values(votes, state)
        right = _right(votes, probability)[votes.choice]
        _accuracies(votes, state, right, overlapping)
        if votes.lag is not None:
            _ageing(votes, state, right, overlapping)
    temperature = _doubt(votes, state, probability)
    probability, own = _values(votes, state, temperature)
    low, high = _intervals(state)
    return Found(
        probability,
        _right(votes, probability),
        own,
        state.accuracy,
        low,
        high,
        state.count,
        state.copying,
        state.half_life,
        state.collision,
    )


def _kinds(votes: Votes) -> tuple[Floats, Floats]:
    """Per attribute, how many different values there are, and the share of choices that are met once only."""
    attributes = votes.prior.shape[1]
    of_choice = votes.attribute[votes.group]
    many = np.bincount(of_choice, minlength=attributes)
    kinds = _added(of_choice, 1 / (1 + votes.frequency), attributes)
    once = _added(of_choice, votes.frequency == 0, attributes)
    return kinds, once / np.maximum(many, 1)


def _collision_prior(votes: Votes) -> Floats:
    """Chance that two wrong claims meet, from how the values are spread: of few kinds they meet often."""
    attributes = votes.prior.shape[1]
    of_choice = votes.attribute[votes.group]
    many = np.bincount(of_choice, minlength=attributes)
    met = np.bincount(of_choice, weights=votes.frequency, minlength=attributes)
    chance = met / np.maximum(many * (many - 1.0), 1.0)
    kinds, _ = _kinds(votes)
    rest = (kinds - 1) / np.maximum(kinds, 1)
    return np.clip(chance / np.maximum(rest, 0.05), COLLISION, 1.0)


def _collisions(votes: Votes, probability: Floats, independence: Floats) -> Floats:
    """The chance that two wrong claims are the same wrong value, seen where three sources or more speak."""
    attributes, groups = votes.prior.shape[1], len(votes.attribute)
    claims = _per_choice(votes, votes.share * independence)
    every = np.bincount(votes.group, weights=claims, minlength=groups)
    counted = (every > 2 + 1e-9)[votes.group]
    left = np.maximum(every[votes.group] - claims, 0.0)
    unseen = np.maximum(1 - np.bincount(votes.group, weights=probability, minlength=groups), 0.0)
    met: Floats = counted * (1 - probability) * claims * np.maximum(claims - 1, 0.0)
    could: Floats = counted * probability * left * np.maximum(left - 1, 0.0)
    of_choice = votes.attribute[votes.group]
    met = _added(of_choice, met, attributes)
    other = (every > 2 + 1e-9) * unseen * every * np.maximum(every - 1, 0.0)
    could = _added(of_choice, could, attributes) + _added(votes.attribute, other, attributes)
    return np.clip((_OF_COLLISION * _collision_prior(votes) + met) / (_OF_COLLISION + could), 0.02, 1.0)


def _unseen(votes: Votes, collision: Floats) -> Floats:
    """Per group, how many values nobody claims might be true; hardly any where all that there are are claimed."""
    kinds, once = _kinds(votes)
    count = np.bincount(votes.group, minlength=len(votes.attribute))
    of = votes.attribute
    new = np.clip(once, 0.02, 1.0)[of]
    return np.clip((1 / collision)[of] + 1 - count, new, np.maximum(kinds[of] - count, new / collision[of]))


def _decay(votes: Votes, half_life: Floats | None) -> Floats:
    if votes.lag is None or half_life is None:
        return np.ones(len(votes.source))
    of_claim = votes.attribute[votes.group[votes.choice]]
    return np.asarray(0.5 ** (votes.lag / half_life[of_claim]), dtype=np.float64)


def _weights(votes: Votes, state: _State) -> Floats:
    """The weight of each claim: ln(A / ((1 - A) collision)), for a copy less."""
    of_claim = votes.attribute[votes.group[votes.choice]]
    right = state.accuracy[votes.source, of_claim] * _decay(votes, state.half_life)
    right = np.clip(right, _LOWEST, _HIGHEST)
    weight = np.log(right / ((1 - right) * state.collision[of_claim]))
    return np.asarray(votes.share * state.independence * np.maximum(weight, _FEWEST_WEIGHT), dtype=np.float64)


def _added(place: Ints, amounts: NDArray[Any], size: int) -> Floats:
    return np.asarray(np.bincount(place, weights=amounts, minlength=size), dtype=np.float64)


def _per_choice(votes: Votes, amounts: Floats) -> Floats:
    return _added(votes.choice, amounts, len(votes.group))


def _spread(votes: Votes, per_choice: Floats) -> Floats:
    """Per choice, its own amount and what the choices that speak for it lend."""
    one, other, strength = votes.pairs
    lent = np.bincount(other, weights=strength * per_choice[one], minlength=len(per_choice))
    return per_choice + lent


def _right(votes: Votes, probability: Floats) -> Floats:
    """Per choice, the chance that who states it is right: it is true, or an agreeing one is."""
    return np.minimum(_spread(votes, probability), 1.0)


def _values(votes: Votes, state: _State, temperature: Floats | None = None) -> tuple[Floats, Floats]:
    """Per choice, the probability that it is true, and its own log weight."""
    own = _per_choice(votes, _weights(votes, state))
    score = _spread(votes, own)
    if temperature is not None:  # at the end only: what is common is no evidence of who is right
        score = score + _COMMON * np.log1p(np.minimum(votes.frequency, _COMMON_FROM))
    return _shares(votes, state, score, temperature), own


def _shares(votes: Votes, state: _State, score: Floats, temperature: Floats | None) -> Floats:
    groups = len(votes.attribute)
    score = np.where(votes.general, -np.inf, score)
    if temperature is not None:
        score = score / temperature[votes.group]
    top = np.full(groups, -np.inf)
    np.maximum.at(top, votes.group, score)
    top = np.maximum(top, 0.0)
    unseen = _unseen(votes, state.collision)
    if temperature is not None:
        unseen = np.where(unseen > 1, unseen ** (1 / temperature), unseen)
    mass = np.exp(score - top[votes.group])
    total = np.bincount(votes.group, weights=mass, minlength=groups) + unseen * np.exp(-top)
    return np.asarray(mass / total[votes.group], dtype=np.float64)


def _logit(share: Floats) -> Floats:
    share = np.clip(share, 0.005, 0.995)
    return np.asarray(np.log(share / (1 - share)), dtype=np.float64)


def _sums(votes: Votes, amounts: Floats, where: NDArray[np.bool_]) -> Floats:
    """Amounts of claims added up, sources x attributes."""
    sources, attributes = votes.prior.shape
    place = votes.source * attributes + votes.attribute[votes.group[votes.choice]]
    summed = np.bincount(place[where], weights=amounts[where], minlength=sources * attributes)
    return np.asarray(summed, dtype=np.float64).reshape(sources, attributes)


def _accuracies(votes: Votes, state: _State, right: Floats, overlapping: NDArray[np.bool_]) -> None:
    """Accuracy per source and attribute: shrunk to what source, attribute and prior together say."""
    weight = votes.share
    hits = _sums(votes, weight * right, overlapping)
    tries = _sums(votes, weight * _decay(votes, state.half_life), overlapping)
    if votes.judged is not None:
        hits, tries = hits + votes.judged[..., 0], tries + votes.judged.sum(-1)
    hits = np.minimum(hits, tries)
    expected = tries * votes.prior
    every_try, every_hit = tries.sum(), hits.sum()
    start = float(expected.sum() / every_try) if every_try else PRIOR
    overall = float((_OF_SOURCE * start + every_hit) / (_OF_SOURCE + every_try))
    rest = tries.sum(1)[:, None] - tries, tries.sum(0)[None, :] - tries  # a claim speaks for its own pair once
    of_source = (_OF_SOURCE * overall + hits.sum(1)[:, None] - hits) / (_OF_SOURCE + rest[0])
    meant = (_OF_SOURCE * start + expected.sum(1)[:, None] - expected) / (_OF_SOURCE + rest[0])
    of_attribute = (_OF_SOURCE * overall + hits.sum(0)[None, :] - hits) / (_OF_SOURCE + rest[1])
    ordinary = (_OF_SOURCE * start + expected.sum(0)[None, :] - expected) / (_OF_SOURCE + rest[1])
    shift = _logit(of_source) - _logit(meant) + _logit(of_attribute) - _logit(ordinary)
    shift -= _logit(np.array(overall)) - _logit(np.array(start))
    base = 1 / (1 + np.exp(-(_logit(votes.prior) + shift)))
    state.accuracy = np.clip((_OF_PAIR * base + hits) / (_OF_PAIR + tries), _LOWEST, _HIGHEST)
    state.count = tries


def _ageing(votes: Votes, state: _State, right: Floats, overlapping: NDArray[np.bool_]) -> None:
    """The half-life of each attribute under which the claims' ages explain best which are right."""
    assert votes.half_life is not None  # noqa: S101 - for the type checker
    assert votes.lag is not None  # noqa: S101
    of_claim = votes.attribute[votes.group[votes.choice]]
    old = overlapping & (votes.lag > 0)
    share, lag, hit = state.accuracy[votes.source, of_claim][old], votes.lag[old], right[old]
    likely = []
    for factor in _HALF_LIFE_FACTORS:
        life = (votes.half_life * factor)[of_claim[old]]
        p = np.clip(share * 0.5 ** (lag / life), 0.01, 0.99)
        fit = hit * np.log(p) + (1 - hit) * np.log(1 - p)
        summed = np.bincount(of_claim[old], weights=fit, minlength=len(votes.half_life))
        likely.append(summed - np.log(factor) ** 2 / (2 * _HALF_LIFE_SPREAD**2))
    best = np.argmax(np.round(np.array(likely), 6), axis=0)
    state.half_life = votes.half_life * _HALF_LIFE_FACTORS[best]


def _doubt(votes: Votes, state: _State, probability: Floats) -> Floats:
    """Per group, how far to soften for accuracies that the claims leave open."""
    result = np.ones(len(votes.attribute))
    of_choice = votes.attribute[votes.group]
    one, other, strength = votes.pairs
    weight = votes.share * state.independence
    for number in np.unique(of_choice).tolist():
        chosen = np.flatnonzero(of_choice == number)
        place = np.full(len(of_choice), -1)
        place[chosen] = np.arange(len(chosen))
        groups, group = np.unique(votes.group[chosen], return_inverse=True)
        use = place[votes.choice] >= 0
        alike = (strength >= 1.0) & (place[one] >= 0)
        result[groups] = truth_doubt.softening(
            (votes.source[use], place[votes.choice[use]], weight[use]),
            group,
            (place[one[alike]], place[other[alike]]),
            probability[chosen],
            state.accuracy[:, number],
            np.full(len(votes.prior), _OF_PAIR),
        )
    return result


def _intervals(state: _State) -> tuple[Floats, Floats]:
    """The 95 % interval of each accuracy, from its Beta posterior."""
    from scipy.special import betaincinv

    strength = _OF_PAIR + state.count
    a, b = state.accuracy * strength, (1 - state.accuracy) * strength
    return betaincinv(a, b, _INTERVAL[0]), betaincinv(a, b, _INTERVAL[1])
