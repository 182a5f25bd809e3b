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
from muniment.generate.types import Claim, ColumnTruth, EstateSpec, FileSummary, RowTruth, Summary, Truth

EXPORTERS: Mapping[str, Callable[[Observer], tuple[tables.Export, ...]]] = MappingProxyType({
    "servicenow": export_servicenow.export,
    "rvtools": export_rvtools.export,
    "discovery": export_discovery.export,
    "lifecycle": export_lifecycle.export,
    "monitoring": export_monitoring.export,
    "cloud": export_cloud.export,
})  # fmt: skip

Filled = tuple[tables.Export, list[tables.Filled]]


def truth_of(spec: EstateSpec) -> Truth:
    """What is true about an estate and what its exports would claim; nothing is written."""
    return _fill(spec)[0]


def write_estate(spec: EstateSpec, folder: Path, *, claims: bool = True) -> Summary:
    """Make an estate and write its exports into a folder, and what is true into `truth` below it.

    Files of an earlier estate of the same names are overwritten; others are left alone.

    Arguments:
        spec: what to make; the same spec gives byte-identical files.
        folder: where; made if it is not there.
        claims: whether to write truth/claims.csv, by far the largest file.

    Returns:
        what was written, and the oracle ceiling.
    """
    facts, exports = _fill(spec)
    folder.mkdir(parents=True, exist_ok=True)
    files: list[FileSummary] = []
    for export, filled in exports:
        export.write(folder / export.file, filled)
        rows = sum(len(table.rows) for table in filled)
        files.append(_file(folder, export.source, export.file, len(filled), rows))
    ceiling = score.oracle_ceiling(facts)
    place = folder / truth.FOLDER
    written = truth.write(place, facts, ceiling, claims=claims)
    files += [_file(place, "truth", name, 1, rows) for name, rows in written]
    return Summary(
        spec,
        tuple(files),
        dict(sorted(Counter(str(values["asset_type"]) for values in facts.assets.values()).items())),
        len(facts.assets) - len({row.asset for row in facts.rows}),
        len(facts.rows),
        len(facts.claims),
        ceiling,
    )


def _fill(spec: EstateSpec) -> tuple[Truth, list[Filled]]:
    """Make an estate and all cells of its exports."""
    estate = build(spec)
    observer = Observer(estate)
    claims: list[Claim] = []
    rows: list[RowTruth] = []
    columns: list[ColumnTruth] = []
    exports: list[Filled] = []
    for source in spec.sources:
        for export in EXPORTERS[source](observer):
            filled = []
            for table in export.tables:
                one, said, about, meanings = tables.fill(export, table)
                filled.append(one)
                claims += said
                rows += about
                columns += meanings
            exports.append((export, filled))
    assets = {thing.id: thing.values for thing in estate.things}
    return Truth(assets, tuple(claims), tuple(rows), tuple(columns), estate.dependencies), exports


def _file(folder: Path, source: str, name: str, tabs: int, rows: int) -> FileSummary:
    """What was written into one file."""
    return FileSummary(source, name, tabs, rows, (folder / name).stat().st_size)
