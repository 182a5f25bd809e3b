"""Ended versions keep their confidence, sources and number of records, so that a past register is whole.

Run by `base/schema.py` through Alembic; of older versions these are unknown.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    for name, kind, unknown in (
        ("confidence", sa.Double(), "0"),
        ("sources", postgresql.ARRAY(sa.Text()), "{}"),
        ("record_count", sa.Integer(), "0"),
    ):
        op.add_column("asset_versions", sa.Column(name, kind, nullable=False, server_default=unknown))
        op.alter_column("asset_versions", name, server_default=None)
