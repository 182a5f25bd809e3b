"""One log of people's acts, resolutions, annotations, and the state of a conflict.

Merges and splits made before are entered in the log.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from muniment.base import schema

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    _acts()
    _annotations()
    _resolutions()
    op.add_column("conflicts", sa.Column("state", sa.Text(), server_default="open", nullable=False))
    op.add_column("conflicts", sa.Column("decision", postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    for statement in schema.secure("acts"):
        op.execute(statement)
    for statement in schema.secure("anchors"):
        op.execute(statement)
    for statement in schema.secure("annotations"):
        op.execute(statement)
    for statement in schema.secure("resolutions"):
        op.execute(statement)
    op.execute(
        "INSERT INTO acts (tenant_id, id, engagement_id, kind, what, details, reason, actor, at)"
        " SELECT tenant_id, act_id, engagement_id, min(kind), 'an earlier ' || min(kind), '{}', min(reason), min(actor),"
        " min(at) FROM judgements GROUP BY tenant_id, act_id, engagement_id"
    )


def _acts() -> None:
    op.create_table(
        "acts",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("engagement_id", sa.UUID(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "engagement_id"],
            ["engagements.tenant_id", "engagements.id"],
            name=op.f("fk_acts_tenant_id_engagement_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_acts")),
        info={"tenant": True},
    )
    op.create_index("ix_acts_engagement", "acts", ["tenant_id", "engagement_id", "at"], unique=False)


def _annotations() -> None:
    op.create_table(
        "anchors",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("engagement_id", sa.UUID(), nullable=False),
        sa.Column("word_id", sa.UUID(), nullable=False),
        sa.Column("source_id", sa.UUID(), nullable=False),
        sa.Column("source_key", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "engagement_id"],
            ["engagements.tenant_id", "engagements.id"],
            name=op.f("fk_anchors_tenant_id_engagement_id"),
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "engagement_id", "word_id", "source_id", "source_key", name=op.f("pk_anchors")
        ),
        info={"tenant": True},
    )
    op.create_index(
        "ix_anchors_key", "anchors", ["tenant_id", "engagement_id", "source_id", "source_key"], unique=False
    )
    op.create_table(
        "annotations",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("engagement_id", sa.UUID(), nullable=False),
        sa.Column("act_id", sa.UUID(), nullable=False),
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(collation="C"), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind in ('tag', 'untag', 'note')", name=op.f("ck_annotations_kind")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "engagement_id"],
            ["engagements.tenant_id", "engagements.id"],
            name=op.f("fk_annotations_tenant_id_engagement_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_annotations")),
        info={"tenant": True},
    )
    op.create_index("ix_annotations_text", "annotations", ["tenant_id", "engagement_id", "kind", "text"], unique=False)


def _resolutions() -> None:
    op.create_table(
        "resolutions",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("engagement_id", sa.UUID(), nullable=False),
        sa.Column("act_id", sa.UUID(), nullable=False),
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("attribute", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("values", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("seen", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("until_agreed", sa.Boolean(), nullable=False),
        sa.Column("chosen_source", sa.Text(), nullable=True),
        sa.CheckConstraint("verdict in ('resolved', 'accepted')", name=op.f("ck_resolutions_verdict")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "engagement_id"],
            ["engagements.tenant_id", "engagements.id"],
            name=op.f("fk_resolutions_tenant_id_engagement_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_resolutions")),
        info={"tenant": True},
    )
    op.create_index("ix_resolutions_act", "resolutions", ["tenant_id", "act_id"], unique=False)
