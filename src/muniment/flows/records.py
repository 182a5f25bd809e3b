"""Which rows of one or two files are one thing: read with the readers of evidence, answered by `matching`.

Called by `muniment match records`. Knows no register, needs no home and stores nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from muniment import evidence, matching
from muniment.base.errors import Rejected

if TYPE_CHECKING:
    import pyarrow as pa


def match_records(
    left: Path, right: Path | None = None, ignore: Sequence[str] = (), threshold: float = 0.5
) -> tuple[matching.Matched, int]:
    """Find the rows of two files, or of one, that are one thing; also how many rows could not be read.

    Args:
        left: any file that can be imported; of several tables in it the largest counts.
        right: the file to link it to; None finds duplicates within `left`.
        ignore: columns of either file to leave out.
        threshold: pairs below this probability are not given.

    Raises:
        Rejected: a file cannot be read or is empty, or no file has a column to be ignored.
    """
    paths = [left] if right is None else [left, right]
    tables = [_table(path) for path in paths]
    there = {name for rows, _ in tables for name in rows.column_names}
    if unknown := [name for name in ignore if name not in there]:
        raise Rejected(f"no file has a column {unknown[0]!r} to ignore: there are {', '.join(sorted(there)[:30])}")
    kept = [rows.select([name for name in rows.column_names if name not in ignore]) for rows, _ in tables]
    for path, rows in zip(paths, kept, strict=True):
        if not rows.num_columns:
            raise Rejected(f"{path.name} has no column left to compare: ignore fewer")
    found = matching.match_records(kept[0], kept[1] if right is not None else None, threshold=threshold)
    return found, sum(rejects for _, rejects in tables)


def _table(path: Path) -> tuple[pa.Table, int]:
    """The largest table of a file, in the order of its columns, and how many rows could not be read."""
    if not path.is_file():
        raise Rejected(f"{path} does not exist or is no file: check the spelling")
    tables = list(evidence.read(path))
    if not tables:
        raise Rejected(f"{path.name} has no rows: nothing can be matched")
    table = max(tables, key=lambda each: int(each.rows.num_rows))
    return table.rows.select(list(table.columns)), len(table.rejects)
