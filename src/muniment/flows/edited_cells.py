"""Whether a cell of an edited export says something new, or only what a spreadsheet made of the old value.

Called by `corrections`. Pure: no database, no files. A spreadsheet rewrites dates and numbers by its own
habits, drops leading zeros, joins lists its own way; none of that is a person's word.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from muniment import model
from muniment.flows.export_columns import RUN, text

_NUMBERS = {"integer": 0, "size": 2, "number": 2, "percent": 1, "money": 2}
"""How many decimals the workbook shows: a cell saved as shown is the old value, rounded."""

_DATES = ("date", "datetime")
_BOOLEANS = {"wahr": "true", "falsch": "false", "vrai": "true", "faux": "false", "verdadero": "true", "falso": "false"}
_POWER = re.compile(r"\d([.,]\d+)?E\+?\d+", re.IGNORECASE)
_MONTHS = "jan|feb|mar|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez"
_AS_DATE = re.compile(
    rf"\d{{1,2}}[-. ]({_MONTHS})[a-z.]*|({_MONTHS})[a-z.]*[-. ]\d{{1,4}}|\d{{4}}-\d\d-\d\d([ T][\d:.]+)?", re.IGNORECASE
)
_LIKE_DATE = re.compile(rf"({_MONTHS})[a-z]*[-_ ]?\d{{1,4}}|\d{{1,4}}[-/.]\d{{1,2}}([-/.]\d{{1,4}})?", re.IGNORECASE)
_LONGEST = 32_767
_MINUTE = len("2026-11-21T10:30")
_PLAIN = model.Context()


def as_tuple(value: Any) -> tuple[Any, ...]:
    """A value of the register, one or many, as a tuple; none is empty."""
    return () if value is None else tuple(value) if isinstance(value, list) else (value,)


def unquoted(cell: Any) -> Any:
    """A cell without the apostrophe that our exports put before what a spreadsheet would run."""
    return cell[1:] if isinstance(cell, str) and cell[:1] == "'" and cell[1:].startswith(RUN) else cell


def is_as_written(before: tuple[Any, ...], cell: Any) -> bool:
    """Whether a cell is, letter by letter, what the export wrote."""
    if not isinstance(cell, str):
        return as_tuple(cell) == before
    was = str(text(list(before)))
    return cell.strip() == was.strip() or (len(was) > _LONGEST and cell == was[: _LONGEST - 1] + "…")


def contexts(attribute: model.Attribute) -> tuple[model.Context, ...]:
    """The ways in which a spreadsheet may have written the cells of such a column, the plain one first."""
    if attribute.type in _NUMBERS:
        return (_PLAIN, model.Context(decimal_comma=True))
    if attribute.type in _DATES:
        return (_PLAIN, model.Context(day_first=True), model.Context(day_first=False))
    return (_PLAIN,)


def likely_context(attribute: model.Attribute, changed: Iterable[tuple[tuple[Any, ...], Any]]) -> model.Context:
    """The way of writing under which most cells of a column still say what they said."""
    ways = contexts(attribute)
    if len(ways) == 1:
        return _PLAIN
    pairs = list(changed)
    scores = [
        sum(says_the_same(attribute, before, read(attribute, cell, way)) for before, cell in pairs) for way in ways
    ]
    return ways[scores.index(max(scores))]


def read(attribute: model.Attribute, cell: Any, context: model.Context = _PLAIN) -> model.Normalised:
    """What a cell says, through the attribute's normaliser as cells of files go; a list is read item by item."""
    if isinstance(cell, list):
        parts = [model.normalise(attribute, str(text(item)), context) for item in cell]
        return model.join_readings(parts) if parts else model.Normalised()
    shown = str(text(cell)).strip()
    if attribute.type == "boolean":
        shown = _BOOLEANS.get(shown.lower(), shown)
    return model.normalise(attribute, shown, context)


def says_the_same(attribute: model.Attribute, before: tuple[Any, ...], given: model.Normalised) -> bool:
    """Whether a reading gives the values there were; order does not matter, nor does what a display rounds off."""
    if given.problem or len(given.values) != len(before):
        return False
    if attribute.type in _NUMBERS:
        places = _NUMBERS[attribute.type]
        pairs = zip(sorted(map(float, before)), sorted(map(float, given.values)), strict=True)
        return all(_rounds_to(old, new, places) for old, new in pairs)
    if attribute.type == "datetime":
        moments = zip(sorted(map(str, before)), sorted(map(str, given.values)), strict=True)
        return all(_same_minute(old, new) for old, new in moments)
    return set(map(str, before)) == set(map(str, given.values))


def _rounds_to(old: float, new: float, places: int) -> bool:
    close = abs(old - new) <= 1e-9 * max(abs(old), 1.0)
    return close or (
        round(new, places) == new and abs(old - new) <= 0.5 * 10**-places * (1 + 1e-9) and old != round(old)
    )


def _same_minute(old: str, new: str) -> bool:
    try:
        first, second = datetime.fromisoformat(old), datetime.fromisoformat(new)
    except ValueError:
        return old == new
    if first.tzinfo is None or second.tzinfo is None:
        first, second = first.replace(tzinfo=None), second.replace(tzinfo=None)
    apart = abs((first - second).total_seconds())
    return apart < 1 or (second.second == 0 and old[:_MINUTE] == new[:_MINUTE])


def is_habit(attribute: model.Attribute, before: tuple[Any, ...], cell: Any) -> bool:
    """Whether a spreadsheet made the cell of the old text: zeros in front lost, digits as a power, a date."""
    if len(before) != 1 or not isinstance(cell, str) or attribute.type in {*_NUMBERS, *_DATES}:
        return False
    was, now = str(before[0]), cell.strip()
    if was.isdigit() and now.removesuffix(".0").removesuffix(",0").isdigit():
        return was.lstrip("0") == now.removesuffix(".0").removesuffix(",0")
    if was.isdigit() and _POWER.fullmatch(now):
        mantissa = now.lower().partition("e")[0].replace(",", ".")
        return f"{float(was):.{len(mantissa.partition('.')[2])}e}".partition("e")[0] == mantissa
    return bool(_AS_DATE.fullmatch(now) and _LIKE_DATE.fullmatch(was))


def spoilt(attribute: model.Attribute, cell: Any) -> str | None:
    """Why a text cannot be what a person meant: digits that a spreadsheet shortened to a power of ten."""
    digits = attribute.type in {"text", "serial", "uuid"}
    if digits and isinstance(cell, str) and _POWER.fullmatch(cell.strip()) and "+" in cell:
        return "a spreadsheet has shortened the number: format the column as text and type it again"
    return None


def shown(values: Sequence[Any]) -> str:
    """Values as people read them."""
    return str(text(list(values)))
