"""From files to a proven register: the phases of one import, each resumable after a kill.

`import_files` starts a flow, `resume` carries one on. A phase reads what earlier phases stored,
stores its own result and its mark in one transaction, and can be run twice.
"""

import dataclasses
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

from muniment import evidence, identity, mapping, register
from muniment.base import events, jobs
from muniment.base.errors import Rejected
from muniment.base.home import Home
from muniment.base.jobs import Flow
from muniment.flows import deliver, derive, gather, guard, watch, weigh
from muniment.flows.progress import Progress, quiet
from muniment.flows.rehearse import rehearsal
from muniment.flows.summary import Summary
from muniment.flows.types import Request, Run

KIND = "import"


def import_files(home: Home, request: Request, progress: Progress = quiet) -> Summary:
    """Import files into the engagement's register.

    An import that a killed process left behind is carried on first.

    Raises:
        Rejected: a path does not exist, or nothing in it could be read.
    """
    paths, left = gather.files(request.paths)
    request = dataclasses.replace(request, paths=paths)
    label = f"import {' '.join(path.name for path in paths[:3])}{' ...' if len(paths) > 3 else ''}"  # noqa: PLR2004
    with jobs.writer(home.scope, label, lambda who: progress("waiting", 0, None, who)):
        if request.dry_run:  # keeps nothing, so it carries on nothing either
            with rehearsal(home) as stage:
                summary = _start(stage, request, progress)
        else:
            _resume_all(home, progress)
            summary = _start(home, request, progress)
    summary.files += [{"file": path.name, "status": "left out", "reason": why} for path, why in left]
    return summary


def resume(home: Home, flow_id: UUID, progress: Progress = quiet) -> Summary:
    """Carry on an import that was interrupted.

    Raises:
        Rejected: there is none of that id, or it is finished.
    """
    with jobs.writer(home.scope, "imports resume", lambda who: progress("waiting", 0, None, who)):
        with home.scope.transaction() as connection:
            flow = jobs.get(connection, home.scope, flow_id)
        if flow.status != "running":
            raise Rejected(f"import {flow_id} is {flow.status}: there is nothing to carry on")
        return _carry_on(home, flow, progress)


def resume_open(home: Home, progress: Progress = quiet) -> list[Summary]:
    """Carry on everything that was interrupted; the caller holds the writer lock."""
    return _resume_all(home, progress)


def _resume_all(home: Home, progress: Progress) -> list[Summary]:
    with home.scope.transaction() as connection:
        open_flows = jobs.find(connection, home.scope, status="running")
    return [_carry_on(home, flow, progress) for flow in open_flows]


def _start(home: Home, request: Request, progress: Progress) -> Summary:
    with home.scope.transaction() as connection:
        flow_id = jobs.begin(connection, home.scope, KIND, request.to_json())
        existing = sum(register.count_assets(connection, home.scope).values())
        events.append(connection, home.scope, "import.started", {"flow": str(flow_id)})
    summary = Summary(
        flow=str(flow_id),
        mode="refinement" if existing else "initial",
        existing_assets=existing,
        dry_run=request.dry_run,
    )
    return _run(Run(home, flow_id, request, progress, summary), "")


def _carry_on(home: Home, flow: Flow, progress: Progress) -> Summary:
    summary = Summary.from_json(flow.result)
    summary.flow = str(flow.id)
    return _run(Run(home, flow.id, Request.from_json(flow.options), progress, summary), flow.phase)


def _run(run: Run, last_phase: str) -> Summary:
    names = [name for name, _ in PHASES]
    run.cause = {
        "kind": KIND,
        "flow": str(run.flow_id),
        "files": [path.name for path in run.request.paths],
    }
    for name, phase in PHASES[names.index(last_phase) + 1 if last_phase else 0 :]:
        started = time.monotonic()
        try:
            phase(run)
        except Rejected as error:
            with run.home.scope.transaction() as connection:
                jobs.finish(connection, run.flow_id, "failed", run.summary.to_json(), str(error))
            raise
        run.summary.seconds[name] = round(time.monotonic() - started, 3)
    return run.summary


def _read(run: Run) -> None:
    with run.bulk() as bulk:
        for paths in gather.together(run.request.paths):
            deliver.deliver(run, bulk, paths)
    with run.home.scope.transaction() as connection:
        delivered = evidence.list_imports(connection, run.home.scope, flow_id=run.flow_id)
        run.summary.rows_rejected = evidence.count_rejects(connection, run.flow_id)
        if not delivered and run.summary.rows_rejected:
            found = evidence.list_rejects(connection, run.home.scope, flow_id=run.flow_id, limit=1)[0]
            raise Rejected(f"nothing could be read: {found.file}: {found.reason}")
        _mark(connection, run, "read")


def _map(run: Run) -> None:
    with run.home.scope.transaction() as connection:
        for number, delivery in enumerate(evidence.list_imports(connection, run.home.scope, flow_id=run.flow_id)):
            run.progress("map", number, None, delivery.file)
            derive.map_layout(connection, run, delivery)
        _mark(connection, run, "map")


def _derive(run: Run) -> None:
    with run.home.scope.transaction() as connection, run.bulk() as bulk:
        delivered = evidence.list_imports(connection, run.home.scope, flow_id=run.flow_id)
        attributes = mapping.attributes(connection)
        for number, delivery in enumerate(delivered):
            run.progress("derive", number, len(delivered), delivery.file)
            counts = derive.derive_import(connection, run.home, bulk, delivery, attributes)
            run.summary.add(counts)
        derive.recall(connection, run.home, bulk, sorted({delivery.source_id for delivery in delivered}))
        run.summary.held = guard.settle(connection, run.home.scope, run.flow_id, asked=run.request.full)
        for source_id in sorted({delivery.source_id for delivery in delivered}):
            gone = evidence.mark_gone(connection, run.home.scope, source_id)
            run.summary.records_gone += len(gone)
            register.mark_stale_by_records(connection, run.home.scope, [str(record) for record in gone])
        _mark(connection, run, "derive")


def _identify(run: Run) -> None:
    run.progress("identify", 0, None)
    with run.home.scope.transaction() as connection, run.bulk() as bulk:
        change = identity.recompute(connection, run.home.scope, bulk, f"import {run.flow_id}")
        register.mark_stale(connection, run.home.scope, change.touched)
        run.summary.assets_merged = change.merged
        run.summary.assets_split = change.split
        run.summary.records_silent = change.silent
        _mark(connection, run, "identify")


def _reconcile(run: Run) -> None:
    with run.home.scope.transaction() as connection, run.bulk() as bulk:
        run.progress("reconcile", 0, register.stale_count(connection, run.home.scope))
        done = weigh.fold_stale(connection, run.home, bulk, run.cause)
        run.summary.assets_created = done.created
        run.summary.assets_updated = done.updated
        run.summary.assets_retired = done.retired
        _mark(connection, run, "reconcile")


def _publish(run: Run) -> None:
    scope = run.home.scope
    with scope.transaction() as connection:
        summary = run.summary
        summary.assets = register.count_assets(connection, scope)
        summary.conflicts = register.count_conflicts(connection, scope)
        _count_columns(run, connection)
        watch.watch(connection, run)
        summary.advise()
        for delivery in evidence.list_imports(connection, scope, flow_id=run.flow_id):
            if delivery.status not in evidence.SET_ASIDE:
                evidence.close_import(connection, delivery.id, "done", {})
        events.append(connection, scope, "import.finished", summary.to_json())
        jobs.mark(connection, run.flow_id, "publish")
        jobs.finish(connection, run.flow_id, "done", summary.to_json())


def _count_columns(run: Run, connection: Any) -> None:
    """Count the columns by what became of them: of the files read, and all that wait for a word."""
    read = {item.layout_id for item in evidence.list_imports(connection, run.home.scope, flow_id=run.flow_id)}
    columns = mapping.current(connection)
    here = [column for column in columns if column.layout_id in read]
    run.summary.columns_mapped = sum(column.applied for column in here)
    run.summary.columns_unmapped = sum(column.state in {"unmapped", "rejected"} for column in here)
    run.summary.columns_suggested = sum(column.state == "suggested" for column in columns)


def _mark(connection: Any, run: Run, phase: str) -> None:
    """Store the mark and what was counted so far with the phase's result."""
    jobs.mark(connection, run.flow_id, phase, run.summary.to_json())
    events.append(connection, run.home.scope, "import.phase", {"flow": str(run.flow_id), "phase": phase})


PHASES: tuple[tuple[str, Callable[[Run], None]], ...] = (
    ("read", _read),
    ("map", _map),
    ("derive", _derive),
    ("identify", _identify),
    ("reconcile", _reconcile),
    ("publish", _publish),
)
