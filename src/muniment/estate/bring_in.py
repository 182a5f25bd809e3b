"""What an estate can bring in: files, interrupted imports, sources and their settings.

Part of `Estate`; changes are flows of their own, so the register is folded when a call returns.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Unpack
from uuid import UUID

from muniment import evidence, flows, graph, mapping, model, register
from muniment.base import jobs
from muniment.base.errors import NotFound, Rejected
from muniment.base.home import Home
from muniment.estate import find
from muniment.estate.mappings import Mappings
from muniment.estate.types import ImportOptions, KnownSource, PastImport


class BringsIn:
    """Files, what could not be read, sources and columns."""

    home: Home

    def import_files(
        self,
        *paths: str | os.PathLike[str],
        progress: flows.Progress = flows.quiet,
        **options: Unpack[ImportOptions],
    ) -> flows.Summary:
        """Import files, or folders of files, into the register.

        Args:
            paths: what to import; formats and the meaning of columns are recognised.
            progress: called as `progress(phase, done, total, what)`, `total` None where unknown.
            options: source, kind, full, observed_at, dry_run: see `ImportOptions`.

        Returns:
            Counts of rows, records, assets, columns and conflicts, seconds per phase, and next steps.

        Raises:
            Rejected: a path does not exist, or nothing in it could be read.
        """
        if not paths:
            raise Rejected("name at least one file or folder to import")
        request = flows.Request(tuple(Path(path) for path in paths), **options)
        return flows.import_files(self.home, request, progress)

    def import_stream(
        self,
        stream: BinaryIO,
        name: str = "stream",
        *,
        progress: flows.Progress = flows.quiet,
        **options: Unpack[ImportOptions],
    ) -> flows.Summary:
        """Import what a stream gives, as if it were a file of that name; see `flows.import_stream`."""
        return flows.import_stream(self.home, stream, flows.Request((), **options), name, progress)

    def import_tables(
        self, url: str, *tables: str, progress: flows.Progress = flows.quiet, **options: Unpack[ImportOptions]
    ) -> flows.Summary:
        """Import tables or views of another database by its URL; see `flows.import_tables`.

        Raises:
            Rejected: no table is named (the message lists what there is), or it cannot be read.
        """
        return flows.import_tables(self.home, url, tables, flows.Request((), **options), progress)

    def resume(self, flow: str | UUID | None = None, progress: flows.Progress = flows.quiet) -> flows.Summary:
        """Carry on an import that was interrupted: the one of that id (or its end), or the only one.

        Raises:
            NotFound: there is none.
            Rejected: it is finished.
        """
        with self.home.scope.transaction() as connection:
            known = jobs.find(connection, self.home.scope, status=None if flow else "running")
        if flow is None and not known:
            raise NotFound("no import is interrupted: there is nothing to carry on")
        what = "import of this engagement: `muniment imports` shows what is open"
        chosen = known[0].id if flow is None else find.by_end([one.id for one in known], str(flow), what)
        return flows.resume(self.home, chosen, progress)

    def interrupted(self) -> list[jobs.Flow]:
        """Imports that a killed process left behind; the next writing call carries them on."""
        with self.home.scope.transaction() as connection:
            return jobs.find(connection, self.home.scope, status="running")

    def imports(self, limit: int | None = None) -> list[PastImport]:
        """Past imports, newest first: one per table of a file."""
        with self.home.scope.transaction() as connection:
            found = evidence.list_imports(connection, self.home.scope)[::-1][:limit]
            names = {source.id: source.name for source in evidence.list_sources(connection)}
        return [PastImport(names[item.source_id], item) for item in found]

    def rejects(self, limit: int | None = None) -> list[evidence.Reject]:
        """Rows and files that could not be read, newest first: file, line, column, reason."""
        with self.home.scope.transaction() as connection:
            return evidence.list_rejects(connection, self.home.scope, limit=limit)

    def problems(self, limit: int | None = None) -> list[dict[str, Any]]:
        """Cells that could not be understood: file, tab, row, column, attribute, raw, problem."""
        with self.home.scope.transaction() as connection:
            return evidence.problems(connection, self.home.scope, limit)

    @property
    def mappings(self) -> Mappings:
        """What the columns mean: iterate over it; accept, reject, set."""
        return Mappings(self.home)

    def sources(self) -> list[KnownSource]:
        """The tenant's sources, by name, with their layouts and this engagement's counts."""
        with self.home.scope.transaction() as connection:
            counts = evidence.count_by_source(connection, self.home.scope)
            layouts = evidence.list_layouts(connection)
            return [
                KnownSource(
                    source,
                    counts.get(source.id, {}).get("imports", 0),
                    counts.get(source.id, {}).get("records", 0),
                    tuple(layout for layout in layouts if layout.source_id == source.id),
                )
                for source in evidence.list_sources(connection)
            ]

    def source(self, name: str) -> evidence.Source:
        """The source of that name, with its settings.

        Raises:
            NotFound: there is none.
        """
        with self.home.scope.transaction() as connection:
            return evidence.get_source(connection, name)

    def reliabilities(self, source: str | None = None) -> list[register.Reliability]:
        """How often each source is right about each attribute it was compared on, as learned from the claims.

        Raises:
            NotFound: there is no source of that name.
        """
        with self.home.scope.transaction() as connection:
            if source is not None:
                evidence.get_source(connection, source)
            weighed = graph.reliabilities(connection, self.home.scope, mapping.attributes(connection))
            return [one for one in weighed if one.learned_from and source in {None, one.source}]

    def add_source(self, name: str, kind: str = "table", **values: Any) -> evidence.Source:
        """Add a source before its first import; `values` as in `change_source`.

        Raises:
            Rejected: the name is taken, or a value is not possible.
        """
        with self.home.scope.transaction() as connection:
            checked = _source_values(mapping.attributes(connection), values)
            return evidence.add_source(connection, self.home.scope, name, mapping.kind(kind).name, **checked)

    def change_source(self, name: str, /, *, progress: flows.Progress = flows.quiet, **values: Any) -> flows.Changed:
        """Change a source's settings and fold everything it may have decided.

        Args:
            name: the source's.
            progress: called while the register is folded.
            values: name, kind, reliability (share, 0.5 to 0.99), authoritative (list of attributes),
                interval_days, full, scope_by (attribute), active, decimal_comma, day_first, timezone (IANA).

        Raises:
            NotFound: there is no such source, or an attribute does not exist.
            Rejected: nothing is to be changed, or a value is not possible.
        """
        with self.home.scope.transaction() as connection:
            evidence.get_source(connection, name)
            checked = _source_values(mapping.attributes(connection), values)
        if not checked:
            raise Rejected("nothing to change: `muniment sources set --help` lists the settings")
        return flows.change_source(self.home, name, checked, progress)

    def rekey(
        self, source: str, columns: Sequence[str], *, tab: str = "", progress: flows.Progress = flows.quiet
    ) -> flows.Changed:
        """Change what identifies a row of a source; its records get new keys, assets keep their ids.

        Raises:
            NotFound: there is no such source.
            Rejected: not exactly one layout of it has these columns.
        """
        with self.home.scope.transaction() as connection:
            layouts = evidence.list_layouts(connection, evidence.get_source(connection, source).id)
        found = {
            layout.family_id: layout
            for layout in layouts
            if layout.tab.lower() == tab.lower() and set(columns) <= set(layout.columns)
        }
        if len(found) != 1:
            listed = "; ".join(f"[{item.tab}] {', '.join(item.columns[:8])} ..." for item in layouts)
            raise Rejected(f"{len(found)} layouts of {source} have these columns; name the --tab. There are: {listed}")
        return flows.rekey(self.home, next(iter(found.values())).id, columns, progress)


def _source_values(known: Mapping[str, model.Attribute], given: Mapping[str, Any]) -> dict[str, Any]:
    """Settings of a source that were given, checked."""
    values = {key: value for key, value in given.items() if value is not None}
    share = values.get("reliability")
    if share is not None and not 0.5 <= share <= 0.99:  # noqa: PLR2004 - as the docs say
        raise Rejected(f"reliability {share}: give a share from 0.5 to 0.99")
    for name in values.get("authoritative", ()):
        find.attribute(known, name)
    if values.get("scope_by"):
        find.attribute(known, values["scope_by"])
    if "kind" in values:
        values["kind"] = mapping.kind(values["kind"]).name
    if "timezone" in values:
        model.Context(timezone=values["timezone"])
    return values
