"""Vectors of what is to be found by likeness, of which model they are, and what was computed before.

Run once per database by Alembic. One partial index per dimension in use, since an index knows one dimension.
"""

import sqlalchemy as sa
from alembic import op

from muniment.base import db, schema

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    _cache()
    _spaces()
    _vectors()
    for table in ("embedding_cache", "vector_spaces", "vectors"):
        for statement in schema.secure(table):
            op.execute(statement)


def _cache() -> None:
    op.create_table(
        "embedding_cache",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("engagement_id", sa.UUID(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "engagement_id"],
            ["engagements.tenant_id", "engagements.id"],
            name=op.f("fk_embedding_cache_tenant_id_engagement_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "engagement_id", "model", "digest", name=op.f("pk_embedding_cache")),
        info={"tenant": True},
    )
    op.create_index(
        "ix_embedding_cache_age", "embedding_cache", ["tenant_id", "engagement_id", "made_at"], unique=False
    )


def _spaces() -> None:
    op.create_table(
        "vector_spaces",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("engagement_id", sa.UUID(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("dimension", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state in ('building', 'active', 'standby')", name=op.f("ck_vector_spaces_state")),
        sa.CheckConstraint("dimension between 1 and 4000", name=op.f("ck_vector_spaces_dimension")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "engagement_id"],
            ["engagements.tenant_id", "engagements.id"],
            name=op.f("fk_vector_spaces_tenant_id_engagement_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_vector_spaces_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_vector_spaces")),
        sa.UniqueConstraint(
            "tenant_id",
            "engagement_id",
            "kind",
            "model",
            name=op.f("uq_vector_spaces_tenant_id_engagement_id_kind_model"),
            postgresql_nulls_not_distinct=True,
        ),
        sa.UniqueConstraint("tenant_id", "id", "dimension", name=op.f("uq_vector_spaces_tenant_id_id_dimension")),
        info={"tenant": True},
    )


def _vectors() -> None:
    op.create_table(
        "vectors",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("space_id", sa.UUID(), nullable=False),
        sa.Column("engagement_id", sa.UUID(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("dimension", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("embedding", db.HalfVector(), nullable=False),
        sa.CheckConstraint("vector_dims(embedding) = dimension", name=op.f("ck_vectors_dimension")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "space_id", "dimension"],
            ["vector_spaces.tenant_id", "vector_spaces.id", "vector_spaces.dimension"],
            name=op.f("fk_vectors_tenant_id_space_id_dimension"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "space_id", "subject", name=op.f("pk_vectors")),
        info={"tenant": True},
    )
    for dimension in (384, 512, 768, 1024, 1536, 3072):
        op.execute(
            f"CREATE INDEX ix_vectors_hnsw_{dimension} ON vectors"
            f" USING hnsw ((embedding::halfvec({dimension})) halfvec_cosine_ops) WHERE dimension = {dimension}"
        )
