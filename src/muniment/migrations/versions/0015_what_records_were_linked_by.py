"""What records were linked by, so that the next linking looks only where something changed.

Empty at first: the next import links everything and fills them.
"""

import sqlalchemy as sa
from alembic import op

from muniment.base import schema

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "linked_records",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("record_id", sa.UUID(), nullable=False),
        sa.Column("engagement_id", sa.UUID(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("judged", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "engagement_id"],
            ["engagements.tenant_id", "engagements.id"],
            name=op.f("fk_linked_records_tenant_id_engagement_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "record_id", name=op.f("pk_linked_records")),
        info={"tenant": True},
    )
    op.create_table(
        "linked_values",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("record_id", sa.UUID(), nullable=False),
        sa.Column("digest", sa.UUID(), nullable=False),
        sa.Column("engagement_id", sa.UUID(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "engagement_id"],
            ["engagements.tenant_id", "engagements.id"],
            name=op.f("fk_linked_values_tenant_id_engagement_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "record_id", "digest", name=op.f("pk_linked_values")),
        info={"tenant": True},
    )
    op.create_index("ix_linked_values_digest", "linked_values", ["tenant_id", "engagement_id", "digest"], unique=False)
    for statement in (*schema.secure("linked_records"), *schema.secure("linked_values")):
        op.execute(statement)
