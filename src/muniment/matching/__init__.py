"""Pure scoring: what columns mean, which records are one thing, which values agree and which are true.

The caller profiles the columns of a table and ranks them against targets it passes in; scores pairs of
records; finds the rows of any one or two tables that are one thing (`linkage`); asks whether values agree
(`values`); and has a table of claims resolved (`claims`). No database, no files.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from muniment.matching.types import NONE, Candidate, Column, Learned, Profile, Proposal, Target

if TYPE_CHECKING:
    from muniment.matching.active import most_telling
    from muniment.matching.claims import Claims, Resolved, column, resolve, slips, votes
    from muniment.matching.column_drift import ColumnDrift, drift, stability_index
    from muniment.matching.column_profile import profile
    from muniment.matching.columns import assign, rank
    from muniment.matching.linkage import Matched, match_records
    from muniment.matching.names import closest, name_key
    from muniment.matching.records import WEIGHTS, Judgement, link
    from muniment.matching.truth import Found, Votes, discover
    from muniment.matching.values import Form, Kind, agreement, form, same, says_more, slip
    from muniment.matching.values_kinds import is_missing, kind_of
    from muniment.matching.waterfall import Step, Waterfall, match_key, probability

_BULK = {
    "most_telling": "active",
    "Claims": "claims",
    "Resolved": "claims",
    "resolve": "claims",
    "assign": "columns",
    "rank": "columns",
    "ColumnDrift": "column_drift",
    "drift": "column_drift",
    "stability_index": "column_drift",
    "closest": "names",
    "name_key": "names",
    "profile": "column_profile",
    "WEIGHTS": "records",
    "Judgement": "records",
    "link": "records",
    "column": "claims",
    "Matched": "linkage",
    "match_records": "linkage",
    "slips": "claims",
    "votes": "claims",
    "Found": "truth",
    "Votes": "truth",
    "discover": "truth",
    "Form": "values",
    "Kind": "values",
    "agreement": "values",
    "form": "values",
    "same": "values",
    "slip": "values",
    "says_more": "values",
    "is_missing": "values_kinds",
    "kind_of": "values_kinds",
    "Step": "waterfall",
    "Waterfall": "waterfall",
    "match_key": "waterfall",
    "probability": "waterfall",
}
"""Names that load numpy, scipy or Arrow, which reading commands do not need: found when first asked for."""


def __getattr__(name: str) -> Any:
    if name not in _BULK:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_BULK[name]}"), name)


__all__ = [
    "NONE",
    "WEIGHTS",
    "Candidate",
    "Claims",
    "Column",
    "ColumnDrift",
    "Form",
    "Found",
    "Judgement",
    "Kind",
    "Learned",
    "Matched",
    "Profile",
    "Proposal",
    "Resolved",
    "Step",
    "Target",
    "Votes",
    "Waterfall",
    "agreement",
    "assign",
    "closest",
    "column",
    "discover",
    "drift",
    "form",
    "is_missing",
    "kind_of",
    "link",
    "match_key",
    "match_records",
    "most_telling",
    "name_key",
    "probability",
    "profile",
    "rank",
    "resolve",
    "same",
    "says_more",
    "slip",
    "slips",
    "stability_index",
    "votes",
]
