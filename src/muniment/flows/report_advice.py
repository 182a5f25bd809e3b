"""What a report advises: what waits for a person's word, and what would help most next.

Pure functions of counts, called by `report`; every sentence carries the number it rests on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from muniment import graph, mapping, model, register
from muniment.base import clock

_WANTED = (
    ("owner", "nobody is named to decide about them"),
    ("environment", "production cannot be told from test"),
    ("os", "support dates and targets cannot be told"),
    ("criticality", "waves cannot be ordered by risk"),
    ("application", "they cannot be moved with what depends on them"),
)
_MACHINES = ("server", "virtual_machine")
_STALE = timedelta(days=90)
_FEW = 10
_POOR = 0.3
_STEPS = 8


@dataclass(frozen=True, slots=True)
class Advice:
    """One thing to decide or do: how much of it there is, what, why, and how."""

    count: int
    what: str
    why: str
    how: str


def decisions(
    disputes: Sequence[graph.Dispute], waiting: Sequence[mapping.ColumnMapping], rejected: int
) -> tuple[Advice, ...]:
    """What waits for somebody's word, the most severe first."""
    found = []
    for severity in register.SEVERITIES[:2]:
        count = sum(one.count for one in disputes if one.severity == severity)
        if count:
            found.append(
                Advice(
                    count,
                    f"{severity} conflicts between sources",
                    "the most believable value is used until someone decides",
                    f"muniment conflicts --severity {severity}",
                )
            )
    if waiting:
        found.append(
            Advice(
                len(waiting),
                "columns with a proposed meaning",
                "their cells are kept, but not used, until the meaning is confirmed",
                "muniment mappings --waiting",
            )
        )
    if rejected:
        found.append(
            Advice(rejected, "rows or files that could not be read", "they are in no asset", "muniment rejects")
        )
    return tuple(found)


def next_steps(
    live: Mapping[str, int],
    filled: Mapping[tuple[str, str], int],
    contested: Sequence[graph.Contribution],
    observed: Mapping[str, datetime],
    attributes: Mapping[str, model.Attribute],
) -> tuple[Advice, ...]:
    """What would mend most, by how many assets it touches; `contested` are attributes with open conflicts."""
    found = []
    machines = sum(live.get(kind, 0) for kind in _MACHINES)
    for attribute, why in _WANTED:
        lacking = machines - sum(filled.get((kind, attribute), 0) for kind in _MACHINES)
        if lacking > 0:
            label = attributes[attribute].label.lower()
            found.append(
                Advice(
                    lacking,
                    f"of {machines:,} servers have no {label}",
                    why,
                    f"ask for a list that has {label}, or add it by hand",
                )
            )
    for one in contested:
        spoken = one.agreed + one.contradicted
        if one.lost >= _FEW and one.lost >= _POOR * spoken and one.attribute in attributes:
            label = attributes[one.attribute].label.lower()
            found.append(
                Advice(
                    one.lost,
                    f"values of {label} in {one.source} are outweighed by other sources",
                    f"{one.lost:,} of the {spoken:,} that another source speaks about",
                    f"correct {label} in {one.source}, or say that it is authoritative",
                )
            )
    found.sort(key=lambda advice: (-advice.count, advice.what))
    old = sorted((name, at) for name, at in observed.items() if clock.now() - at > _STALE)
    late = [
        Advice(
            (clock.now() - at).days,
            f"days since {name} was delivered",
            "what it says may have changed since",
            f"ask for a new export of {name}",
        )
        for name, at in old
    ]
    return tuple(found[:_STEPS] + late[:3])
