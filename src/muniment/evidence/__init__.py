"""Evidence: what sources said, from the raw row to the newest record of each thing.

`read` opens files, `stamped` makes raw rows fit for the lake, `records` derives records from them; the
rest reads and writes sources, layouts, imports, rejects and records.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from muniment.evidence.cells import cell, referred, said, text, texts
from muniment.evidence.completeness import (
    CAPS,
    SCOPES,
    Missing,
    decide_full,
    earlier_counts,
    forget_waiting,
    mark_gone,
    missing_from,
    scope_of,
)
from muniment.evidence.delivery import Reject, Table, layout_of
from muniment.evidence.earlier import (
    claims_of,
    families_to_recall,
    find_ended,
    forget_first,
    write_ended,
    write_first,
)
from muniment.evidence.protected import is_protected
from muniment.evidence.read import read
from muniment.evidence.store import (
    add_import,
    add_layout,
    add_rejects,
    add_source,
    change_source,
    close_import,
    count_by_source,
    count_records,
    count_rejects,
    find_delivery,
    find_source,
    get_layout,
    get_records,
    get_source,
    known_records,
    last_observed,
    list_imports,
    list_layouts,
    list_rejects,
    list_sources,
    problems,
    records_of_row,
    refused_files,
    remove_records,
    same_rows,
    set_key,
    set_type,
    touch_records,
    write_records,
)
from muniment.evidence.types import SET_ASIDE, Import, Layout, Record, Rule, Source, key_words

if TYPE_CHECKING:
    from muniment.evidence.derive import Raw, points, records
    from muniment.evidence.parts import Part, join_parts, parts_by_name
    from muniment.evidence.read_sql import copy_tables, database
    from muniment.evidence.stamp import stamped

_BULK = {
    "Part": "parts", "Raw": "derive", "join_parts": "parts", "parts_by_name": "parts",
    "points": "derive", "records": "derive", "stamped": "stamp",
    "copy_tables": "read_sql", "database": "read_sql",
}  # fmt: skip
"""Names that load Arrow and numpy, which reading commands do not need: found when first asked for."""


def __getattr__(name: str) -> Any:
    if name not in _BULK:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_BULK[name]}"), name)


__all__ = [
    "CAPS",
    "SCOPES",
    "SET_ASIDE",
    "Import",
    "Layout",
    "Missing",
    "Part",
    "Raw",
    "Record",
    "Reject",
    "Rule",
    "Source",
    "Table",
    "add_import",
    "add_layout",
    "add_rejects",
    "add_source",
    "cell",
    "change_source",
    "claims_of",
    "close_import",
    "copy_tables",
    "count_by_source",
    "count_records",
    "count_rejects",
    "database",
    "decide_full",
    "earlier_counts",
    "families_to_recall",
    "find_delivery",
    "find_ended",
    "find_source",
    "forget_first",
    "forget_waiting",
    "get_layout",
    "get_records",
    "get_source",
    "is_protected",
    "join_parts",
    "key_words",
    "known_records",
    "last_observed",
    "layout_of",
    "list_imports",
    "list_layouts",
    "list_rejects",
    "list_sources",
    "mark_gone",
    "missing_from",
    "parts_by_name",
    "points",
    "problems",
    "read",
    "records",
    "records_of_row",
    "referred",
    "refused_files",
    "remove_records",
    "said",
    "same_rows",
    "scope_of",
    "set_key",
    "set_type",
    "stamped",
    "text",
    "texts",
    "touch_records",
    "write_ended",
    "write_first",
    "write_records",
]
