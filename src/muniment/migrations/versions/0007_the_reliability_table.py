"""The reliability table: what was learned of sources, one version after the other per engagement.

Run by `base/schema.py` through Alembic; folding makes the first version.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from muniment.base import schema

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "reliability_versions",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("engagement_id", sa.UUID(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "engagement_id"],
            ["engagements.tenant_id", "engagements.id"],
            name=op.f("fk_reliability_versions_tenant_id_engagement_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "engagement_id", "version", name=op.f("pk_reliability_versions")),
        info={"tenant": True},
    )
    for statement in schema.secure("reliability_versions"):
        op.execute(statement)
