"""From the cells of a table to one profile per column, vectorised and independent of the row order.

Called once per table before `columns.rank`. Never loops over rows: cells are counted by Arrow, and the
detectors see a bounded, deterministic, weighted sample of the distinct values.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from muniment.matching import detect
from muniment.matching.types import Column, Profile

_LONGEST = 256
"""Characters of a cell that are looked at; longer cells are cut, so a 1 MB cell costs no more."""

_HEAD, _TAIL = 250, 250
"""Distinct values sampled: the most frequent ones, and as many of the rest chosen by a hash."""

_SAMPLES, _COMMON = 5, 40

_PLACEHOLDERS = pa.array(
    [
        *("", "-", "--", "?", ".", "n/a", "na", "none", "null", "nil", "nan", "unknown", "tbd", "#n/a"),
        *("not available", "not set", "not specified", "undefined", "[]", "{}", "(null)", "<null>"),
        *("#ref!", "#value!", "#name?", "#div/0!", "#num!", "#null!"),
    ]
)

_LIST = r"^[\[{(]?\s*[^\s,;|]+(\s*[,;|\n]\s*[^\s,;|]+)+\s*[,;]?\s*[\])}]?;?$"
_NOT_LIST = r"^[+-]?(\d{1,3}([,' .]\d{3})+|\d+)([.,]\d+)?%?$|=|^\w+://"
_PAIRWISE = 0.3
"""Share of values that must be lists before a column counts as holding lists."""


_NONE = pa.array([], pa.large_string())


def profile(rows: pa.Table, columns: Sequence[str], *, table: str | None = None) -> tuple[Column, ...]:
    """Profile columns of one table.

    Args:
        rows: the table, any Arrow types; text columns as the reader gives them are the usual case.
        columns: names of the columns to profile, each once in `rows`.
        table: the name of the table or tab, kept in each column as context.

    Returns:
        One column per name, in the order asked for.

    Raises:
        KeyError: a name is not a column of the table.
    """
    counted = [_count(rows.column(name)) for name in columns]
    kinds = _kinds([column.sampled for column in counted], [column.weights for column in counted])
    return tuple(
        Column(name, table, _profile(column, *found))
        for name, column, found in zip(columns, counted, kinds, strict=True)
    )


@dataclass(frozen=True, slots=True)
class _Counted:
    """One column's distinct filled values: how often each, how long, and a weighted sample of them."""

    rows: int
    filled: int
    distinct: int
    lengths: tuple[int, float, int]
    sampled: pa.Array
    weights: npt.NDArray[np.float64]
    common: tuple[float, ...]


def _count(cells: pa.ChunkedArray) -> _Counted:
    text = pc.utf8_trim_whitespace(pc.utf8_slice_codeunits(_text(cells), 0, _LONGEST))
    counted = pc.value_counts(text.drop_null())
    values, counts = counted.field("values"), counted.field("counts").to_numpy()
    keep = pc.invert(pc.is_in(pc.utf8_lower(values), value_set=_PLACEHOLDERS))
    values = values.filter(keep)
    counts = counts[keep.to_numpy(zero_copy_only=False)]
    filled = int(counts.sum())
    if not filled:
        empty = pa.array([], values.type)
        return _Counted(len(cells), 0, 0, (0, 0.0, 0), empty, np.array([], np.float64), ())
    lengths = pc.utf8_length(values).to_numpy()
    chosen, weights = _sample(values, counts)
    return _Counted(
        len(cells),
        filled,
        len(values),
        (int(lengths.min()), float(lengths @ counts) / filled, int(lengths.max())),
        values.take(pa.array(chosen)),
        weights,
        tuple(float(counts[index]) / filled for index in chosen[:_COMMON]),
    )


def _profile(column: _Counted, kinds: dict[str, float], listed: bool) -> Profile:  # noqa: FBT001 - a finding
    frequent = column.sampled.slice(0, _COMMON).to_pylist()
    return Profile(
        rows=column.rows,
        filled=column.filled,
        distinct=column.distinct,
        kinds=kinds,
        lengths=column.lengths,
        samples=tuple(frequent[:_SAMPLES]),
        common=tuple((value.casefold(), share) for value, share in zip(frequent, column.common, strict=True)),
        value_list=listed,
    )


def _text(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    """Show cells of any type as text; of lists the elements, of structs nothing."""
    kind = cells.type
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return _text(pa.chunked_array([pc.list_flatten(cells.combine_chunks())]))
    if pa.types.is_nested(kind) or pa.types.is_null(kind):
        return pa.chunked_array([pa.nulls(len(cells), pa.string())])
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return pa.chunked_array([pa.nulls(len(cells), pa.string())])
    return cells.cast(pa.string())


def _sample(values: pa.Array, counts: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Choose up to `_HEAD + _TAIL` distinct values, the most frequent first, and weights that sum to 1.

    The head is exact; the tail is a hash sample that stands for all values outside the head, so its
    weights are scaled up to their sum.
    """
    keys = _hashes(values)
    size = len(values)
    if size > _HEAD:
        cut = np.partition(counts, size - _HEAD)[size - _HEAD]
        near = np.flatnonzero(counts >= cut)
    else:
        near = np.arange(size)
    if len(near) > _HEAD:  # ties at the cut: the smallest hashes among them
        above = near[counts[near] > cut]
        tied = near[counts[near] == cut]
        tied = tied[np.argpartition(keys[tied], _HEAD - len(above) - 1)[: _HEAD - len(above)]]
        near = np.concatenate([above, tied])
    head = near[np.lexsort((keys[near], -counts[near]))]
    rest = np.setdiff1d(np.arange(size), head, assume_unique=True)
    tail = rest
    if len(rest) > _TAIL:
        tail = rest[np.argpartition(keys[rest], _TAIL)[:_TAIL]]
    tail = tail[np.lexsort((keys[tail], -counts[tail]))]
    weights = np.concatenate([counts[head], counts[tail]]).astype(np.float64)
    if len(tail):
        weights[len(head) :] *= counts[rest].sum() / counts[tail].sum()
    return np.concatenate([head, tail]), weights / weights.sum()


def _hashes(values: pa.Array) -> npt.NDArray[np.uint64]:
    """Hash texts by their bytes and positions, vectorised: equal texts equal hashes on any machine."""
    plain = pa.concat_arrays([values.cast(pa.large_binary())])
    offsets = np.frombuffer(plain.buffers()[1], np.int64)[plain.offset :][: len(plain) + 1]
    data = np.frombuffer(plain.buffers()[2] or b"", np.uint8)[offsets[0] : offsets[-1]]
    starts = offsets[:-1] - offsets[0]
    places = np.arange(len(data), dtype=np.uint64) - np.repeat(starts, np.diff(offsets)).astype(np.uint64)
    mixed = (data.astype(np.uint64) + np.uint64(1)) * (
        (places * np.uint64(2) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    )
    mixed ^= mixed >> np.uint64(29)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    result: npt.NDArray[np.uint64] = np.add.reduceat(mixed, starts)
    return result ^ (result >> np.uint64(32))


def _kinds(
    samples: Sequence[pa.Array], weights: Sequence[npt.NDArray[np.float64]]
) -> list[tuple[dict[str, float], bool]]:
    """Estimate per column and detector the share of filled values it recognises, also inside lists.

    All columns go through the detectors at once: compiling a pattern costs more than matching it.
    """
    together = pa.concat_arrays([sample.cast(pa.large_string()) for sample in samples] or [_NONE])
    if not len(together):
        return [({}, False) for _ in samples]
    found = {name: hits.astype(np.float64) for name, hits in detect.recognise(together).items()}
    lists = pc.and_(
        pc.match_substring_regex(together, _LIST),
        pc.invert(pc.match_substring_regex(together, _NOT_LIST)),
    ).to_numpy(zero_copy_only=False)
    if lists.any():
        for name, hits in _inside(together.filter(pa.array(lists))).items():
            found[name][lists] = np.maximum(found[name][lists], hits)
    shares = []
    start = 0
    for sample, weight in zip(samples, weights, strict=True):
        part = slice(start, start + len(sample))
        start = part.stop
        kinds = {name: min(1.0, float(weight @ hits[part])) for name, hits in found.items()}
        listed = bool(weight @ lists[part] >= _PAIRWISE) if len(sample) else False
        shares.append(({name: share for name, share in kinds.items() if share > 0}, listed))
    return shares


def _inside(lists: pa.Array) -> dict[str, npt.NDArray[np.float64]]:
    """Tell for each list which share of its elements each detector recognises."""
    bare = pc.utf8_trim(lists, "[]{}()'\";, \t\n")
    parts = pc.split_pattern_regex(bare, r"['\"\s]*[,;|\n]['\"\s]*")
    owner = pc.list_parent_indices(parts).to_numpy()
    found = detect.recognise(pc.list_flatten(parts))
    size = np.bincount(owner, minlength=len(lists))
    return {name: np.bincount(owner, weights=hits, minlength=len(lists)) / size for name, hits in found.items()}
