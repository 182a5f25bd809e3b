"""The register written out: CSV, JSON, Parquet. Reads in a stream, writes whole rows only.

A spreadsheet runs cells that begin with = + - @ or a control character; in CSV these get a leading
apostrophe, as OWASP advises ("CSV Injection").
"""

import csv
import io
import itertools
import json
from collections.abc import Iterator
from typing import Any, BinaryIO

import sqlalchemy as sa

from muniment import mapping, model, register
from muniment.base.errors import Rejected
from muniment.base.home import Home
from muniment.flows import tabulate

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
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


def _json(assets: Iterator[register.Asset], out: BinaryIO) -> int:
    count = 0
    out.write(b"[")
    for asset in assets:
        body = {**tabulate.row(asset), "values": asset.values, "provenance": asset.provenance}
        text = json.dumps(body, ensure_ascii=False)
        out.write((",\n" if count else "\n").encode() + text.encode())
        count += 1
    out.write(b"\n]\n")
    return count


def _csv(assets: Iterator[register.Asset], out: BinaryIO, columns: list[str]) -> int:
    count = 0
    text = io.TextIOWrapper(out, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(text)
    own = [column if column not in tabulate.FIXED else f"{column} (value)" for column in columns]
    writer.writerow([*tabulate.FIXED, *(_harmless(column) for column in own)])
    for asset in assets:
        row = tabulate.row(asset)
        cells = [row[name] for name in tabulate.FIXED] + [asset.values.get(name) for name in columns]
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


_BATCH = 5_000


def _parquet(assets: Iterator[register.Asset], out: BinaryIO, columns: list[model.Attribute]) -> int:
    import pyarrow.parquet as pq

    count = 0
    with pq.ParquetWriter(out, tabulate.schema(columns), compression="zstd") as writer:
        while batch := list(itertools.islice(assets, _BATCH)):
            writer.write_table(tabulate.as_table(batch, columns))
            count += len(batch)
    return count
