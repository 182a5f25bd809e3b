"""Identity: which records are one thing, under ids that stay, with people's judgements on top.

`recompute` derives memberships from records and judgements; `merge`, `split` and `judge` append judgements, and
memory's `take_back` undoes them. Knows no values of assets; the register folds what belongs together here.
"""

from muniment.identity.inputs import Inputs
from muniment.identity.inputs import read as inputs_of
from muniment.identity.judge import judge, merge, split
from muniment.identity.recompute import Change, recompute
from muniment.identity.store import (
    asset_of_record,
    assets_of_records,
    carry_over,
    current_asset,
    follow_keys,
    founders,
    judgement_acts,
    list_cases,
    members,
    moves_of,
    park,
    parked_ids,
    records_ending,
    references,
    unpark,
)
from muniment.identity.types import Act, Found, Move, Reference

__all__ = [
    "Act",
    "Change",
    "Found",
    "Inputs",
    "Move",
    "Reference",
    "asset_of_record",
    "assets_of_records",
    "carry_over",
    "current_asset",
    "follow_keys",
    "founders",
    "inputs_of",
    "judge",
    "judgement_acts",
    "list_cases",
    "members",
    "merge",
    "moves_of",
    "park",
    "parked_ids",
    "recompute",
    "records_ending",
    "references",
    "split",
    "unpark",
]
