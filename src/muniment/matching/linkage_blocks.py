"""Which pairs of rows are worth comparing: for each row the few that share its rarest words and parts of words.

`linkage` calls it. One sparse product of weighted tokens in place of blocking rules: recall first, and the
number of pairs is bounded by the number of rows, whatever the table.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from muniment.matching.linkage_fields import Field, words

NEIGHBOURS = 10
"""Candidates kept per row and direction."""

_BUDGET = 120_000_000
"""Products of the sparse multiplication; the most frequent tokens are dropped beyond it."""

_NEAR = 0.25
"""Rows below this share of the best cosine are no candidates."""

_CHUNK = 1000


def candidates(fields: Sequence[Field], *, single: bool) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Pairs (left row, right row), each once, sorted; for one file left is below right."""
    left, right = _vectors(fields, single=single)
    rows, others = _nearest(left, right, single=single)
    if single:
        rows, others = np.minimum(rows, others), np.maximum(rows, others)
    else:
        back, forth = _nearest(right, left, single=False)
        rows, others = np.concatenate([rows, forth]), np.concatenate([others, back])
    keys = np.unique(rows * right.shape[0] + others)
    return keys // right.shape[0], keys % right.shape[0]


def _vectors(fields: Sequence[Field], *, single: bool) -> tuple[Any, Any]:
    """Rows times tokens, weighted by rarity (idf), each row of length one."""
    import scipy.sparse as sp

    vocabulary: dict[str, int] = {}
    sides: list[list[Any]] = [[], []]
    for number, field in enumerate(fields):
        if field.kind == "words":
            continue
        listed = [list(dict.fromkeys(_tokens(text, field.kind, str(number)))) for text in field.texts]
        places = [vocabulary.setdefault(token, len(vocabulary)) for tokens in listed for token in tokens]
        ends = np.concatenate([[0], np.cumsum([len(tokens) for tokens in listed])])
        for side, codes in zip(sides, (field.left, field.right), strict=True):
            side.append((codes, np.array(places, np.int64), ends))
    made = []
    for side in sides[:1] if single else sides:
        total = 0
        for codes, places_, ends in side:
            matrix = sp.csr_matrix((np.ones(len(places_), np.float32), places_, ends), (len(ends) - 1, len(vocabulary)))
            said = np.flatnonzero(codes >= 0)
            spread = sp.csr_matrix((np.ones(len(said), np.float32), (said, codes[said])), (len(codes), len(ends) - 1))
            total = total + spread @ matrix
        made.append(sp.csr_matrix(total))
    left, right = made[0], made[-1]
    for matrix in made:
        matrix.data[:] = 1
    counts = [np.bincount(matrix.indices, minlength=len(vocabulary)) for matrix in (left, right)]
    idf = np.log((left.shape[0] + right.shape[0] + 1) / (counts[0] + counts[1] + 1)).astype(np.float32)
    cost = counts[0].astype(np.float64) * counts[1]
    order = np.argsort(cost, kind="stable")
    kept = np.zeros(len(vocabulary), bool)
    kept[order[np.cumsum(cost[order]) <= _BUDGET]] = True
    kept &= cost > (1 if single else 0)
    weights = sp.diags(np.where(kept, np.maximum(idf, 0), 0).astype(np.float32))
    made = [_unit(matrix @ weights) for matrix in made]
    return made[0], made[-1]


def _unit(matrix: Any) -> Any:
    import scipy.sparse as sp

    matrix.eliminate_zeros()
    length = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    return sp.csr_matrix(sp.diags((1 / np.maximum(length, 1e-9)).astype(np.float32)) @ matrix)


def _tokens(text: str, kind: str, place: str) -> Iterable[str]:
    if kind in {"text", "models"}:
        yield from words(text)
        return
    if kind in {"date", "code", "number"}:
        yield f"{place}={text}"
        if kind == "date":
            yield from (f"{place}ym{text[:6]}", f"{place}md{text[4:]}", f"{place}yd{text[:4]}{text[6:]}")
        elif kind == "code" and 4 <= len(text) <= 16:  # noqa: PLR2004
            yield from (f"{place}-{text[:cut]}{text[cut + 1 :]}" for cut in range(len(text)))
        return
    yield f"{place}={text}"
    for word in words(text):
        yield word
        padded = f"^{word}$"
        yield from (f"{place}~{padded[at : at + 3]}" for at in range(len(padded) - 2))


def _nearest(left: Any, right: Any, *, single: bool) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """For each left row the right rows with the highest cosine."""
    turned = right.T.tocsr()
    found: list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]] = []
    for start in range(0, left.shape[0], _CHUNK):
        product = left[start : start + _CHUNK] @ turned
        rows = np.repeat(np.arange(product.shape[0]), np.diff(product.indptr))
        score = np.where(rows + start == product.indices, 0, product.data) if single else product.data
        best = np.zeros(product.shape[0], score.dtype)
        np.maximum.at(best, rows, score)
        near = score > _NEAR * best[rows]
        rows, places, score = rows[near], product.indices[near].astype(np.int64), score[near]
        order = np.lexsort((places, -score, rows))
        rows, places = rows[order], places[order]
        begins = np.searchsorted(rows, rows, side="left")
        kept = np.arange(len(rows)) - begins < NEIGHBOURS
        found.append((rows[kept] + start, places[kept]))
    if not found:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    return np.concatenate([one for one, _ in found]), np.concatenate([other for _, other in found])
