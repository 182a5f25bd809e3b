"""Attributes of the user's own.

Called by `mapping` when a person adds an attribute. Must never shadow a canonical attribute.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import get_args

from muniment.base.errors import Rejected
from muniment.model import catalogue, quantities
from muniment.model.types import Attribute, Type

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


def own_attribute(
    name: str,
    type: Type = "text",  # noqa: A002 (the word the model uses)
    *,
    label: str = "",
    unit: str | None = None,
    multi: bool = False,
    values: Mapping[str, str] | None = None,
) -> Attribute:
    """Make an attribute of the user's own.

    Args:
        name: snake_case, at most 63 characters (PostgreSQL's limit for names), not in the model.
        type: how its cells are read; see `Attribute`.
        label: the name as people read it; made from the name when left out.
        unit: unit of the stored value, one that the model's attributes use.
        multi: whether the value is a list.
        values: of an enum, canonical value -> further spellings, separated by " | ".

    Raises:
        Rejected: the name is taken or not well formed, the type or unit does not exist, or an enum
            has no values.
    """
    if not _NAME.fullmatch(name):
        raise Rejected(
            f"{name!r} cannot name an attribute: use small letters, digits and _, a letter first, at most 63 characters"
        )
    if name in catalogue.attributes():
        raise Rejected(f"the model already has {name}: map the column to it, or use another name")
    if type not in get_args(Type):
        raise Rejected(f"there is no type {type!r}: it is one of {', '.join(get_args(Type))}")
    if type == "enum" and not values:
        raise Rejected(f"the enum {name} has no values: give at least one")
    if unit is None and type in {"size", "percent"}:
        unit = "GiB" if type == "size" else "%"
    if unit is not None and quantities.convert(1, unit, unit) is None:
        raise Rejected(f"there is no unit {unit!r}: use one such as GiB, MHz, hours, W or %")
    return Attribute(
        name=name,
        label=label or name.replace("_", " ").capitalize(),
        group="own",
        description="An attribute of the user's own.",
        type=type,
        unit=unit,
        multi=multi,
        policy="union" if multi else "confidence",
        values=tuple(values or ()),
        spellings=MappingProxyType(catalogue.spellings(values or {})),
        synonyms=(name.replace("_", " "),),
    )
