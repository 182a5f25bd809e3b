"""The rules of survivorship: which policy an attribute has, how sources weigh, how claims age.

Plain tables that `fold` reads. Defaults come from the model; a source's settings outrank them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from muniment import model

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
fitted to data; learned ones come with the trust model."""

ALTERNATIVES = 10
"""Wrong values that a source could as well have given: the n of ACCU (Dong, Berti-Equille and Srivastava,
"Integrating Conflicting Data", VLDB 2009), whose vote count ln(n A / (1 - A)) is the weight of a claim."""

_ADDRESS_HALF_LIFE = 180


@dataclass(frozen=True, slots=True)
class Reliability:
    """How often a source is right about an attribute (0.5 to 0.99), and whether it decides alone."""

    source: str
    attribute: str
    share_right: float
    authoritative: bool


def attribute_table(attributes: Mapping[str, model.Attribute]) -> pa.Table:
    """Per attribute: policy, multi-valued or not, severity, half-life in days, and what it is used for."""
    import pyarrow as pa

    listed = [*attributes.values()]
    ranks = {"critical": 0, "high": 1, "medium": 2, "low": 3}
    return pa.table(
        {
            "attribute": pa.array([item.name for item in listed], pa.string()),
            "policy": pa.array([item.policy for item in listed], pa.string()),
            "multi": pa.array([item.multi for item in listed], pa.bool_()),
            "severity": pa.array([item.severity for item in listed], pa.string()),
            "rank": pa.array([ranks[item.severity] for item in listed], pa.int32()),
            "half_life": pa.array([_half_life(item) for item in listed], pa.float64()),
            "identifying": pa.array([item.role != "none" for item in listed], pa.bool_()),
            "contestable": pa.array([_contestable(item) for item in listed], pa.bool_()),
            "searchable": pa.array([_searchable(item) for item in listed], pa.bool_()),
        }
    )


def share_table(reliabilities: list[Reliability]) -> pa.Table:
    """Per source and attribute: the share of right values (0 to 1), and whether the source decides alone."""
    import pyarrow as pa

    return pa.table(
        {
            "source": pa.array([item.source for item in reliabilities], pa.string()),
            "attribute": pa.array([item.attribute for item in reliabilities], pa.string()),
            "share": pa.array([item.share_right for item in reliabilities], pa.float64()),
            "authoritative": pa.array([item.authoritative for item in reliabilities], pa.bool_()),
        }
    )


def _half_life(attribute: model.Attribute) -> float:
    if attribute.role == "address":
        return float(_ADDRESS_HALF_LIFE)
    return float(HALF_LIFE_DAYS.get(attribute.group, 365))


def _contestable(attribute: model.Attribute) -> bool:
    """Whether values that differ are a conflict: measurements and moments just move on."""
    moves_on = attribute.policy == "newest" and attribute.type not in {"text", "enum", "boolean"}
    return not moves_on and attribute.group != "utilisation"


def _searchable(attribute: model.Attribute) -> bool:
    return (
        attribute.name not in {"notes", "description"}
        and attribute.group not in {"utilisation", "cost"}
        and attribute.type not in {"datetime", "date"}
    )
