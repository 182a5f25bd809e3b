"""Takes off what some interfaces wrap around every value, before a record is laid out as columns.

Called by `read_json`. DynamoDB says the type of each value ({"S": "x"}); ServiceNow gives what is shown
beside what is stored ({"display_value": "Ann", "link": ...}). The payload keeps the record as it came.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from muniment.evidence.flatten import Json

_TYPES: Final = frozenset({"S", "N", "B", "BOOL", "NULL", "L", "M", "SS", "NS", "BS"})
_ITEMS: Final = frozenset({"Item", "NewImage", "dynamodb"})
"""What holds the one record of a line in exports and streams."""
_SHOWN: Final = "display_value"
_SHOWN_WITH: Final = frozenset({_SHOWN, "value", "link"})


def unwrap(record: dict[str, Json]) -> dict[str, Json]:
    """Give a record with plain values; the record itself where nothing is wrapped."""
    inner = record
    while len(inner) == 1 and (name := next(iter(inner))) in _ITEMS:
        item = inner[name]
        if not isinstance(item, dict):
            break
        inner = item
    if inner and all(_is_typed(value) for value in inner.values()):
        return {name: _untyped(value) for name, value in inner.items()}
    if any(_is_shown(value) for value in record.values()):
        return {name: _shown(value) for name, value in record.items()}
    return record


def _is_typed(value: Json) -> bool:
    return isinstance(value, dict) and len(value) == 1 and next(iter(value)) in _TYPES


def _untyped(value: Json) -> Json:
    if not isinstance(value, dict) or not _is_typed(value):
        return value
    ((kind, inner),) = value.items()
    if kind == "NULL":
        return None
    if kind == "M" and isinstance(inner, dict):
        return {name: _untyped(element) for name, element in inner.items()}
    if kind == "L" and isinstance(inner, list):
        return [_untyped(element) for element in inner]
    return inner


def _shown(value: Json) -> Json:
    return value[_SHOWN] if isinstance(value, dict) and _is_shown(value) else value


def _is_shown(value: Json) -> bool:
    return isinstance(value, dict) and _SHOWN in value and value.keys() <= _SHOWN_WITH
