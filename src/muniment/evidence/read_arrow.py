"""Reads Parquet and Arrow files (Feather, IPC), nested columns laid out as those of JSON.

Called by `read`. A small file can stand for endless values (a word repeated a billion times), so
what it would take is added up before anything is written out.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from muniment.base.errors import Rejected
from muniment.evidence.delivery import CELL_LIMIT, COLUMN_LIMIT, Reject, Table, excerpt, name_columns
from muniment.evidence.flatten import LEAF_LIMIT, Columns, FlawedRecord, Json, NotJson, Number
from muniment.evidence.rows import no_rows, table_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from muniment.evidence.containers import Bound, Member

_BATCH: Final = 16_384
_CELLS_LIMIT: Final = 400_000_000
_DEPTH_LIMIT: Final = 32
_PARQUET: Final = b"PAR1"
_FILE: Final = b"ARROW1"
_FAILED: Final = (pa.ArrowException, OSError, ValueError, TypeError, OverflowError, NotImplementedError, MemoryError)


def read_arrow(member: Member, bound: Bound) -> Iterator[Table]:
    """Read one Parquet or Arrow file.

    Raises:
        Rejected: It is damaged, encrypted, or stands for more than `bound` allows.
    """
    form = "parquet" if member.data.startswith(_PARQUET) else "arrow"
    try:
        columns, rows, rejects = _read(member, form, bound)
    except _FAILED as error:
        reason = excerpt(str(error))
        raise Rejected(f"{member.file} is damaged or cannot be read ({reason}): export or send it again") from error
    yield Table(
        file=member.file,
        tab=None,
        format=form,
        details={"rows": str(rows.num_rows)},
        columns=columns,
        rows=rows,
        rejects=tuple(rejects),
        observed=member.observed,
    )


def _read(member: Member, form: str, bound: Bound) -> tuple[tuple[str, ...], pa.Table, list[Reject]]:
    schema, batches = (_parquet if form == "parquet" else _ipc)(member)
    if len(schema) > COLUMN_LIMIT:
        raise Rejected(f"{member.file} has {len(schema):,} columns, at most {COLUMN_LIMIT:,} are read")
    for column in schema:
        _check_depth(member.file, column.type, 0)
    nested = any(_is_nested(column.type) for column in schema)
    reading = _Nested(member.file, schema) if nested else _Flat(schema)
    spent = 0
    for batch in batches:
        batch.validate(full=True)
        for column in batch.columns:
            spent += _weight(column)
        if spent > bound.total or not bound.allows(spent, len(member.data)):
            raise Rejected(f"{member.file} looks like a bomb: it stands for far more than it holds; export it as CSV")
        reading.add(batch)
    return reading.finish()


def _parquet(member: Member) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    source = pa.BufferReader(member.data)
    metadata = pq.read_metadata(source)
    if metadata.num_rows * max(metadata.num_columns, 1) > _CELLS_LIMIT:
        raise Rejected(f"{member.file} has more than {_CELLS_LIMIT:,} cells: split it and import the parts")
    if metadata.num_columns > COLUMN_LIMIT:
        raise Rejected(f"{member.file} has {metadata.num_columns:,} columns, at most {COLUMN_LIMIT:,} are read")
    leaves = [metadata.schema.column(number) for number in range(metadata.num_columns)]
    words = [leaf.path for leaf in leaves if leaf.physical_type == "BYTE_ARRAY"]
    file = pq.ParquetFile(pa.BufferReader(member.data), read_dictionary=words)
    return file.schema_arrow, file.iter_batches(_BATCH, use_threads=False)


def _ipc(member: Member) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    source = pa.BufferReader(member.data)
    if not member.data.startswith(_FILE):
        stream = pa.ipc.open_stream(source)
        return stream.schema, iter(stream)
    file = pa.ipc.open_file(source)
    return file.schema, (file.get_batch(number) for number in range(file.num_record_batches))


def _check_depth(file: str, kind: pa.DataType, depth: int) -> None:
    if depth > _DEPTH_LIMIT:
        raise Rejected(f"{file} is nested deeper than {_DEPTH_LIMIT} levels: export it flatter")
    for number in range(kind.num_fields):
        _check_depth(file, kind.field(number).type, depth + 1)


def _is_nested(kind: pa.DataType) -> bool:
    return pa.types.is_nested(kind) or isinstance(kind, pa.JsonType)


def _weight(column: pa.Array) -> int:
    """Bytes that a column takes once it is written out, words counted each time they occur."""
    kind = column.type
    if isinstance(column, pa.ExtensionArray):
        return _weight(column.storage)
    if pa.types.is_dictionary(kind):
        return _weight_of_words(column) + 8 * len(column)
    if pa.types.is_run_end_encoded(kind):
        return len(column) * (1 + _weight(column.values))
    if pa.types.is_struct(kind):
        return sum(_weight(column.field(number)) for number in range(kind.num_fields)) + len(column)
    if _is_list(kind):
        _, inner = _lists(column)
        return sum(map(_weight, inner)) + 8 * len(column)
    return int(column.nbytes) + 8 * len(column)


def _weight_of_words(column: pa.DictionaryArray) -> int:
    words = column.dictionary
    if not pa.types.is_binary(words.type) and not pa.types.is_string(words.type):
        return _weight(words)
    lengths = pc.take(pc.fill_null(pc.binary_length(words), 0), column.indices)
    return int(pc.sum(pc.cast(lengths, pa.int64())).as_py() or 0)


def _is_list(kind: pa.DataType) -> bool:
    lists = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list, pa.types.is_map)
    return any(fits(kind) for fits in lists)


class _Flat:
    """Takes batches without nested columns in."""

    def __init__(self, schema: pa.Schema) -> None:
        self._columns = name_columns(schema.names)
        self._pieces: list[pa.Table] = []
        self._count = 0

    def add(self, batch: pa.RecordBatch) -> None:
        """Take one batch in."""
        cells = [_empty_as_null(texts(column)) for column in batch.columns]
        lines = pa.array(range(self._count + 1, self._count + batch.num_rows + 1), pa.int64())
        self._count += batch.num_rows
        self._pieces.append(table_of(lines, None, dict(zip(self._columns, cells, strict=True))))

    def finish(self) -> tuple[tuple[str, ...], pa.Table, list[Reject]]:
        """Give the columns and all rows."""
        rows = pa.concat_tables(self._pieces) if self._pieces else no_rows(self._columns)
        return self._columns, rows, []


class _Nested:
    """Takes batches with nested columns in, record by record as JSON is."""

    def __init__(self, file: str, schema: pa.Schema) -> None:
        self._file = file
        self._names = name_columns(schema.names)
        self._columns = Columns()
        self._rejects: list[Reject] = []
        self._count = 0

    def add(self, batch: pa.RecordBatch) -> None:
        """Take one batch in."""
        columns = [_values(column) for column in batch.columns]
        for cells in zip(*columns, strict=True):
            self._count += 1
            try:
                self._columns.add(self._count, dict(zip(self._names, cells, strict=True)))
            except FlawedRecord as error:
                reason = f"the record {error}: correct it and import it again"
                self._rejects.append(Reject(self._file, None, self._count, error.column or None, reason, ""))

    def finish(self) -> tuple[tuple[str, ...], pa.Table, list[Reject]]:
        """Give the columns and all rows."""
        rows = self._columns.table()
        if self._columns.left_out:
            reason = f"more than {LEAF_LIMIT:,} different fields: further ones are kept in the raw record only"
            self._rejects.append(Reject(self._file, None, None, None, reason, ""))
        return tuple(rows.column_names[2:]), rows, self._rejects


def _values(column: pa.Array) -> list[Json]:
    """Give a column as JSON values, numbers and dates as text."""
    kind = column.type
    if isinstance(kind, pa.JsonType):
        return [None if text is None else _parsed(text) for text in texts(column).to_pylist()]
    if isinstance(column, pa.ExtensionArray):
        return _values(column.storage)
    valid = column.is_valid().to_pylist()
    if pa.types.is_struct(kind):
        names = name_columns([kind.field(number).name for number in range(kind.num_fields)])
        members = [_values(column.field(number)) for number in range(kind.num_fields)]
        rows = zip(*members, strict=True) if members else iter([()] * len(column))
        return [dict(zip(names, cells, strict=True)) if here else None for here, cells in zip(valid, rows, strict=True)]
    if _is_list(kind):
        ends, parts = _lists(column)
        elements = [_values(part) for part in parts]
        inner = _pairs(elements) if pa.types.is_map(kind) else elements[0]
        return [inner[a:b] if here else None for here, a, b in zip(valid, ends, ends[1:], strict=False)]
    return _scalars(column)


def _scalars(column: pa.Array) -> list[Json]:
    if pa.types.is_boolean(column.type):
        truths: list[Json] = column.to_pylist()
        return truths
    make: Callable[[str], Json] = Number if _is_number(column.type) else str
    return [None if text is None else make(text) for text in texts(column).to_pylist()]


def _lists(column: pa.Array) -> tuple[list[int], list[pa.Array]]:
    """Give where each list of a column begins and ends, and all their elements (of maps: keys and items)."""
    kind = column.type
    if pa.types.is_fixed_size_list(kind):
        size, begin = kind.list_size, column.offset * kind.list_size
        ends = list(range(0, (len(column) + 1) * size, size)) if size else [0] * (len(column) + 1)
        return ends, [column.values.slice(begin, len(column) * size)]
    offsets = column.offsets.to_pylist()
    parts = [column.keys, column.items] if pa.types.is_map(kind) else [column.values]
    first = offsets[0]
    return [offset - first for offset in offsets], [part.slice(first, offsets[-1] - first) for part in parts]


def _pairs(elements: list[list[Json]]) -> list[Json]:
    return [{"key": key, "value": item} for key, item in zip(*elements, strict=True)]


def _parsed(text: str) -> Json:
    try:
        value: Json = json.loads(text, parse_float=Number, parse_int=Number, parse_constant=NotJson)
    except (json.JSONDecodeError, RecursionError):
        return text
    return value


def _is_number(kind: pa.DataType) -> bool:
    return any(fits(kind) for fits in (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal))


def texts(column: pa.Array) -> pa.Array:
    """Write the cells of a flat column as text: 4 not 4.0, dates as ISO 8601, bytes that are no text in hexadecimal."""
    if isinstance(column, pa.ExtensionArray):
        return texts(column.storage)
    for fits, write in _WRITERS:
        if fits(column.type):
            return write(column)
    return column.cast(pa.string())


def _float(column: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(column.cast(pa.string()), r"\.0$", "")


def _moment(column: pa.Array) -> pa.Array:
    text = pc.replace_substring_regex(column.cast(pa.string()), r"(\.\d*?)0+(Z?)$", r"\1\2")
    return pc.replace_substring_regex(text, r"\.(Z?)$", r"\1")


def _any(column: pa.Array) -> pa.Array:
    return pa.array([None if value is None else str(value) for value in column.to_pylist()], pa.string())


def _bytes(column: pa.Array) -> pa.Array:
    """Read bytes as text where all of a column are, else as hexadecimal digits."""
    try:
        return column.cast(pa.binary()).cast(pa.string())
    except pa.ArrowInvalid:
        cells = column.to_pylist()
        return pa.array([None if c is None else c.hex() if len(c) <= CELL_LIMIT else None for c in cells], pa.string())


def _empty_as_null(column: pa.Array) -> pa.Array:
    return pc.if_else(pc.equal(column, ""), None, column)


_WRITERS: Final[tuple[tuple[Callable[[pa.DataType], bool], Callable[[pa.Array], pa.Array]], ...]] = (
    (pa.types.is_dictionary, lambda column: pc.take(texts(column.dictionary), column.indices)),
    (pa.types.is_run_end_encoded, lambda column: texts(pc.run_end_decode(column))),
    (pa.types.is_floating, _float),
    (pa.types.is_timestamp, _moment),
    (pa.types.is_binary, _bytes),
    (pa.types.is_large_binary, _bytes),
    (pa.types.is_fixed_size_binary, _bytes),
    (pa.types.is_interval, _any),
    (pa.types.is_union, _any),
)
"""How the types that need more than a cast become text."""
