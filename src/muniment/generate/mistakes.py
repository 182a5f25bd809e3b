"""How a value gets wrong in a cell: typos, unit slips, swapped dates, misread systems, other values.

Called by `observe.py`. Each mistake returns the canonical value a reader would get from the cell, and
the kind of error.
"""

import random
from collections.abc import Iterable, Mapping
from datetime import date
from types import MappingProxyType

from muniment.generate.types import Thing, Value

Pools = Mapping[str, tuple[str, ...]]
"""The different true values in the estate, of which a wrong one is taken; see `pools`."""

CHOSEN = frozenset({
    "environment", "criticality", "status", "power_state", "site", "country", "support_group",
    "cost_centre", "cluster", "host", "data_center", "virtual_center", "folder", "resource_pool",
    "availability_zone", "cloud_account", "instance_type", "database_engine", "database_version",
    "hypervisor", "os_edition", "os_version", "cpu_model", "hardware_version",
})  # fmt: skip
"""Attributes chosen from a list: a wrong one is another true value, never a typo."""

TYPED = frozenset({"department", "owner", "technical_owner", "model", "manufacturer"})
"""Attributes that people type: a wrong one is a typo or another true value."""

DATES = frozenset({"purchased_on", "warranty_until", "end_of_life_on"})
"""Attributes that are days."""

BY_HAND = frozenset({"servicenow", "lifecycle", "rvtools", "cloud"})
"""Sources in which people type; a tool makes no typos."""

IN_GIGABYTES: Mapping[str, frozenset[str]] = MappingProxyType({
    "memory_mib": frozenset({"discovery", "lifecycle"}),
    "storage_gib": frozenset({"servicenow", "discovery", "lifecycle", "monitoring"}),
})  # fmt: skip
"""Sources whose column is in gigabytes: a slip is a number of megabytes in it; elsewhere the reverse."""

_DECIMAL = 1024**3 / 1000**3
_COIN = 0.5
_SMALLEST = 0.02


def pools(things: Iterable[Thing]) -> Pools:
    """The different values by "<attribute>:<asset type>", sorted; for "os" by its family."""
    found: dict[str, set[str]] = {}
    for thing in things:
        kind = thing.text("asset_type")
        for attribute in CHOSEN | TYPED:
            value = thing.values.get(attribute)
            if isinstance(value, str):
                found.setdefault(f"{attribute}:{kind}", set()).add(value)
        if "os" in thing.values:
            found.setdefault("os:" + thing.text("os_family"), set()).add(thing.text("os"))
    return {attribute: tuple(sorted(values)) for attribute, values in found.items()}


def make(
    rng: random.Random,
    source: str,
    thing: Thing,
    attribute: str,
    seen: tuple[Value, str],
    known: Pools,
) -> tuple[Value, str]:
    """Spoil a value.

    Arguments:
        rng: the draws of the record.
        source: who makes the mistake.
        thing: whom the value is about.
        attribute: its attribute.
        seen: what would have stood there, and its error kind.
        known: see `pools`.

    Returns:
        the value read from the cell, and the kind of mistake; `seen` where none is possible.
    """
    value, kind = seen
    if kind == "placeholder":
        return seen
    if isinstance(value, tuple):
        return (_misread(rng, attribute, value[0]), *value[1:]), "typo"
    if not isinstance(value, str):
        return _size(rng, source, attribute, value) if attribute in IN_GIGABYTES else _number(rng, value)
    if attribute in DATES:
        return _date(rng, value)
    return _text(rng, source, thing, attribute, (value, kind), known)


def _text(
    rng: random.Random, source: str, thing: Thing, attribute: str, seen: tuple[str, str], known: Pools
) -> tuple[Value, str]:
    """Another value of a list, or a typo where somebody typed it."""
    if attribute == "os":
        return _other(rng, known.get(f"os:{thing.text('os_family')}", ()), seen, "misread")
    if attribute in CHOSEN or (attribute in TYPED and rng.random() < _COIN):
        return _other(rng, known.get(f"{attribute}:{thing.text('asset_type')}", ()), seen, "other")
    return (typo(rng, seen[0]), "typo") if source in BY_HAND else seen


def typo(rng: random.Random, value: str) -> str:
    """The value with two neighbouring characters swapped, one doubled or one left out."""
    places = [n for n in range(len(value) - 1) if value[n].isalnum() and value[n + 1].isalnum()]
    if not places:
        return value
    at = rng.choice(places)
    way = rng.randrange(3)
    if way == 0 and value[at] != value[at + 1]:
        return value[:at] + value[at + 1] + value[at] + value[at + 2 :]
    if way == 1:
        return value[: at + 1] + value[at:]
    return value[:at] + value[at + 1 :]


def _other(rng: random.Random, known: tuple[str, ...], seen: tuple[Value, str], kind: str) -> tuple[Value, str]:
    """Another true value of the attribute."""
    others = [one for one in known if one != seen[0]]
    return (rng.choice(others), kind) if others else seen


def _size(rng: random.Random, source: str, attribute: str, value: float) -> tuple[Value, str]:
    """A size in the wrong unit, in decimal gigabytes, or another size."""
    way = rng.random()
    in_gigabytes = source in IN_GIGABYTES[attribute]
    if way < _COIN:
        slipped = value * 1024 if in_gigabytes else value / 1024
        if slipped >= _SMALLEST:
            return _round(slipped), "unit_slip"
    if attribute == "storage_gib" and way > 0.75:  # noqa: PLR2004 - half of the rest
        return _round(value * _DECIMAL), "decimal_unit"
    return _round(value * rng.choice((0.5, 2))), "other"


def _number(rng: random.Random, value: float) -> tuple[Value, str]:
    """Another number of the same order."""
    if value <= 1:
        return _round(value + 1), "other"
    return _round(value * rng.choice((0.5, 2)) if value % 2 == 0 else value + 1), "other"


def _round(value: float) -> int | float:
    """A whole number where it is one, else three digits."""
    return int(value) if float(value).is_integer() else round(value, 3)


def _date(rng: random.Random, value: str) -> tuple[Value, str]:
    """Day and month swapped where that is a date, else a year off."""
    day = date.fromisoformat(value)
    if day.day <= 12 and day.day != day.month:  # noqa: PLR2004 - months
        return date(day.year, day.day, day.month).isoformat(), "swapped_date"
    shifted = day.year + rng.choice((-1, 1))
    return date(shifted, day.month, min(day.day, 28)).isoformat(), "other"


def _misread(rng: random.Random, attribute: str, value: str) -> str:
    """An identifier with one thing wrong, still of its form where it has one."""
    if attribute == "ip_address":
        head, _, last = value.rpartition(".")
        return f"{head}.{(int(last) + rng.choice((1, 2, 10, 100))) % 254 + 1}"
    if attribute in {"mac_address", "uuid"}:
        return f"{value[:-1]}{(int(value[-1], 16) + rng.randint(1, 15)) % 16:x}"
    return typo(rng, value)
