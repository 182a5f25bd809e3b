"""What every format of an export shares: the columns, an asset's cells, and cells that no spreadsheet runs.

A spreadsheet runs cells that begin with = + - @ or a control character; these get a leading
apostrophe, as OWASP advises ("CSV Injection"). Called by the writers and by `export`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from muniment import model, register
from muniment.flows import tabulate

if TYPE_CHECKING:
    from muniment.flows.export_stamp import Stamp

RUN = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a spreadsheet takes for the beginning of a formula."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: a fixed one, or the values of an attribute."""

    name: str
    header: str
    attribute: Any

    def of(self, asset: register.Asset) -> Any:
        """The cell of an asset, as JSON knows it."""
        if self.attribute is not None:
            return asset.values.get(self.name)
        return tabulate.row(asset)[self.name]

    @property
    def label(self) -> str:
        """The header for people, with the unit."""
        if not isinstance(self.attribute, model.Attribute):
            return LABELS[self.name]
        unit = self.attribute.unit
        return f"{self.attribute.label} ({unit})" if unit else self.attribute.label


LABELS = {
    "id": "Asset id",
    "name": "Asset",
    "type": "Type",
    "subtype": "Kind",
    "state": "State",
    "confidence": "Confidence",
    "sources": "Sources",
    "version": "Version",
    "updated_at": "Updated (UTC)",
}


@dataclass(frozen=True, slots=True)
class Content:
    """What a writer gets: assets in a stream, the columns of all and of each type, and the stamp."""

    assets: Iterator[register.Asset]
    columns: list[Column]
    by_type: Mapping[str, list[Column]]
    stamp: "Stamp"


def text(value: Any) -> Any:
    """A cell of a table: lists joined, booleans as words; the rest as it is."""
    if isinstance(value, list):
        return "; ".join(str(text(item)) for item in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return value


def harmless(value: Any) -> Any:
    """A cell that no spreadsheet runs; numbers stay numbers."""
    shown = text(value)
    return "'" + shown if isinstance(shown, str) and shown.startswith(RUN) else shown
