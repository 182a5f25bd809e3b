"""Tables of the register: the assets as they are, as they were, what conflicts, what to find.

Queried by `store` only.
"""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from muniment.base.db import jsonb, moment, refers, tenant_table, text, uid

assets = tenant_table(
    "assets",
    uid("id"),
    uid("engagement_id"),
    text("type"),
    text("subtype", nullable=True),
    text("state"),
    sa.Column("name", sa.Text(collation="C"), nullable=False),
    sa.Column("confidence", sa.Double, nullable=False),
    sa.Column("readiness", sa.Double, nullable=True),
    sa.Column("sources", ARRAY(sa.Text), nullable=False),
    sa.Column("record_count", sa.Integer, nullable=False),
    jsonb("values"),
    jsonb("provenance"),
    text("values_hash"),
    text("content_hash"),
    sa.Column("version", sa.Integer, nullable=False),
    jsonb("cause"),
    moment("created_at"),
    text("created_by"),
    moment("updated_at"),
    text("updated_by"),
    refers(["engagement_id"], "engagements"),
    sa.Index("ix_assets_name", "tenant_id", "engagement_id", "name", "id"),
    sa.Index("ix_assets_type", "tenant_id", "engagement_id", "type", "name", "id"),
)
versions = tenant_table(
    "asset_versions",
    uid("asset_id"),
    sa.Column("version", sa.Integer, nullable=False),
    uid("engagement_id"),
    moment("valid_from"),
    moment("valid_to"),
    text("type"),
    text("subtype", nullable=True),
    text("state"),
    text("name"),
    sa.Column("confidence", sa.Double, nullable=False),
    sa.Column("sources", ARRAY(sa.Text), nullable=False),
    sa.Column("record_count", sa.Integer, nullable=False),
    jsonb("values"),
    jsonb("provenance"),
    jsonb("cause"),
    moment("created_at"),
    text("created_by"),
    text("actor"),
    sa.Index("ix_asset_versions_time", "tenant_id", "engagement_id", "asset_id", "valid_from"),
    key=("asset_id", "version"),
)
terms = tenant_table(
    "asset_terms",
    uid("engagement_id"),
    text("attribute"),
    sa.Column("term", sa.Text(collation="C"), nullable=False),
    uid("asset_id"),
    sa.Index("ix_asset_terms_term", "tenant_id", "engagement_id", "term"),
    sa.Index("ix_asset_terms_asset", "tenant_id", "asset_id"),
    key=("engagement_id", "attribute", "term", "asset_id"),
)
conflicts = tenant_table(
    "conflicts",
    uid("engagement_id"),
    uid("asset_id"),
    text("attribute"),
    text("kind"),
    text("severity"),
    sa.Column("rank", sa.Integer, nullable=False),
    jsonb("claims"),
    text("hint"),
    moment("opened_at"),
    sa.ForeignKeyConstraint(["tenant_id", "asset_id"], ["assets.tenant_id", "assets.id"], ondelete="CASCADE"),
    sa.Index("ix_conflicts_rank", "tenant_id", "engagement_id", "rank", "asset_id", "attribute"),
    key=("engagement_id", "asset_id", "attribute", "kind"),
)
stale = tenant_table(
    "stale_assets",
    uid("engagement_id"),
    uid("asset_id"),
    key=("engagement_id", "asset_id"),
)
