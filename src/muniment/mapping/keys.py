"""What identifies a row of a layout, and what its rows are unless they say so themselves.

Called by the mapping phase for a new layout; the choice is kept with the layout and printed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from muniment import model
from muniment.mapping.kinds import FILE_COLUMN, Tab
from muniment.mapping.types import ColumnMapping

if TYPE_CHECKING:
    import pyarrow as pa

_KEY_ATTRIBUTES = (
    "source_id", "cloud_id", "uuid", "vm_id", "asset_tag", "application_id", "serial", "fqdn", "hostname",
    "name",
)  # fmt: skip
_NATIVE = {"source_id", "cloud_id", "application_id"}
_NATIVE_DISTINCT = 0.95
"""A native id may repeat on rows that the tool wrote twice; others must be unique."""


def choose_key(rows: pa.Table, mappings: Sequence[ColumnMapping], tab: Tab) -> tuple[tuple[str, ...], str]:
    """The key columns of a layout and the reason, in words; no columns where none will do.

    Args:
        rows: raw rows, one text column per name.
        mappings: what the columns mean.
        tab: what the kind knows about this tab.
    """
    by_lower = {name.strip().lower(): name for name in rows.column_names}
    for columns in tab.keys:
        found = [by_lower[column] for column in columns if column in by_lower]
        if len(found) == len(columns) and all(rows[name].null_count < rows.num_rows for name in found):
            return tuple(found), "known for this kind of source"
    if FILE_COLUMN in by_lower:
        return (FILE_COLUMN,), "known for this kind of source"
    for attribute in _KEY_ATTRIBUTES:
        for mapping in mappings:
            if mapping.applied and mapping.attribute == attribute:
                least = _NATIVE_DISTINCT if attribute in _NATIVE else 1.0
                if _distinct(rows, mapping.column) >= least:
                    return (mapping.column,), f"{model.attribute(attribute).label} is unique and never empty"
    return (), "no column is unique: what identifies each row, else its content"


def _distinct(rows: pa.Table, column: str) -> float:
    import pyarrow.compute as pc

    cells = rows[column]
    if rows.num_rows == 0 or cells.null_count:
        return 0.0
    return float(pc.count_distinct(pc.utf8_lower(pc.utf8_trim_whitespace(cells))).as_py() / rows.num_rows)


_MACHINE_SIGNS = {
    "hostname", "fqdn", "ip_address", "mac_address", "os", "cpu_count", "memory_mib", "serial", "uuid",
    "power_state",
}  # fmt: skip


def infer_type(name: str, tab: Tab, mappings: Sequence[ColumnMapping]) -> tuple[str | None, bool]:
    """The type of rows that do not say theirs, and whether the kind states it or it is a guess."""
    if tab.asset_type:
        return tab.asset_type, True
    return _guess_type(name, mappings), False


def _guess_type(name: str, mappings: Sequence[ColumnMapping]) -> str | None:
    """A type from the name of tab or file, else from what the columns mean."""
    for word in (
        name,
        *reversed(name.replace("-", " ").replace("_", " ").replace(".", " ").split()),
    ):
        found = model.asset_type_of(word)
        if found is not None and found[0] != "other":
            return found[0]
    has = {mapping.attribute for mapping in mappings if mapping.applied}
    if has & {"database_name", "database_engine", "database_version"} and not has & {
        "memory_mib",
        "mac_address",
    }:
        return "database"
    if "licence_key" in has or "licence_count" in has:
        return "licence"
    if len(has & _MACHINE_SIGNS) > 1 or "hostname" in has:
        return "server"
    return None
