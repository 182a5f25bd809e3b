"""What the columns of the sources mean, and a person's word on it.

Reached as `Estate.mappings`. A verdict reads the affected rows again before the call returns.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from muniment import evidence, flows, mapping, model
from muniment.base.errors import NotFound, Rejected
from muniment.base.home import Home


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a source with what it was taken for."""

    source: str
    layout: evidence.Layout
    mapping: mapping.ColumnMapping


class Mappings:
    """The columns in force; iterate, or give a verdict."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def __iter__(self) -> Iterator[Column]:
        return iter(self.find())

    def find(
        self,
        column: str | None = None,
        *,
        source: str | None = None,
        tab: str | None = None,
        waiting: bool = False,
    ) -> list[Column]:
        """The columns, narrowed by name, source and tab; `waiting` gives those that want a verdict.

        Of layouts that followed each other, only the newest counts.

        Raises:
            NotFound: there is no such source.
        """
        with self._home.scope.transaction() as connection:
            if source is not None:
                evidence.get_source(connection, source)
            names = {item.id: item.name for item in evidence.list_sources(connection)}
            families = {layout.family_id: layout for layout in evidence.list_layouts(connection)}
            newest = {layout.id: layout for layout in families.values()}
            found = [
                Column(names[newest[item.layout_id].source_id], newest[item.layout_id], item)
                for item in mapping.current(connection)
                if item.layout_id in newest
            ]
        return [
            item
            for item in found
            if source in {None, item.source}
            and (tab is None or item.layout.tab.lower() == tab.lower())
            and (column is None or item.mapping.column.lower() == column.strip().lower())
            and (not waiting or item.mapping.state == "suggested")
        ]

    def accept(
        self,
        column: str,
        *,
        source: str | None = None,
        tab: str | None = None,
        progress: flows.Progress = flows.quiet,
    ) -> flows.Changed:
        """Apply what was proposed for a column.

        Raises:
            NotFound: there is no such column.
            Rejected: nothing is proposed, or it means different things in several places.
        """
        return flows.accept_mapping(self._home, self.chosen(column, source, tab), progress)

    def accept_above(
        self,
        probability: float,
        *,
        source: str | None = None,
        tab: str | None = None,
        progress: flows.Progress = flows.quiet,
    ) -> tuple[int, flows.Changed]:
        """Apply every suggestion at least this probable (0 to 1); how many, and what it changed.

        Raises:
            NotFound: none is that probable.
        """
        found = [item.mapping for item in self.find(source=source, tab=tab, waiting=True)]
        sure = [item for item in found if item.probability >= probability]
        if not sure:
            raise NotFound("no suggestion is that probable: `muniment mappings --waiting` shows what waits")
        return len(sure), flows.accept_mapping(self._home, sure, progress)

    def reject(
        self,
        column: str,
        reason: str = "",
        *,
        source: str | None = None,
        tab: str | None = None,
        progress: flows.Progress = flows.quiet,
    ) -> flows.Changed:
        """Say that a column does not mean what it was taken for; it stays in the raw rows.

        Raises:
            NotFound: there is no such column.
            Rejected: it means different things in several places.
        """
        return flows.reject_mapping(self._home, self.chosen(column, source, tab), reason, progress)

    def set(
        self,
        column: str,
        attribute: str,
        *,
        source: str | None = None,
        tab: str | None = None,
        new: dict[str, Any] | None = None,
        transform: str | None = None,
        progress: flows.Progress = flows.quiet,
    ) -> flows.Changed:
        """Say what a column means, whatever was proposed.

        Args:
            column: as its header is written.
            attribute: a name of the model, or with `new` one of your own.
            source: only in this source.
            tab: only in this tab.
            new: of an attribute of your own: `type` ("text", "integer", "date", ...), `multi`.
            transform: how its cells are read, such as "split / take 2 | unit GiB"; inferred if left out.
            progress: called while rows are read again.

        Raises:
            NotFound: there is no such column.
            Rejected: there is no such attribute, or the column means different things in several places.
        """
        meaning = mapping.Meaning(attribute, None if transform is None else model.parse(transform))
        return flows.set_mapping(self._home, self.chosen(column, source, tab), meaning, new=new, progress=progress)

    def add(
        self,
        column: str,
        attribute: str,
        transform: str | None = None,
        *,
        source: str | None = None,
        tab: str | None = None,
        progress: flows.Progress = flows.quiet,
    ) -> flows.Changed:
        """Have a column give another attribute beside those it gives already.

        Raises:
            NotFound: there is no such column.
            Rejected: there is no such attribute, or the transform is none.
        """
        meaning = mapping.Meaning(attribute, None if transform is None else model.parse(transform), also=True)
        return flows.set_mapping(self._home, self.chosen(column, source, tab), meaning, progress=progress)

    def undo(self, act: UUID | None = None, *, progress: flows.Progress = flows.quiet) -> flows.Changed:
        """Take back what was said of columns: the act named (`Changed.act`), or the latest.

        Raises:
            Rejected: there is nothing to take back, or more was said of a column since.
        """
        return flows.undo_mapping(self._home, act, progress)

    def chosen(self, column: str, source: str | None, tab: str | None) -> list[mapping.ColumnMapping]:
        """The column a person means, in every place where it was taken for the same.

        Raises:
            NotFound: there is no such column.
            Rejected: it means different things in several places.
        """
        found = self.find(column, source=source, tab=tab)
        if not found:
            raise NotFound(f"no column is called {column!r}: `muniment mappings` lists them")
        if len({item.mapping.attribute for item in found}) > 1:
            places = "; ".join(
                f"{item.source}{f' [{item.layout.tab}]' if item.layout.tab else ''}: {item.mapping.attribute}"
                for item in found
            )
            raise Rejected(f"{column!r} means different things in {len(found)} places ({places}): name source or tab")
        return [item.mapping for item in found]
