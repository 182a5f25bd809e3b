"""What of the register rests on a source, a column or a row, and what would change were it wrong.

Called by the doors. What rests on it is read off the provenance; what would change is really done, in a
rehearsal that keeps nothing: sources that say something else then speak.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from muniment import evidence, graph, mapping, register
from muniment.base import ids
from muniment.base.engine import Engine
from muniment.base.errors import NotFound, Rejected
from muniment.base.home import Home
from muniment.flows import derive
from muniment.flows.change import Changed, carry_out, reject_mapping
from muniment.flows.progress import Progress, quiet
from muniment.flows.set_aside import withdraw


@dataclass(frozen=True, slots=True)
class Impact:
    """What rests on something (`now`), and what would change without it; `then` None: it was not simulated."""

    what: str
    now: graph.Resting
    then: register.Difference | None


def impact_of_source(home: Home, name: str, progress: Progress = quiet, *, simulate: bool = True) -> Impact:
    """What a source carries.

    Raises:
        NotFound: there is no such source.
        Rejected: nothing of it counts.
    """
    with home.scope.transaction() as connection:
        source = evidence.get_source(connection, name)
        delivered = evidence.list_imports(connection, home.scope, source_id=source.id, counting=True)
        now = graph.resting(connection, home.scope, name)
    if not delivered:
        raise Rejected(f"nothing of {name} counts in this engagement: `muniment imports` shows the state of each")
    changed = withdraw(home, delivered, name, "", progress, dry_run=True) if simulate else None
    return Impact(f"the source {name}", now, changed.difference if changed else None)


def impact_of_columns(
    home: Home,
    source: str,
    columns: Sequence[mapping.ColumnMapping],
    progress: Progress = quiet,
    *,
    simulate: bool = True,
) -> Impact:
    """What a column of a source carries, in every tab where it gives the same.

    Raises:
        Rejected: it gives no value.
    """
    attributes = sorted({attribute for column in columns for attribute, _ in column.readings})
    if not attributes:
        raise Rejected(f"{columns[0].column!r} gives no value: `muniment mappings` shows what it was taken for")
    with home.scope.transaction() as connection:
        now = graph.resting(connection, home.scope, source, attributes)
    changed = reject_mapping(home, columns, "", progress, dry_run=True) if simulate else None
    return Impact(f"the column {columns[0].column!r} of {source}", now, changed.difference if changed else None)


def impact_of_row(
    home: Home, delivery: evidence.Import, row: int, progress: Progress = quiet, *, simulate: bool = True
) -> Impact:
    """What a raw row carries; without it an earlier delivery of the same thing would speak again.

    Raises:
        NotFound: the import has no such row.
    """
    where = f"{delivery.file}{f' [{delivery.tab}]' if delivery.tab else ''}"
    if not 1 <= row <= delivery.counts["rows"]:
        raise NotFound(f"{where} has no row {row:,}: it has rows 1 to {delivery.counts['rows']:,}")
    with home.scope.transaction() as connection:
        names = {source.id: source.name for source in evidence.list_sources(connection)}
        records = evidence.records_of_row(connection, delivery.id, row)
        attributes = sorted({name for one in records for name in (*one.claims, *one.derived)})
        chosen = [one.id for one in records]
        now = graph.resting(connection, home.scope, names[delivery.source_id], attributes, chosen)
    changed = _without(home, delivery, row, progress) if simulate and records else None
    return Impact(f"row {row:,} of {where}", now, changed.difference if changed else None)


def _without(home: Home, delivery: evidence.Import, row: int, progress: Progress) -> Changed:
    def act(connection: sa.Connection, bulk: Engine) -> UUID:
        derive.derive_again(connection, home, bulk, delivery.layout_id, without=(delivery.id, row))
        return ids.new()

    return carry_out(home, "row.left_out", act, {"row": row}, progress, dry_run=True)
