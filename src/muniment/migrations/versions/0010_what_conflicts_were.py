"""What conflicts were at any moment: each of their versions; those there are hold since they were opened.

Run by `base/schema.py` through Alembic.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from muniment.base import schema

revision = "0010"
down_revision = "0009"

_TOLD = "tenant_id, engagement_id, asset_id, attribute, kind, severity, rank, claims, hint, state, decision, opened_at"


def upgrade() -> None:
    op.create_table(
        "conflict_versions",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("engagement_id", sa.UUID(), nullable=False),
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("attribute", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("claims", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("hint", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("decision", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_to", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "engagement_id"],
            ["engagements.tenant_id", "engagements.id"],
            name=op.f("fk_conflict_versions_tenant_id_engagement_id"),
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id",
            "engagement_id",
            "asset_id",
            "attribute",
            "kind",
            "valid_from",
            name=op.f("pk_conflict_versions"),
        ),
        info={"tenant": True},
    )
    op.execute(f"INSERT INTO conflict_versions ({_TOLD}, valid_from) SELECT {_TOLD}, opened_at FROM conflicts")
    for statement in schema.secure("conflict_versions"):
        op.execute(statement)
