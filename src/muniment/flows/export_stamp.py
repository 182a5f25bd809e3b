"""The stamp of an export: when it was made, of which register, and what its columns mean.

Written into the place each format has for it and read back by `read_stamp`, so that an edited
export can be told from a stranger's file. CSV and JSON lines have no place: their id and version columns tell.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

SHEET = "_muniment"
"""The hidden tab of a workbook that holds the stamp."""

_HEAD = 4096


@dataclass(frozen=True, slots=True)
class Stamp:
    """What an export says of itself.

    Attributes:
        format: such as `xlsx`.
        exported_at: when, UTC.
        fingerprint: of the register at that moment.
        tenant: whose register.
        engagement: the piece of work.
        columns: of a workbook, per tab: header -> attribute or fixed column.
    """

    format: str
    exported_at: datetime
    fingerprint: str
    tenant: str
    engagement: str
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def as_dict(self) -> dict[str, str]:
        """The stamp as plain text by name, without the columns."""
        return {
            "format": self.format,
            "exported_at": self.exported_at.isoformat(),
            "fingerprint": self.fingerprint,
            "tenant": self.tenant,
            "engagement": self.engagement,
        }


def _made(values: Mapping[str, Any]) -> Stamp | None:
    try:
        return Stamp(
            str(values["format"]),
            datetime.fromisoformat(str(values["exported_at"])),
            str(values["fingerprint"]),
            str(values["tenant"]),
            str(values["engagement"]),
        )
    except (KeyError, ValueError):
        return None


def read_stamp(path: Path) -> Stamp | None:
    """The stamp in an exported file (XLSX, JSON, Parquet); None where the file has none."""
    with path.open("rb") as handle:
        head = handle.read(_HEAD)
    if head.startswith(b"PK"):
        return _of_workbook(path)
    if head.startswith(b"PAR1"):
        import pyarrow.parquet as pq

        found = pq.read_schema(path).metadata or {}
        kept = {key.decode(): value.decode() for key, value in found.items() if key.startswith(b"muniment.")}
        return _made({key.removeprefix("muniment."): value for key, value in kept.items()})
    return _of_json(head.decode("utf-8", "ignore"))


def _of_json(head: str) -> Stamp | None:
    start = head.find('{"muniment": ')
    if start != 0:
        return None
    try:
        values, _ = json.JSONDecoder().raw_decode(head[len('{"muniment": ') :])
    except json.JSONDecodeError:
        return None
    return _made(values) if isinstance(values, dict) else None


def _of_workbook(path: Path) -> Stamp | None:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        with CalamineWorkbook.from_path(str(path)) as book:
            if SHEET not in book.sheet_names:
                return None
            rows = book.get_sheet_by_name(SHEET).to_python()
    except CalamineError:
        return None
    values: dict[str, str] = {}
    columns: dict[str, dict[str, str]] = {}
    for cells in rows:
        if len(cells) < 2:  # noqa: PLR2004 - a name and a value
            continue
        if cells[0] == "column":
            tab, header, name = (str(cell) for cell in cells[1:4])
            columns.setdefault(tab, {})[header] = name
        else:
            values[str(cells[0])] = str(cells[1])
    stamp = _made(values)
    return replace(stamp, columns=columns) if stamp else None
