"""Which pairs of records are a case of IT, such as a re-imaged host.

Found by identity when it links, shown by explanations; the patterns are `matching/cases.toml`.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from muniment.base import schema

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.create_table(
        "identity_cases",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("left_record", sa.UUID(), nullable=False),
        sa.Column("right_record", sa.UUID(), nullable=False),
        sa.Column("engagement_id", sa.UUID(), nullable=False),
        sa.Column("case_key", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("told", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "left_record"],
            ["records.tenant_id", "records.id"],
            name=op.f("fk_identity_cases_tenant_id_left_record"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "right_record"],
            ["records.tenant_id", "records.id"],
            name=op.f("fk_identity_cases_tenant_id_right_record"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "left_record", "right_record", name=op.f("pk_identity_cases")),
        info={"tenant": True},
    )
    op.create_index(
        "ix_identity_cases_case", "identity_cases", ["tenant_id", "engagement_id", "case_key"], unique=False
    )
    op.create_index("ix_identity_cases_right", "identity_cases", ["tenant_id", "right_record"], unique=False)
    for statement in schema.secure("identity_cases"):
        op.execute(statement)
