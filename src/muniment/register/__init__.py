"""The register: one row per asset, folded from its records' claims, with proof and history.

`reconcile` brings stale assets up to date; `find`, `get`, `history`, `conflicts` read; and
`fingerprint` says whether two registers are the same. Knows records and identity, no files.
"""

from muniment.register.anchors import follow_keys
from muniment.register.annotate import annotate, list_annotations
from muniment.register.changes import look_for_changes, remembered
from muniment.register.difference import between, difference, remember
from muniment.register.fingerprint import fingerprint
from muniment.register.groups import FACTORS, Group, groups
from muniment.register.learn import relearn
from muniment.register.past import last_seen
from muniment.register.policy import Learned, Reliability
from muniment.register.policy_store import (
    OWNERS,
    PolicyVersion,
    add_policy,
    enact,
    follow_policies,
    policies_followed,
    policies_in_force,
    policy_in_force,
    policy_version,
    policy_versions,
    withdraw_policy,
)
from muniment.register.precede import deciding
from muniment.register.recall import Recalled, assets_now, assets_then, bearers
from muniment.register.reconcile import reconcile
from muniment.register.reliability_store import current as current_reliability
from muniment.register.resolve import Terms, accept, list_resolutions, mark_stale_by_act, resolve, verdict_counts
from muniment.register.rules import (
    POLICIES,
    Layer,
    Policies,
    Rule,
    Ruling,
    concerning,
    differences,
    misfit,
    read_rules,
)
from muniment.register.stale_store import mark_all_stale, mark_stale, mark_stale_by_records, stale_count
from muniment.register.store import (
    all_assets,
    as_of,
    bearing,
    count_assets,
    count_conflicts,
    filled,
    find,
    find_by_name,
    get,
    history,
    list_conflicts,
)
from muniment.register.types import (
    CONFLICT_KINDS,
    CONFLICT_STATES,
    SEVERITIES,
    Annotation,
    Asset,
    Choice,
    Conflict,
    Difference,
    Query,
    Reconciled,
    Resolution,
    ValueChange,
    Verdicts,
    Version,
)

__all__ = [
    "CONFLICT_KINDS",
    "CONFLICT_STATES",
    "FACTORS",
    "OWNERS",
    "POLICIES",
    "SEVERITIES",
    "Annotation",
    "Asset",
    "Choice",
    "Conflict",
    "Difference",
    "Group",
    "Layer",
    "Learned",
    "Policies",
    "PolicyVersion",
    "Query",
    "Recalled",
    "Reconciled",
    "Reliability",
    "Resolution",
    "Rule",
    "Ruling",
    "Terms",
    "ValueChange",
    "Verdicts",
    "Version",
    "accept",
    "add_policy",
    "all_assets",
    "annotate",
    "as_of",
    "assets_now",
    "assets_then",
    "bearers",
    "bearing",
    "between",
    "concerning",
    "count_assets",
    "count_conflicts",
    "current_reliability",
    "deciding",
    "difference",
    "differences",
    "enact",
    "filled",
    "find",
    "find_by_name",
    "fingerprint",
    "follow_keys",
    "follow_policies",
    "get",
    "groups",
    "history",
    "last_seen",
    "list_annotations",
    "list_conflicts",
    "list_resolutions",
    "look_for_changes",
    "mark_all_stale",
    "mark_stale",
    "mark_stale_by_act",
    "mark_stale_by_records",
    "misfit",
    "policies_followed",
    "policies_in_force",
    "policy_in_force",
    "policy_version",
    "policy_versions",
    "read_rules",
    "reconcile",
    "relearn",
    "remember",
    "remembered",
    "resolve",
    "stale_count",
    "verdict_counts",
    "withdraw_policy",
]
