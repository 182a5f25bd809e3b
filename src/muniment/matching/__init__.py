"""Pure scoring: what columns mean, which records are one thing, which values agree and which are true.

The caller profiles the columns of a table and ranks them against targets it passes in; scores pairs of
records; finds the rows (`linkage`) and the columns (`column_pairs`)
of any tables that are one thing; asks whether values agree
(`values`); and has a table of claims resolved (`claims`). No database, no files.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from muniment.matching.types import NONE, Candidate, Column, Learned, Profile, Proposal, Target

if TYPE_CHECKING:
    from muniment.matching.active import most_telling
    from muniment.matching.cases import Case, case_list, explain_case, find_cases, label
    from muniment.matching.claims import Claims, Resolved, column, resolve, slips, votes
    from muniment.matching.column_drift import ColumnDrift, drift, stability_index
    from muniment.matching.column_pairs import ColumnMatch, match_columns, match_targets
    from muniment.matching.column_profile import profile
    from muniment.matching.columns import assign, rank
    from muniment.matching.linkage import Matched, match_records
    from muniment.matching.linkage_explain import explain_rows
    from muniment.matching.match_model import SHIPPED, MatchModel, Weight, from_document
    from muniment.matching.names import closest, name_key
    from muniment.matching.record_clusters import ClusterStep, Cut, Judgement, Linked, steps
    from muniment.matching.record_estimate import estimate
    from muniment.matching.records import Scored, link, score_between
    from muniment.matching.truth import Found, Votes, discover
    from muniment.matching.values import Form, Kind, agreement, form, same, says_more, slip
    from muniment.matching.values_kinds import is_missing, kind_of
    from muniment.matching.waterfall import Step, Waterfall, as_picture, match_key, probability

_BULK = {
    "Case": "cases",
    "case_list": "cases",
    "explain_case": "cases",
    "find_cases": "cases",
    "label": "cases",
    "most_telling": "active",
    "Claims": "claims",
    "Resolved": "claims",
    "resolve": "claims",
    "assign": "columns",
    "rank": "columns",
    "ColumnDrift": "column_drift",
    "drift": "column_drift",
    "stability_index": "column_drift",
    "ColumnMatch": "column_pairs",
    "match_columns": "column_pairs",
    "match_targets": "column_pairs",
    "closest": "names",
    "name_key": "names",
    "profile": "column_profile",
    "SHIPPED": "match_model",
    "MatchModel": "match_model",
    "Weight": "match_model",
    "from_document": "match_model",
    "Cut": "record_clusters",
    "Judgement": "record_clusters",
    "Linked": "record_clusters",
    "ClusterStep": "record_clusters",
    "steps": "record_clusters",
    "estimate": "record_estimate",
    "Scored": "records",
    "link": "records",
    "score_between": "records",
    "column": "claims",
    "Matched": "linkage",
    "explain_rows": "linkage_explain",
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
    "as_picture": "waterfall",
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
    "SHIPPED",
    "Candidate",
    "Case",
    "Claims",
    "ClusterStep",
    "Column",
    "ColumnDrift",
    "ColumnMatch",
    "Cut",
    "Form",
    "Found",
    "Judgement",
    "Kind",
    "Learned",
    "Linked",
    "MatchModel",
    "Matched",
    "Profile",
    "Proposal",
    "Resolved",
    "Scored",
    "Step",
    "Target",
    "Votes",
    "Waterfall",
    "Weight",
    "agreement",
    "as_picture",
    "assign",
    "case_list",
    "closest",
    "column",
    "discover",
    "drift",
    "estimate",
    "explain_case",
    "explain_rows",
    "find_cases",
    "form",
    "from_document",
    "is_missing",
    "kind_of",
    "label",
    "link",
    "match_columns",
    "match_key",
    "match_records",
    "match_targets",
    "most_telling",
    "name_key",
    "probability",
    "profile",
    "rank",
    "resolve",
    "same",
    "says_more",
    "score_between",
    "slip",
    "slips",
    "stability_index",
    "steps",
    "votes",
]
