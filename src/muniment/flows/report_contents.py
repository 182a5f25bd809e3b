"""What a report says: coverage, how good the sources are, what is disputed, what changed, what to do.

`assemble` has `graph` count (set-based) and puts together; `report` calls it. It writes nothing and knows no look.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

from muniment import evidence, graph, mapping, model, register
from muniment.base import clock, jobs
from muniment.base.home import Home
from muniment.flows.report_advice import Advice, decisions, next_steps

_TOP = 15
KIND = "report"
"""The kind of flow that a report is remembered as."""


@dataclass(frozen=True, slots=True)
class Origin:
    """A source as a report names it: how many records it gave, and when it last looked at any of them."""

    name: str
    kind: str
    records: int
    files: int
    observed_at: datetime


@dataclass(frozen=True, slots=True)
class Report:
    """Everything a report says, before it has a look. Counts are of assets unless named otherwise."""

    tenant: str
    engagement: str
    made_at: datetime
    fingerprint: str
    origins: tuple[Origin, ...]
    health: tuple[graph.Health, ...]
    states: tuple[tuple[str, str, int], ...]
    confidences: tuple[int, ...]
    filled: dict[tuple[str, str], int]
    contributions: tuple[graph.Contribution, ...]
    disputes: tuple[graph.Dispute, ...]
    opponents: tuple[graph.Opponents, ...]
    top: tuple[register.Conflict, ...]
    since: datetime | None
    changes: graph.Since | None
    decisions: tuple[Advice, ...]
    next_steps: tuple[Advice, ...]
    attributes: dict[str, model.Attribute]

    @property
    def live(self) -> dict[str, int]:
        """Assets in use by type, most first."""
        return _live(self.states)

    @property
    def severities(self) -> dict[str, int]:
        """Open conflicts by severity, the most severe first."""
        return {
            severity: sum(one.count for one in self.disputes if one.severity == severity)
            for severity in register.SEVERITIES
        }

    def label(self, attribute: str) -> str:
        """The name of an attribute as people read it."""
        return self.attributes[attribute].label if attribute in self.attributes else attribute


def assemble(connection: sa.Connection, home: Home, since: datetime | None = None) -> Report:
    """Count everything that a report says; `since` is as for `report`."""
    scope = home.scope
    known = mapping.attributes(connection)
    if since is None:
        earlier = [flow.started_at for flow in jobs.find(connection, scope, status="done") if flow.kind == KIND]
        since = earlier[-1] if earlier else None
    states = tuple(graph.states(connection, scope))
    disputes = tuple(graph.disputes(connection, scope))
    contributions = tuple(graph.contributions(connection, scope))
    filled = graph.filled(connection, scope)
    origins = _origins(connection, home)
    waiting = [column for column in mapping.current(connection) if column.state == "suggested"]
    live = _live(states)
    disputed = {one.attribute for one in disputes}
    contested = [one for one in contributions if one.attribute in disputed]
    return Report(
        scope.tenant,
        scope.engagement,
        clock.now().astimezone(UTC),
        register.fingerprint(connection, scope),
        origins,
        tuple(graph.health(connection, scope)),
        states,
        tuple(graph.confidences(connection, scope)),
        filled,
        contributions,
        disputes,
        tuple(graph.opponents(connection, scope)),
        tuple(register.list_conflicts(connection, scope, limit=_TOP)),
        since,
        graph.since(connection, scope, since) if since else None,
        decisions(disputes, waiting, len(evidence.list_rejects(connection, scope, limit=10_000))),
        next_steps(live, filled, contested, {one.name: one.observed_at for one in origins}, known),
        known,
    )


def _live(states: Iterable[tuple[str, str, int]]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for kind, state, count in states:
        if state != "retired":
            counts[kind] = counts.get(kind, 0) + count
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _origins(connection: sa.Connection, home: Home) -> tuple[Origin, ...]:
    counts = evidence.count_by_source(connection, home.scope)
    seen = evidence.last_observed(connection, home.scope)
    delivered = evidence.list_imports(connection, home.scope)
    found = []
    for source in evidence.list_sources(connection):
        mine = [one for one in delivered if one.source_id == source.id]
        if mine:
            records = counts.get(source.id, {}).get("records", 0)
            found.append(
                Origin(
                    source.name,
                    mapping.kind(source.kind).title,
                    records,
                    len({one.sha256 for one in mine}),
                    seen.get(source.id) or max(one.observed_at for one in mine),
                )
            )
    return tuple(found)
