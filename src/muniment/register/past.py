"""The register as it was: the assets of a past moment, as a table that queries read in place of the present one.

Used by `store` and `difference`. A version is stored when it ends, so a moment's assets are the present ones
that were so already, and the closed versions that held then.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from muniment.base.tenancy import Scope
from muniment.register.tables import assets, versions
from muniment.register.types import Asset

_ENDED = {"id": versions.c.asset_id, "updated_at": versions.c.valid_from, "updated_by": versions.c.actor}


def assets_at(moment: datetime) -> sa.Subquery:
    """The assets of the tenant as they were at a moment, with the columns of `assets` that make an `Asset`.

    What an asset claimed to be is exact; sources, confidence and provenance are those of the version's last day.
    """
    names = ("engagement_id", *Asset.__dataclass_fields__)
    still = sa.select(*(assets.c[name] for name in names)).where(assets.c.updated_at <= moment)
    ended = sa.select(
        *(
            sa.null().label(name)
            if name == "readiness"
            else (_ENDED[name] if name in _ENDED else versions.c[name]).label(name)
            for name in names
        )
    ).where(versions.c.valid_from <= moment, versions.c.valid_to > moment)
    return sa.union_all(still, ended).subquery("then")


def has_value(values: sa.ColumnElement[Any], attribute: str | None, text: str, *, prefix: bool) -> Any:
    """Whether any value (of an attribute, else of all) equals a text or begins with it; read from the values
    themselves, since search terms are kept of the present only."""  # noqa: D205, D209 - one sentence
    path = f'$."{attribute}"[*]' if attribute else "$.*[*]"
    item = sa.func.jsonb_path_query(values, sa.cast(path, sa.dialects.postgresql.JSONPATH)).column_valued("item")
    found = sa.func.lower(sa.cast(item.op("#>>")(sa.literal_column("'{}'")), sa.Text))
    wanted = found.startswith(text, autoescape=True) if prefix else found == text
    return sa.select(item).where(wanted).exists()


def last_seen(connection: sa.Connection, scope: Scope, text: str) -> list[tuple[UUID, datetime]]:
    """Assets that left the register and were called so, or have an id that ends so: id and the last moment of each."""
    table, wanted = versions, text.strip()
    called = [table.c.name == wanted]
    if wanted.replace("-", "").isalnum():
        called.append(sa.cast(table.c.asset_id, sa.Text).like("%" + wanted.lower()))
    query = (
        sa.select(table.c.asset_id, sa.func.max(table.c.valid_to))
        .where(table.c.engagement_id == scope.engagement_id, sa.or_(*called))
        .where(table.c.asset_id.not_in(sa.select(assets.c.id).where(assets.c.engagement_id == scope.engagement_id)))
        .group_by(table.c.asset_id)
        .order_by(sa.func.max(table.c.valid_to).desc())
    )
    return [(row[0], row[1] - timedelta(microseconds=1)) for row in connection.execute(query)]
