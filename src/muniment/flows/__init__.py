"""Durable work of several steps: the only place where the domains meet to write.

The doors call these verbs. Each takes the engagement's one writer lock, runs phases that commit
their result with their mark, and leaves the register folded.
"""

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
from muniment.flows.delete_engagement import Removed, delete_engagement
from muniment.flows.derive import newest_rows
from muniment.flows.export import FORMATS, Exported, Wanted, export
from muniment.flows.export_migration import LeftOut
from muniment.flows.export_stamp import Stamp, read_stamp
from muniment.flows.fetch import import_stream, import_tables
from muniment.flows.import_batch import import_files, resume, resume_open
from muniment.flows.move import Moved, move
from muniment.flows.progress import Progress, quiet
from muniment.flows.report import REPORT_FORMATS, report
from muniment.flows.report_contents import Report, assemble
from muniment.flows.resolve import accept, edit, resolve
from muniment.flows.set_aside import approve_imports, reject_imports, restore, withdraw
from muniment.flows.summary import Summary
from muniment.flows.tabulate import as_table
from muniment.flows.types import Request

__all__ = [
    "FORMATS",
    "REPORT_FORMATS",
    "Accuracy",
    "Changed",
    "Exported",
    "LeftOut",
    "Moved",
    "Progress",
    "Removed",
    "Report",
    "Request",
    "Stamp",
    "Summary",
    "Wanted",
    "accept",
    "accept_mapping",
    "approve_imports",
    "as_table",
    "assemble",
    "change_source",
    "delete_engagement",
    "edit",
    "export",
    "import_files",
    "import_stream",
    "import_tables",
    "judge",
    "match_claims",
    "merge_assets",
    "move",
    "newest_rows",
    "quiet",
    "read_stamp",
    "reject_imports",
    "reject_mapping",
    "rekey",
    "report",
    "resolve",
    "restore",
    "resume",
    "resume_open",
    "set_mapping",
    "split_asset",
    "undo",
    "undo_mapping",
    "withdraw",
]
