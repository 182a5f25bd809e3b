"""Identity: which records are one thing, under ids that stay, with people's judgements on top.

`recompute` derives memberships from records and judgements; `merge`, `split` and `judge` append judgements, and
memory's `take_back` undoes them. Knows no values of assets; the register folds what belongs together here.
"""

from muniment.identity.inputs import Inputs
from muniment.identity.inputs import read as inputs_of
from muniment.identity.judge import judge, merge, split
from muniment.identity.match_models import MODEL_ACT, ModelVersion, model_in_force, model_versions
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
    "MODEL_ACT",
    "Act",
    "Change",
    "Found",
    "Inputs",
    "ModelVersion",
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
    "model_in_force",
    "model_versions",
    "moves_of",
    "park",
    "parked_ids",
    "recompute",
    "records_ending",
    "references",
    "split",
    "unpark",
]
