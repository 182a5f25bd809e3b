"""What the model is made of: attributes, asset types, and what normalising a cell gives.

Used by every folder that handles values. Holds no data and does no I/O.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, NamedTuple

from muniment.base.errors import Rejected
from muniment.model import zones

Scalar = str | int | float | bool
"""One canonical value, as JSON knows it."""

Type = Literal[
    "text",
    "hostname",
    "fqdn",
    "ip",
    "mac",
    "serial",
    "uuid",
    "os",
    "size",
    "integer",
    "number",
    "percent",
    "money",
    "boolean",
    "date",
    "datetime",
    "enum",
    "email",
    "url",
]
Role = Literal["none", "exclusive", "name", "address"]
Severity = Literal["low", "medium", "high", "critical"]
Pii = Literal["none", "personal", "contact"]
Policy = Literal["authoritative", "newest", "confidence", "most_reported", "union", "minimum", "maximum"]

STATES = (
    "discovered",
    "mapped",
    "identified",
    "reconciled",
    "classified",
    "assessed",
    "ready",
    "retired",
)
"""The states of an asset, in the order it reaches them."""

_NOTHING: Mapping[str, tuple[Scalar, ...]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Attribute:
    """A typed field of an asset.

    Attributes:
        name: snake_case name, unique in the model.
        label: the name as people read it.
        group: identity, hardware, software, placement, organisation, life_cycle, governance,
            utilisation, cost, migration, or own for one of the user's own.
        description: one sentence.
        type: how cells are read and compared.
        unit: unit of the stored value, None for values without one.
        multi: whether the value is a list.
        role: what the value says about identity. `exclusive`: normally belongs to one thing;
            `name`: is given to one thing at a time; `address`: moves between things.
        severity: how much a conflict of this attribute matters.
        pii: whether the value is about a person, or reaches one.
        policy: how the register chooses between claims, unless someone says otherwise.
        values: of an enum, its canonical values.
        spellings: of an enum, folded spelling (see `fold`) -> canonical value.
        synonyms: headers met in the wild.
        synonym_units: folded synonym -> unit of its cells, where it is not the attribute's own and
            the header does not show it.
        wider: the attribute that this one is a case of; a header that may mean either means the wider one.
    """

    name: str
    label: str
    group: str
    description: str
    type: Type = "text"
    unit: str | None = None
    multi: bool = False
    role: Role = "none"
    severity: Severity = "medium"
    pii: Pii = "none"
    policy: Policy = "confidence"
    values: tuple[str, ...] = ()
    spellings: Mapping[str, str] = field(default_factory=dict, hash=False, repr=False)
    synonyms: tuple[str, ...] = field(default=(), repr=False)
    synonym_units: Mapping[str, str] = field(default_factory=dict, hash=False, repr=False)
    wider: str = ""


@dataclass(frozen=True, slots=True)
class AssetType:
    """A kind of asset with its subtypes; types of one family may be the same thing."""

    name: str
    label: str
    description: str
    family: str
    subtypes: tuple[str, ...]
    synonyms: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Context:
    """How the cells of one column are to be read.

    Attributes:
        decimal_comma: "1.234,5" rather than "1,234.5".
        day_first: whether "01/02/2024" is the 1st of February; None when nobody knows.
        timezone: IANA name of the zone that times without one are in.
        unit: unit of bare numbers, as `unit_in_header` gives it; None for the attribute's own.

    Raises:
        Rejected: the time zone does not exist.
    """

    decimal_comma: bool = False
    day_first: bool | None = None
    timezone: str = "UTC"
    unit: str | None = None

    def __post_init__(self) -> None:
        if not zones.exists(self.timezone):
            raise Rejected(f"there is no time zone {self.timezone!r}: give an IANA name such as Europe/Berlin")


class Normalised(NamedTuple):
    """What one cell says (a named tuple: made once per distinct cell, at a third of the time).

    Attributes:
        values: canonical values; at most one for a single-valued attribute.
        derived: canonical values of other attributes read off the same cell.
        note: what was assumed or left out, for people.
        problem: why the cell (or a part of it) could not be read, and the cure.
    """

    values: tuple[Scalar, ...] = ()
    derived: Mapping[str, tuple[Scalar, ...]] = _NOTHING
    note: str | None = None
    problem: str | None = None


def fold(text: str) -> str:
    """Give the form in which spellings are compared: case, "_", "-" and extra spaces gone."""
    return " ".join(text.casefold().replace("_", " ").replace("-", " ").split())
