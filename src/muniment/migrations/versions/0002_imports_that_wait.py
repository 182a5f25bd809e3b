"""Imports that wait for a word, are withdrawn or speak for a scope; records set aside with them.

Run by `base/schema.py` through Alembic; what was `full = false` by default becomes unsaid.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from muniment.base import schema

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "import_acts",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("engagement_id", sa.UUID(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("imports", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("undoes", sa.UUID(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind in ('approved', 'rejected', 'withdrawn', 'restored')", name=op.f("ck_import_acts_kind")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "engagement_id"],
            ["engagements.tenant_id", "engagements.id"],
            name=op.f("fk_import_acts_tenant_id_engagement_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_import_acts")),
        info={"tenant": True},
    )
    op.create_table(
        "parked_records",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("record_id", sa.UUID(), nullable=False),
        sa.Column("engagement_id", sa.UUID(), nullable=False),
        sa.Column("source_id", sa.UUID(), nullable=False),
        sa.Column("source_key", sa.Text(), nullable=False),
        sa.Column("asset_id", sa.UUID(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "engagement_id"],
            ["engagements.tenant_id", "engagements.id"],
            name=op.f("fk_parked_records_tenant_id_engagement_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "source_id"],
            ["sources.tenant_id", "sources.id"],
            name=op.f("fk_parked_records_tenant_id_source_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "record_id", name=op.f("pk_parked_records")),
        info={"tenant": True},
    )
    op.create_index(
        "ix_parked_records_key",
        "parked_records",
        ["tenant_id", "engagement_id", "source_id", "source_key"],
        unique=False,
    )
    _columns()
    for statement in schema.secure("import_acts"):
        op.execute(statement)
    for statement in schema.secure("parked_records"):
        op.execute(statement)


def _columns() -> None:
    op.add_column("imports", sa.Column("full_reason", sa.Text(), nullable=False, server_default=""))
    op.alter_column("imports", "full_reason", server_default=None)
    op.add_column(
        "imports", sa.Column("scope", postgresql.JSONB(astext_type=sa.Text()), nullable=False, server_default="{}")
    )
    op.alter_column("imports", "scope", server_default=None)
    op.add_column("imports", sa.Column("waiting", sa.Text(), nullable=True))
    op.create_check_constraint(op.f("ck_imports_waiting"), "imports", "waiting in ('retirement', 'changes')")
    op.add_column("sources", sa.Column("scope_by", sa.Text(), nullable=False, server_default=""))
    op.alter_column("sources", "scope_by", server_default=None)
    op.alter_column("sources", "full", existing_type=sa.BOOLEAN(), nullable=True)
    op.execute('UPDATE sources SET "full" = NULL WHERE NOT "full"')  # false was what nobody had said
