"""What an estate can say of what it rests on: how its sources do, what they carry.

Part of `Estate`; nothing here changes the register.
"""

from __future__ import annotations

import re

from muniment import flows, graph
from muniment.base.errors import NotFound, Rejected
from muniment.estate.mappings import Mappings
from muniment.estate.set_aside import SetsAside

_ROW = re.compile(r"(?P<file>.+?)(?:\[(?P<tab>[^\]]*)\])?:(?P<row>\d+)", re.DOTALL)


class Examines(SetsAside):
    """Questions about the evidence as a whole."""

    def impact(
        self,
        *,
        source: str | None = None,
        column: str | None = None,
        row: str | None = None,
        simulate: bool = True,
        progress: flows.Progress = flows.quiet,
    ) -> flows.Impact:
        """What rests on a source, a column or a row, and what would change were it wrong; nothing is kept.

        Args:
            source: its name; or
            column: "SOURCE:COLUMN" or "SOURCE:TAB:COLUMN"; or
            row: "FILE:ROW" or "FILE[TAB]:ROW", as `why` names them; of the newest delivery of that file.
            simulate: also compute the register without it; else only what rests on it is read.
            progress: called while the simulation waits for another change.

        Raises:
            NotFound: there is no such source, column, file or row.
            Rejected: not exactly one of them is named, or it gives nothing.
        """
        if sum(one is not None for one in (source, column, row)) != 1:
            raise Rejected("name one of source, column and row")
        if source is not None:
            return flows.impact_of_source(self.home, source, progress, simulate=simulate)
        if column is not None:
            name, _, rest = column.partition(":")
            if not rest:
                raise Rejected(f"column {column!r}: write SOURCE:COLUMN, such as servicenow:Serial number")
            columns = Mappings(self.home)
            known = {item.mapping.column.lower() for item in columns.find(source=name)}
            tab, _, last = rest.partition(":")
            chosen = (
                columns.chosen(last, name, tab)
                if last and rest.lower() not in known
                else columns.chosen(rest, name, None)
            )
            return flows.impact_of_columns(self.home, name, chosen, progress, simulate=simulate)
        return self._impact_of_row(str(row), progress, simulate=simulate)

    def health(self, source: str | None = None) -> list[graph.Health]:
        """How the sources do that have delivered here: a score, its parts, drift since the delivery before, alerts.

        Args:
            source: only this one.

        Raises:
            NotFound: there is no source of that name.
        """
        with self.home.scope.transaction() as connection:
            return graph.health(connection, self.home.scope, source)

    def _impact_of_row(self, text: str, progress: flows.Progress, *, simulate: bool) -> flows.Impact:
        found = _ROW.fullmatch(text.strip())
        if found is None:
            raise Rejected(f"row {text!r}: write FILE:ROW, such as cmdb.csv:7, or FILE[TAB]:ROW")
        file, tab, number = found["file"], found["tab"], int(found["row"])
        delivered = self._imports(file)
        chosen = [one for one in delivered if tab is None or one.tab.lower() == tab.strip().lower()]
        if not chosen:
            raise NotFound(f"{file} has no tab {tab!r}: it has {', '.join(one.tab for one in delivered)}")
        if len(chosen) > 1:
            tabs = ", ".join(f"{file}[{one.tab}]:{number}" for one in chosen)
            raise Rejected(f"{file} has several tabs: write one of {tabs}")
        return flows.impact_of_row(self.home, chosen[0], number, progress, simulate=simulate)
