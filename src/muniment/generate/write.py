"""Writes an estate: its exports, and beside them the truth.

Called by `muniment generate`, by benchmarks and by tests. It writes into the folder it is given and
nowhere else.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from muniment.generate import (
    export_cloud,
    export_discovery,
    export_lifecycle,
    export_monitoring,
    export_rvtools,
    export_servicenow,
    score,
    tables,
    truth,
)
from muniment.generate.estate import build
from muniment.generate.observe import Observer
from muniment.generate.types import (
    Claim,
    ColumnTruth,
    EstateSpec,
    FileSummary,
    RowTruth,
    Summary,
    Truth,
)

EXPORTERS: Mapping[str, Callable[[Observer], tuple[tables.Export, ...]]] = MappingProxyType({
    "servicenow": export_servicenow.export,
    "rvtools": export_rvtools.export,
    "discovery": export_discovery.export,
    "lifecycle": export_lifecycle.export,
    "monitoring": export_monitoring.export,
    "cloud": export_cloud.export,
})  # fmt: skip


def write_estate(spec: EstateSpec, folder: Path) -> Summary:
    """Make an estate and write its exports into a folder, and what is true into `truth` below it.

    Files of an earlier estate of the same names are overwritten; others are left alone.

    Arguments:
        spec: what to make; the same spec gives byte-identical files.
        folder: where; made if it is not there.

    Returns:
        what was written, and the oracle ceiling.
    """
    folder.mkdir(parents=True, exist_ok=True)
    estate = build(spec)
    observer = Observer(estate)
    claims: list[Claim] = []
    rows: list[RowTruth] = []
    columns: list[ColumnTruth] = []
    files: list[FileSummary] = []
    for source in spec.sources:
        for export in EXPORTERS[source](observer):
            filled = []
            for table in export.tables:
                one, said, people, meanings = tables.fill(export, table)
                filled.append(one)
                claims += said
                rows += people
                columns += meanings
            export.write(folder / export.file, filled)
            files.append(_file(folder, source, export.file, len(filled), sum(len(t.rows) for t in filled)))
    facts = Truth(truth.known(estate), tuple(claims), tuple(rows), tuple(columns), estate.dependencies)
    ceiling = score.oracle_ceiling(facts)
    place = folder / truth.FOLDER
    files += [_file(place, "truth", name, 1, count) for name, count in truth.write(place, facts, ceiling)]
    seen = {row.asset for row in rows}
    return Summary(
        spec,
        tuple(files),
        dict(sorted(Counter(thing.text("asset_type") for thing in estate.things).items())),
        len(estate.things) - len(seen),
        len(rows),
        len(claims),
        ceiling,
    )


def _file(folder: Path, source: str, name: str, tabs: int, rows: int) -> FileSummary:
    """What was written into one file."""
    return FileSummary(source, name, tabs, rows, (folder / name).stat().st_size)
