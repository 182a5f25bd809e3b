"""Tables of memory: automatic choices, verdicts on them, the acts of people; and vectors, to find what is alike.

The first are append-only and queried by `store` only; vectors can be computed again, and are queried by
`vector_store` only.
"""

import sqlalchemy as sa

from muniment.base.db import HalfVector, jsonb, moment, refers, tenant_table, text, uid

decisions = tenant_table(
    "decisions",
    uid("id"),
    uid("engagement_id", nullable=True),
    text("kind"),
    text("subject"),
    text("choice"),
    sa.Column("confidence", sa.Double, nullable=False),
    jsonb("evidence"),
    text("actor"),
    moment("at"),
    sa.Index("ix_decisions_kind", "tenant_id", "kind", "subject"),
    root=True,
)
feedback = tenant_table(
    "feedback",
    uid("id"),
    uid("decision_id"),
    text("verdict"),
    text("choice"),
    text("reason"),
    text("actor"),
    moment("at"),
    sa.CheckConstraint("verdict in ('accepted', 'rejected', 'withdrawn')", name="verdict"),
    refers(["decision_id"], "decisions"),
    sa.Index("ix_feedback_decision", "tenant_id", "decision_id"),
)
acts = tenant_table(
    "acts",
    uid("id"),
    uid("engagement_id"),
    text("kind"),
    text("what"),
    jsonb("details"),
    text("reason"),
    text("actor"),
    moment("at"),
    refers(["engagement_id"], "engagements"),
    sa.Index("ix_acts_engagement", "tenant_id", "engagement_id", "at"),
)
undone_acts = tenant_table(
    "undone_acts",
    uid("act_id"),
    uid("engagement_id"),
    text("reason"),
    text("actor"),
    moment("at"),
    key=("act_id",),
)
vector_spaces = tenant_table(
    "vector_spaces",
    uid("id"),
    uid("engagement_id", nullable=True),
    text("kind"),
    text("model"),
    sa.Column("dimension", sa.Integer, nullable=False),
    text("state"),
    sa.Column("indexed", sa.Boolean, nullable=False, server_default=sa.false()),
    moment("made_at"),
    sa.CheckConstraint("state in ('building', 'active', 'standby')", name="state"),
    sa.CheckConstraint("dimension between 1 and 4000", name="dimension"),
    sa.UniqueConstraint("tenant_id", "id", "dimension"),
    sa.UniqueConstraint("tenant_id", "engagement_id", "kind", "model", postgresql_nulls_not_distinct=True),
    refers(["engagement_id"], "engagements"),
    root=True,
)
INDEXED = (384, 512, 768, 1024, 1536, 3072)
"""Dimensions that have an index: of the built-in model and of the models people use. Others are searched in full."""

vectors = tenant_table(
    "vectors",
    uid("space_id"),
    uid("engagement_id", nullable=True),
    text("subject"),
    sa.Column("dimension", sa.Integer, nullable=False),
    text("digest"),
    sa.Column("embedding", HalfVector, nullable=False),
    sa.Column("indexed", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.CheckConstraint("vector_dims(embedding) = dimension", name="dimension"),
    sa.ForeignKeyConstraint(
        ["tenant_id", "space_id", "dimension"],
        ["vector_spaces.tenant_id", "vector_spaces.id", "vector_spaces.dimension"],
        ondelete="CASCADE",
    ),
    *(
        sa.Index(
            f"ix_vectors_hnsw_{dimension}",
            sa.literal_column(f"(embedding::halfvec({dimension}))").label("half"),
            postgresql_using="hnsw",
            postgresql_ops={"half": "halfvec_cosine_ops"},
            postgresql_where=sa.text(f"indexed AND dimension = {dimension}"),
        )
        for dimension in INDEXED
    ),
    key=("space_id", "subject"),
)
