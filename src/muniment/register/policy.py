"""What survivorship weighs by: how values compare, how often sources are right, how claims age.

Plain tables that `fold` reads. Which claim decides is said by `rules` and done by `precede`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from muniment import matching, model

if TYPE_CHECKING:
    import pyarrow as pa

HALF_LIFE_DAYS: Mapping[str, int] = {
    "utilisation": 14,
    "migration": 180,
    "placement": 730,
    "organisation": 730,
    "governance": 730,
    "software": 730,
    "identity": 730,
    "cost": 1_095,
    "hardware": 1_095,
    "life_cycle": 1_095,
}
"""After so many days half of such facts have changed. Orders of magnitude of how estates change, not
fitted to data; what is learned (`Learned.half_life`) takes their place."""

ALTERNATIVES = 10
"""Wrong values that a source could as well have given: the n of ACCU (Dong, Berti-Equille and Srivastava,
"Integrating Conflicting Data", VLDB 2009), whose vote count ln(n A / (1 - A)) is the weight of a claim."""

_ADDRESS_HALF_LIFE = 180
_KINDS: Mapping[str, matching.Kind] = {
    "os": "os",
    "hostname": "host",
    "fqdn": "host",
    "ip": "addresses",
    "size": "size",
    "number": "number",
    "date": "moment",
    "datetime": "moment",
    "text": "text",
}
_KINDS_BY_NAME: Mapping[str, matching.Kind] = {
    "name": "host",
    "host": "host",
    "owner": "person",
    "technical_owner": "person",
    "user": "person",
    "manufacturer": "company",
}


@dataclass(frozen=True, slots=True)
class Reliability:
    """How often a source is right about an attribute (0.5 to 0.99), and whether it decides alone.

    `interval` (95 %) and `learned_from` (claims) are None and 0 where it is only expected.
    """

    source: str
    attribute: str
    share_right: float
    authoritative: bool
    interval: tuple[float, float] | None = None
    learned_from: int = 0


@dataclass(frozen=True, slots=True)
class Learned:
    """What the engagement's overlapping claims teach; one version of it is in force at a time.

    Attributes:
        shares: (source, attribute) -> share right, its 95 % interval, claims it was seen on.
        half_life: attribute -> days.
        collision: attribute -> chance that two wrong claims are the same.
        copying: (source, source) -> share of their agreement that is dependence; both directions.
        usual: (source, asset type) -> attributes that most of its records of that type give.
        slips: attribute -> values (as they are compared) that are slips of the finger, each with what was meant.
        version: counted from 1; 0 before anything is learned.
    """

    shares: Mapping[tuple[str, str], tuple[float, float, float, int]] = field(default_factory=dict)
    half_life: Mapping[str, float] = field(default_factory=dict)
    collision: Mapping[str, float] = field(default_factory=dict)
    copying: Mapping[tuple[str, str], float] = field(default_factory=dict)
    usual: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    version: int = 0
    slips: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """As JSON, keys sorted."""
        shares: dict[str, dict[str, Any]] = {}
        for (source, attribute), told in sorted(self.shares.items()):
            shares.setdefault(source, {})[attribute] = list(told)
        copying = [[one, other, share] for (one, other), share in sorted(self.copying.items())]
        return {
            "shares": shares,
            "half_life": dict(sorted(self.half_life.items())),
            "collision": dict(sorted(self.collision.items())),
            "copying": copying,
            "usual": [[source, kind, list(names)] for (source, kind), names in sorted(self.usual.items())],
            "slips": {name: [list(pair) for pair in pairs] for name, pairs in sorted(self.slips.items())},
        }

    @classmethod
    def read(cls, document: Mapping[str, Any], version: int) -> Learned:
        """What `document` wrote."""
        shares = {
            (source, attribute): (float(told[0]), float(told[1]), float(told[2]), int(told[3]))
            for source, listed in document["shares"].items()
            for attribute, told in listed.items()
        }
        copying = {(one, other): float(share) for one, other, share in document["copying"]}
        usual = {(source, kind): tuple(names) for source, kind, names in document.get("usual", ())}
        slips = {name: tuple((pair[0], pair[1]) for pair in pairs) for name, pairs in document.get("slips", {}).items()}
        return cls(shares, document["half_life"], document["collision"], copying, usual, version, slips)


def kind(attribute: model.Attribute) -> matching.Kind:
    """How the values of an attribute are compared."""
    if attribute.name in _KINDS_BY_NAME:
        return _KINDS_BY_NAME[attribute.name]
    if attribute.type == "text" and attribute.name.endswith("version"):
        return "version"
    return _KINDS.get(attribute.type, "exact")


@dataclass(frozen=True, slots=True)
class LearnedTables:
    """What was learned, as the fold reads it: `copying_table`, `usual_table`, and changes that deserve a look."""

    copying: pa.Table
    usual: pa.Table
    changes: pa.Table


CHANGE_COLUMNS = (
    "asset_id", "record", "source", "attribute", "kind", "rule", "detail", "assets", "compared", "before", "after",
    "until", "changed_at", "until_file", "changed_file", "evidence",
)  # fmt: skip
"""Of a suspicious change, as the fold reads it; all text."""


def learned_tables(learned: Learned | None = None, changes: pa.Table | None = None) -> LearnedTables:
    """The tables of what was learned; empty ones where nothing was."""
    import pyarrow as pa

    learned = learned or Learned()
    if changes is None:
        changes = pa.table({name: pa.array([], pa.string()) for name in CHANGE_COLUMNS})
    return LearnedTables(copying_table(learned.copying), usual_table(learned.usual), changes)


def copying_table(copying: Mapping[tuple[str, str], float]) -> pa.Table:
    """Per pair of sources, both directions: the share of their agreement that is dependence."""
    import pyarrow as pa

    pairs = sorted(copying.items())
    return pa.table(
        {
            "source": pa.array([pair[0] for pair, _ in pairs], pa.string()),
            "other": pa.array([pair[1] for pair, _ in pairs], pa.string()),
            "share": pa.array([share for _, share in pairs], pa.float64()),
        }
    )


def usual_table(usual: Mapping[tuple[str, str], tuple[str, ...]]) -> pa.Table:
    """Per source and asset type: the attributes that most of its records give."""
    import pyarrow as pa

    rows = [(source, kind, name) for (source, kind), names in sorted(usual.items()) for name in names]
    return pa.table(
        {
            name: pa.array([row[place] for row in rows], pa.string())
            for place, name in enumerate(("source", "type", "attribute"))
        }
    )


def attribute_table(attributes: Mapping[str, model.Attribute], learned: Learned | None = None) -> pa.Table:
    """Per attribute: kind, multi-valued or not, severity, half-life in days, and what it is used for."""
    import pyarrow as pa

    learned = learned or Learned()

    listed = [*attributes.values()]
    slips = pa.list_(pa.list_(pa.string()))
    ranks = {"critical": 0, "high": 1, "medium": 2, "low": 3}
    return pa.table(
        {
            "attribute": pa.array([item.name for item in listed], pa.string()),
            "multi": pa.array([item.multi for item in listed], pa.bool_()),
            "severity": pa.array([item.severity for item in listed], pa.string()),
            "rank": pa.array([ranks[item.severity] for item in listed], pa.int32()),
            "half_life": pa.array([learned.half_life.get(item.name, half_life(item)) for item in listed], pa.float64()),
            "alternatives": pa.array(
                [1 / learned.collision.get(item.name, 1 / ALTERNATIVES) for item in listed], pa.float64()
            ),
            "kind": pa.array([kind(item) for item in listed], pa.string()),
            "identifying": pa.array([item.role != "none" for item in listed], pa.bool_()),
            "contestable": pa.array([contestable(item) for item in listed], pa.bool_()),
            "slips": pa.array([[list(pair) for pair in learned.slips.get(item.name, ())] for item in listed], slips),
            "searchable": pa.array([_searchable(item) for item in listed], pa.bool_()),
        }
    )


def share_table(reliabilities: list[Reliability]) -> pa.Table:
    """Per source and attribute: the share of right values (0 to 1)."""
    import pyarrow as pa

    return pa.table(
        {
            "source": pa.array([item.source for item in reliabilities], pa.string()),
            "attribute": pa.array([item.attribute for item in reliabilities], pa.string()),
            "share": pa.array([item.share_right for item in reliabilities], pa.float64()),
        }
    )


def half_life(attribute: model.Attribute) -> float:
    """Days after which half of such facts have changed, before anything is learned."""
    if attribute.role == "address":
        return float(_ADDRESS_HALF_LIFE)
    return float(HALF_LIFE_DAYS.get(attribute.group, 365))


def contestable(attribute: model.Attribute) -> bool:
    """Whether values that differ are a conflict: measurements and moments just move on."""
    moves_on = attribute.policy == "newest" and attribute.type not in {"text", "enum", "boolean"}
    return not moves_on and attribute.group != "utilisation"


def _searchable(attribute: model.Attribute) -> bool:
    return (
        attribute.name not in {"notes", "description"}
        and attribute.group not in {"utilisation", "cost"}
        and attribute.type not in {"datetime", "date"}
    )
