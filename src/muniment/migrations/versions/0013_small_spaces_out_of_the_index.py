"""Vectors of small spaces stay out of the index: they are searched in full, and storing them costs a fraction.

Run once per database by Alembic.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    for table in ("vector_spaces", "vectors"):
        op.add_column(table, sa.Column("indexed", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    for dimension in (384, 512, 768, 1024, 1536, 3072):
        op.execute(f"DROP INDEX ix_vectors_hnsw_{dimension}")
        op.execute(
            f"CREATE INDEX ix_vectors_hnsw_{dimension} ON vectors"
            f" USING hnsw ((embedding::halfvec({dimension})) halfvec_cosine_ops) WHERE indexed AND dimension = {dimension}"
        )
