"""How well a source does: its deliveries, their freshness, completeness, agreement and steadiness, as one score.

Called by the doors, and by the import for its alerts. Reads what imports left behind; it writes nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from statistics import median
from typing import Any

import sqlalchemy as sa

from muniment import evidence
from muniment.base import clock, events
from muniment.base.tenancy import Scope
from muniment.graph import store
from muniment.graph.types import Contribution

CHECKED = "source.checked"
"""The event that keeps how a delivery differs from the one before."""

WEIGHTS: Mapping[str, float] = {
    "deliveries": 0.2, "freshness": 0.25, "completeness": 0.15, "agreement": 0.25, "steadiness": 0.15,
}  # fmt: skip
"""How much each part counts; one that is not known yet is left out. What a source alone knows is shown and does
not count: nobody can check it, and it is no fault."""

LATE = 1.5
"""Times its usual interval after which a source is late."""

_GAPS = 2
_DAY = 86_400
_LOW_AGREEMENT, _SPOKEN = 0.7, 20
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a score, 0 to 1 (None: not known yet), and what it was read from, in words."""

    name: str
    score: float | None
    told: str


@dataclass(frozen=True, slots=True)
class Alert:
    """Something about a source that wants a look."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Health:
    """How one source does in this engagement.

    `interval_days` is what was set or learned from its deliveries; `completeness` the share of its records that
    have each attribute its columns give; `drift` per column what differs from the delivery before.
    """

    source: str
    score: float | None
    parts: tuple[Part, ...]
    imports: int
    last_observed: datetime | None
    interval_days: float | None
    completeness: Mapping[str, float]
    known_alone: float | None
    drift: tuple[Mapping[str, Any], ...]
    alerts: tuple[Alert, ...]


def health(connection: sa.Connection, scope: Scope, name: str | None = None) -> list[Health]:
    """How the sources do that have delivered here, or one of them.

    Raises:
        NotFound: there is no source of that name.
    """
    if name is not None:
        evidence.get_source(connection, name)
    given = _by_source(store.contributions(connection, scope))
    filled = store.completeness(connection, scope)
    found = []
    for source, delivered, drift in _delivered(connection, scope):
        if name not in {None, source.name}:
            continue
        share = filled.get(source.name, {})
        mine = given.get(source.name, [])
        spoken = sum(one.agreed + one.contradicted for one in mine)
        everything = sum(one.filled for one in mine)
        parts = (
            _deliveries(delivered),
            _freshness(source, delivered),
            _completeness(share),
            _agreement(sum(one.agreed for one in mine), spoken),
            _steadiness(drift),
        )
        alerts = [*_alerts(source, delivered, drift), *_doubtful(parts[3], spoken)]
        known = {part.name: part.score for part in parts if part.score is not None}
        weight = sum(WEIGHTS[part] for part in known)
        found.append(
            Health(
                source.name,
                round(sum(WEIGHTS[part] * score for part, score in known.items()) / weight, 3) if weight else None,
                parts,
                len(delivered),
                max(one.observed_at for one in delivered),
                _interval(source, delivered)[0],
                share,
                round(sum(one.unique for one in mine) / everything, 4) if everything else None,
                tuple(drift),
                tuple(alerts),
            )
        )
    return found


def alerts(connection: sa.Connection, scope: Scope) -> dict[str, list[Alert]]:
    """What wants a look about each source, from its deliveries alone."""
    return {
        source.name: _alerts(source, delivered, drift) for source, delivered, drift in _delivered(connection, scope)
    }


def _delivered(
    connection: sa.Connection, scope: Scope
) -> Iterable[tuple[evidence.Source, list[evidence.Import], list[Mapping[str, Any]]]]:
    """The sources with their imports, oldest first, and how each of their tables last drifted."""
    every = evidence.list_imports(connection, scope)
    counting = {str(one.id) for one in every if one.status not in evidence.SET_ASIDE}
    newest: dict[tuple[str, str], Mapping[str, Any]] = {}
    for event in events.newest(connection, scope, CHECKED):
        if event.payload["import"] in counting:
            newest.setdefault((event.payload["source"], event.payload["family"]), event.payload)
    for source in evidence.list_sources(connection):
        mine = [one for one in every if one.source_id == source.id]
        if mine:
            drift: list[Mapping[str, Any]] = [
                {"file": payload["file"], "tab": payload["tab"], **column}
                for (_, _), payload in sorted(newest.items())
                if payload["source"] == str(source.id)
                for column in payload["columns"]
            ]
            yield source, mine, drift


def _by_source(found: Iterable[Contribution]) -> dict[str, list[Contribution]]:
    given: dict[str, list[Contribution]] = {}
    for one in found:
        given.setdefault(one.source, []).append(one)
    return given


def _deliveries(delivered: Sequence[evidence.Import]) -> Part:
    counting = [one for one in delivered if one.status not in evidence.SET_ASIDE and not one.waiting]
    rows = sum(one.counts["rows"] for one in delivered)
    rejected = sum(one.counts.get("rejected", 0) for one in delivered)
    readable = rows / (rows + rejected) if rows + rejected else 1.0
    told = f"{len(counting)} of {len(delivered)} imports count"
    if rejected:
        told += f", {rejected:,} of {rows + rejected:,} rows could not be read"
    return Part("deliveries", round(len(counting) / len(delivered) * readable, 4), told)


def _interval(source: evidence.Source, delivered: Sequence[evidence.Import]) -> tuple[float | None, str]:
    """Days between deliveries: as set, else the median of what was usual, else unknown."""
    if source.interval_days is not None:
        return float(source.interval_days), "is set"
    moments = {one.flow_id: one.observed_at for one in delivered}
    gaps = [(later - earlier).total_seconds() / _DAY for earlier, later in pairwise(sorted(set(moments.values())))]
    return (round(median(gaps), 2), "is usual") if len(gaps) >= _GAPS else (None, "")


def _age(delivered: Sequence[evidence.Import]) -> float:
    return (clock.now() - max(one.observed_at for one in delivered)).total_seconds() / _DAY


def _freshness(source: evidence.Source, delivered: Sequence[evidence.Import]) -> Part:
    interval, why = _interval(source, delivered)
    age = _age(delivered)
    told = f"last observed {age:,.0f} days ago"
    if interval is None:
        return Part("freshness", None, f"{told}; `sources set --interval` or a third delivery tells how often it comes")
    score = 1.0 if age <= LATE * interval else LATE * interval / age
    return Part("freshness", round(score, 4), f"{told}; every {interval:g} days {why}")


def _completeness(share: Mapping[str, float]) -> Part:
    if not share:
        return Part("completeness", None, "no column of it gives a value")
    worst = sorted(share.items(), key=lambda item: (item[1], item[0]))[:3]
    listed = ", ".join(f"{attribute} {value:.0%}" for attribute, value in worst)
    return Part(
        "completeness", round(sum(share.values()) / len(share), 4), f"{len(share)} attributes; least filled: {listed}"
    )


def _agreement(agreed: int, spoken: int) -> Part:
    if not spoken:
        return Part("agreement", None, "no other source speaks about the same values")
    return Part(
        "agreement", round(agreed / spoken, 4), f"another source says the same in {agreed:,} of {spoken:,} values"
    )


def _steadiness(drift: Sequence[Mapping[str, Any]]) -> Part:
    if not drift:
        return Part("steadiness", None, "nothing to compare with yet: it delivered once")
    moved = sum(bool(column["findings"]) for column in drift)
    return Part(
        "steadiness",
        round(1 - moved / len(drift), 4),
        f"{moved} of {len(drift)} columns differ from the delivery before",
    )


def _alerts(
    source: evidence.Source, delivered: Sequence[evidence.Import], drift: Sequence[Mapping[str, Any]]
) -> list[Alert]:
    found = []
    interval, why = _interval(source, delivered)
    if interval is not None and source.active and _age(delivered) > LATE * interval:
        text = f"last observed {_age(delivered):,.0f} days ago, every {interval:g} days {why}"
        found.append(Alert("late", text))
    waiting = [one for one in delivered if one.waiting]
    if waiting:
        found.append(Alert("waiting", f"{len(waiting)} of its imports wait for a word: `muniment imports held`"))
    for state, kind in (("gone", "columns gone"), ("new", "columns new")):
        names = [str(column["column"]) for column in drift if column["state"] == state]
        if names:
            more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
            found.append(Alert(kind, f"{kind} since the delivery before: {', '.join(names[:_SHOWN])}{more}"))
    found += [
        Alert("values", f"column {column['column']!r}: {'; '.join(column['findings'])}")
        for column in drift
        if column["state"] == "same" and column["findings"]
    ]
    return found


def _doubtful(agreement: Part, spoken: int) -> list[Alert]:
    if agreement.score is None or agreement.score >= _LOW_AGREEMENT or spoken < _SPOKEN:
        return []
    return [Alert("agreement", f"other sources agree with only {agreement.score:.0%} of what it says")]
