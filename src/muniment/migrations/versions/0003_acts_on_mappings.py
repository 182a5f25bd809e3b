"""Acts on mappings: what a person changed at once, and what was taken back.

Run once per database by Alembic.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("mappings", sa.Column("act_id", sa.UUID(), nullable=True))
    op.add_column("mappings", sa.Column("undoes", sa.UUID(), nullable=True))
