"""Tables of memory: automatic choices, verdicts on them, and the acts of people. Append-only.

Queried by `store` only.
"""

import sqlalchemy as sa

from muniment.base.db import jsonb, moment, refers, tenant_table, text, uid

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
