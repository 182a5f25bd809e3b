"""Identity: which records are one thing, under ids that stay, with people's judgements on top.

`recompute` derives memberships from records and judgements; `merge` and `split` append judgements, and
memory's `take_back` undoes them. Knows no values of assets; the register folds what belongs together here.
"""

from muniment.identity.inputs import Inputs
from muniment.identity.inputs import read as inputs_of
from muniment.identity.judge import merge, split
from muniment.identity.recompute import Change, recompute
from muniment.identity.store import (
    asset_of_record,
    carry_over,
    current_asset,
    follow_keys,
    judgement_acts,
    members,
    moves_of,
    park,
    parked_ids,
    unpark,
)
from muniment.identity.types import Act, Move

__all__ = [
    "Act",
    "Change",
    "Inputs",
    "Move",
    "asset_of_record",
    "carry_over",
    "current_asset",
    "follow_keys",
    "inputs_of",
    "judgement_acts",
    "members",
    "merge",
    "moves_of",
    "park",
    "parked_ids",
    "recompute",
    "split",
    "unpark",
]
