"""What an import tells of its sources: how their columns and values drifted, and alerts where that wants a look.

Called by the publish phase, in its transaction. Writes events only; no finding ever stops an import.
"""

import dataclasses

import sqlalchemy as sa

from muniment import evidence, graph, matching
from muniment.base import events
from muniment.base.errors import Permanent
from muniment.flows.types import Run

ALERTED = "source.alerted"


def watch(connection: sa.Connection, run: Run) -> None:
    """Compare what was delivered with the delivery before, and append an event per source with new alerts."""
    scope = run.home.scope
    for delivery in evidence.list_imports(connection, scope, flow_id=run.flow_id):
        if delivery.status not in evidence.SET_ASIDE:
            _check(connection, run, delivery)
    standing: dict[str, list[str]] = {}
    for event in events.newest(connection, scope, ALERTED):
        standing.setdefault(event.payload["source"], [one["kind"] + one["text"] for one in event.payload["alerts"]])
    for source, found in graph.alerts(connection, scope).items():
        told = [one.kind if one.kind == "late" else one.kind + one.text for one in found]
        before = [text if not text.startswith("late") else "late" for text in standing.get(source, [])]
        if told != before:
            events.append(
                connection, scope, ALERTED, {"source": source, "alerts": [dataclasses.asdict(one) for one in found]}
            )
            run.summary.alerts += [f"{source}: {one.text}" for one in found]


def _check(connection: sa.Connection, run: Run, delivery: evidence.Import) -> None:
    scope, layout = run.home.scope, evidence.get_layout(connection, delivery.layout_id)
    family = [
        one.id for one in evidence.list_layouts(connection, layout.source_id) if one.family_id == layout.family_id
    ]
    earlier = [
        one
        for one in evidence.list_imports(connection, scope, layout_ids=family, counting=True)
        if one.flow_id != run.flow_id and one.observed_at < delivery.observed_at
    ]
    if not earlier:
        return
    before = max(earlier, key=lambda one: (one.observed_at, one.id))
    old = evidence.get_layout(connection, before.layout_id)
    try:
        found = matching.drift(
            run.home.lake.read(before.lake_path, list(old.columns)),
            run.home.lake.read(delivery.lake_path, list(layout.columns)),
        )
    except Permanent:  # the earlier rows are no longer in the lake: there is nothing to compare with
        return
    events.append(
        connection,
        scope,
        graph.CHECKED,
        {
            "source": str(delivery.source_id),
            "family": str(layout.family_id),
            "import": str(delivery.id),
            "before": str(before.id),
            "file": delivery.file,
            "tab": delivery.tab,
            "columns": [dataclasses.asdict(one) for one in found],
        },
    )
