"""What a rule reads of the raw rows: one text per row, joined from several columns where the rule says so.

Called by `derive` for whole tables and by `graph` for one row, so that a proof reads as the import did.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from muniment import model
from muniment.evidence.types import Rule

if TYPE_CHECKING:
    import pyarrow as pa


def cell(rule: Rule, raw: str, attributes: Mapping[str, model.Attribute]) -> model.Normalised:
    """What one text gives under a rule; the same reading as the bulk path's, without checks against other rows."""
    return model.reader(attributes[rule.attribute], rule.transform)(raw)


def said(column: str, problem: str | None) -> str | None:
    """A problem or note of a cell as it may be shown: without passwords, and nothing of a column of secrets."""
    if problem is None or not model.is_secret(column):
        return problem and model.masked(problem)
    return f"what {column} holds is not shown: it does not fit the attribute"


def text(rule: Rule, row: Mapping[str, Any]) -> str | None:
    """What a rule reads of one raw row, None where it reads nothing."""
    others, between = model.joined_columns(rule.transform)
    cells = [cell for column in (rule.column, *others) if (cell := row.get(column)) not in {None, ""}]
    if not cells:
        return "" if model.speaks_when_empty(rule.transform) else None
    return between.join(str(cell) for cell in cells)


def texts(rows: pa.Table, rule: Rule) -> pa.Array:
    """What a rule reads of each raw row; null where it reads nothing."""
    import pyarrow as pa
    import pyarrow.compute as pc

    others, between = model.joined_columns(rule.transform)
    cells = rows[rule.column].combine_chunks()
    there = [rows[column].combine_chunks() for column in others if column in rows.column_names]
    if there:
        filled = [pc.if_else(pc.equal(column, ""), None, column) for column in (cells, *there)]
        whole = pc.binary_join_element_wise(*filled, between, null_handling="skip")
        cells = pc.if_else(pc.equal(whole, ""), None, whole)
    if model.speaks_when_empty(rule.transform):
        cells = pc.fill_null(cells, "")
    return cells.cast(pa.string())


def referred(rows: pa.Table, rule: Rule) -> dict[str, frozenset[str]]:
    """The cells, folded, of the columns that a rule's checks refer to."""
    import pyarrow.compute as pc

    return {
        column: frozenset(
            cell.strip().casefold() for cell in pc.unique(rows[column].combine_chunks()).to_pylist() if cell
        )
        for column in model.referred_columns(rule.transform)
        if column in rows.column_names
    }
