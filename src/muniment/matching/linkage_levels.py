"""How alike two rows are in each field: levels from 0 (says nothing) and 1 (different) up to the same.

`linkage` calls it with pairs of rows. Levels are ordered: a higher one is never less alike. What a level is
worth is learned elsewhere (`linkage_weights`).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from muniment.matching.linkage_fields import Field, words

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_STEPS: Mapping[str, tuple[float, ...]] = {
    "name": (0.6, 0.72, 0.82, 0.9, 0.95),
    "code": (0.6, 0.75, 0.85),
    "text": (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.97),
    "words": (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9),
}
"""Where one level of likeness ends and the next begins; the same value has a level of its own."""


def top(kind: str) -> int:
    """The highest level of a kind."""
    return {"number": 5, "date": 5, "models": 7}.get(kind) or len(_STEPS[kind]) + 2


def in_words(kind: str, level: int) -> str:
    """What a level means, for people."""
    if level == 0:
        return "not said on both sides"
    if level in {1, top(kind)}:
        return "different" if level == 1 else "the same"
    share = (level - 1) / (top(kind) - 1)
    return "nearly the same" if share > 2 / 3 else "alike" if share > 1 / 3 else "a little alike"


class Levels:
    """One field's comparer, with what it must know of all values."""

    def __init__(self, field: Field) -> None:
        self.field = field
        self.vectors: list[Any] = []
        kind = field.kind
        if kind in {"text", "words", "name"}:
            counts = np.bincount(
                np.concatenate([side[side >= 0] for side in _sides(field)]), minlength=len(field.texts)
            )
            self.vectors = [_weighted(field.texts, counts, words)]
            if kind != "words":
                self.vectors.append(_weighted(field.texts, counts, _parts))
        elif kind == "models":
            self.vectors = [_matrix(field.texts, cut) for cut in (str.split, _stems, _shapes)]
            held = np.concatenate([side[side >= 0] for side in _sides(field)])
            counts = np.asarray(self.vectors[0][held].sum(axis=0)).ravel()
            self.rarity: Floats = np.log(1 + len(held) / np.maximum(counts, 1))
        elif kind == "number":
            values = np.array([float(text) for text in field.texts])
            held = np.concatenate([side[side >= 0] for side in _sides(field)])
            low, high = np.percentile(values[held], (10, 90))
            self.values, self.spread = values, max(float(high - low), 1e-9)

    def __call__(self, rows: Ints, others: Ints) -> npt.NDArray[np.int8]:
        """The level of each pair of a left and a right row."""
        one, other = self.field.left[rows], self.field.right[others]
        keys, back = np.unique(one * (len(self.field.texts) + 1) + other + 1, return_inverse=True)
        first, second = keys // (len(self.field.texts) + 1), keys % (len(self.field.texts) + 1) - 1
        # a key below zero has no left value: floor division leaves -1 there
        level: npt.NDArray[np.int8] = np.zeros(len(keys), np.int8)
        said = (first >= 0) & (second >= 0)
        if said.any():
            alike = _COMPARERS[self.field.kind](self, first[said], second[said])
            level[said] = np.where(first[said] == second[said], top(self.field.kind), alike)
        return np.asarray(level[back.ravel()], np.int8)

    def texts(self, numbers: Ints) -> list[str]:
        """The values behind numbers."""
        return [self.field.texts[number] for number in numbers]

    def cosine(self, place: int, first: Ints, second: Ints) -> Floats:
        """The cosine of the weighted words (0) or parts of words (1) of two values."""
        vectors = self.vectors[place]
        found = [np.zeros(0)]
        for start in range(0, len(first), 50_000):
            cut = slice(start, start + 50_000)
            found.append(np.asarray(vectors[first[cut]].multiply(vectors[second[cut]]).sum(axis=1)).ravel())
        return np.concatenate(found)


def _sides(field: Field) -> list[Ints]:
    return [field.left] if field.right is field.left else [field.left, field.right]


def _matrix(texts: Sequence[str], cut: Callable[[str], Sequence[str]]) -> Any:
    import scipy.sparse as sp

    vocabulary: dict[str, int] = {}
    listed = [list(dict.fromkeys(cut(text))) for text in texts]
    places = [vocabulary.setdefault(token, len(vocabulary)) for tokens in listed for token in tokens]
    ends = np.concatenate([[0], np.cumsum([len(tokens) for tokens in listed])]).astype(np.int64)
    return sp.csr_matrix(
        (np.ones(len(places)), np.array(places, np.int64), ends), (len(texts), max(1, len(vocabulary)))
    )


def _weighted(texts: Sequence[str], counts: Ints, cut: Callable[[str], Sequence[str]]) -> Any:
    """Values times tokens, weighted by rarity, each of length one."""
    import scipy.sparse as sp

    matrix = _matrix(texts, cut)
    held = np.asarray(matrix.T @ counts).ravel()
    matrix = matrix @ sp.diags(np.log(1 + counts.sum() / np.maximum(held, 1)))
    length = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    return sp.csr_matrix(sp.diags(1 / np.maximum(length, 1e-9)) @ matrix)


def _parts(text: str) -> list[str]:
    """Groups of three letters of each word; a word of one letter stands for words that begin with it."""
    found = []
    for word in words(text):
        padded = f"^{word}$"
        found.append(padded[:2])
        found += [padded[at : at + 3] for at in range(len(padded) - 2)]
    return found


def _stems(text: str) -> list[str]:
    """Model numbers without the letters they end in (colour, region, package)."""
    return [stem for code in text.split() if len(stem := code.rstrip("abcdefghijklmnopqrstuvwxyz")) >= 4]  # noqa: PLR2004


def _shapes(text: str) -> list[str]:
    """Model numbers with 9 for every digit and a for every letter."""
    return [re.sub(r"\d", "9", re.sub(r"[^\W\d_]", "a", code)) for code in text.split()]


def _stepped(kind: str, alike: Floats) -> npt.NDArray[np.int8]:
    return (np.searchsorted(np.array(_STEPS[kind]), alike, side="right") + 1).astype(np.int8)


def _name(levels: Levels, first: Ints, second: Ints) -> npt.NDArray[np.int8]:
    from rapidfuzz import process
    from rapidfuzz.distance import JaroWinkler

    one, other = levels.texts(first), levels.texts(second)
    written = process.cpdist(one, other, scorer=JaroWinkler.normalized_similarity, dtype=np.float64)
    worded = np.maximum(levels.cosine(0, first, second), levels.cosine(1, first, second))
    several = np.array([" " in text or " " in mate for text, mate in zip(one, other, strict=True)], bool)
    return _stepped("name", np.where(several, np.maximum(written * 0.9, worded), written))


def _code(levels: Levels, first: Ints, second: Ints) -> npt.NDArray[np.int8]:
    from rapidfuzz import process
    from rapidfuzz.distance import DamerauLevenshtein

    one, other = levels.texts(first), levels.texts(second)
    alike = process.cpdist(one, other, scorer=DamerauLevenshtein.normalized_similarity, dtype=np.float64)
    apart = process.cpdist(one, other, scorer=DamerauLevenshtein.distance, dtype=np.float64)
    longer = np.array([max(len(text), len(mate)) for text, mate in zip(one, other, strict=True)])
    return _stepped("code", np.where((apart <= 1) & (longer >= 4), 0.9, np.minimum(alike, 0.84)))  # noqa: PLR2004


def _text(levels: Levels, first: Ints, second: Ints) -> npt.NDArray[np.int8]:
    return _stepped("text", 0.5 * (levels.cosine(0, first, second) + levels.cosine(1, first, second)))


def _words(levels: Levels, first: Ints, second: Ints) -> npt.NDArray[np.int8]:
    return _stepped("words", levels.cosine(0, first, second))


def _number(levels: Levels, first: Ints, second: Ints) -> npt.NDArray[np.int8]:
    """Close by their own size and by how far the column's values are spread, or whole numbers one keystroke apart."""
    from rapidfuzz import process
    from rapidfuzz.distance import DamerauLevenshtein

    one, other = levels.values[first], levels.values[second]
    apart = np.abs(one - other)
    share = apart / np.maximum(np.maximum(np.abs(one), np.abs(other)), 1e-9)
    close = np.searchsorted(_NUMBER_STEPS, np.maximum(share, apart / levels.spread / _SPREAD), side="right")
    found = 4 - close
    texts, mates = levels.texts(first), levels.texts(second)
    whole = np.array(
        [a.isdigit() and b.isdigit() and min(len(a), len(b)) >= _DIGITS for a, b in zip(texts, mates, strict=True)]
    )
    slips = process.cpdist(texts, mates, scorer=DamerauLevenshtein.distance, dtype=np.float64) <= 1
    return np.asarray(np.where(whole & slips, np.maximum(found, 2), found), np.int8)


def _date(levels: Levels, first: Ints, second: Ints) -> npt.NDArray[np.int8]:
    from rapidfuzz import process
    from rapidfuzz.distance import DamerauLevenshtein

    one, other = levels.texts(first), levels.texts(second)
    apart = process.cpdist(one, other, scorer=DamerauLevenshtein.distance, dtype=np.float64)
    swapped = np.array(
        [a[:4] == b[:4] and a[4:6] == b[6:] and a[6:] == b[4:6] for a, b in zip(one, other, strict=True)]
    )
    parts = [np.array([a[cut] == b[cut] for a, b in zip(one, other, strict=True)], int) for cut in _DATE_PARTS]
    agreed = np.sum(parts, axis=0)
    found = np.where((apart <= 1) | swapped, 4, np.where((agreed == 2) | (apart <= 2), 3, 1 + (agreed == 1)))  # noqa: PLR2004
    return found.astype(np.int8)


_DIGITS = 3
_NUMBER_STEPS = np.array([0.005, 0.05, 0.25])
_SPREAD = 2.0
"""A step is one of the column's spread too, twice as wide: 1958 and 1968 are close as amounts, not as years."""

_DATE_PARTS = (slice(0, 4), slice(4, 6), slice(6, 8))


def _models(levels: Levels, first: Ints, second: Ints) -> npt.NDArray[np.int8]:
    """The share of rarity that is shared; where nothing is, other numbers of one shape are worse than other shapes."""
    shared = np.zeros(len(first))
    least = np.zeros(len(first))
    matrix = levels.vectors[0]
    totals = np.asarray(matrix @ levels.rarity).ravel()
    for start in range(0, len(first), 50_000):
        cut = slice(start, start + 50_000)
        shared[cut] = matrix[first[cut]].multiply(matrix[second[cut]]) @ levels.rarity
        least[cut] = np.minimum(totals[first[cut]], totals[second[cut]])
    share = shared / np.maximum(least, 1e-9)
    stems = levels.cosine(1, first, second) > 0
    alike = levels.cosine(2, first, second) > 0
    none = np.where(stems, 3, np.where(alike, 1, 2))
    return np.where(share > 0, 4 + np.searchsorted(_MODEL_STEPS, share, side="right"), none).astype(np.int8)


_MODEL_STEPS = np.array([0.5, 0.95])

_COMPARERS: Mapping[str, Callable[[Levels, Ints, Ints], npt.NDArray[np.int8]]] = {
    "name": _name,
    "code": _code,
    "text": _text,
    "words": _words,
    "number": _number,
    "date": _date,
    "models": _models,
}
