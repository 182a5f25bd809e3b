"""Which column of a file is which of another, or of the model: read with the readers of evidence, ranked by `matching`.

Called by `muniment match columns`. Knows no register, needs no home and stores nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from muniment import evidence, mapping, matching
from muniment.base.embeddings import built_in
from muniment.base.errors import Rejected

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

    from muniment.base.embeddings import Embedder

MODEL = "model"
"""The word that stands for the canonical model where a target file is asked for."""


def match_columns(
    source: Path, target: Path, ignore: Sequence[str] = (), top: int = 10, embedder: Embedder | None = None
) -> tuple[tuple[matching.ColumnMatch, ...], int]:
    """Rank the columns of a target for each column of a source; also how many rows could not be read.

    Args:
        source: any file that can be imported; of several tables in it the largest counts.
        target: another such file, or the word `model`: the attributes of the canonical model.
        ignore: columns of either file to leave out.
        top: candidates per source column.
        embedder: compares headers by their vectors too, unless it is the built-in one, which adds nothing to words.

    Raises:
        Rejected: a file cannot be read or has no columns, or no file has a column to be ignored.
    """
    to_model = str(target) == MODEL and not target.is_file()
    paths = [source] if to_model else [source, target]
    tables = [_table(path) for path in paths]
    there = {name for rows, _, _ in tables for name in rows.column_names}
    if unknown := [name for name in ignore if name not in there]:
        raise Rejected(f"no file has a column {unknown[0]!r} to ignore: there are {', '.join(sorted(there)[:30])}")
    kept = [rows.select([name for name in rows.column_names if name not in ignore]) for rows, _, _ in tables]
    for path, rows in zip(paths, kept, strict=True):
        if not rows.num_columns:
            raise Rejected(f"{path.name} has no column left to compare: ignore fewer")
    rejects = sum(rejected for _, _, rejected in tables)
    if to_model:
        return matching.match_targets(kept[0], mapping.targets(), top, table=tables[0][1]), rejects
    return matching.match_columns(kept[0], kept[1], top, _embed(embedder)), rejects


def _embed(embedder: Embedder | None) -> Callable[[Sequence[str]], npt.NDArray[np.float32]] | None:
    if embedder is None or embedder.name == built_in().name:
        return None
    return lambda texts: embedder.embed(texts).values


def _table(path: Path) -> tuple[pa.Table, str, int]:
    """The largest table of a file, in the order of its columns, its name, and how many rows could not be read."""
    if not path.is_file():
        raise Rejected(f"{path} does not exist or is no file: check the spelling")
    tables = list(evidence.read(path))
    if not tables:
        raise Rejected(f"{path.name} has no rows: nothing can be matched")
    table = max(tables, key=lambda each: int(each.rows.num_rows))
    return table.rows.select(list(table.columns)), table.tab or path.stem, len(table.rejects)
