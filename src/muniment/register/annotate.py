"""The only queries on annotations: tags and notes that people put on assets. Appended, never updated.

`flows` calls `annotate` within an act; `find` asks which assets bear a tag. Annotations are no values: the
fold does not see them, and they follow their asset as resolutions do.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from muniment.base import clock, ids
from muniment.base.tenancy import Scope
from muniment.register.anchors import HOMES, forget_words, give_words
from muniment.register.types import Annotation


def annotate(
    connection: sa.Connection, scope: Scope, act_id: UUID, asset_id: UUID, entries: Sequence[tuple[str, str]]
) -> None:
    """Append annotations (kind, text) of an asset; kinds are tag, untag and note."""
    give_words(connection, scope, ("kind", "text"), [(ids.new(), asset_id, kind, text) for kind, text in entries])
    connection.execute(
        sa.text(
            "INSERT INTO annotations (tenant_id, id, engagement_id, act_id, asset_id, kind, text, actor, at)"
            " SELECT :tenant, id, :engagement, :act, asset_id, kind, text, :actor, :now FROM words_given"
        ),
        {
            "tenant": scope.tenant_id,
            "engagement": scope.engagement_id,
            "act": act_id,
            "actor": scope.actor,
            "now": clock.now(),
        },
    )
    forget_words(connection)


_STANDING = (
    "SELECT h.asset_id, a.kind, a.text, a.actor, a.at, row_number() OVER (PARTITION BY h.asset_id, a.kind = 'note',"
    " a.text ORDER BY a.at DESC, a.id DESC) AS place FROM annotations a"
    f" JOIN ({HOMES.format(':engagement')}) h ON h.word_id = a.id WHERE a.engagement_id = :engagement"
    " AND NOT EXISTS (SELECT 1 FROM undone_acts u WHERE u.act_id = a.act_id)"
)


def list_annotations(connection: sa.Connection, scope: Scope, asset_id: UUID) -> list[Annotation]:
    """The tags that an asset bears and its notes, the oldest first."""
    rows = connection.execute(
        sa.text(
            f"SELECT kind, text, actor, at FROM ({_STANDING}) s WHERE asset_id = :asset"
            " AND (kind = 'note' OR (kind = 'tag' AND place = 1)) ORDER BY at"
        ),
        {"engagement": scope.engagement_id, "asset": asset_id},
    )
    return [Annotation(*row) for row in rows]


def tagged(scope: Scope, tag: str) -> sa.TextualSelect:
    """The ids of the assets that bear a tag, as a query to search by."""
    statement = sa.text(
        f"SELECT asset_id FROM ({_STANDING} AND a.kind <> 'note' AND a.text = :tag) s WHERE kind = 'tag' AND place = 1"
    )
    columns: dict[str, Any] = {"asset_id": sa.Uuid}
    return statement.bindparams(engagement=scope.engagement_id, tag=tag).columns(**columns)
