"""What a person's word is tied to: the records its asset had, by what does not change of them.

Used by `resolve` and `annotate`. Through merges and splits a word goes where most of those records go; that
is a function of records and words alone, so the order of events cannot show.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa

from muniment.base import db
from muniment.base.tenancy import Scope

if TYPE_CHECKING:
    import pyarrow as pa

HOMES = (
    "SELECT DISTINCT ON (n.word_id) n.word_id, m.asset_id FROM anchors n"
    " JOIN records r ON r.engagement_id = n.engagement_id AND r.source_id = n.source_id"
    "  AND r.source_key = n.source_key"
    " JOIN memberships m ON m.record_id = r.id WHERE n.engagement_id = {} GROUP BY n.word_id, m.asset_id"
    " ORDER BY n.word_id, count(*) DESC, min(n.place)"
)
"""Where each word belongs now: (word_id, asset_id); `{}` is the placeholder of the engagement."""

_TIE = (
    "INSERT INTO anchors (tenant_id, engagement_id, word_id, source_id, source_key, place)"
    " SELECT :tenant, :engagement, w.id, r.source_id, r.source_key,"
    ' row_number() OVER (PARTITION BY w.id ORDER BY s.name COLLATE "C", r.source_key COLLATE "C")'
    " FROM words_given w JOIN memberships m ON m.asset_id = w.asset_id JOIN records r ON r.id = m.record_id"
    " JOIN sources s ON s.id = r.source_id"
)


def give_words(connection: sa.Connection, scope: Scope, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Make the temporary table `words_given` (id, asset_id, and text columns), and tie each word to its records."""
    texts = ", ".join(f'"{column}" text' for column in columns)
    connection.execute(sa.text(f"CREATE TEMP TABLE words_given (id uuid, asset_id uuid, {texts}) ON COMMIT DROP"))
    db.copy_rows(connection, "words_given", ["id", "asset_id", *columns], rows)
    connection.execute(sa.text(_TIE), {"tenant": scope.tenant_id, "engagement": scope.engagement_id})
    connection.execute(
        sa.text(
            "INSERT INTO stale_assets (tenant_id, engagement_id, asset_id)"
            " SELECT DISTINCT cast(:tenant AS uuid), cast(:engagement AS uuid), asset_id FROM words_given"
            " ON CONFLICT DO NOTHING"
        ),
        {"tenant": scope.tenant_id, "engagement": scope.engagement_id},
    )


def forget_words(connection: sa.Connection) -> None:
    """Drop the temporary table, so that another act of the transaction can make it again."""
    connection.execute(sa.text("DROP TABLE words_given"))


def follow_keys(connection: sa.Connection, scope: Scope, source_id: UUID, pairs: pa.Table) -> None:
    """Let words name records by their new keys (columns old_key, new_key), after a source was re-keyed."""
    connection.execute(sa.text("CREATE TEMP TABLE renamed_keys (old_key text, new_key text) ON COMMIT DROP"))
    db.copy_arrow(connection, "renamed_keys", pairs)
    parameters = {"source": source_id, "engagement": scope.engagement_id}
    connection.execute(
        sa.text(
            "INSERT INTO anchors (tenant_id, engagement_id, word_id, source_id, source_key, place)"
            " SELECT n.tenant_id, n.engagement_id, n.word_id, n.source_id, k.new_key, n.place FROM anchors n"
            " JOIN renamed_keys k ON k.old_key = n.source_key"
            " WHERE n.source_id = :source AND n.engagement_id = :engagement ON CONFLICT DO NOTHING"
        ),
        parameters,
    )
    connection.execute(
        sa.text(
            "DELETE FROM anchors n USING renamed_keys k WHERE k.old_key = n.source_key AND n.source_id = :source"
            " AND n.engagement_id = :engagement AND NOT EXISTS"
            " (SELECT 1 FROM renamed_keys o WHERE o.new_key = n.source_key)"
        ),
        parameters,
    )
    connection.execute(sa.text("DROP TABLE renamed_keys"))
