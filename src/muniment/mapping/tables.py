"""Tables of mapping: what each column means, as a log of choices; attributes people added.

Queried by `store` only.
"""

import sqlalchemy as sa

from muniment.base.db import jsonb, moment, refers, tenant_table, text, uid

mappings = tenant_table(
    "mappings",
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
    uid("layout_id"),
    text("column"),
    text("attribute", nullable=True),
    jsonb("transform"),
    text("state"),
    sa.Column("probability", sa.Double, nullable=False),
    jsonb("reasons"),
    jsonb("runner_up", nullable=True),
    jsonb("samples"),
    uid("decision_id"),
    text("actor"),
    moment("at"),
    uid("act_id", nullable=True),
    uid("undoes", nullable=True),
    sa.CheckConstraint("state in ('auto', 'suggested', 'accepted', 'rejected', 'unmapped')", name="state"),
    refers(["layout_id"], "layouts"),
    refers(["decision_id"], "decisions"),
    sa.Index("ix_mappings_current", "tenant_id", "layout_id", "column", "id"),
)
own_attributes = tenant_table(
    "own_attributes",
    text("name"),
    jsonb("definition"),
    text("actor"),
    moment("at"),
    key=("name",),
    root=True,
)
templates = tenant_table(
    "templates",
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
    text("name"),
    sa.Column("version", sa.Integer, nullable=False),
    jsonb("document", nullable=True),
    sa.Column("enabled", sa.Boolean, nullable=False),
    text("actor"),
    moment("at"),
    sa.Index("ix_templates_current", "tenant_id", "name", "id"),
    root=True,
)
