"""Which rows of one or two files are one thing: read with the readers of evidence, answered by `matching`.

Called by `muniment match records`. Knows no register, needs no home and stores nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from muniment import evidence, matching
from muniment.base.errors import NotFound, Rejected

if TYPE_CHECKING:
    import pyarrow as pa

_YES = frozenset(("true", "yes", "y", "1", "same", "match"))
_NO = frozenset(("false", "no", "n", "0", "different", "no match"))


@dataclass(frozen=True, slots=True)
class LinkedTables:
    """What was found in the rows of one or two files.

    Attributes:
        found: the pairs.
        tables: the rows that were compared, columns to be ignored left out; one table, or left and right.
        rejects: how many rows could not be read; they are empty in the tables, so that row numbers hold.
        threshold: the probability from which a pair is a match.
    """

    found: matching.Matched
    tables: Sequence[pa.Table]
    rejects: int
    threshold: float

    def row(self, side: int, number: int) -> dict[str, str | None]:
        """What a row of the left (0) or right (1) file says, by column."""
        cells: dict[str, object] = self.tables[side * (len(self.tables) - 1)].slice(number, 1).to_pylist()[0]
        return {name: None if cell is None else str(cell) for name, cell in cells.items()}


def match_records(
    left: Path,
    right: Path | None = None,
    ignore: Sequence[str] = (),
    threshold: float = 0.5,
    *,
    judgements: Path | None = None,
    also: Sequence[tuple[int, int]] = (),
    every: bool = False,
) -> LinkedTables:
    """Find the rows of two files, or of one, that are one thing.

    Args:
        left: any file that can be imported; of several tables in it the largest counts.
        right: the file to link it to; None finds duplicates within `left`.
        ignore: columns of either file to leave out.
        threshold: pairs below this probability are no match, and not given.
        judgements: a file of columns left_row, right_row and same: what a person said of pairs. It holds, and all
            other pairs are weighed anew by it.
        also: pairs to weigh even where they share too little to be candidates.
        every: give all candidates, whatever their probability.

    Raises:
        Rejected: a file cannot be read or is empty, no file has a column to be ignored, or a row is not there.
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
    try:
        found = matching.match_records(
            kept[0],
            kept[1] if right is not None else None,
            threshold=0.0 if every else threshold,
            verdicts={} if judgements is None else _verdicts(judgements, within=right is None),
            also=also,
        )
    except IndexError as error:
        raise Rejected(f"{error}; the header is not counted") from error
    return LinkedTables(found, kept, sum(rejects for _, rejects in tables), threshold)


def records_to_ask(linked: LinkedTables, count: int) -> list[int]:
    """Positions, in `linked.found`, of the pairs whose verdict teaches most; `linked` must hold every candidate."""
    import numpy as np

    found = linked.found
    open_ = np.flatnonzero(found.told == 0)
    first = linked.tables[0].num_rows
    other = found.right if found.clusters is not None else found.right + first
    size = first if found.clusters is not None else first + linked.tables[1].num_rows
    told = matching.most_telling(
        found.left[open_],
        other[open_],
        found.probability[open_],
        count,
        clusters=np.arange(size) if found.clusters is None else found.clusters,
        patterns=found.patterns()[open_],
    )
    return [int(place) for place in open_[told]]


def explain_records(linked: LinkedTables, one: int, other: int) -> matching.Waterfall:
    """Why two rows match or not; `linked` must hold every candidate, and this pair among `also`."""
    try:
        return matching.explain_rows(
            linked.found, (one, other), (linked.row(0, one), linked.row(1, other)), linked.threshold
        )
    except LookupError as error:
        raise NotFound(f"{error}: no column says anything of both") from error


def _verdicts(path: Path, *, within: bool) -> dict[tuple[int, int], bool]:
    """What a person said of pairs; rows without a verdict are left out."""
    rows, _ = _table(path)
    names = {name.strip().casefold(): name for name in rows.column_names}
    if missing := [name for name in ("left_row", "right_row", "same") if name not in names]:
        raise Rejected(f"{path.name} has no column {missing[0]}: judgements have left_row, right_row and same")
    columns = (rows[names[name]].to_pylist() for name in ("left_row", "right_row", "same"))
    found: dict[tuple[int, int], bool] = {}
    for place, (one, other, same) in enumerate(zip(*columns, strict=True)):
        word = str(same if same is not None else "").strip().casefold()
        if not word:
            continue
        if word not in _YES | _NO:
            raise Rejected(f"row {place} of {path.name} says {same!r}: say yes or no under `same`, or nothing")
        try:
            left, right = int(str(one).strip()), int(str(other).strip())
        except ValueError as error:
            raise Rejected(f"row {place} of {path.name} has no row numbers in left_row and right_row") from error
        pair = (min(left, right), max(left, right)) if within else (left, right)
        if found.setdefault(pair, word in _YES) != (word in _YES):
            raise Rejected(f"{path.name} says yes and no of rows {left} and {right}: keep one of the two")
    return found


def _table(path: Path) -> tuple[pa.Table, int]:
    """The largest table of a file, and how many rows could not be read: those are empty here, so that numbers hold."""
    import pyarrow as pa

    if not path.is_file():
        raise Rejected(f"{path} does not exist or is no file: check the spelling")
    tables = list(evidence.read(path))
    if not tables:
        raise Rejected(f"{path.name} has no rows: nothing can be matched")
    table = max(tables, key=lambda each: int(each.rows.num_rows))
    rows = table.rows.select(["_line", *table.columns])
    lost = sorted({one.line for one in table.rejects if one.line is not None and one.column is None})
    if lost:
        empty = pa.table({"_line": pa.array(lost, rows.schema.field("_line").type)})
        rows = pa.concat_tables([rows, empty], promote_options="default").sort_by("_line")
    return rows.select(list(table.columns)), len(lost)
