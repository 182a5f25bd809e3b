"""The register written out: CSV, JSON, Parquet. Reads in a stream, writes whole rows only.

A spreadsheet runs cells that begin with = + - @ or a control character; in CSV these get a leading
apostrophe, as OWASP advises ("CSV Injection").
"""

import csv
import io
import json
from collections.abc import Iterator
from typing import Any, BinaryIO

import sqlalchemy as sa

from muniment import mapping, register
from muniment.base.errors import Rejected
from muniment.base.home import Home

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_FIXED = ("id", "name", "type", "subtype", "state", "confidence", "sources", "version", "updated_at")
FORMATS = ("csv", "json", "parquet")


def export(connection: sa.Connection, home: Home, out: BinaryIO, form: str, asset_type: str | None = None) -> int:
    """Write every asset (of a type) to an open binary file; returns how many.

    Raises:
        Rejected: there is no such format.
    """
    if form not in FORMATS:
        raise Rejected(f"{form!r} is not a format: use one of {', '.join(FORMATS)}")
    chosen = (
        asset for asset in register.all_assets(connection, home.scope) if asset_type is None or asset.type == asset_type
    )
    if form == "json":
        return _json(chosen, out)
    known = mapping.attributes(connection)
    used = register.used_attributes(connection, home.scope)
    columns = [name for name in known if name in used]
    if form == "csv":
        return _csv(chosen, out, columns)
    return _parquet(chosen, out, [known[name] for name in columns])


def _row(asset: register.Asset) -> dict[str, Any]:
    return {
        "id": str(asset.id),
        "name": asset.name,
        "type": asset.type,
        "subtype": asset.subtype,
        "state": asset.state,
        "confidence": asset.confidence,
        "sources": list(asset.sources),
        "version": asset.version,
        "updated_at": asset.updated_at.isoformat(),
    }


def _json(assets: Iterator[register.Asset], out: BinaryIO) -> int:
    count = 0
    out.write(b"[")
    for asset in assets:
        body = {**_row(asset), "values": asset.values, "provenance": asset.provenance}
        text = json.dumps(body, ensure_ascii=False)
        out.write((",\n" if count else "\n").encode() + text.encode())
        count += 1
    out.write(b"\n]\n")
    return count


def _csv(assets: Iterator[register.Asset], out: BinaryIO, columns: list[str]) -> int:
    count = 0
    text = io.TextIOWrapper(out, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(text)
    own = [column if column not in _FIXED else f"{column} (value)" for column in columns]
    writer.writerow([*_FIXED, *(_harmless(column) for column in own)])
    for asset in assets:
        row = _row(asset)
        cells = [row[name] for name in _FIXED] + [asset.values.get(name) for name in columns]
        writer.writerow([_harmless(cell) for cell in cells])
        count += 1
    text.detach()
    return count


def _harmless(value: Any) -> Any:
    """A cell that no spreadsheet runs; numbers stay numbers."""
    if isinstance(value, list):
        value = "; ".join(str(item) for item in value)
    if isinstance(value, str) and value.startswith(_FORMULA):
        return "'" + value
    if isinstance(value, bool):
        return "true" if value else "false"
    return value


_ARROW = {
    "integer": "int64",
    "size": "float64",
    "number": "float64",
    "percent": "float64",
    "money": "float64",
    "boolean": "bool",
}
_BATCH = 5_000


def _parquet(assets: Iterator[register.Asset], out: BinaryIO, columns: list[Any]) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    def kind(attribute: Any) -> pa.DataType:
        scalar = getattr(
            pa, _ARROW.get(attribute.type, "string") + ("_" if _ARROW.get(attribute.type) == "bool" else "")
        )()
        return pa.list_(scalar) if attribute.multi else scalar

    fixed = [
        pa.field("confidence", pa.float64()), pa.field("sources", pa.list_(pa.string())),
        pa.field("version", pa.int32()),
    ]  # fmt: skip
    named = {field.name: field for field in fixed}
    schema = pa.schema(
        [named.get(name, pa.field(name, pa.string())) for name in _FIXED]
        + [pa.field(f"value.{attribute.name}", kind(attribute)) for attribute in columns]
    )
    count = 0
    with pq.ParquetWriter(out, schema, compression="zstd") as writer:
        batch: list[dict[str, Any]] = []
        for asset in assets:
            values = {f"value.{a.name}": _cast(asset.values.get(a.name), a.type) for a in columns}
            batch.append({**_row(asset), **values})
            count += 1
            if len(batch) == _BATCH:
                writer.write_table(pa.Table.from_pylist(batch, schema))
                batch.clear()
        if batch:
            writer.write_table(pa.Table.from_pylist(batch, schema))
    return count


def _cast(value: Any, kind: str) -> Any:
    if value is None or isinstance(value, list):
        return value
    return float(value) if _ARROW.get(kind) == "float64" else value
