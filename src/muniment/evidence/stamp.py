"""Raw rows as the lake keeps them: numbered, with two digests of their content.

The first digest tells whether a row changed; the second keeps two rows apart whose first is equal.
"""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from muniment.base.engine import Engine

_UNIT = pa.scalar("\x1f", pa.large_string())
_RECORD = pa.scalar("\x1e", pa.large_string())


def stamped(engine: Engine, rows: pa.Table, columns: Sequence[str]) -> pa.Table:
    """Add `_row` (from 1), `_hash` and `_content` in front of raw rows.

    The digests cover the filled cells by column name, so the order of columns and new empty ones do
    not change them.
    """
    parts = [pa.array([""] * rows.num_rows, pa.large_string())]
    for name in sorted(columns):
        cells = rows[name].combine_chunks().cast(pa.large_string())
        named = pc.binary_join_element_wise(pa.scalar(name, pa.large_string()), cells, _UNIT)
        parts.append(pc.fill_null(named, pa.scalar("", pa.large_string())))
    contents = pc.binary_join_element_wise(*parts, _RECORD) if columns else parts[0]
    digests = digest(engine, contents)
    return pa.table(
        {
            "_row": pa.array(np.arange(1, rows.num_rows + 1), pa.int64()),
            "_hash": digests["hash"],
            "_content": digests["content"],
            **{name: rows[name] for name in ("_line", "_payload", *columns)},
        }
    )


def digest(engine: Engine, contents: pa.Array) -> pa.Table:
    """The sha256 (`hash`) and md5 (`content`) of each text, in its order, as hex."""
    numbered = {"n": pa.array(np.arange(len(contents)), pa.int64()), "text": contents}
    engine.register("contents", pa.table(numbered))
    return engine.rows("SELECT sha256(text) AS hash, md5(text) AS content FROM contents ORDER BY n")
