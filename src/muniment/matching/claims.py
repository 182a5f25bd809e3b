"""A table of claims into one value per object and attribute, with confidence, and what each source is worth.

Called by `muniment match claims` through `flows`. Kinds of values are told from the values; the value given
is always written as one of the sources wrote it. Knows no register, and needs no settings.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from muniment.matching import truth, truth_meanings, truth_shapes
from muniment.matching.values import Form, Kind, agreement, form, slip
from muniment.matching.values_kinds import is_missing, kind_of

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray
    from scipy import sparse

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

_MOST_CHOICES = 60
"""Choices of one object whose likeness is looked at, the most claimed first."""

_SILENT = 0.01
"""What is left of a vote in another meaning, where somebody speaks in the one that is kept."""

_MEANT = 3
"""More objects than this have a value that others are taken to be slips of the finger for."""


@dataclass(frozen=True, slots=True)
class Claims:
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
        day: of each claim, when it was seen; None where nobody knows.
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
    day: Floats | None = None


@dataclass(frozen=True, slots=True)
class Resolved:
    """The answer.

    Attributes:
        objects, sources: their names, sorted.
        kinds: attribute -> kind of its values.
        rows: attribute -> (object numbers, values as written, confidences).
        accuracy, low, high, count: sources x attributes, in the order of `kinds`.
        copying: sources x sources, sparse.
    """

    objects: Sequence[str]
    sources: Sequence[str]
    kinds: Mapping[str, Kind]
    rows: Mapping[str, tuple[Ints, Sequence[str], Floats]]
    accuracy: Floats
    low: Floats
    high: Floats
    count: Floats
    copying: sparse.csr_array


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
    listed = [_column(name, cells, object_of, source_of, known) for name, cells in values.items()]
    columns, meant = [], []
    for one in listed:
        if len(one.choice):
            kept, share = _one_meaning(one)
            columns.append(kept)
            meant.append(share)
    prior = np.full((len(source_names), max(len(columns), 1)), truth.PRIOR)
    found = truth.discover(votes(columns, prior))
    rows, start = {}, 0
    for each, surely in zip(columns, meant, strict=True):
        size = len(each.of_object)
        share, right = found.probability[start : start + size], found.right[start : start + size]
        own = found.own[start : start + size]
        if each.kind == "people":
            right = share = truth_shapes.lists(each.of_object, each.source, each.choice, each.share, _persons(each))
        elif each.kind == "number":
            share, right = truth_shapes.measured(each.of_object, each.source, each.choice, _numbers(each), share, right)
        rows[each.name] = _chosen(each, share, right * surely, own)
        start += size
    kinds = {each.name: each.kind for each in columns}
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


def _column(name: str, cells: pa.Array, object_of: Ints, source_of: Ints, known: NDArray[np.bool_]) -> Claims:
    texts, text_of = _codes(cells, trim=False)
    said = np.array([not is_missing(text) for text in texts] + [False])
    rows = np.flatnonzero(known & said[text_of])
    met = np.bincount(text_of[rows], minlength=len(texts))
    order = np.lexsort((np.arange(len(texts)), -met))
    kind = kind_of(name, [texts[number] for number in order if met[number]])
    return column(name, kind, object_of[rows], source_of[rows], (text_of[rows], texts))


def column(
    name: str,
    kind: Kind,
    object_of: Ints,
    source_of: Ints,
    said: tuple[Ints, Sequence[str]],
    day: Floats | None = None,
) -> Claims:
    """Make a column of claims.

    Args:
        name: the attribute.
        kind: how its values are compared.
        object_of: of each claim.
        source_of: of each claim.
        said: of each claim the number of its text; and the texts, sorted.
        day: of each claim, when it was seen.
    """
    text_of, texts = said
    forms: list[Form] = []
    place: dict[str, int] = {}
    key_of = np.zeros(len(texts), dtype=np.int64)
    for number in np.flatnonzero(np.bincount(text_of, minlength=len(texts))).tolist():
        read = form(kind, texts[number])
        if read.key not in place:
            place[read.key] = len(forms)
            forms.append(read)
        key_of[number] = place[read.key]
    keys = key_of[text_of]
    choices, choice = np.unique(object_of * max(len(forms), 1) + keys, return_inverse=True)
    of_object, key = choices // max(len(forms), 1), choices % max(len(forms), 1)
    share = _share(object_of, source_of)
    return Claims(name, kind, object_of, source_of, choice, text_of, share, of_object, key, texts, forms, day)


def _share(object_of: Ints, source_of: Ints) -> Floats:
    """A source that says several things of one object has one vote for them together."""
    if not len(object_of):
        return np.zeros(0)
    _, group, count = np.unique(object_of * (source_of.max() + 1) + source_of, return_inverse=True, return_counts=True)
    return np.asarray(1.0 / count[group], dtype=np.float64)


def votes(columns: Sequence[Claims], prior: Floats, half_life: Floats | None = None) -> truth.Votes:
    """All columns as one set of votes.

    Args:
        columns: one per attribute.
        prior: sources x attributes, the accuracy to expect.
        half_life: of each attribute, in days; where the columns know days.
    """
    parts: dict[str, list[Any]] = {
        name: [] for name in ("source", "choice", "share", "group", "attribute", "frequency")
    }
    one, other, strength, general = [], [], [], []
    lag: list[Floats] = []
    choices = groups = 0
    for number, each in enumerate(columns):
        if each.day is not None:
            newest = np.full(int(each.object.max()) + 1, -np.inf)
            np.maximum.at(newest, each.object, each.day)
            lag.append(newest[each.object] - each.day)
        asked, group = np.unique(each.of_object, return_inverse=True)
        pairs, less = _pairs(each)
        parts["source"].append(each.source)
        parts["choice"].append(each.choice + choices)
        parts["share"].append(each.share)
        parts["group"].append(group + groups)
        parts["attribute"].append(np.full(len(asked), number, dtype=np.int64))
        parts["frequency"].append((np.bincount(each.key, minlength=len(each.forms))[each.key] - 1).astype(float))
        one.append(pairs[0] + choices)
        other.append(pairs[1] + choices)
        strength.append(pairs[2])
        general.append(less)
        choices, groups = choices + len(each.key), groups + len(asked)
    joined: dict[str, Any] = {
        name: np.concatenate([np.zeros(0, dtype=np.int64), *part]) for name, part in parts.items()
    }
    none = np.zeros(0, dtype=np.int64)
    return truth.Votes(
        **joined,
        pairs=(np.concatenate([none, *one]), np.concatenate([none, *other]), np.concatenate([np.zeros(0), *strength])),
        general=np.concatenate([none.astype(bool), *general]),
        prior=prior,
        lag=np.concatenate(lag) if half_life is not None and lag else None,
        half_life=half_life if lag else None,
    )


def slips(column: Claims) -> list[tuple[str, str]]:
    """Values that are slips of the finger, each with what was meant; by their keys.

    A value that nobody gives of any other object is one, where another source gives the object a value one
    slip away that several other objects have.
    """
    _, _, unique, _ = _met(column)
    found = _slipped(column, unique)
    keys = [column.forms[number].key for number in range(len(column.forms))]
    pairs = [divmod(pair, len(keys)) for pair in unique.tolist()]
    turned = [(pair if way > 0 else pair[::-1]) for pair, way in zip(pairs, found.tolist(), strict=True) if way]
    return sorted((keys[wrong], keys[meant]) for wrong, meant in turned)


def _slipped(column: Claims, unique: Ints) -> Ints:
    """Of each pair of keys: 1 where the first is a slip for the second, -1 where the reverse, 0 where neither."""
    met = np.bincount(column.key, minlength=len(column.forms))
    low, high = np.divmod(unique, max(len(column.forms), 1))
    way = np.where((met[low] == 1) & (met[high] > _MEANT), 1, 0) - np.where(
        (met[high] == 1) & (met[low] > _MEANT), 1, 0
    )
    for place in np.flatnonzero(way).tolist():
        if not slip(column.kind, column.forms[low[place]], column.forms[high[place]]):
            way[place] = 0
    return way


def _met(column: Claims) -> tuple[Ints, Ints, Ints, Ints]:
    """Pairs of choices of one object; the different pairs of their keys, the lower first, and the place of each."""
    claimed = np.bincount(column.choice, weights=column.share, minlength=len(column.key))
    order = np.lexsort((column.key, -claimed, column.of_object))
    place = column.of_object[order]
    rank = np.arange(len(order)) - np.searchsorted(place, place)
    order, place = order[rank < _MOST_CHOICES], place[rank < _MOST_CHOICES]
    first, second = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    for step in range(1, _MOST_CHOICES):
        same = np.flatnonzero(place[step:] == place[:-step])
        if not len(same):
            break
        first.append(order[same])
        second.append(order[same + step])
    one, other = np.concatenate(first), np.concatenate(second)
    low, high = np.minimum(column.key[one], column.key[other]), np.maximum(column.key[one], column.key[other])
    unique, at = np.unique(low * len(column.forms) + high, return_inverse=True)
    return one, other, unique, at


def _pairs(column: Claims) -> tuple[tuple[Ints, Ints, Floats], NDArray[np.bool_]]:
    """Choices of one object that speak for each other, and those that an agreeing one says more precisely."""
    less = np.zeros(len(column.key), dtype=bool)
    if column.kind == "exact":
        empty = np.zeros(0, dtype=np.int64)
        return (empty, empty, np.zeros(0)), less
    one, other, unique, at = _met(column)
    forms = column.forms
    compared = np.array(
        [agreement(column.kind, forms[pair // len(forms)], forms[pair % len(forms)]) for pair in unique.tolist()]
    )
    slipped = _slipped(column, unique)
    strength = np.where(slipped != 0, 1.0, compared)[at]
    slipped = slipped[at] * np.where(column.key[one] < column.key[other], 1, -1)
    detail = np.array([read.detail for read in forms])[column.key]
    agreeing = (strength >= 1.0) & (slipped == 0)
    less[one[slipped > 0]] = True
    less[other[slipped < 0]] = True
    less[one[agreeing & (detail[one] < detail[other])]] = True
    less[other[agreeing & (detail[other] < detail[one])]] = True
    use = strength > 0
    one, other, strength = one[use], other[use], strength[use]
    both = (np.concatenate([one, other]), np.concatenate([other, one]), np.concatenate([strength, strength]))
    return both, less


def _persons(column: Claims) -> tuple[tuple[str, ...], ...]:
    """Of each choice, the persons it lists, as words that compare."""
    read = [column.forms[key].body for key in column.key]
    return tuple(
        tuple("|".join((*one.words, one.account)) for one in body) if isinstance(body, tuple) else (str(body),)
        for body in read
    )


def _numbers(column: Claims) -> Floats:
    """Of each choice, its number; not a number where it is none."""
    bodies = [form_.body for form_ in column.forms]
    numbers = np.array([np.nan if isinstance(body, str) else body.value for body in bodies], dtype=np.float64)
    return numbers[column.key]


def _one_meaning(column: Claims) -> tuple[Claims, Floats]:
    """The column with one meaning kept, and per choice how sure it is that it is the one that is asked for."""
    sure = np.ones(len(column.of_object))
    if column.kind not in {"number", "moment"}:
        return column, sure
    number = _numbers(column)[column.choice] if column.kind == "number" else _moments(column)[column.choice]
    lost, share = truth_meanings.outvoted(column.object, column.source, number)
    if not lost.any():
        return column, sure
    objects = int(column.object.max()) + 1
    mine = lost[column.source]
    kept, gone = (np.bincount(column.object[which], minlength=objects) > 0 for which in (~mine, mine))
    sure = np.where(kept, np.where(gone, share, 1.0), 1 - share)[column.of_object]
    silent = mine & kept[column.object]
    return dataclasses.replace(column, share=np.where(silent, _SILENT * column.share, column.share)), sure


def _moments(column: Claims) -> Floats:
    """Of each choice, its moment in minutes of months that are all alike long, so that a year is always as long."""
    days = [
        np.nan
        if isinstance(body, str) or body.year is None
        else (((body.year * 12 + (body.month or 1)) * 31 + (body.day or 1)) * 1440 + (body.minute or 0))
        for body in (read.body for read in column.forms)
    ]
    return np.array(days, dtype=np.float64)[column.key]


def _chosen(column: Claims, share: Floats, right: Floats, own: Floats) -> tuple[Ints, Sequence[str], Floats]:
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
