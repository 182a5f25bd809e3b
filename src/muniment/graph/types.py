"""What a report of the register counts: coverage, quality of sources, disputes, changes. No I/O.

Made by `store`, put together in `flows`.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one source says of one attribute, counted in assets.

    `filled` is the sum of `unique` (no other source speaks), `agreed` (another says the same) and
    `contradicted` (others speak, none says the same); `lost` counts those whose value was not chosen.
    """

    source: str
    attribute: str
    filled: int
    unique: int
    agreed: int
    contradicted: int
    lost: int

    @property
    def won(self) -> int:
        """Assets whose value of the attribute is what the source says."""
        return self.filled - self.lost


@dataclass(frozen=True, slots=True)
class Rests:
    """How many assets' values of an attribute rest on something alone, and how many with others that agree."""

    attribute: str
    alone: int
    shared: int


@dataclass(frozen=True, slots=True)
class RestingValue:
    """A value that rests on something; `others` are the sources that say the same."""

    asset: str
    attribute: str
    value: Any
    others: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Resting:
    """What of the register rests on a source, or on some of what it says."""

    assets: int
    by_attribute: tuple[Rests, ...]
    sample: tuple[RestingValue, ...]


@dataclass(frozen=True, slots=True)
class Dispute:
    """How many open conflicts there are of one attribute and severity."""

    attribute: str
    severity: str
    count: int


@dataclass(frozen=True, slots=True)
class Opponents:
    """Two sources that contradict each other in open conflicts."""

    one: str
    other: str
    count: int


@dataclass(frozen=True, slots=True)
class Moved:
    """A value that changed: what it was and is; None where there was or is none."""

    asset: str
    attribute: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Since:
    """What changed in the register since a moment."""

    created: int
    removed: int
    retired: int
    changed: int
    conflicts_opened: int
    by_attribute: dict[str, tuple[int, int, int]]
    """Attribute: values that came, changed, went."""
    sample: tuple[Moved, ...]
