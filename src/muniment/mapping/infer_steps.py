"""Steps and checks that the cells of a column suggest by themselves, where nobody says.

Called by `transform.infer` when a column is mapped. Careful by intent: a step is added only where nearly
all cells agree on it and no two values become one; checks only report, they never take a value away.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from muniment import model

MOST_DISTINCT = 5_000
"""Of a column with more distinct cells the first ones, sorted, are looked at."""

_LISTS = (" / ", " & ", " + ")
_LISTED_SHARE = 0.3
_FEWEST_LISTS = 3
_FEWEST = 5
_NEARLY_ALL = 0.95
_NAME_AND_ID = r"^(.+?)\s*\(([^()\s]*\d[^()\s]*)\)$"
_CODE_AND_LABEL = r"^\d+[-\s:.)]+(\D.*)$"
_PREFIX_ENDS = ":=#\\"
_SUFFIX_STARTS = ("(", "[")
_LONGEST_CODE = 3
_NAMED_GROUPS = {"organisation", "placement"}
_FEWEST_NUMBERS = 20
_MARGIN = 10
_FEWEST_ROWS, _MOST_VALUES, _FEWEST_EACH = 200, 12, 3
_FEWEST_SHAPED = 50
_TAGS = {"asset_tag", "source_id", "application_id"}


def infer_steps(attribute: model.Attribute, cells: Sequence[str]) -> list[dict[str, Any]]:
    """The steps that distinct, trimmed cells of a column suggest for an attribute."""
    if len(cells) < 2:  # noqa: PLR2004 - one value says nothing about a rule
        return []
    if attribute.type == "enum":
        return _prefix_and_suffix(cells) or _codes(attribute, cells)
    if attribute.type != "text":
        return []
    if attribute.multi:
        return _list(cells)
    if attribute.group in _NAMED_GROUPS or attribute.name == "name":
        return _name_and_id(cells) or _prefix_and_suffix(cells)
    return []


def _list(cells: Sequence[str]) -> list[dict[str, Any]]:
    if any(sign in cell for cell in cells for sign in ";,|\n["):
        return []  # the usual separators are understood without a step
    for separator in _LISTS:
        count = sum(separator in cell for cell in cells)
        if count >= max(_FEWEST_LISTS, _LISTED_SHARE * len(cells)):
            return [{"do": "split", "on": separator}]
    return []


def _name_and_id(cells: Sequence[str]) -> list[dict[str, Any]]:
    found = [match for cell in cells if (match := re.fullmatch(_NAME_AND_ID, cell[:500]))]
    if len(found) < _FEWEST or len(found) < _NEARLY_ALL * len(cells):
        return []
    names, ids = {match[1].casefold() for match in found}, {match[2].casefold() for match in found}
    if len(names) < len(found) or len(ids) < len(found):
        return []
    return [{"do": "part", "pattern": _NAME_AND_ID, "group": 1}]


def _prefix_and_suffix(cells: Sequence[str]) -> list[dict[str, Any]]:
    if len(cells) < _FEWEST:
        return []
    prefix = _common(cells)
    prefix = prefix[: max(prefix.rfind(sign) for sign in _PREFIX_ENDS) + 1]
    suffix = _common(cell[::-1] for cell in cells)[::-1]
    starts = [place for sign in _SUFFIX_STARTS if (place := suffix.find(sign)) >= 0]
    suffix = suffix[min(starts) :] if starts else ""
    found = {key: text for key, text in (("prefix", prefix), ("suffix", suffix)) if len(text) > 1}
    shortest = min(map(len, cells))
    if not found or shortest <= len(prefix) + len(suffix):
        return []
    return [{"do": "strip", **found}]


def _common(cells: Iterable[str]) -> str:
    """The longest beginning that all have."""
    ordered = sorted(cells)
    first, last = ordered[0], ordered[-1]  # what these two share, all between them do
    for place, sign in enumerate(first):
        if last[place : place + 1] != sign:
            return first[:place]
    return first


def _codes(attribute: model.Attribute, cells: Sequence[str]) -> list[dict[str, Any]]:
    unread = [cell for cell in cells if not model.normalise(attribute, cell).values]
    if not unread:
        return []
    labelled = [match[1] for cell in unread if (match := re.fullmatch(_CODE_AND_LABEL, cell[:500]))]
    if len(labelled) == len(unread) and all(model.normalise(attribute, label).values for label in labelled):
        return [{"do": "part", "pattern": _CODE_AND_LABEL, "group": 1}]
    table = {}
    for cell in unread:
        meant = [value for value in attribute.values if value.casefold().startswith(cell.casefold())]
        if len(cell) > _LONGEST_CODE or len(meant) != 1:
            return []
        table[cell] = meant[0]
    return [{"do": "lookup", "table": table}] if len(set(table.values())) > 1 else []


def infer_checks(
    attribute: model.Attribute, counts: Mapping[str, int], document: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """What all values of a column have in common so widely that another is worth a look.

    Args:
        attribute: what the column means.
        counts: how often each trimmed cell occurs.
        document: how the cells are read.
    """
    if attribute.type in {"size", "number", "integer"}:
        read = model.reader(attribute, document)
        numbers = [value for cell in counts for value in read(cell).values if isinstance(value, int | float)]
        if len(numbers) >= _FEWEST_NUMBERS and min(numbers) >= 0:
            return [{"check": "range", "min": 0, "max": max(numbers) * _MARGIN, "keep": True}]
    if attribute.name in _TAGS and len(counts) >= _FEWEST_SHAPED:
        shapes = {_shape(cell) for cell in counts}
        if len(shapes) == 1 and (shape := shapes.pop()):
            return [{"check": "pattern", "pattern": shape, "keep": True}]
    few = attribute.type == "text" and not attribute.multi and attribute.group in _NAMED_GROUPS
    few = few and 1 < len(counts) <= _MOST_VALUES and sum(counts.values()) >= _FEWEST_ROWS
    if few and min(counts.values()) >= _FEWEST_EACH:
        return [{"check": "one_of", "values": sorted(counts), "keep": True}]
    return []


_RUNS = re.compile(r"[A-Z]+|[a-z]+|[0-9]+|[-_./:]")
_LONGEST_SHAPE = 40


def _shape(cell: str) -> str:
    """A pattern for texts of the same letters and digits at the same places; nothing for others."""
    if len(cell) > _LONGEST_SHAPE or "".join(_RUNS.findall(cell)) != cell:
        return ""
    parts = []
    for run in _RUNS.findall(cell):
        kind = "[A-Z]" if run.isupper() else "[a-z]" if run.islower() else "[0-9]" if run.isdigit() else ""
        parts.append(f"{kind}{{{len(run)}}}" if kind else re.escape(run))
    return "".join(parts)
