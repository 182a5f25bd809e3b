"""Pure scoring: which meaning a column has, with a calibrated probability and reasons in words.

The caller profiles the columns of a table, ranks them against targets it passes in (`matching` knows no
model, no database and no files), and turns the ranking into proposals.
"""

from muniment.matching.columns import assign, rank
from muniment.matching.names import closest, name_key
from muniment.matching.profile import profile
from muniment.matching.records import WEIGHTS, Judgement, link
from muniment.matching.types import NONE, Candidate, Column, Learned, Profile, Proposal, Target

__all__ = [
    "NONE",
    "WEIGHTS",
    "Candidate",
    "Column",
    "Judgement",
    "Learned",
    "Profile",
    "Proposal",
    "Target",
    "assign",
    "closest",
    "link",
    "name_key",
    "profile",
    "rank",
]
