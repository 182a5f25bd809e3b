"""The read phase for one file, or the files of one export: tables to the lake, source and layout to the database.

Called by `import_batch`, one transaction each; a file that is already in this flow, or whose
bytes this source delivered before, is left alone.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from muniment import evidence, mapping
from muniment.base import clock, events, ids
from muniment.base.engine import Engine
from muniment.base.errors import Rejected
from muniment.flows import guard, naming
from muniment.flows.assemble import Whole, assembled
from muniment.flows.types import Run

if TYPE_CHECKING:
    import pyarrow as pa

_FAMILIES = uuid.UUID("6d756e69-6d65-5e74-8000-6c61796f7574")
"""The name space of layout families: their ids come from content, so that keys are the same everywhere."""

_JOINED = "joined "
"""How the details of an import begin that tell how many rows of another tab became part of its rows."""

_SAME_FAMILY = 0.6
"""Share of columns that two layouts of one source must have in common to be one that changed."""


def deliver(run: Run, bulk: Engine, paths: Sequence[Path]) -> None:
    """Read one file, or the files of one export, into the lake and the tables of evidence."""
    scope = run.home.scope
    run.progress("read", run.summary.rows_read, None, paths[0].name)
    with scope.transaction() as connection:
        known = evidence.list_imports(connection, scope, flow_id=run.flow_id)
        stamps = {path: stamp for path in paths if (stamp := _stamp(connection, run, path))}
        if not stamps:
            return
        whole = _together(stamps)
        read = [one for one in known if one.sha256.startswith(whole.sha256) and one.details["path"] == str(whole.path)]
        if read:  # before this flow was interrupted
            _recall(run, read)
            return
        try:
            for table in assembled(bulk, _tables(connection, run, stamps), run.request.kind):
                _store(connection, run, bulk, table, whole)
        except Rejected as error:
            _refuse(connection, run, paths[0], error)


@dataclass(frozen=True, slots=True)
class _Stamp:
    """Bytes of a file, or of the files of one export: where, their digest, size and time of change."""

    path: Path
    sha256: str
    size: int
    changed: datetime


def _stamp(connection: sa.Connection, run: Run, path: Path) -> _Stamp | None:
    try:
        about = path.stat()
        return _Stamp(path, _digest(path), about.st_size, datetime.fromtimestamp(about.st_mtime, UTC))
    except OSError as error:
        _refuse(connection, run, path, error)
        return None


def _together(stamps: Mapping[Path, _Stamp]) -> _Stamp:
    every = list(stamps.values())
    if len(every) == 1:
        return every[0]
    digest = hashlib.sha256("".join(sorted(one.sha256 for one in every)).encode()).hexdigest()
    return _Stamp(every[0].path, digest, sum(one.size for one in every), max(one.changed for one in every))


def _tables(connection: sa.Connection, run: Run, paths: Iterable[Path]) -> Iterator[evidence.Table]:
    """The tables of the files; one that cannot be read does not stop the others."""
    passwords = tuple(filter(None, run.home.settings["workbook_password"].splitlines()))
    for path in paths:
        try:
            yield from evidence.read(path, passwords=passwords)
        except (Rejected, OSError) as error:
            _refuse(connection, run, path, error)


def _refuse(connection: sa.Connection, run: Run, path: Path, error: Rejected | OSError) -> None:
    reason = str(error) if isinstance(error, Rejected) else f"cannot be opened: {error.strerror}"
    if path.name not in evidence.refused_files(connection, run.flow_id):
        reject = evidence.Reject(path.name, None, None, None, reason, "")
        evidence.add_rejects(connection, run.home.scope, run.flow_id, None, [reject])
    run.summary.files.append({"file": path.name, "tab": "", "status": "refused", "reason": reason})


def _recall(run: Run, read: Sequence[evidence.Import]) -> None:
    """Count what was read before the flow was interrupted."""
    for delivery in read:
        run.summary.rows_read += delivery.counts["rows"] + delivery.counts["joined"]
        run.summary.files.append(
            {
                "file": delivery.file,
                "tab": delivery.tab,
                "kind": delivery.details["kind"],
                "rows": delivery.counts["rows"],
                "rejected": delivery.counts["rejected"],
                "status": "read",
                "import": str(delivery.id),
            }
        )
        run.summary.files += _joined(delivery)


def _digest(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _store(
    connection: sa.Connection,
    run: Run,
    bulk: Engine,
    whole: Whole,
    stamp: _Stamp,
) -> None:
    table, kind, tab = whole.table, whole.kind, whole.kind.tab(whole.table.tab or "")
    entry = {"file": table.file, "tab": table.tab or "", "kind": kind.name, "rows": table.rows.num_rows}
    run.summary.files.append(entry)
    if not table.columns or tab.skip:
        evidence.add_rejects(connection, run.home.scope, run.flow_id, None, table.rejects)
        refused = table.rejects[0].reason if table.rejects else "no rows"
        entry |= {"status": "skipped", "reason": "this tab describes no assets" if tab.skip else refused}
        return
    if "left out" in table.details:
        entry["left_out"] = table.details["left out"]
    source = _source(connection, run, kind, table)
    entry["source"] = source.name
    if not source.active:
        entry |= {"status": "skipped", "reason": f"the source {source.name} is disabled"}
        return
    # a member of an archive is a delivery of its own, and so is a copy whose name says another host
    sha256 = stamp.sha256 + (table.file if kind.file_names_host else table.file.partition("!")[2])
    observed = min(run.request.observed_at or table.observed or stamp.changed, clock.now())
    earlier = evidence.find_delivery(connection, run.home.scope, source.id, (sha256, table.tab or "", observed))
    if earlier is not None:
        entry |= {"status": "known", "reason": _known(earlier)}
        return
    rows, columns = _with_file_name(table) if kind.file_names_host else (table.rows, table.columns)
    layout = _layout(connection, run, source, table, columns, tab)
    import_id, place = ids.new(), _place(run)
    run.home.lake.write(place, evidence.stamped(bulk, rows, columns), {"sha256": sha256, "file": table.file})
    full, why = guard.declared_full(source, table.rows.num_rows, len(table.rejects), asked=run.request.full)
    delivery = evidence.Import(
        id=import_id,
        flow_id=run.flow_id,
        source_id=source.id,
        layout_id=layout.id,
        file=table.file,
        tab=table.tab or "",
        sha256=sha256,
        size=stamp.size,
        format=table.format,
        details={**table.details, **_parts(whole), "path": str(stamp.path), "kind": kind.name},
        full=full,
        full_reason=why,
        scope={},
        waiting=None,
        observed_at=observed,
        status="read",
        counts={"rows": rows.num_rows, "rejected": len(table.rejects), "joined": sum(whole.parts.values())},
        lake_path=place,
        actor=run.home.scope.actor,
        started_at=clock.now(),
        finished_at=None,
    )
    _record(connection, run, delivery, table, entry)
    run.summary.files += _joined(delivery)


def _known(earlier: evidence.Import) -> str:
    reason = f"the same file was imported on {earlier.started_at:%Y-%m-%d %H:%M}"
    if earlier.status not in evidence.SET_ASIDE:
        return reason
    verb = "approve" if earlier.status == "held" else "restore"
    return f"{reason} and is {earlier.status}: `muniment imports {verb} {ids.short(earlier.id)}` lets it count"


def _parts(whole: Whole) -> dict[str, str]:
    return {f"{_JOINED}{tab}": str(count) for tab, count in whole.parts.items()}


def _joined(delivery: evidence.Import) -> list[dict[str, Any]]:
    """The tabs whose rows became part of a delivery's rows."""
    return [
        {
            "file": delivery.file,
            "tab": name.removeprefix(_JOINED),
            "kind": delivery.details["kind"],
            "rows": int(count),
            "status": "joined",
            "reason": f"its rows are part of those of {delivery.tab}",
        }
        for name, count in delivery.details.items()
        if name.startswith(_JOINED)
    ]


def _place(run: Run) -> str:
    return f"raw/{run.home.scope.tenant_id}/{clock.now():%Y-%m}/{ids.new()}.parquet"


def _record(
    connection: sa.Connection,
    run: Run,
    delivery: evidence.Import,
    table: evidence.Table,
    entry: dict[str, Any],
) -> None:
    scope, rows = run.home.scope, table.rows.num_rows + delivery.counts["joined"]
    evidence.add_import(connection, scope, delivery)
    evidence.add_rejects(connection, scope, run.flow_id, delivery.id, table.rejects)
    events.append(connection, scope, "import.read", {"import": str(delivery.id), "rows": rows})
    entry |= {"status": "read", "import": str(delivery.id), "rejected": len(table.rejects)}
    run.summary.rows_read += rows
    run.progress("read", run.summary.rows_read, None, table.file)


def _with_file_name(table: evidence.Table) -> tuple[pa.Table, tuple[str, ...]]:
    import pyarrow as pa

    name = table.file.rpartition("!")[2].rpartition("/")[2]
    for ending in (".gz", ".json", ".jsonl", ".facts", ".yml"):
        name = name.removesuffix(ending)
    cells = pa.array([name] * table.rows.num_rows, pa.string())
    return table.rows.append_column(mapping.FILE_COLUMN, cells), (*table.columns, mapping.FILE_COLUMN)


def _source(connection: sa.Connection, run: Run, kind: mapping.Kind, table: evidence.Table) -> evidence.Source:
    """The source by option; else one per known kind; else one per layout, called by what the file is called."""
    name = run.request.source
    if name is None:
        name = kind.name if kind.signature else _by_layout(connection, run, kind, table)
    return evidence.find_source(connection, name) or evidence.add_source(connection, run.home.scope, name, kind.name)


def _by_layout(connection: sa.Connection, run: Run, kind: mapping.Kind, table: evidence.Table) -> str:
    for entry in run.summary.files:  # the tabs of one workbook are one source
        if entry["file"] == table.file and "source" in entry:
            return str(entry["source"])
    header = evidence.layout_of(table)
    known = {one.id: one.name for one in evidence.list_sources(connection)}
    for layout in evidence.list_layouts(connection):
        if layout.header_hash == header and naming.is_of(known[layout.source_id], header):
            return known[layout.source_id]
    return naming.source_name(table.file, table.tab or "", kind.name, header, known.values())


def _layout(
    connection: sa.Connection,
    run: Run,
    source: evidence.Source,
    table: evidence.Table,
    columns: tuple[str, ...],
    tab: mapping.Tab,
) -> evidence.Layout:
    header = evidence.layout_of(table)
    name = table.tab or ""
    known = evidence.list_layouts(connection, source.id)
    for layout in known:
        if (layout.tab, layout.header_hash) == (name, header):
            return layout
    family_id = uuid.uuid5(_FAMILIES, f"{name}|{tab.list_name or header}")
    family = _closest(known, name, columns, family_id)
    layout = evidence.Layout(
        ids.new(),
        source.id,
        name,
        header,
        family.family_id if family else family_id,
        columns,
        table.format,
        family.asset_type if family else None,
        family.key_columns if family else (),
        family.key_reason if family else "",
        tab.detail,
        family.type_stated if family else False,
    )
    evidence.add_layout(connection, run.home.scope, layout)
    return layout


def _closest(
    known: Sequence[evidence.Layout], tab: str, columns: Sequence[str], family_id: uuid.UUID
) -> evidence.Layout | None:
    """The layout of the same tab that shares most columns, if it shares enough; the newest of equals.

    Layouts that the kind knows to be one list belong together however few columns they share.
    """
    for layout in known:
        if layout.family_id == family_id:
            return layout
    mine = {column.lower() for column in columns}
    best: tuple[float, uuid.UUID, evidence.Layout] | None = None
    for layout in known:
        theirs = {column.lower() for column in layout.columns}
        share = len(mine & theirs) / max(len(mine | theirs), 1)
        if layout.tab == tab and share >= _SAME_FAMILY and (best is None or (share, layout.id) > best[:2]):
            best = (share, layout.id, layout)
    return best[2] if best else None
