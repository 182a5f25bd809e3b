"""What each level of likeness is worth, learned from the rows alone, and how probable each pair is.

Fellegi and Sunter's model (JASA 1969), estimated by EM over the candidates. What matches look like is learned from
each row's best partner only, so that what merely lies near cannot take their place. `linkage` calls it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

LIMIT = 30.0
"""Log odds beyond which nothing is surer; what a person said counts as this."""

_ROUNDS = 40
_SETTLED = 1e-4
_SMOOTH = 2.0
_MIXES = (1.0, 0.0, 0.25, 0.5)
"""How much of what other pairs look like is told from random pairs, the rest from candidates that do not match."""

_NEAR = 0.01
"""Fits whose expected F1 is this close to the best are averaged."""

_MIXED = 0.5
"""The same, once rows need not exclude each other."""

_DRIFT = 1.3
"""More matches by this factor, once all likely pairs teach, and it is the neighbours that were learned."""


_FREE = 0.03
"""A table is never thought to be matched but for this share of its rows."""

_TWICE = 0.12
"""Share of matched rows with a second candidate as good as most matches, above which a table has duplicates."""
_CHANCE = 0.3
"""Of the pairs drawn at random that agree, this share at least is thought to agree by chance, the rest to match."""

_SWEEPS = 30
_STILL = 1e-4


@dataclass(frozen=True, slots=True)
class Pairs:
    """Candidates to be weighed.

    Attributes:
        rows, others: left and right row of each pair.
        levels: fields times pairs.
        rarity: fields times pairs, what agreement on this very value adds to agreement on a usual one (nats).
        tops: per field its highest level.
        sizes: number of left and right rows.
        chance: per field the share of each level among pairs drawn at random.
        single: both rows are of one table.
        told: 1 where a person said that a pair is one thing, -1 where not, else 0.
    """

    rows: Ints
    others: Ints
    levels: npt.NDArray[np.int8]
    rarity: Floats
    tops: Sequence[int]
    sizes: tuple[int, int]
    chance: Sequence[Floats]
    single: bool
    told: npt.NDArray[np.int8]

    @property
    def space(self) -> float:
        """How many pairs of rows there are, candidates or not."""
        return float(self.sizes[0]) * self.sizes[1] / (2 if self.single else 1)

    def taken(self, places: Ints) -> "Pairs":
        """Some of the pairs, in this order."""
        return replace(
            self,
            rows=self.rows[places],
            others=self.others[places],
            levels=self.levels[:, places],
            rarity=self.rarity[:, places],
            told=self.told[places],
        )

    def joined(self, more: "Pairs") -> "Pairs":
        """These pairs and more of the same tables."""
        return replace(
            self,
            rows=np.concatenate([self.rows, more.rows]),
            others=np.concatenate([self.others, more.others]),
            levels=np.concatenate([self.levels, more.levels], axis=1),
            rarity=np.concatenate([self.rarity, more.rarity], axis=1),
            told=np.concatenate([self.told, more.told]),
        )


@dataclass(frozen=True, slots=True)
class Weighed:
    """Weights in nats per field and level, and what they make of each pair.

    Attributes:
        weights: per field, per level.
        parts: fields times pairs.
        log_odds: of each pair, were it alone.
        probability: of each pair, with all that excludes it.
        shift: log odds of a pair of which nothing is known.
        scale: per field how much what it says counts; 1 until verdicts teach otherwise.
    """

    weights: Sequence[Floats]
    parts: Floats
    log_odds: Floats
    probability: Floats
    shift: float
    scale: Floats | float = 1.0

    def parts_of(self, pairs: Pairs) -> Floats:
        """What each field says of each pair."""
        said = [weight[level] for weight, level in zip(self.weights, pairs.levels, strict=True)]
        return np.asarray(((np.stack(said) + pairs.rarity).T * self.scale).T)

    def odds(self, pairs: Pairs) -> Floats:
        """The log odds of pairs by the same weights."""
        return np.asarray(self.parts_of(pairs).sum(axis=0) + self.shift)


def weigh(pairs: Pairs) -> tuple[bool, Weighed]:
    """Estimate weights and probabilities; also whether the rows of two tables exclude each other.

    First as if a row were in one match at most, once for each of `_MIXES`; kept is what the fits say together that
    expect the best F1 of themselves. Of two tables that is the answer, unless a row's second best candidate is often
    as good as most matches are: then one of them lists things twice. There, and in one table, a row may be in several.
    """
    fits = [_one_partner(pairs, mixed) for mixed in _MIXES]
    hopes = [expected(fit.probability) for fit in fits]
    best = max(range(len(fits)), key=lambda place: (round(hopes[place], 3), place))
    if not pairs.single and not _twice(pairs, fits[best]):
        return True, _together([fit for fit, hope in zip(fits, hopes, strict=True) if hope >= hopes[best] - _NEAR])
    strict = _any_partners(pairs, fits[best], share=0.0)
    loose = _any_partners(pairs, replace(strict, probability=fits[best].probability), share=1.0)
    drifted = loose.probability.sum() > _DRIFT * strict.probability.sum() + 1
    return False, strict if drifted else loose


def _together(fits: Sequence[Weighed]) -> Weighed:
    """The mean of several fits: better calibrated than any of them."""
    weights = [np.mean(each, axis=0) for each in zip(*(fit.weights for fit in fits), strict=True)]
    parts = np.mean([fit.parts for fit in fits], axis=0)
    odds = np.mean([fit.log_odds for fit in fits], axis=0)
    chance = np.mean([fit.probability for fit in fits], axis=0)
    return Weighed(weights, parts, odds, chance, float(np.mean([fit.shift for fit in fits])))


def expected(probability: Floats) -> float:
    """The F1 to expect of pairs from .5 on, were the probabilities right."""
    taken = probability >= 0.5  # noqa: PLR2004
    return float(2 * probability[taken].sum() / max(1e-9, taken.sum() + probability.sum()))


def said(pairs: Pairs, odds: Floats) -> Floats:
    """Log odds, with what a person said put in place of what was learned."""
    return np.where(pairs.told == 0, np.clip(odds, -LIMIT, LIMIT), pairs.told * LIMIT)


def chances(pairs: Pairs, odds: Floats, *, exclusive: bool) -> Floats:
    """How probable each pair is; what a person said is certain."""
    heard = said(pairs, odds)
    alone = np.asarray(1 / (1 + np.exp(-heard)))
    return np.where(pairs.told == 0, marginals(pairs, np.exp(heard)), alone) if exclusive else alone


def _one_partner(pairs: Pairs, mixed: float) -> Weighed:
    """Weights where a row is in one match at most."""
    found = Weighed((), np.zeros(0), np.zeros(0), _start(pairs), 0.0)
    for _ in range(_ROUNDS):
        before = found.probability
        found = _round(pairs, before, 1 - before, mixed, _shift(pairs, before, mixed))
        found = replace(found, probability=chances(pairs, found.log_odds, exclusive=True))
        if np.abs(found.probability - before).max(initial=0) < _SETTLED:
            break
    return found


def _any_partners(pairs: Pairs, best: Weighed, share: float) -> Weighed:
    """Weights where a row may be in several matches: best partners teach, and by a share every likely pair."""
    found = replace(best, probability=chances(pairs, best.log_odds, exclusive=False))
    for _ in range(_ROUNDS):
        before = found.probability
        match = best.probability + share * np.maximum(before - best.probability, 0)
        among = (1 - _MIXED) * np.log(len(before)) + _MIXED * np.log(pairs.space)
        found = _round(pairs, match, 1 - before, _MIXED, float(np.log(max(before.sum(), 1e-3)) - among))
        found = replace(found, probability=chances(pairs, found.log_odds, exclusive=False))
        if np.abs(found.probability - before).max(initial=0) < _SETTLED:
            break
    return found


def _round(pairs: Pairs, match: Floats, rest: Floats, mixed: float, shift: float) -> Weighed:
    weights = [
        _weights(level, top, match, rest, (mixed, chance, float((1 - rest).sum()) / pairs.space))
        for level, top, chance in zip(pairs.levels, pairs.tops, pairs.chance, strict=True)
    ]
    found = Weighed(weights, np.zeros(0), np.zeros(0), match, shift)
    parts = found.parts_of(pairs)
    return replace(found, parts=parts, log_odds=np.clip(parts.sum(axis=0) + shift, -LIMIT, LIMIT))


def _twice(pairs: Pairs, found: Weighed) -> bool:
    """Whether one of two tables lists things twice."""
    matches = found.log_odds[found.probability > 0.5]  # noqa: PLR2004
    if not len(matches):
        return False
    good = found.log_odds >= float(np.percentile(matches, 25))
    shares = []
    for rows, size in ((pairs.rows, pairs.sizes[0]), (pairs.others, pairs.sizes[1])):
        held = np.bincount(rows[good], minlength=size)
        shares.append(float((held > 1).sum() / max(1, (held > 0).sum())))
    return max(shares) > _TWICE


def _start(pairs: Pairs) -> Floats:
    """A first guess: matches agree, other pairs are as if drawn at random."""
    total = np.zeros(len(pairs.rows))
    for level, rare, top, chance in zip(pairs.levels, pairs.rarity, pairs.tops, pairs.chance, strict=True):
        usual = np.linspace(0, 3, top)
        match = np.exp(usual) / np.exp(usual).sum()
        weight = np.concatenate([[0.0], np.log(match / chance[1:])])
        total += np.clip(weight[level], -4, 12) + rare
    prior = np.log(min(pairs.sizes) / (2.0 * pairs.sizes[0] * pairs.sizes[1]))
    return np.asarray(1 / (1 + np.exp(-said(pairs, total + prior))))


def _weights(
    level: npt.NDArray[np.int8], top: int, match: Floats, rest: Floats, random: tuple[float, Floats, float]
) -> Floats:
    """The log of how much more often matches have a level than others: never falling with the level.

    The others are the candidates that do not match and, by a share, pairs drawn at random less the matches among
    them (`random`: that share, how often those have each level, how many of them match): candidates alone look too
    much like matches where little tells rows apart.
    """
    mixed, chance, matching = random
    same = np.bincount(level, match, minlength=top + 1)[1:].astype(np.float64)
    other = np.bincount(level, rest, minlength=top + 1)[1:].astype(np.float64)
    both = same + other
    base = (both + 0.5) / (both + 0.5).sum()
    same = (same + _SMOOTH * base) / (same.sum() + _SMOOTH)
    other = (other + _SMOOTH * base) / (other.sum() + _SMOOTH)
    drawn = mixed * np.log(np.maximum(chance[1:] - matching * same, _CHANCE * chance[1:])) + (1 - mixed) * np.log(other)
    return np.concatenate([[0.0], np.clip(_rising(np.log(same) - drawn, both + 0.5), -7, 9)])


def _rising(values: Floats, weights: Floats) -> Floats:
    """The closest sequence that never falls (pool adjacent violators)."""
    blocks: list[list[float]] = []
    for value, weight in zip(values.tolist(), weights.tolist(), strict=True):
        blocks.append([value, weight, 1])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            last = blocks.pop()
            mass = blocks[-1][1] + last[1]
            blocks[-1] = [(blocks[-1][0] * blocks[-1][1] + last[0] * last[1]) / mass, mass, blocks[-1][2] + last[2]]
    return np.repeat([block[0] for block in blocks], [int(block[2]) for block in blocks])


def _shift(pairs: Pairs, before: Floats, mixed: float) -> float:
    """Log odds, against both of its rows staying alone, of a candidate of which nothing is known."""
    matched = float(before.sum())
    twice = 2 if pairs.single else 1
    free = [max(1 - twice * matched / size, _FREE) for size in pairs.sizes]
    among = (1 - mixed) * np.log(len(before)) + mixed * np.log(pairs.space)
    return float(np.log(max(matched, 1e-3)) - np.log(free[0] * free[1]) - among)


def marginals(pairs: Pairs, odds: Floats) -> Floats:
    """How probable each pair is when no row is in two: belief propagation for the monomer-dimer model.

    Args:
        pairs: for the rows at its ends.
        odds: weight of each pair against both of its rows staying alone.
    """
    forth = np.ones(len(odds))
    back = np.ones(len(odds))
    for _ in range(_SWEEPS):
        at_left, at_right = odds * back, odds * forth
        load = 1 + np.bincount(pairs.rows, at_left, minlength=pairs.sizes[0])
        other = 1 + np.bincount(pairs.others, at_right, minlength=pairs.sizes[1])
        if pairs.single:
            load = other = load + other - 1
        before = forth
        forth = 0.5 * forth + 0.5 / np.maximum(load[pairs.rows] - at_left, 1e-12)
        back = 0.5 * back + 0.5 / np.maximum(other[pairs.others] - at_right, 1e-12)
        if np.abs(forth - before).max(initial=0) < _STILL:
            break
    joint = odds * forth * back
    return np.asarray(joint / (1 + joint))
