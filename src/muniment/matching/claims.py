"""A table of claims into one value per object and attribute, with confidence, and what each source is worth.

Called by `muniment match claims` through `flows`. Kinds of values are told from the values; the value given
is always written as one of the sources wrote it. Knows no register, and needs no settings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from muniment.matching import truth, truth_shapes
from muniment.matching.values import Form, Kind, agreement, form
from muniment.matching.values_kinds import is_missing, kind_of

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

_MOST_CHOICES = 60
"""Choices of one object whose likeness is looked at, the most claimed first."""


@dataclass(frozen=True, slots=True)
class Column:
    """The claims about one attribute.

    Attributes:
        name: the attribute.
        kind: how its values are compared.
        object, source: of each claim, as numbers.
        choice: of each claim, the choice it states.
        spelling: of each claim, the number of its text in `texts`.
        share: of each claim.
        of_object: of each choice, its object.
        key: of each choice, the number of its form in `forms`.
        texts: distinct texts, sorted.
        forms: distinct forms.
    """

    name: str
    kind: Kind
    object: Ints
    source: Ints
    choice: Ints
    spelling: Ints
    share: Floats
    of_object: Ints
    key: Ints
    texts: Sequence[str]
    forms: Sequence[Form]


@dataclass(frozen=True, slots=True)
class Resolved:
    """The answer.

    Attributes:
        objects, sources: their names, sorted.
        kinds: attribute -> kind of its values.
        rows: attribute -> (object numbers, values as written, confidences).
        accuracy, low, high, count: sources x attributes, in the order of `kinds`.
        copying: sources x sources.
    """

    objects: Sequence[str]
    sources: Sequence[str]
    kinds: Mapping[str, Kind]
    rows: Mapping[str, tuple[Ints, Sequence[str], Floats]]
    accuracy: Floats
    low: Floats
    high: Floats
    count: Floats
    copying: Floats


def resolve(objects: pa.Array, sources: pa.Array, values: Mapping[str, pa.Array]) -> Resolved:
    """Find the true values.

    Args:
        objects: whom each row is about, as text; rows without one are left out.
        sources: who says it.
        values: attribute -> what is said, null or a word for nothing where nothing is.
    """
    object_names, object_of = _codes(objects)
    source_names, source_of = _codes(sources)
    known = (object_of >= 0) & (source_of >= 0)
    columns = [_column(name, cells, object_of, source_of, known) for name, cells in values.items()]
    columns = [column for column in columns if len(column.choice)]
    votes = _votes(columns, len(source_names))
    found = truth.discover(votes)
    rows, start, at = {}, 0, 0
    for column in columns:
        size, claims = len(column.of_object), len(column.choice)
        share, right = found.probability[start : start + size], found.right[start : start + size]
        own, weight = found.own[start : start + size], found.weight[at : at + claims]
        if column.kind == "people":
            right = share = truth_shapes.lists(
                column.of_object, column.source, column.choice, column.share, _persons(column)
            )
        elif column.kind == "number":
            share, right = truth_shapes.measured(
                column.of_object, column.choice, weight, _numbers(column), share, right
            )
        rows[column.name] = _chosen(column, share, right, own)
        start, at = start + size, at + claims
    kinds = {column.name: column.kind for column in columns}
    return Resolved(
        object_names, source_names, kinds, rows, found.accuracy, found.low, found.high, found.count, found.copying
    )


def _codes(names: pa.Array, *, trim: bool = True) -> tuple[list[str], Ints]:
    """Names sorted, and the number of each row's; -1 where there is none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if isinstance(names, pa.ChunkedArray):
        names = names.combine_chunks()
    encoded = pc.dictionary_encode(pc.utf8_trim_whitespace(names) if trim else names)
    texts = encoded.dictionary.to_pylist()
    order = sorted(range(len(texts)), key=texts.__getitem__)
    place = np.empty(len(texts) + 1, dtype=np.int64)
    place[order] = np.arange(len(texts))
    place[-1] = -1
    indices = encoded.indices.fill_null(len(texts)).to_numpy(zero_copy_only=False).astype(np.int64)
    empty = [number for number, text in enumerate(texts) if not text]
    coded = place[indices]
    for number in empty:
        coded[coded == place[number]] = -1
    return [texts[number] for number in order], coded


def _column(name: str, cells: pa.Array, object_of: Ints, source_of: Ints, known: NDArray[np.bool_]) -> Column:
    texts, text_of = _codes(cells, trim=False)
    said = np.array([not is_missing(text) for text in texts] + [False])
    rows = np.flatnonzero(known & said[text_of])
    met = np.bincount(text_of[rows], minlength=len(texts))
    order = np.lexsort((np.arange(len(texts)), -met))
    kind = kind_of(name, [texts[number] for number in order if met[number]])
    forms: list[Form] = []
    place: dict[str, int] = {}
    key_of = np.zeros(len(texts), dtype=np.int64)
    for number in np.flatnonzero(met):
        read = form(kind, texts[number])
        if read.key not in place:
            place[read.key] = len(forms)
            forms.append(read)
        key_of[number] = place[read.key]
    keys = key_of[text_of[rows]]
    choices, choice = np.unique(object_of[rows] * max(len(forms), 1) + keys, return_inverse=True)
    of_object, key = choices // max(len(forms), 1), choices % max(len(forms), 1)
    return Column(
        name, kind, object_of[rows], source_of[rows], choice, text_of[rows], _share(object_of[rows], source_of[rows]),
        of_object, key, texts, forms,
    )  # fmt: skip


def _share(object_of: Ints, source_of: Ints) -> Floats:
    """A source that says several things of one object has one vote for them together."""
    if not len(object_of):
        return np.zeros(0)
    _, group, count = np.unique(object_of * (source_of.max() + 1) + source_of, return_inverse=True, return_counts=True)
    return np.asarray(1.0 / count[group], dtype=np.float64)


def _votes(columns: Sequence[Column], sources: int) -> truth.Votes:
    """All columns as one set of votes."""
    parts: dict[str, list[Any]] = {
        name: [] for name in ("source", "choice", "share", "group", "attribute", "frequency")
    }
    one, other, strength, general = [], [], [], []
    choices = groups = 0
    for number, column in enumerate(columns):
        asked, group = np.unique(column.of_object, return_inverse=True)
        pairs, less = _pairs(column)
        parts["source"].append(column.source)
        parts["choice"].append(column.choice + choices)
        parts["share"].append(column.share)
        parts["group"].append(group + groups)
        parts["attribute"].append(np.full(len(asked), number, dtype=np.int64))
        parts["frequency"].append((np.bincount(column.key, minlength=len(column.forms))[column.key] - 1).astype(float))
        one.append(pairs[0] + choices)
        other.append(pairs[1] + choices)
        strength.append(pairs[2])
        general.append(less)
        choices, groups = choices + len(column.key), groups + len(asked)
    joined: dict[str, Any] = {
        name: np.concatenate([np.zeros(0, dtype=np.int64), *part]) for name, part in parts.items()
    }
    none = np.zeros(0, dtype=np.int64)
    return truth.Votes(
        **joined,
        pairs=(np.concatenate([none, *one]), np.concatenate([none, *other]), np.concatenate([np.zeros(0), *strength])),
        general=np.concatenate([none.astype(bool), *general]),
        prior=np.full((sources, max(len(columns), 1)), truth.PRIOR),
    )


def _pairs(column: Column) -> tuple[tuple[Ints, Ints, Floats], NDArray[np.bool_]]:
    """Choices of one object that speak for each other, and those that an agreeing one says more precisely."""
    claimed = np.bincount(column.choice, weights=column.share, minlength=len(column.key))
    order = np.lexsort((column.key, -claimed, column.of_object))
    place = column.of_object[order]
    rank = np.arange(len(order)) - np.searchsorted(place, place)
    order, place = order[rank < _MOST_CHOICES], place[rank < _MOST_CHOICES]
    first, second = [], []
    for step in range(1, _MOST_CHOICES):
        same = np.flatnonzero(place[step:] == place[:-step])
        if not len(same):
            break
        first.append(order[same])
        second.append(order[same + step])
    less = np.zeros(len(column.key), dtype=bool)
    if not first or column.kind == "exact":
        empty = np.zeros(0, dtype=np.int64)
        return (empty, empty, np.zeros(0)), less
    one, other = np.concatenate(first), np.concatenate(second)
    low, high = np.minimum(column.key[one], column.key[other]), np.maximum(column.key[one], column.key[other])
    unique, at = np.unique(low * len(column.forms) + high, return_inverse=True)
    forms = column.forms
    compared = np.array(
        [agreement(column.kind, forms[pair // len(forms)], forms[pair % len(forms)]) for pair in unique.tolist()]
    )
    strength = compared[at]
    detail = np.array([read.detail for read in forms])[column.key]
    agreeing = strength >= 1.0
    less[one[agreeing & (detail[one] < detail[other])]] = True
    less[other[agreeing & (detail[other] < detail[one])]] = True
    use = strength > 0
    one, other, strength = one[use], other[use], strength[use]
    both = (np.concatenate([one, other]), np.concatenate([other, one]), np.concatenate([strength, strength]))
    return both, less


def _persons(column: Column) -> tuple[tuple[str, ...], ...]:
    """Of each choice, the persons it lists, as words that compare."""
    read = [column.forms[key].body for key in column.key]
    return tuple(
        tuple("|".join((*one.words, one.account)) for one in body) if isinstance(body, tuple) else (str(body),)
        for body in read
    )


def _numbers(column: Column) -> Floats:
    """Of each choice, its number; not a number where it is none."""
    bodies = [form_.body for form_ in column.forms]
    numbers = np.array([np.nan if isinstance(body, str) else body.value for body in bodies], dtype=np.float64)
    return numbers[column.key]


def _chosen(column: Column, share: Floats, right: Floats, own: Floats) -> tuple[Ints, Sequence[str], Floats]:
    """The best choice of each object, in the spelling that most of its claims have."""
    detail = np.array([read.detail for read in column.forms])[column.key]
    met = np.bincount(column.key, minlength=len(column.forms))[column.key]
    rank = np.lexsort((column.key, -met, -detail, -np.round(own, 9), -np.round(share, 9), column.of_object))
    _, first = np.unique(column.of_object[rank], return_index=True)
    best = rank[first]
    texts = len(column.texts)
    spelled, count = np.unique(column.choice * texts + column.spelling, return_counts=True)
    usual = np.bincount(column.spelling, minlength=texts)
    order = np.lexsort((spelled % texts, -usual[spelled % texts], -count, spelled // texts))
    _, front = np.unique(spelled[order] // texts, return_index=True)
    spelling = (spelled[order][front] % texts)[best]
    return column.of_object[best], [column.texts[number] for number in spelling], right[best]
