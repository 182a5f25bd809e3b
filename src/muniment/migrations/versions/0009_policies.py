"""Policies: versions of rules, which are in force, and which of them a register was last folded by.

Run by `base/schema.py` through Alembic; every home begins without any.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from muniment.base import schema

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    _versions()
    _enactments()
    _followed()
    for table in ("policy_versions", "policy_enactments", "policies_followed"):
        for statement in schema.secure(table):
            op.execute(statement)


def _versions() -> None:
    op.create_table(
        "policy_versions",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("engagement_id", sa.UUID(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "engagement_id"],
            ["engagements.tenant_id", "engagements.id"],
            name=op.f("fk_policy_versions_tenant_id_engagement_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_policy_versions_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_policy_versions")),
        sa.UniqueConstraint(
            "tenant_id",
            "engagement_id",
            "version",
            name=op.f("uq_policy_versions_tenant_id_engagement_id_version"),
            postgresql_nulls_not_distinct=True,
        ),
        info={"tenant": True},
    )


def _enactments() -> None:
    op.create_table(
        "policy_enactments",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("engagement_id", sa.UUID(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("act_id", sa.UUID(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "engagement_id"],
            ["engagements.tenant_id", "engagements.id"],
            name=op.f("fk_policy_enactments_tenant_id_engagement_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_policy_enactments_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_policy_enactments")),
        info={"tenant": True},
    )


def _followed() -> None:
    op.create_table(
        "policies_followed",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("engagement_id", sa.UUID(), nullable=False),
        sa.Column("document", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "engagement_id"],
            ["engagements.tenant_id", "engagements.id"],
            name=op.f("fk_policies_followed_tenant_id_engagement_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_policies_followed")),
        info={"tenant": True},
    )
    op.create_index(
        "ix_policies_followed_engagement", "policies_followed", ["tenant_id", "engagement_id", "id"], unique=False
    )
