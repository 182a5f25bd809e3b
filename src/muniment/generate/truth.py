"""Writes and reads what is true about an estate: the files in its `truth` folder.

Called by `write.py`, by the benchmark and by tests. The truth never says how a value should be found.
"""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from muniment.base.errors import Rejected
from muniment.generate.dirt import GROUPS
from muniment.generate.types import (
    Ceiling,
    Claim,
    ColumnTruth,
    Dependency,
    RowTruth,
    Truth,
    Value,
)

FOLDER = "truth"
_MARK = ".no-import"
"""Keeps the folder out of an import of the estate's."""
_MARK_TEXT = "What is true about this estate, no export of it: an import of the folder above leaves it out.\n"
_NUMBERS = frozenset({
    "cpu_count", "cpu_cores", "cpu_sockets", "cpu_speed_mhz", "memory_mib", "storage_gib",
    "storage_used_gib", "disk_count", "nic_count", "cpu_usage_percent", "memory_usage_percent",
    "uptime_days", "purchase_cost",
})  # fmt: skip
_LISTS = frozenset({
    "hostname", "fqdn", "ip_address", "management_ip", "mac_address", "serial", "uuid", "asset_tag",
    "cloud_id", "vm_id", "network", "subnet", "vlan", "security_group", "application", "depends_on",
})  # fmt: skip


def write(
    folder: Path, truth: Truth, ceiling: Iterable[Ceiling], *, claims: bool = True
) -> tuple[tuple[str, int], ...]:
    """Write the files, the claims only where asked; returns each one's name and number of rows."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _MARK).write_text(_MARK_TEXT, encoding="utf-8", newline="\n")
    leading = [name for names in GROUPS.values() for name in names if "@" not in name]
    present = {attribute for values in truth.assets.values() for attribute in values}
    rest = sorted(present - set(leading) - {"asset_type", "subtype"})
    attributes = ["asset_type", "subtype", *(one for one in leading if one in present), *rest]
    assets = [
        (asset, *(spell(values.get(attribute, "")) for attribute in attributes))
        for asset, values in sorted(truth.assets.items())
    ]
    said = [(*one[:6], spell(one.value), int(one.correct), one.kind) for one in truth.claims]
    shares = [(one.attribute or "(all)", *one[1:5], f"{one.majority:.4f}") for one in ceiling]
    return (
        _table(folder, "assets.csv", ("asset", *attributes), assets),
        _table(folder, "rows.csv", RowTruth._fields, truth.rows),
        _table(folder, "columns.csv", ColumnTruth._fields, truth.columns),
        *((_table(folder, "claims.csv", Claim._fields, said),) if claims else ()),
        _table(folder, "dependencies.csv", Dependency._fields, truth.dependencies),
        _table(folder, "ceiling.csv", Ceiling._fields, shares),
    )


def read(folder: Path) -> Truth:
    """Read an estate's truth.

    Arguments:
        folder: the estate's folder (the one above "truth"); no claims where claims.csv was left out.

    Raises:
        Rejected: there is no truth in it.
    """
    place = folder / FOLDER
    if not (place / "assets.csv").is_file():
        raise Rejected(f"{folder} has no {FOLDER}/assets.csv: make an estate there with `muniment generate`.")
    assets: dict[str, dict[str, Value]] = {
        row["asset"]: {
            attribute: understand(attribute, text) for attribute, text in row.items() if text and attribute != "asset"
        }
        for row in _rows(place / "assets.csv")
    }
    claims = tuple(
        Claim(
            row["asset"], row["attribute"], row["source"], row["file"], row["tab"], int(row["row"]),
            understand(row["attribute"], row["value"]) if row["value"] else "",
            row["correct"] == "1", row["kind"],
        )
        for row in _rows(place / "claims.csv")
    )  # fmt: skip
    return Truth(
        assets,
        claims,
        tuple(RowTruth(row["file"], row["tab"], int(row["row"]), row["asset"]) for row in _rows(place / "rows.csv")),
        tuple(ColumnTruth(**row) for row in _rows(place / "columns.csv")),
        tuple(Dependency(**row) for row in _rows(place / "dependencies.csv")),
    )


def spell(value: Value) -> str:
    """A canonical value as it stands in a truth file; several are joined by "|"."""
    return "|".join(value) if isinstance(value, tuple) else str(value)


def understand(attribute: str, text: str) -> Value:
    """The canonical value that `spell` wrote."""
    if attribute in _LISTS:
        return tuple(text.split("|"))
    if attribute in _NUMBERS:
        return float(text) if "." in text else int(text)
    return text


def _table(folder: Path, name: str, header: Sequence[str], rows: Iterable[Iterable[object]]) -> tuple[str, int]:
    """Write one file."""
    with (folder / name).open("w", encoding="utf-8", newline="") as stream:
        out = csv.writer(stream, lineterminator="\n")
        out.writerow(header)
        listed = list(rows)
        out.writerows(listed)
    return name, len(listed)


def _rows(path: Path) -> Iterable[dict[str, str]]:
    """The rows of one file; none where it was left out."""
    if not path.is_file():
        return
    with path.open(encoding="utf-8", newline="") as stream:
        yield from csv.DictReader(stream)
