"""The checks of a transform: why a value may not stand, in words. Pure.

Called by `transform` for every value of every distinct cell.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, cast

from muniment.model.normalise import normalise
from muniment.model.steps import compiled
from muniment.model.types import Attribute, Scalar, Type

_MOST_SHOWN = 6


def failure(
    check: Mapping[str, Any],
    attribute: Attribute,
    text: str,
    values: Sequence[Scalar],
    cells: Mapping[str, Collection[str]],
) -> str:
    """Why a reading fails a check, or nothing.

    Args:
        check: one of the closed list.
        attribute: what was read.
        text: what the steps left.
        values: what was read from it.
        cells: folded cells of the columns that checks refer to.
    """
    name = check["check"]
    if name == "type":
        probe = Attribute("check", "check", attribute.group, "", type=cast("Type", check["type"]))
        read = normalise(probe, text)
        return "" if read.values and not read.problem else f"{text[:60]!r} is no {check['type']}"
    if name == "range":
        return next((told for value in values if (told := _outside(check, value))), "")
    if name == "one_of":
        allowed = {item.strip().casefold() for item in check["values"]}
        fits = text.strip().casefold() in allowed or all(str(value).casefold() in allowed for value in values)
        shown = ", ".join(check["values"][:_MOST_SHOWN]) + (", ..." if len(check["values"]) > _MOST_SHOWN else "")
        return "" if fits else f"{text[:60]!r} is none of {shown}"
    if name == "pattern":
        found = compiled(check["pattern"]).fullmatch(text.strip())
        return "" if found else f"{text[:60]!r} does not match {check['pattern']}"
    known = cells.get(check["column"])
    if known is None or text.strip().casefold() in known:
        return ""
    return f"{text[:60]!r} is not in the column {check['column']!r}"


def _outside(check: Mapping[str, Any], value: Scalar) -> str:
    for bound, word in (("min", "less"), ("max", "more")):
        if bound in check:
            mine, limit = _comparable(value, check[bound])
            if (mine < limit) if bound == "min" else (mine > limit):
                return f"{value} is {word} than {check[bound]}"
    return ""


def _comparable(value: Scalar, limit: float | str) -> tuple[Any, Any]:
    """Numbers as numbers; anything else as text, as far as the limit is written (2024-02 holds all of February)."""
    if isinstance(limit, int | float) and isinstance(value, int | float):
        return value, limit
    return str(value)[: len(str(limit))], str(limit)
