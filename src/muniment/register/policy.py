"""The rules of survivorship: which policy an attribute has, how sources weigh, how claims age.

Plain tables that `fold` reads. Defaults come from the model; a source's settings outrank them.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from muniment import model

HALF_LIFE_DAYS: Mapping[str, int] = {
    "utilisation": 14,
    "placement": 365,
    "organisation": 365,
    "governance": 365,
    "software": 365,
    "migration": 180,
    "cost": 730,
    "hardware": 730,
    "life_cycle": 730,
    "identity": 365,
}
"""After so many days a claim says half as much as a fresh one. Orders of magnitude of how often
such facts change in an estate, not fitted to data; learned ones come with the trust model."""

_ADDRESS_HALF_LIFE = 90
_LEAST, _MOST = 0.5, 0.99


@dataclass(frozen=True, slots=True)
class Reliability:
    """How often a source is right about an attribute (0.5 to 0.99), and whether it decides alone."""

    source: str
    attribute: str
    share_right: float
    authoritative: bool


def attribute_table(attributes: Mapping[str, model.Attribute]) -> pa.Table:
    """Per attribute: policy, multi-valued or not, severity, half-life in days, whether it names."""
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
            "searchable": pa.array([_searchable(item) for item in listed], pa.bool_()),
        }
    )


def weight_table(reliabilities: list[Reliability]) -> pa.Table:
    """Per source and attribute: weight of a fresh claim in nats, ln(p / (1 - p))."""
    odds = [min(max(item.share_right, _LEAST), _MOST) for item in reliabilities]
    return pa.table(
        {
            "source": pa.array([item.source for item in reliabilities], pa.string()),
            "attribute": pa.array([item.attribute for item in reliabilities], pa.string()),
            "weight": pa.array([math.log(share / (1 - share)) for share in odds], pa.float64()),
            "authoritative": pa.array([item.authoritative for item in reliabilities], pa.bool_()),
        }
    )


def _half_life(attribute: model.Attribute) -> float:
    if attribute.role == "address":
        return float(_ADDRESS_HALF_LIFE)
    return float(HALF_LIFE_DAYS.get(attribute.group, 365))


def _searchable(attribute: model.Attribute) -> bool:
    return attribute.name not in {"notes", "description"} and attribute.group != "utilisation"
