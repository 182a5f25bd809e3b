"""A raw cell into canonical values: `normalise`, the one way in.

Called by `mapping` for every distinct cell. Pure: no I/O, no state; never raises on any text, and
takes time linear in its length.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from muniment.model import (
    dates,
    hardware,
    identifiers,
    network,
    operating_systems,
    quantities,
    words,
)
from muniment.model.placeholders import is_error, is_placeholder
from muniment.model.types import Attribute, Context, Normalised, Scalar

Reader = Callable[[Attribute, str, Context], Normalised]
"""Reads one cleaned, non-empty item that is no placeholder."""

_BY_TYPE: Mapping[str, Reader] = MappingProxyType(
    {
        "text": words.text_cell,
        "hostname": network.hostname,
        "fqdn": network.fqdn,
        "ip": network.ip,
        "mac": network.mac,
        "serial": identifiers.serial,
        "uuid": identifiers.uuid,
        "os": operating_systems.os_cell,
        "size": quantities.measure,
        "integer": quantities.integer,
        "number": quantities.measure,
        "percent": quantities.measure,
        "money": quantities.money,
        "boolean": words.boolean_cell,
        "date": dates.day_cell,
        "datetime": dates.moment_cell,
        "enum": words.enum_cell,
        "email": words.email_cell,
        "url": words.url_cell,
    }
)
_BY_NAME: Mapping[str, Reader] = MappingProxyType(
    {
        "asset_type": words.asset_type_cell,
        "subtype": words.subtype_cell,
        "cloud_id": words.cloud_id_cell,
        "model": hardware.model_cell,
        **dict.fromkeys(("instance_type", "availability_zone", "region", "network", "subnet"), words.resource_cell),
        "os_version": operating_systems.os_version_cell,
        "owner": words.person_cell,
        "technical_owner": words.person_cell,
        "user": words.person_cell,
    }
)
_EMPTY = Normalised()
_AS_WRITTEN = Context()
_BREAKS = re.compile(r"[;\n\r|]")
_SPACES = re.compile(r"\s+")
_SPACED_TYPES = frozenset({"ip", "mac"})  # no such value has a blank, but for "aa bb cc dd ee ff"
_SHORTEST_PART = 2
_REMARK = re.compile(r"\([^()]*\)")
_OPENING, _CLOSING = frozenset("[{("), frozenset("]})")
_MOST_ITEMS = 10_000
_SHOWN_PROBLEMS = 3


def _clean(raw: str) -> str:
    """Give the text without control signs and doubled spaces, composed (Unicode NFC)."""
    text = raw.strip()
    if text.isascii() and text.isprintable():
        return _SPACES.sub(" ", text) if "  " in text else text
    signs = unicodedata.normalize("NFC", text)
    kept = "".join(
        " " if sign.isspace() else sign for sign in signs if sign.isspace() or unicodedata.category(sign)[0] != "C"
    )
    return unicodedata.normalize("NFC", _SPACES.sub(" ", kept).strip())


def _reader(attribute: Attribute) -> Reader:
    return _BY_NAME.get(attribute.name) or _BY_TYPE[attribute.type]


def normalise(attribute: Attribute, raw: str, context: Context = _AS_WRITTEN) -> Normalised:
    """Read one cell.

    Args:
        attribute: what the cell is read for.
        raw: the cell as written.
        context: how the cells of this column are written.

    Returns:
        the canonical values, values of other attributes read off the same cell, a note about
        assumptions and placeholders, and the problem when the cell or a part of it is unreadable.
    """
    if attribute.multi:
        return _listed(attribute, raw, context)
    text = _clean(raw)
    if not text:
        return _EMPTY
    if is_error(text):
        return _failed(text)
    if is_placeholder(attribute, text):
        return Normalised(note=f"placeholder {text!r} says nothing")
    return _reader(attribute)(attribute, text, context)


def _failed(text: str) -> Normalised:
    return Normalised(problem=f"{text!r} is a failed formula: mend it in the workbook, or ask for the value")


def _json_items(text: str) -> list[str] | None:
    """Give the items of a JSON list of plain values, None when the text is none."""
    try:
        items = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(items, list) or any(isinstance(item, (dict, list)) for item in items):
        return None
    return [item if isinstance(item, str) else str(item) for item in items if item is not None]


def _items(attribute: Attribute, raw: str) -> list[str]:
    """Split a cell that may hold a list."""
    text = raw.strip().rstrip(";,").rstrip()
    if text[:1] == "[":
        items = _json_items(text)
        if items is not None:
            return items
    if text[:1] in _OPENING and text[-1:] in _CLOSING and text.count(text[0]) == 1:
        return [part.strip(" '\"") for part in re.split("[,;]", text[1:-1])]
    if attribute.type == "mac" and "(" in text:
        text = _REMARK.sub(" ", text)
    if _BREAKS.search(text):
        items = _BREAKS.split(text)
        # "a,b;c" is a list of three, unless the items are free text
        return items if attribute.type == "text" else [part for item in items for part in item.split(",")]
    if "," in text:
        return text.split(",")
    if attribute.type in _SPACED_TYPES and " " in text:
        parts = text.split()
        return parts if all(len(part) > _SHORTEST_PART for part in parts) else [text]
    return [text]


def _listed(attribute: Attribute, raw: str, context: Context) -> Normalised:
    read, found = _reader(attribute), []
    items = _items(attribute, raw)
    if len(items) > _MOST_ITEMS:
        return Normalised(problem=f"{len(items)} items are no list of a single asset: map it again")
    for item in items:
        text = _clean(item)
        if not text:
            continue
        if is_error(text):
            found.append(_failed(text))
        elif is_placeholder(attribute, text):
            found.append(Normalised(note=f"placeholder {text!r} says nothing"))
        else:
            found.append(read(attribute, text, context))
    if len(found) == 1:
        return found[0]
    return join_readings(found) if found else _EMPTY


def join_readings(found: list[Normalised]) -> Normalised:
    """Put the readings of a list's items together, each value once, in the order written."""
    values: dict[Scalar, None] = {}
    derived: dict[str, dict[Scalar, None]] = {}
    for one in found:
        values.update(dict.fromkeys(one.values))
        for name, more in one.derived.items():
            derived.setdefault(name, {}).update(dict.fromkeys(more))
    return Normalised(
        tuple(values),
        {name: tuple(more) for name, more in derived.items()},
        _told(one.note for one in found),
        _told(one.problem for one in found),
    )


def _told(texts: Iterable[str | None]) -> str | None:
    told = list(dict.fromkeys(text for text in texts if text))
    if len(told) > _SHOWN_PROBLEMS:
        told = [*told[:_SHOWN_PROBLEMS], f"and {len(told) - _SHOWN_PROBLEMS} more"]
    return "; ".join(told) or None
