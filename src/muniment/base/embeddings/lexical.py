"""The built-in model: words and pieces of words hashed into a fixed number of places.

Made by `choose`. Needs no download and no network, and gives the same vectors everywhere and for ever: what is
similar to it is what is written alike. A change of any constant here is another model: raise `VERSION`.
"""

from __future__ import annotations

import hashlib
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from muniment.base.embeddings.types import BLANK, Model, Vectors, normalised, prepared

if TYPE_CHECKING:
    from muniment.base.embeddings.types import Array

VERSION = 1
DIMENSION = 512
MODEL = Model(f"built-in/lexical-{VERSION}", DIMENSION)

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORD = re.compile(r"[^\W\d_]+|\d+")
_PIECES = (2, 3, 4)
_PIECE_SHARE = 4.0  # of 0.8, 2 and 4, with pieces of 2 to 5: best at finding, for a header, another of its attribute
_PAIR = 0.5
_NUMBER = 0.6
_SMALL = 0.25
_SMALL_WORDS = frozenset(["a", "an", "and", "as", "at", "by", "de", "der", "des", "die", "for", "from", "in", "is"])
_SMALL_WORDS |= frozenset(["la", "le", "no", "of", "on", "or", "the", "to", "und", "von", "with"])
_BLOCK = 4_096


class Lexical:
    """The built-in embedder."""

    name = MODEL.name

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Embed texts; never fails."""
        return Vectors(MODEL, vectors(texts))


def vectors(texts: Sequence[str]) -> Array:
    """The vectors of texts: float32 of shape (texts, DIMENSION), each of length 1.

    A text is the sum of its words and of its pairs of neighbouring words, weighted 1 + ln(times). A word is its
    whole self and its pieces of 2 to 4 letters; a pair is hashed as the two written together, so that "data
    center" meets "datacenter" (signed feature hashing: Weinberger et al., 2009).
    """
    import numpy as np

    lines = prepared(texts)
    result = np.zeros((len(lines), DIMENSION), dtype=np.float32)
    for start in range(0, len(lines), _BLOCK):
        block = lines[start : start + _BLOCK]
        result[start : start + len(block)] = _block(block)
    return normalised(result)


def words(text: str) -> list[str]:
    """The words of a text in small letters: camel case, digits and signs part them."""
    return [word.casefold() for word in _WORD.findall(_CAMEL.sub(" ", unicodedata.normalize("NFKC", text)))]


def _block(lines: Sequence[str]) -> Array:
    """Sums of the block's terms, each distinct term hashed once."""
    import numpy as np
    from scipy import sparse

    terms: dict[str, int] = {}
    rows, columns, weights = [], [], []
    for row, line in enumerate(lines):
        for term, weight in _terms(line).items():
            rows.append(row)
            columns.append(terms.setdefault(term, len(terms)))
            weights.append(weight)
    places, signs, starts = [], [], [0]
    for term in terms:
        hashed = _hashed(term)
        places += hashed[0]
        signs += hashed[1]
        starts.append(len(places))
    counted = sparse.csr_array((weights, (rows, columns)), shape=(len(lines), len(terms)), dtype=np.float32)
    meaning = sparse.csr_array((signs, places, starts), shape=(len(terms), DIMENSION), dtype=np.float32)
    total: Array = (counted @ meaning).toarray()
    return total


def _terms(line: str) -> dict[str, float]:
    """Words ("w...") and pairs ("p...") of a line with their weights."""
    found = words(line) or [BLANK]
    pairs = [one + other for one, other in pairwise(found)]
    weighed = {f"w{word}": (1 + math.log(times)) * _weight(word) for word, times in Counter(found).items()}
    return weighed | {f"p{pair}": _PAIR * (1 + math.log(times)) for pair, times in Counter(pairs).items()}


def _weight(word: str) -> float:
    if word in _SMALL_WORDS:
        return _SMALL
    return _NUMBER if word.isdigit() or len(word) == 1 else 1.0


@lru_cache(maxsize=65_536)
def _hashed(term: str) -> tuple[list[int], list[float]]:
    """The places a term is hashed to, and what is added there."""
    word = term[1:]
    features = [(f"w {word}", 1.0)]
    if term[0] == "w":
        pieces = list(_pieces(word))
        features += [(f"c {piece}", math.sqrt(_PIECE_SHARE / len(pieces))) for piece in pieces]
    places, values = [], []
    for feature, weight in features:
        number = int.from_bytes(hashlib.blake2b(feature.encode(), digest_size=8).digest(), "big")
        places.append((number >> 1) % DIMENSION)
        values.append(weight if number & 1 else -weight)
    return places, values


def _pieces(word: str) -> Iterator[str]:
    marked = f"<{word}>"
    for length in _PIECES:
        for start in range(len(marked) - length + 1):
            yield marked[start : start + length]
