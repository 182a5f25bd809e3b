"""What records said before, the changes that deserve a look, and what depends on assets in conflict.

Run by `base/schema.py` through Alembic. What records said before is found from the lake when a source is next read.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from muniment.base import schema

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    _earlier_claims()
    _suspicions()
    op.add_column("conflicts", sa.Column("dependents", sa.Integer(), server_default="0", nullable=False))
    op.add_column("conflict_versions", sa.Column("dependents", sa.Integer(), server_default="0", nullable=False))
    op.alter_column("conflict_versions", "dependents", server_default=None)
    for table in ("conflicts", "conflict_versions"):
        op.add_column(table, sa.Column("own_rank", sa.Integer(), nullable=True))
        op.execute(f"UPDATE {table} SET own_rank = rank")
        op.alter_column(table, "own_rank", nullable=False)
    op.add_column("records", sa.Column("first_delivered_at", sa.DateTime(timezone=True), nullable=True))
    for table in ("earlier_claims", "suspicions"):
        for statement in schema.secure(table):
            op.execute(statement)


def _earlier_claims() -> None:
    op.create_table(
        "earlier_claims",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("engagement_id", sa.UUID(), nullable=False),
        sa.Column("source_id", sa.UUID(), nullable=False),
        sa.Column("family_id", sa.UUID(), nullable=False),
        sa.Column("source_key", sa.Text(), nullable=False),
        sa.Column("attribute", sa.Text(), nullable=False),
        sa.Column("values", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_import", sa.UUID(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_import", sa.UUID(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "engagement_id"],
            ["engagements.tenant_id", "engagements.id"],
            name=op.f("fk_earlier_claims_tenant_id_engagement_id"),
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id",
            "engagement_id",
            "source_id",
            "source_key",
            "attribute",
            "changed_at",
            name=op.f("pk_earlier_claims"),
        ),
        info={"tenant": True},
    )
    op.create_index(
        "ix_earlier_claims_family",
        "earlier_claims",
        ["tenant_id", "engagement_id", "source_id", "family_id"],
        unique=False,
    )


def _suspicions() -> None:
    op.create_table(
        "suspicions",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("engagement_id", sa.UUID(), nullable=False),
        sa.Column("source_id", sa.UUID(), nullable=False),
        sa.Column("source_key", sa.Text(), nullable=False),
        sa.Column("attribute", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("assets", sa.Integer(), nullable=False),
        sa.Column("compared", sa.Integer(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("until_file", sa.Text(), nullable=False),
        sa.Column("changed_file", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "engagement_id"],
            ["engagements.tenant_id", "engagements.id"],
            name=op.f("fk_suspicions_tenant_id_engagement_id"),
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "engagement_id", "source_id", "source_key", "attribute", "kind", name=op.f("pk_suspicions")
        ),
        info={"tenant": True},
    )
