"""Durable work of several steps: the only place where the domains meet to write.

The doors call these verbs. Each takes the engagement's one writer lock, runs phases that commit
their result with their mark, and leaves the register folded.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from muniment.flows.add import Added, add_asset
    from muniment.flows.change import (
        Changed,
        accept_mapping,
        change_source,
        merge_assets,
        reject_mapping,
        rekey,
        set_mapping,
        split_asset,
        undo,
        undo_mapping,
    )
    from muniment.flows.claims import Accuracy, judge, match_claims
    from muniment.flows.columns import match_columns
    from muniment.flows.corrections import Correction, Corrections, RowLeft, apply_corrections
    from muniment.flows.delete import Removed, delete_engagement
    from muniment.flows.derive import newest_rows
    from muniment.flows.embed import (
        Embedded,
        Likeness,
        SpaceState,
        assets_like,
        embedding_states,
        rebuild_embeddings,
        similar_assets,
    )
    from muniment.flows.export_assets import FORMATS, Exported, Wanted, export
    from muniment.flows.export_migration import LeftOut
    from muniment.flows.export_stamp import Stamp, read_stamp
    from muniment.flows.fetch import import_stream, import_tables
    from muniment.flows.identity_judge import Verdict, apply_verdicts, judge_pair, note_verdict, take_back_verdict
    from muniment.flows.identity_model import apply_model, estimate_model
    from muniment.flows.identity_questions import Compared, Question, questions, still_open
    from muniment.flows.identity_why import (
        CaseTold,
        HowLinked,
        Link,
        RecordName,
        WhyLinked,
        cases_of,
        how_linked,
        why_linked,
    )
    from muniment.flows.impact import Impact, impact_of_columns, impact_of_row, impact_of_source
    from muniment.flows.import_batch import import_files, resume, resume_open
    from muniment.flows.move_home import Moved, move
    from muniment.flows.policies import Drafted, apply_policy, discard_draft, draft_policy, draft_rule, drop_rules
    from muniment.flows.progress import Progress, quiet
    from muniment.flows.records import LinkedTables, explain_records, match_records, records_to_ask
    from muniment.flows.report_contents import Report
    from muniment.flows.report_files import REPORT_FORMATS, report
    from muniment.flows.resolutions import accept, annotate, edit, resolve
    from muniment.flows.set_aside import approve_imports, reject_imports, restore, withdraw
    from muniment.flows.settle_conflicts import Proposal, conflict_groups, settle_group, settled_share
    from muniment.flows.summary import Summary
    from muniment.flows.tabulate import as_table
    from muniment.flows.types import Request

_PLACES = {
    "add": "Added add_asset",
    "change": "Changed accept_mapping change_source merge_assets reject_mapping rekey set_mapping"
    " split_asset undo undo_mapping",
    "claims": "Accuracy judge match_claims",
    "corrections": "Correction Corrections RowLeft apply_corrections",
    "columns": "match_columns",
    "records": "LinkedTables explain_records match_records records_to_ask",
    "delete": "Removed delete_engagement",
    "derive": "newest_rows",
    "embed": "Embedded Likeness SpaceState assets_like embedding_states rebuild_embeddings similar_assets",
    "export_assets": "Exported FORMATS Wanted export",
    "export_migration": "LeftOut",
    "export_stamp": "Stamp read_stamp",
    "fetch": "import_stream import_tables",
    "identity_judge": "Verdict apply_verdicts judge_pair note_verdict take_back_verdict",
    "identity_questions": "Compared Question questions still_open",
    "identity_why": "CaseTold HowLinked Link RecordName WhyLinked cases_of how_linked why_linked",
    "identity_model": "apply_model estimate_model",
    "impact": "Impact impact_of_columns impact_of_row impact_of_source",
    "import_batch": "import_files resume resume_open",
    "move_home": "Moved move",
    "policies": "Drafted apply_policy discard_draft draft_policy draft_rule drop_rules",
    "progress": "Progress quiet",
    "report_contents": "Report",
    "report_files": "REPORT_FORMATS report",
    "resolutions": "accept annotate edit resolve",
    "set_aside": "approve_imports reject_imports restore withdraw",
    "settle_conflicts": "Proposal conflict_groups settle_group settled_share",
    "summary": "Summary",
    "tabulate": "as_table",
    "types": "Request",
}
"""Which file has which names. A file is loaded when a name of it is first asked for: most load Arrow, and
commands that only look must start fast. No name may be that of a file."""

_PLACE = {name: file for file, names in _PLACES.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    if name not in _PLACE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PLACE[name]}"), name)


__all__ = [
    "FORMATS",
    "REPORT_FORMATS",
    "Accuracy",
    "Added",
    "CaseTold",
    "Changed",
    "Compared",
    "Correction",
    "Corrections",
    "Drafted",
    "Embedded",
    "Exported",
    "HowLinked",
    "Impact",
    "LeftOut",
    "Likeness",
    "Link",
    "LinkedTables",
    "Moved",
    "Progress",
    "Proposal",
    "Question",
    "RecordName",
    "Removed",
    "Report",
    "Request",
    "RowLeft",
    "SpaceState",
    "Stamp",
    "Summary",
    "Verdict",
    "Wanted",
    "WhyLinked",
    "accept",
    "accept_mapping",
    "add_asset",
    "annotate",
    "apply_corrections",
    "apply_model",
    "apply_policy",
    "apply_verdicts",
    "approve_imports",
    "as_table",
    "assets_like",
    "cases_of",
    "change_source",
    "conflict_groups",
    "delete_engagement",
    "discard_draft",
    "draft_policy",
    "draft_rule",
    "drop_rules",
    "edit",
    "embedding_states",
    "estimate_model",
    "explain_records",
    "export",
    "how_linked",
    "impact_of_columns",
    "impact_of_row",
    "impact_of_source",
    "import_files",
    "import_stream",
    "import_tables",
    "judge",
    "judge_pair",
    "match_claims",
    "match_columns",
    "match_records",
    "merge_assets",
    "move",
    "newest_rows",
    "note_verdict",
    "questions",
    "quiet",
    "read_stamp",
    "rebuild_embeddings",
    "records_to_ask",
    "reject_imports",
    "reject_mapping",
    "rekey",
    "report",
    "resolve",
    "restore",
    "resume",
    "resume_open",
    "set_mapping",
    "settle_group",
    "settled_share",
    "similar_assets",
    "split_asset",
    "still_open",
    "take_back_verdict",
    "undo",
    "undo_mapping",
    "why_linked",
    "withdraw",
]
