"""An engagement taken out of a home: its rows and its raw files, with proof of what went.

Called by whoever looks after the home. What the tenant learned from verdicts, its sources and its mappings
stay; of mappings that only this engagement's files had, the sample cells go.
"""

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from muniment.base import db, events, jobs, tenancy
from muniment.base.errors import Permanent
from muniment.base.home import Home
from muniment.flows.progress import Progress, quiet


@dataclass(frozen=True, slots=True)
class Removed:
    """What went: rows by table, files of the lake and their bytes, fields of mappings that were blanked."""

    tenant: str
    engagement: str
    rows: dict[str, int]
    files: int
    bytes: int
    samples: int


def delete_engagement(home: Home, progress: Progress = quiet) -> Removed:
    """Remove the engagement that the home is open for; every other one stays as it is.

    Files go before the rows that name them are committed, so an interrupted deletion is done again in
    full by the next call.

    Raises:
        Permanent: something of it is still there afterwards; nothing was committed.
    """
    scope = home.scope
    with (
        jobs.writer(scope, "home delete-engagement", lambda who: progress("waiting", 0, None, who)),
        scope.transaction() as connection,
    ):
        paths = _files(connection, scope.engagement_id)
        samples = _blank_samples(connection, scope.engagement_id)
        rows = _delete_rows(connection, scope)
        left = {name: count for name, count in _count(connection, scope.engagement_id).items() if count}
        if left:
            raise Permanent(f"still there after the deletion: {left}; nothing was removed")
        size = home.lake.remove(paths)
        payload = {"engagement": scope.engagement, "rows": rows, "files": len(paths), "bytes": size}
        events.append(connection, scope, "engagement.deleted", payload, of_tenant=True)
    return Removed(scope.tenant, scope.engagement, rows, len(paths), size, samples)


def _owned() -> list[sa.Table]:
    """The tables whose rows say of which engagement they are, each before those that it refers to."""
    return [table for table in reversed(db.metadata.sorted_tables) if "engagement_id" in table.c]


def _count(connection: sa.Connection, engagement: UUID) -> dict[str, int]:
    return {
        table.name: int(
            connection.scalar(sa.select(sa.func.count()).select_from(table).where(table.c.engagement_id == engagement))
            or 0
        )
        for table in _owned()
    }


def _files(connection: sa.Connection, engagement: UUID) -> list[str]:
    """The raw files that no other engagement's import refers to."""
    query = sa.text(
        "SELECT DISTINCT lake_path FROM imports i WHERE engagement_id = :engagement AND NOT EXISTS"
        " (SELECT 1 FROM imports o WHERE o.lake_path = i.lake_path AND o.engagement_id <> :engagement) ORDER BY 1"
    )
    return list(connection.scalars(query, {"engagement": engagement}))


def _blank_samples(connection: sa.Connection, engagement: UUID) -> int:
    statement = sa.text(
        "UPDATE mappings SET samples = '[]' WHERE samples <> '[]' AND layout_id IN"
        " (SELECT layout_id FROM imports WHERE engagement_id = :engagement EXCEPT"
        "  SELECT layout_id FROM imports WHERE engagement_id <> :engagement)"
    )
    return connection.execute(statement, {"engagement": engagement}).rowcount


def _delete_rows(connection: sa.Connection, scope: tenancy.Scope) -> dict[str, int]:
    """Delete what is the engagement's; what the tenant's own rows refer to becomes the tenant's."""
    rows = {}
    for table in _owned():
        mine = table.c.engagement_id == scope.engagement_id
        if table.c.engagement_id.nullable:
            for kept in _referred(table):
                connection.execute(sa.update(table).where(mine, kept).values(engagement_id=None))
        rows[table.name] = connection.execute(sa.delete(table).where(mine)).rowcount
    own = tenancy.engagements
    rows[own.name] = connection.execute(sa.delete(own).where(own.c.id == scope.engagement_id)).rowcount
    return {name: count for name, count in rows.items() if count}


def _referred(table: sa.Table) -> list[sa.ColumnElement[bool]]:
    """Conditions under which a row of the tenant's own tables refers to a row of this one."""
    found: list[sa.ColumnElement[bool]] = []
    for other in db.metadata.sorted_tables:
        for key in other.foreign_key_constraints:
            if key.referred_table is table and "engagement_id" not in other.c:
                pairs = [element.parent == element.column for element in key.elements]
                found.append(sa.exists().where(*pairs))
    return found
