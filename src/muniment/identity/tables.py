"""Tables of identity: which record belongs to which asset, people's judgements, moved ids.

Queried by `store` only.
"""

import sqlalchemy as sa

from muniment.base.db import jsonb, moment, refers, tenant_table, text, uid

memberships = tenant_table(
    "memberships",
    uid("record_id"),
    uid("engagement_id"),
    uid("asset_id"),
    sa.ForeignKeyConstraint(["tenant_id", "record_id"], ["records.tenant_id", "records.id"], ondelete="CASCADE"),
    sa.Index("ix_memberships_asset", "tenant_id", "engagement_id", "asset_id"),
    key=("record_id",),
)
judgements = tenant_table(
    "judgements",
    uid("id"),
    uid("engagement_id"),
    uid("act_id"),
    text("verdict"),
    text("kind"),
    uid("left_source"),
    text("left_key"),
    uid("right_source"),
    text("right_key"),
    text("reason"),
    text("actor"),
    moment("at"),
    sa.CheckConstraint("verdict in ('same', 'different')", name="verdict"),
    refers(["engagement_id"], "engagements"),
)
parked = tenant_table(
    "parked_records",
    uid("record_id"),
    uid("engagement_id"),
    uid("source_id"),
    text("source_key"),
    uid("asset_id", nullable=True),
    sa.Index("ix_parked_records_key", "tenant_id", "engagement_id", "source_id", "source_key"),
    refers(["engagement_id"], "engagements"),
    refers(["source_id"], "sources"),
    key=("record_id",),
)
moves = tenant_table(
    "identity_moves",
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
    uid("engagement_id"),
    text("kind"),
    uid("from_asset"),
    uid("to_asset"),
    jsonb("records"),
    text("cause"),
    text("actor"),
    moment("at"),
    refers(["engagement_id"], "engagements"),
    sa.Index("ix_identity_moves_from", "tenant_id", "engagement_id", "from_asset"),
)
cases = tenant_table(
    "identity_cases",
    uid("left_record"),
    uid("right_record"),
    uid("engagement_id"),
    text("case_key"),
    sa.Column("place", sa.Integer, nullable=False),
    jsonb("told"),
    sa.ForeignKeyConstraint(["tenant_id", "left_record"], ["records.tenant_id", "records.id"], ondelete="CASCADE"),
    sa.ForeignKeyConstraint(["tenant_id", "right_record"], ["records.tenant_id", "records.id"], ondelete="CASCADE"),
    sa.Index("ix_identity_cases_right", "tenant_id", "right_record"),
    sa.Index("ix_identity_cases_case", "tenant_id", "engagement_id", "case_key"),
    key=("left_record", "right_record"),
)
linked_records = tenant_table(  # what each record was when it was last linked
    "linked_records",
    uid("record_id"),
    uid("engagement_id"),
    text("digest"),
    text("judged"),
    refers(["engagement_id"], "engagements"),
    key=("record_id",),
)
linked_values = tenant_table(  # the identifiers it was linked by: digests of family, kind and value
    "linked_values",
    uid("record_id"),
    uid("digest"),
    uid("engagement_id"),
    sa.Index("ix_linked_values_digest", "tenant_id", "engagement_id", "digest"),
    refers(["engagement_id"], "engagements"),
    key=("record_id", "digest"),
)
