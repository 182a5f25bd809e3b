"""Assets as an Arrow table: one row each, a typed column per attribute.

`export` writes these as Parquet, the Python API hands them out. Imports Arrow only when asked for a table.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from muniment import model, register

if TYPE_CHECKING:
    import pyarrow as pa

FIXED = ("id", "name", "type", "subtype", "state", "confidence", "sources", "version", "updated_at")
"""What every asset has beside its values."""

_ARROW = {
    "integer": "int64",
    "size": "float64",
    "number": "float64",
    "percent": "float64",
    "money": "float64",
    "boolean": "bool_",
}


def row(asset: register.Asset) -> dict[str, Any]:
    """What an asset has beside its values, as plain types."""
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


def schema(attributes: Sequence[model.Attribute], fixed: Sequence[str] = FIXED) -> pa.Schema:
    """The columns of such a table: `fixed`, then `value.NAME` for each attribute, lists where it may be many."""
    import pyarrow as pa

    def kind(attribute: model.Attribute) -> pa.DataType:
        scalar = getattr(pa, _ARROW.get(attribute.type, "string"))()
        return pa.list_(scalar) if attribute.multi else scalar

    named = {"confidence": pa.float64(), "sources": pa.list_(pa.string()), "version": pa.int32()}
    return pa.schema(
        [pa.field(name, named.get(name, pa.string())) for name in fixed]
        + [pa.field(f"value.{attribute.name}", kind(attribute)) for attribute in attributes]
    )


def as_table(
    assets: Sequence[register.Asset], attributes: Sequence[model.Attribute], fixed: Sequence[str] = FIXED
) -> pa.Table:
    """The assets as a table of that schema; sizes, numbers and shares are float64, in the attribute's unit."""
    import pyarrow as pa

    rows = [
        {**row(asset), **{f"value.{a.name}": _cast(asset.values.get(a.name), a.type) for a in attributes}}
        for asset in assets
    ]
    return pa.Table.from_pylist(rows, schema(attributes, fixed))


def _cast(value: Any, kind: str) -> Any:
    if value is None or isinstance(value, list):
        return value
    return float(value) if _ARROW.get(kind) == "float64" else value
