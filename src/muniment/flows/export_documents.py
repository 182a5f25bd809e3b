"""Exports for programs: JSON, JSON lines, Parquet. Values keep their types and lists.

Called by `export`; writes asset by asset, or in batches of 5,000 rows for Parquet.
"""

import itertools
import json
from typing import Any, BinaryIO

from muniment import register
from muniment.flows import tabulate
from muniment.flows.export_columns import Column, Content


def _body(asset: register.Asset, columns: list[Column]) -> dict[str, Any]:
    fixed = {column.name: column.of(asset) for column in columns if column.attribute is None}
    chosen = [column.name for column in columns if column.attribute is not None and column.name in asset.values]
    return {
        **fixed,
        "values": {name: asset.values[name] for name in chosen},
        "provenance": {name: asset.provenance[name] for name in chosen},
    }


def write_json(content: Content, out: BinaryIO) -> int:
    """One object: the stamp under `muniment`, then the list `assets`; returns how many."""
    count = 0
    out.write(b'{"muniment": ' + json.dumps(content.stamp.as_dict(), ensure_ascii=False).encode() + b',\n"assets": [')
    for asset in content.assets:
        text = json.dumps(_body(asset, content.columns), ensure_ascii=False)
        out.write((",\n" if count else "\n").encode() + text.encode())
        count += 1
    out.write(b"\n]}\n")
    return count


def write_jsonl(content: Content, out: BinaryIO) -> int:
    """One asset a line; returns how many."""
    count = 0
    for asset in content.assets:
        out.write(json.dumps(_body(asset, content.columns), ensure_ascii=False).encode() + b"\n")
        count += 1
    return count


_BATCH = 5_000


def write_parquet(content: Content, out: BinaryIO) -> int:
    """One table, values as `value.<attribute>`; the stamp is in the metadata. Returns how many rows."""
    import pyarrow.parquet as pq

    fixed = [column.name for column in content.columns if column.attribute is None]
    attributes = [column.attribute for column in content.columns if column.attribute is not None]
    metadata = {f"muniment.{key}": value for key, value in content.stamp.as_dict().items()}
    count = 0
    with pq.ParquetWriter(
        out, tabulate.schema(attributes, fixed).with_metadata(metadata), compression="zstd"
    ) as writer:
        while batch := list(itertools.islice(content.assets, _BATCH)):
            writer.write_table(tabulate.as_table(batch, attributes, fixed))
            count += len(batch)
    return count
