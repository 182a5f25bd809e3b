"""Lays nested JSON records out as columns, without losing or interpreting a value.

Called by `read_json`. Objects become dotted paths, lists of objects one column per leaf with
"[]" in its path, key and value pairs one column per key. Numbers stay the digits as written.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
import pyarrow as pa

from muniment.evidence.delivery import EXCERPT_LENGTH, ColumnNames
from muniment.evidence.rows import table_of

if TYPE_CHECKING:
    from collections.abc import Sequence

DEPTH_LIMIT: Final = 64
LEAF_LIMIT: Final = 5_000
"""Columns of a nested table; further leaves stay in the payload only."""
_PAIR_KEYS: Final = ({"key", "value"}, {"name", "value"})

Json: TypeAlias = str | bool | dict[str, "Json"] | list["Json"] | None
"""A parsed value; a number is a `Number`."""


class Number(str):
    """A JSON number as its digits were written: 1.10 stays 1.10, 1e400 stays 1e400."""

    __slots__ = ()


class NotJson(str):
    """NaN or Infinity, which some programs write and JSON does not have."""

    __slots__ = ()


class Repeated(dict[str, Json]):
    """An object that gives one key twice: which value counts is anyone's guess."""

    __slots__ = ("key",)

    def __init__(self, pairs: Sequence[tuple[str, Json]]) -> None:
        super().__init__(pairs)
        keys = [key for key, _ in pairs]
        self.key = next(key for key in keys if keys.count(key) > 1)


class FlawedRecord(ValueError):
    """A record cannot be kept as it is; the message says why, `column` where."""

    def __init__(self, message: str, column: str) -> None:
        super().__init__(message)
        self.column = column


def write(value: Json) -> str:
    """Write a value as JSON text, keys in their order and numbers as they came."""
    kind = type(value)  # exact types and the commonest first: this runs once per value
    if kind is str:
        return encode_basestring(value)  # type: ignore[arg-type]
    if isinstance(value, Number):
        return value
    if isinstance(value, dict):
        members = [f"{encode_basestring(key)}: {write(inner)}" for key, inner in value.items()]
        return f"{{{', '.join(members)}}}"
    if isinstance(value, list):
        return f"[{', '.join([write(element) for element in value])}]"
    if isinstance(value, str):
        return encode_basestring(value)
    return _word(value)


def write_shallow(value: Json) -> str:
    """Write a value for an excerpt: however deep it is, inner objects and lists are left out."""
    if isinstance(value, dict):
        members: dict[str, Json] = {k: v if not isinstance(v, (dict, list)) else "..." for k, v in value.items()}
        return write(members)
    if isinstance(value, list):
        return write(["..." if isinstance(v, (dict, list)) else v for v in value[:EXCERPT_LENGTH]])
    return write(value)


def _word(value: bool | None) -> str:  # noqa: FBT001 a JSON value
    return "null" if value is None else "true" if value else "false"


def leaves(record: dict[str, Json]) -> dict[str, Json]:
    """Flatten one record into column path -> scalar, or list of scalars.

    Raises:
        FlawedRecord: It repeats a key, holds NaN, or is nested deeper than 64 levels.
    """
    found: dict[str, Json] = {}
    _object(record, "", found, 1)
    return found


def _object(value: dict[str, Json], prefix: str, found: dict[str, Json], depth: int) -> None:
    if depth > DEPTH_LIMIT:
        raise FlawedRecord(f"is nested deeper than {DEPTH_LIMIT} levels", prefix)
    if isinstance(value, Repeated):
        raise FlawedRecord(f'gives the key "{value.key}" twice', prefix + value.key)
    for key, inner in value.items():
        path = prefix + key.strip()
        if isinstance(inner, dict):
            _object(inner, f"{path}.", found, depth + 1)
        elif isinstance(inner, list):
            _list(inner, path, found, depth + 1)
        elif isinstance(inner, NotJson):
            raise FlawedRecord(f"holds {inner}, which JSON does not have", path)
        else:
            _put(found, path, inner)


def _list(value: list[Json], path: str, found: dict[str, Json], depth: int) -> None:
    """Add the columns of a list: pairs by their keys, objects by their leaves, else itself."""
    objects = [element for element in value if isinstance(element, dict)]
    if not value:
        return
    if len(objects) < len(value):
        _check(value, path, depth)
        _put(found, path, value)
    elif pairs := _pairs(objects):
        _object(pairs, f"{path}.", found, depth)
    else:
        columns: dict[str, list[Json]] = {}
        for number, element in enumerate(objects):
            inner: dict[str, Json] = {}
            _object(element, "", inner, depth + 1)
            for key, leaf in inner.items():
                columns.setdefault(key, [None] * len(objects))[number] = leaf
        for key, column in columns.items():
            _put(found, f"{path}[].{key}", _level(column))


def _check(value: Json, path: str, depth: int) -> None:
    """Refuse in a mixed list what `_object` refuses elsewhere."""
    if isinstance(value, NotJson):
        raise FlawedRecord(f"holds {value}, which JSON does not have", path)
    if isinstance(value, dict):
        _object(value, f"{path}[].", {}, depth)
    elif isinstance(value, list):
        if depth > DEPTH_LIMIT:
            raise FlawedRecord(f"is nested deeper than {DEPTH_LIMIT} levels", path)
        for element in value:
            _check(element, path, depth + 1)


def _level(column: list[Json]) -> list[Json]:
    """Join lists inside a list, so that the values of a column are one list."""
    if not any(isinstance(leaf, list) for leaf in column):
        return column
    joined: list[Json] = []
    for leaf in column:
        if isinstance(leaf, list):
            joined += leaf
        elif leaf is not None:
            joined.append(leaf)
    return joined


def _pairs(objects: Sequence[dict[str, Json]]) -> dict[str, Json] | None:
    """Read [{"Key": "Env", "Value": "prod"}, ...] as {"Env": "prod"}; a repeated key as a list."""
    pairs: dict[str, list[Json]] = {}
    for element in objects:
        lowered = {key.lower(): value for key, value in element.items()}
        if len(element) != 2 or lowered.keys() not in _PAIR_KEYS:  # noqa: PLR2004 a pair
            return None
        value = lowered.pop("value")
        (key,) = lowered.values()
        if not isinstance(key, str) or not key.strip():
            return None
        pairs.setdefault(key, []).append(value)
    return {key: values[0] if len(values) == 1 else values for key, values in pairs.items()}


def _put(found: dict[str, Json], path: str, leaf: Json) -> None:
    number = 2
    free = path
    while free in found:  # "a.b" beside {"a": {"b": ...}}
        free = f"{path} ({number})"
        number += 1
    found[free] = leaf


@dataclass(slots=True)
class Columns:
    """Collects flattened records column by column, so that sparse columns cost little."""

    lines: list[int] = field(default_factory=list)
    payloads: list[str] = field(default_factory=list)
    left_out: int = 0
    _cells: dict[str, tuple[list[int], list[str | None]]] = field(default_factory=dict)

    def add(self, line: int, record: dict[str, Json], plain: dict[str, Json] | None = None) -> None:
        """Take one record in; `plain` is the same without what was wrapped around its values.

        Raises:
            FlawedRecord: It cannot be kept as it is.
        """
        flat = leaves(record if plain is None else plain)
        payload = write(record)
        _check_text(payload)
        row = len(self.lines)
        self.lines.append(line)
        self.payloads.append(payload)
        for path, leaf in flat.items():
            cells = self._cells.get(path)
            if cells is None:
                if len(self._cells) == LEAF_LIMIT:
                    self.left_out += 1
                    continue
                cells = self._cells[path] = ([], [])
            cells[0].append(row)
            cells[1].append(_text(leaf))

    def table(self) -> pa.Table:
        """Give all records as `Table.rows`."""
        names = ColumnNames()
        count = len(self.lines)
        arrays = {
            names.unique(path or "column"): _array(rows, texts, count) for path, (rows, texts) in self._cells.items()
        }
        lines = pa.array(self.lines, pa.int64())
        return table_of(lines, pa.array(self.payloads, pa.string()), arrays)


def _array(rows: list[int], texts: list[str | None], count: int) -> pa.Array:
    array = pa.array(texts, pa.string())
    if len(rows) == count:
        return array
    where = np.full(count, -1)
    where[rows] = np.arange(len(rows))
    return array.take(pa.array(where, mask=where < 0))


def _text(leaf: Json) -> str | None:
    """Write a leaf as a cell; empty text and lists of nothing are null."""
    if isinstance(leaf, list):
        return write(leaf) if any(element is not None for element in leaf) else None
    if isinstance(leaf, str):
        return str(leaf) or None
    return None if leaf is None else _word(leaf)  # type: ignore[arg-type]


def _check_text(payload: str) -> None:
    """Refuse text that no database takes: NUL characters and halves of surrogate pairs."""
    if "\\u0000" in payload and "\0" in payload.replace("\\\\", "").replace("\\u0000", "\0"):
        raise FlawedRecord("holds a NUL character", "")
    try:
        payload.encode("utf-8")
    except UnicodeEncodeError as error:
        raise FlawedRecord("holds half a surrogate pair: damaged text", "") from error
