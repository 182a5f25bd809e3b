"""What each level of likeness is worth, learned from the rows alone, and how probable each pair is.

Fellegi and Sunter's model (JASA 1969), estimated by EM over the candidates; where both tables list a thing
once, a row's candidates exclude each other. `linkage` calls it; it never sees a value.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_ROUNDS = 40
_SETTLED = 1e-4
_LIMIT = 30.0
_SMOOTH = 2.0
_MIXED = 0.5
"""How much of what other pairs look like is told from random pairs, where rows do not exclude each other."""

_FREE = 0.03
"""A table is never thought to be matched but for this share of its rows."""

_TWICE = 0.12
"""Share of matched rows with a second candidate as good as most matches, above which a table has duplicates."""
_SWEEPS = 30


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
    """

    rows: Ints
    others: Ints
    levels: npt.NDArray[np.int8]
    rarity: Floats
    tops: Sequence[int]
    sizes: tuple[int, int]
    chance: Sequence[Floats]
    single: bool

    def taken(self, places: Ints) -> "Pairs":
        """Some of the pairs, in this order."""
        return replace(
            self,
            rows=self.rows[places],
            others=self.others[places],
            levels=self.levels[:, places],
            rarity=self.rarity[:, places],
        )

    def joined(self, more: "Pairs") -> "Pairs":
        """These pairs and more of the same tables."""
        return replace(
            self,
            rows=np.concatenate([self.rows, more.rows]),
            others=np.concatenate([self.others, more.others]),
            levels=np.concatenate([self.levels, more.levels], axis=1),
            rarity=np.concatenate([self.rarity, more.rarity], axis=1),
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
    """

    weights: Sequence[Floats]
    parts: Floats
    log_odds: Floats
    probability: Floats
    shift: float

    def parts_of(self, pairs: Pairs) -> Floats:
        """What each field says of each pair."""
        said = [weight[level] for weight, level in zip(self.weights, pairs.levels, strict=True)]
        return np.stack(said) + pairs.rarity

    def odds(self, pairs: Pairs) -> Floats:
        """The log odds of pairs by the same weights."""
        return np.asarray(self.parts_of(pairs).sum(axis=0) + self.shift)


def weigh(pairs: Pairs, *, exclusive: bool, start: Floats | None = None, rounds: int = _ROUNDS) -> Weighed:
    """Estimate weights and probabilities; `exclusive`: a row matches one row of the other side at most."""
    found = Weighed((), np.zeros(0), np.zeros(0), _start(pairs) if start is None else start, 0.0)
    for _ in range(rounds):
        before = found.probability
        mixed = 0.0 if exclusive else _MIXED
        weights = [
            _weights(level, top, before, mixed * np.log(chance[1:]))
            for level, top, chance in zip(pairs.levels, pairs.tops, pairs.chance, strict=True)
        ]
        shift = _shift(pairs, before, exclusive=exclusive)
        found = Weighed(weights, np.zeros(0), np.zeros(0), before, shift)
        parts = found.parts_of(pairs)
        odds = np.clip(parts.sum(axis=0) + shift, -_LIMIT, _LIMIT)
        chance = marginals(pairs, np.exp(odds)) if exclusive else np.asarray(1 / (1 + np.exp(-odds)))
        found = Weighed(weights, parts, odds, chance, shift)
        if np.abs(chance - before).max(initial=0) < _SETTLED:
            break
    return found


def exclusive(pairs: Pairs) -> tuple[bool, Weighed]:
    """Weigh pairs of two tables, and tell whether each lists a thing once.

    Fitted as if they did: where a row's second best candidate is often as good as most matches are, one of
    the tables lists things twice, and a row may match several.
    """
    found = weigh(pairs, exclusive=True)
    matches = found.log_odds[found.probability > 0.5]  # noqa: PLR2004
    if not len(matches):
        return True, found
    usual = float(np.percentile(matches, 25))
    good = found.log_odds >= usual
    twice = 0.0
    for rows, size in ((pairs.rows, pairs.sizes[0]), (pairs.others, pairs.sizes[1])):
        held = np.bincount(rows[good], minlength=size)
        twice = max(twice, float((held > 1).sum() / max(1, (held > 0).sum())))
    if twice <= _TWICE:
        return True, found
    return False, weigh(pairs, exclusive=False)


def _start(pairs: Pairs) -> Floats:
    """A first guess: matches agree, other pairs are as if drawn at random."""
    total = np.zeros(len(pairs.rows))
    for level, rare, top, chance in zip(pairs.levels, pairs.rarity, pairs.tops, pairs.chance, strict=True):
        usual = np.linspace(0, 3, top)
        match = np.exp(usual) / np.exp(usual).sum()
        weight = np.concatenate([[0.0], np.log(match / chance[1:])])
        total += np.clip(weight[level], -4, 12) + rare
    prior = np.log(min(pairs.sizes) / (2.0 * pairs.sizes[0] * pairs.sizes[1]))
    return np.asarray(1 / (1 + np.exp(-np.clip(total + prior, -30, 30))))


def _weights(level: npt.NDArray[np.int8], top: int, probability: Floats, drawn: Floats) -> Floats:
    """The log of how much more often matches have a level than others: never falling with the level.

    The others are the candidates that do not match and, by the share `_MIXED`, pairs drawn at random (`drawn`,
    logarithms times that share): candidates alone look too much like matches where rows exclude nothing.
    """
    match = np.bincount(level, probability, minlength=top + 1)[1:].astype(np.float64)
    rest = np.bincount(level, 1 - probability, minlength=top + 1)[1:].astype(np.float64)
    both = match + rest
    base = (both + 0.5) / (both + 0.5).sum()
    match = (match + _SMOOTH * base) / (match.sum() + _SMOOTH)
    rest = (rest + _SMOOTH * base) / (rest.sum() + _SMOOTH)
    others = drawn + (1 - _MIXED if drawn.any() else 1) * np.log(rest)
    return np.concatenate([[0.0], np.clip(_rising(np.log(match) - others, both + 0.5), -7, 9)])


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


def _shift(pairs: Pairs, before: Floats, *, exclusive: bool) -> float:
    """Log odds of a candidate of which nothing is known, from how many match."""
    if not exclusive:
        space = np.log(float(pairs.sizes[0]) * pairs.sizes[1] / (2 if pairs.single else 1))
        among = (1 - _MIXED) * np.log(len(before)) + _MIXED * space
        return float(np.log(max(before.sum(), 1e-3)) - among)
    matched = float(before.sum())
    free = [max(1 - matched / size, _FREE) for size in pairs.sizes]
    return float(np.log(max(matched, 1e-3) / (len(pairs.rows) * free[0] * free[1])))


def marginals(pairs: Pairs, odds: Floats) -> Floats:
    """How probable each pair is when no row is in two: belief propagation for the monomer-dimer model.

    Args:
        pairs: for the rows at its ends.
        odds: weight of each pair against both of its rows staying alone.
    """
    forth = np.ones(len(odds))
    back = np.ones(len(odds))
    for _ in range(_SWEEPS):
        at_left = odds * back
        load = 1 + np.bincount(pairs.rows, at_left, minlength=pairs.sizes[0])[pairs.rows] - at_left
        at_right = odds * forth
        other = 1 + np.bincount(pairs.others, at_right, minlength=pairs.sizes[1])[pairs.others] - at_right
        forth, back = 0.5 * forth + 0.5 / np.maximum(load, 1e-12), 0.5 * back + 0.5 / np.maximum(other, 1e-12)
    joint = odds * forth * back
    return np.asarray(joint / (1 + joint))
