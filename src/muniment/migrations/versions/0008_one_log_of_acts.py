"""One log of acts: what people said of imports moves into it.

Run once per database by Alembic.
"""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.execute(
        "INSERT INTO acts (tenant_id, id, engagement_id, kind, what, details, reason, actor, at)"
        " SELECT tenant_id, id, engagement_id, 'imports', kind || ' ' || what,"
        " jsonb_build_object('imports', to_jsonb(imports)), reason, actor, at FROM import_acts"
    )
    op.drop_table("import_acts")
