"""How sources write values: vocabularies, units, number and date forms, lists, and harmless mess.

Used by the exporters as the `write` of a column: a function of the canonical value and the record. What
is written here reads back as that value; errors were made before, in `observe.py`.
"""

import random
from collections.abc import Callable, Mapping
from datetime import date
from types import MappingProxyType

from muniment.generate.catalogue import OS_BY_NAME, PLACEHOLDER_SERIALS
from muniment.generate.observe import Record
from muniment.generate.types import Cell, Value

Write = Callable[[Value, Record], Cell]

_COIN = 0.5
ENVIRONMENTS: Mapping[str, Mapping[str, tuple[str, ...]]] = MappingProxyType({
    "servicenow": {
        "production": ("Production",), "test": ("Test",), "development": ("Development",),
        "staging": ("Staging",),
    },
    "rvtools": {
        "production": ("PROD", "Prod", "prod"), "test": ("TEST", "Test"),
        "development": ("DEV", "Dev"), "staging": ("STG", "Staging"),
    },
    "lifecycle": {
        "production": ("Production", "Prod", "prod."), "test": ("Test", "test"),
        "development": ("Development", "Dev"), "staging": ("Staging", "Stage"),
    },
    "discovery": {
        "production": ("PROD",), "test": ("TEST",), "development": ("DEV",), "staging": ("STAGING",),
    },
    "monitoring": {
        "production": ("prod",), "test": ("test",), "development": ("dev",), "staging": ("stage",),
    },
    "cloud": {
        "production": ("prod", "production"), "test": ("test",), "development": ("dev",),
        "staging": ("stage",),
    },
})  # fmt: skip
CRITICALITIES: Mapping[str, Mapping[str, tuple[str, ...]]] = MappingProxyType({
    "servicenow": {
        "critical": ("1 - most critical",), "high": ("2 - somewhat critical",),
        "medium": ("3 - less critical",), "low": ("4 - not critical",),
    },
    "rvtools": {
        "critical": ("Critical", "critical"), "high": ("High",), "medium": ("Medium",),
        "low": ("Low",),
    },
    "discovery": {
        "critical": ("Critical",), "high": ("High",), "medium": ("Medium",), "low": ("Low",),
    },
    "lifecycle": {
        "critical": ("Critical",), "high": ("High", "high"), "medium": ("Medium",), "low": ("Low",),
    },
    "monitoring": {
        "critical": ("critical",), "high": ("high",), "medium": ("medium",), "low": ("low",),
    },
})  # fmt: skip
STATUSES: Mapping[str, Mapping[str, tuple[str, ...]]] = MappingProxyType({
    "servicenow": {
        "active": ("Installed",), "maintenance": ("In Maintenance",), "in_stock": ("In Stock",),
        "retired": ("Retired",),
    },
    "lifecycle": {
        "active": ("In use", "Active", "in use"), "maintenance": ("Maintenance",),
        "in_stock": ("In stock", "Stock"), "retired": ("Retired", "retired"),
    },
})  # fmt: skip
POWER: Mapping[str, Mapping[str, tuple[str, ...]]] = MappingProxyType({
    "rvtools": {"on": ("poweredOn",), "off": ("poweredOff",)},
    "cloud": {"on": ("running",), "off": ("stopped",)},
})  # fmt: skip


def exact(value: Value, record: Record) -> Cell:
    """The value itself; the first of several; a number stays one."""
    _ = record
    return (value[0] if value else "") if isinstance(value, tuple) else value


def text(value: Value, record: Record) -> Cell:
    """Text as people leave it: sometimes with spaces around it or in capitals."""
    return mess(record, str(exact(value, record)))


def mess(record: Record, written: str) -> str:
    """The text, now and then with spaces around or inside it."""
    if record.rng.random() >= record.messy:
        return written
    return record.rng.choice((f"{written} ", f" {written}", written.replace(" ", "  ", 1)))


def host(value: Value, record: Record) -> Cell:
    """A host name as the convention has it; now and then in other case or with its domain."""
    name = str(exact(value, record))
    written = record.thing.keep["written"]
    name = written if written.lower() == name else name
    if record.rng.random() >= record.messy:
        return name
    domain = record.thing.text("fqdn").partition(".")[2]
    forms = [name.upper(), name.lower(), f"{name} "]
    return record.rng.choice([*forms, f"{name.lower()}.{domain}"] if domain else forms)


def short_host(value: Value, record: Record) -> Cell:
    """A host name as the machine itself has it: capitals on Windows, else small letters."""
    name = str(exact(value, record))
    return name.upper() if record.thing.text("os_family") == "windows" else name


def monitored_host(value: Value, record: Record) -> Cell:
    """The name an agent registered: the full one, or the short one where somebody typed it."""
    name, domain = str(exact(value, record)), record.thing.text("fqdn").partition(".")[2]
    plain = record.rng.random() < 0.2 + record.messy  # a fifth of the hosts were added by hand
    return name if plain or not domain else f"{name}.{domain}"


def person(value: Value, record: Record) -> Cell:
    """A person's name; now and then the last name first."""
    first, _, last = str(value).partition(" ")
    if last and record.rng.random() < record.messy:
        return f"{last}, {first}"
    return str(value)


def words(table: Mapping[str, Mapping[str, tuple[str, ...]]]) -> Write:
    """The source's own word for a canonical choice."""

    def write(value: Value, record: Record) -> Cell:
        return record.rng.choice(table[record.source][str(value)])

    return write


def system(value: Value, record: Record) -> Cell:
    """An operating system as the source calls it."""
    known, name = OS_BY_NAME.get(str(value)), str(value)
    edition = record.thing.text("os_edition")
    windows = record.thing.text("os_family") == "windows"
    if record.source == "rvtools":
        return "Ubuntu Linux (64-bit)" if known is None else known.rvtools
    if known is None:
        return name
    if record.source == "lifecycle":
        return record.rng.choice((known.short, known.short, known.monitoring))
    if record.source == "monitoring":
        return known.monitoring
    if record.source == "servicenow":
        name = name.removeprefix("Microsoft ")
    return f"{name} {edition}" if windows and edition else name


def serial(value: Value, record: Record) -> Cell:
    """A serial number; VMware's in its own spelling, a placeholder where nothing better is there."""
    number = str(exact(value, record))
    if not number:
        return record.rng.choice(PLACEHOLDER_SERIALS)
    if number.startswith("VMWARE-"):
        halves = number.removeprefix("VMWARE-").lower().split("-")
        spaced = (" ".join(half[n : n + 2] for n in range(0, len(half), 2)) for half in halves)
        return "VMware-" + "-".join(spaced)
    if record.rng.random() < record.messy:
        return number.lower()
    return number


def number(value: Value, record: Record) -> Cell:
    """A number as it is."""
    _ = record
    return plain_number(value)


def plain_number(value: Value) -> int | float:
    """A whole number where it is one."""
    amount = float(value) if isinstance(value, int | float) else 0.0
    return int(amount) if amount.is_integer() else round(amount, 3)


def thousandth(value: Value, record: Record) -> Cell:
    """MiB written in GB."""
    _ = record
    return plain_number(value / 1024) if isinstance(value, int | float) else None


def thousandfold(value: Value, record: Record) -> Cell:
    """GiB written in MB."""
    _ = record
    return plain_number(value * 1024) if isinstance(value, int | float) else None


def comma(write: Write) -> Write:
    """A number with a decimal comma."""

    def with_comma(value: Value, record: Record) -> Cell:
        return str(write(value, record)).replace(".", ",")

    return with_comma


def us_date(value: Value, record: Record) -> Cell:
    """M/D/YYYY, with leading zeros or without."""
    day = date.fromisoformat(str(value))
    if record.rng.random() < _COIN:
        return f"{day.month}/{day.day}/{day.year}"
    return f"{day.month:02d}/{day.day:02d}/{day.year}"


def german_date(value: Value, record: Record) -> Cell:
    """DD.MM.YYYY."""
    _ = record
    return date.fromisoformat(str(value)).strftime("%d.%m.%Y")


def price(value: Value, record: Record) -> Cell:
    """An amount, now and then as text with separators."""
    amount = plain_number(value)
    return f"{amount:,.2f}" if record.rng.random() < record.messy else amount


def joined(separator: str, write: Write = exact) -> Write:
    """Several values in one cell."""

    def write_all(value: Value, record: Record) -> Cell:
        values = value if isinstance(value, tuple) else (str(value),)
        return separator.join(str(write(one, record)) for one in values)

    return write_all


def dashed_mac(value: Value, record: Record) -> Cell:
    """A hardware address as Windows writes it."""
    _ = record
    return str(value).replace(":", "-").upper()


def mac(value: Value, record: Record) -> Cell:
    """A hardware address; now and then in capitals or as Cisco writes it."""
    address = str(exact(value, record))
    if record.rng.random() < record.messy:
        digits = address.replace(":", "")
        return record.rng.choice((address.upper(), f"{digits[:4]}.{digits[4:8]}.{digits[8:]}"))
    return address


def upper(value: Value, record: Record) -> Cell:
    """In capitals."""
    return str(exact(value, record)).upper()


def moment(record: Record, pattern: str) -> str:
    """The record's day with a time of day, in a strftime pattern."""
    clock = random.Random(record.thing.id)  # noqa: S311 - nothing secret
    hours, minutes = clock.randint(0, 23), clock.randint(0, 59)
    stamp = record.as_of.strftime(pattern)
    return stamp.replace("@", f"{hours:02d}:{minutes:02d}:{clock.randint(0, 59):02d}")
