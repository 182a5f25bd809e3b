"""How alike the headers of two tables are: words weighted by how rare they are, abbreviations, spelling.

`column_pairs` calls `compare`. Headers are hostile text: `names` cuts them before anything is read.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt
from rapidfuzz import fuzz, process

from muniment.matching import column_lexicon

Floats = npt.NDArray[np.float64]

_WEAK = 0.35
"""What a word that says little weighs, beside one that says something."""

_VARIANTS = 6
_FULL = 0.97
"""What a header counts for when an abbreviation in it is read as what it may stand for."""

_SHORTEST = 3


@dataclass(frozen=True, slots=True)
class Alike:
    """Likeness of headers, source x target, 0 to 1.

    Attributes:
        same: the same words, in any order: 1 letter for letter.
        source: share of the source header's words found in the target's, rare words counting more.
        target: the same the other way round.
        letters: likeness of the letters of the whole headers.
        last: likeness of the last word that says something (the thing itself: "tumor SITE").
        initials: one header is made of the first letters of the other.
    """

    same: Floats
    source: Floats
    target: Floats
    letters: Floats
    last: Floats
    initials: Floats


def compare(sources: Sequence[str], targets: Sequence[str]) -> Alike:
    """Compare the headers of one table with those of another."""
    mine, theirs = [_variants(header) for header in sources], [_variants(header) for header in targets]
    left, right = _Side(mine), _Side(theirs)
    rarity = _rarity([held[0] for held in (*mine, *theirs)])
    near = _near(left.words, right.words)
    covered = left.weighed(rarity) @ right.best(near)
    covering = (right.weighed(rarity) @ left.best(near.T)).T
    found = [left.down(right.down(grid.T).T) for grid in (covered, covering)]
    letters = _letters(mine, theirs)
    last = near[np.ix_(left.last, right.last)]
    return Alike(
        same=_same(mine, theirs),
        source=np.minimum(found[0], 1.0),
        target=np.minimum(found[1], 1.0),
        letters=letters,
        last=last,
        initials=_initials(mine, theirs),
    )


def _variants(header: str) -> tuple[tuple[str, ...], ...]:
    """The words of a header as written, then as its abbreviations may be meant."""
    words = column_lexicon.read(header)
    short = column_lexicon.lexicon().short
    choices = [[(word,), *short.get(word, ())] for word in words[:8]]
    return tuple(
        tuple(word for part in parts for word in part) + words[8:]
        for parts, _ in zip(product(*choices), range(_VARIANTS), strict=False)
    )


class _Side:
    """The headers of one table as bags of words, one row per variant."""

    def __init__(self, headers: Sequence[Sequence[tuple[str, ...]]]) -> None:
        self.words = sorted({word for held in headers for words in held for word in words})
        place = {word: number for number, word in enumerate(self.words)}
        self._bags = [[place[word] for word in words] for held in headers for words in held]
        self._starts = np.cumsum([0, *(len(held) for held in headers)])[:-1]
        self._first = np.zeros(len(self._bags), bool)
        self._first[self._starts] = True
        weak = column_lexicon.lexicon().weak
        self.last = np.array([_last(held[0], weak, place) for held in headers], np.int64)

    def weighed(self, rarity: dict[str, float]) -> Floats:
        """Variants x words: the share of a variant's weight that each word has."""
        grid = np.zeros((len(self._bags), len(self.words)))
        for row, bag in enumerate(self._bags):
            for word in bag:
                grid[row, word] = rarity.get(self.words[word], 1.0)
        total = grid.sum(axis=1, keepdims=True)
        grid = np.divide(grid, total, out=np.zeros_like(grid), where=total > 0)
        result: Floats = grid * np.where(self._first, 1.0, _FULL)[:, None]
        return result

    def best(self, near: Floats) -> Floats:
        """Words of the other side x variants of this: how like the likest word of the variant is."""
        return np.stack([near[:, bag].max(axis=1) if bag else np.zeros(len(near)) for bag in self._bags], axis=1)

    def down(self, grid: Floats) -> Floats:
        """Of the rows of one header's variants the best."""
        result: Floats = np.maximum.reduceat(grid, self._starts, axis=0)
        return result


def _last(words: tuple[str, ...], weak: frozenset[str], place: dict[str, int]) -> int:
    strong = [word for word in words if word not in weak]
    return place[(strong or words)[-1]]


def _rarity(headers: Sequence[tuple[str, ...]]) -> dict[str, float]:
    """How much each word says: less the more headers have it, and little if it says little anywhere."""
    counts = Counter(stem for words in headers for stem in {column_lexicon.stem(word) for word in words})
    top = np.log(2 + len(headers))
    weak = column_lexicon.lexicon().weak
    return {
        word: float(max(0.15, 1 - np.log(counts[column_lexicon.stem(word)]) / top)) * (_WEAK if word in weak else 1.0)
        for words in headers
        for word in words
    }


def _near(ones: Sequence[str], others: Sequence[str]) -> Floats:
    """Likeness of words with words; only those are compared that share a start, a meaning or most letters."""
    grid = np.zeros((len(ones), len(others)))
    places: dict[str, list[int]] = {}
    for number, word in enumerate(others):
        for key in _keys(word):
            places.setdefault(key, []).append(number)
    for row, word in enumerate(ones):
        for number in {number for key in _keys(word) for number in places.get(key, ())}:
            grid[row, number] = column_lexicon.alike(word, others[number])
    spelt = process.cdist(ones, others, scorer=fuzz.ratio, score_cutoff=84, dtype=np.uint8)
    for row, number in zip(*np.nonzero((spelt > 0) & (grid == 0)), strict=True):
        grid[row, number] = column_lexicon.alike(ones[row], others[number])
    return grid


def _keys(word: str) -> tuple[str, ...]:
    groups = column_lexicon.lexicon().groups.get(word, ())
    return (word, word[:_SHORTEST], "/" + column_lexicon.stem(word), *(f"#{group}" for group in groups))


def _same(mine: Sequence[Sequence[tuple[str, ...]]], theirs: Sequence[Sequence[tuple[str, ...]]]) -> Floats:
    grid = np.zeros((len(mine), len(theirs)))
    held: dict[str, dict[int, float]] = {}
    for number, variants in enumerate(theirs):
        for key, worth in _spelt(variants):
            known = held.setdefault(key, {})
            known[number] = max(known.get(number, 0.0), worth)
    for row, variants in enumerate(mine):
        for key, worth in _spelt(variants):
            for number, other in held.get(key, {}).items():
                grid[row, number] = max(grid[row, number], worth * other)
    return grid


def _spelt(variants: Sequence[tuple[str, ...]]) -> list[tuple[str, float]]:
    keys = []
    for number, words in enumerate(variants):
        if words:
            worth = 1.0 if number == 0 else 0.9
            stems = sorted({column_lexicon.stem(word) for word in words})
            keys += [("=" + "".join(words), worth), ("&" + " ".join(stems), 0.9 * worth)]
    return keys


def _letters(mine: Sequence[Sequence[tuple[str, ...]]], theirs: Sequence[Sequence[tuple[str, ...]]]) -> Floats:
    ones, others = [" ".join(held[0]) for held in mine], [" ".join(held[0]) for held in theirs]
    plain = process.cdist(ones, others, scorer=fuzz.ratio, dtype=np.float32)
    sorted_ = process.cdist(ones, others, scorer=fuzz.token_sort_ratio, dtype=np.float32)
    result: Floats = np.maximum(plain, sorted_).astype(np.float64) / 100
    return result


def _initials(mine: Sequence[Sequence[tuple[str, ...]]], theirs: Sequence[Sequence[tuple[str, ...]]]) -> Floats:
    grid = np.zeros((len(mine), len(theirs)))
    for ones, others, turned in ((mine, theirs, False), (theirs, mine, True)):
        places: dict[str, list[int]] = {}
        for number, held in enumerate(others):
            letters = "".join(word[0] for word in held[0])
            if len(letters) >= _SHORTEST:
                places.setdefault(letters, []).append(number)
        for row, held in enumerate(ones):
            for number in places.get(held[0][0], ()) if len(held[0]) == 1 else ():
                grid[(number, row) if turned else (row, number)] = 1.0
    return grid
