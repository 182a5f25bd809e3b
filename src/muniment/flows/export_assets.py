"""The register written out, in a stream: what to write, to which format, and what had to be left out.

Called by the doors with an open binary file. The formats themselves are in `export_tables`,
`export_documents` and `export_migration`; nothing here changes the register.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

import sqlalchemy as sa

from muniment import mapping, register
from muniment.base import clock
from muniment.base.errors import Rejected
from muniment.base.home import Home
from muniment.flows.export_columns import Column, Content, harmless
from muniment.flows.export_documents import write_json, write_jsonl, write_parquet
from muniment.flows.export_migration import LAYOUTS, LeftOut, write_layout
from muniment.flows.export_stamp import Stamp
from muniment.flows.export_tables import write_csv, write_xlsx
from muniment.flows.tabulate import FIXED

_WRITERS = {
    "csv": write_csv,
    "xlsx": write_xlsx,
    "json": write_json,
    "jsonl": write_jsonl,
    "parquet": write_parquet,
}
FORMATS = (*_WRITERS, *LAYOUTS)
"""Every format that `export` writes."""

_SERVERS = ("server", "virtual_machine")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to export.

    Attributes:
        format: one of `FORMATS`.
        query: which assets; its order and limit do not count.
        columns: attributes (or fixed columns such as `state`) to write, in this order; all that have a value when
            empty. The id and the version are always written.
    """

    format: str = "csv"
    query: register.Query = field(default_factory=register.Query)
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written, and which servers a migration format could not take."""

    count: int
    left_out: Mapping[str, int] = field(default_factory=dict)
    examples: tuple[LeftOut, ...] = ()


def export(connection: sa.Connection, home: Home, out: BinaryIO, wanted: Wanted) -> Exported:
    """Write the assets asked for to an open binary file.

    Raises:
        Rejected: there is no such format or column.
    """
    if wanted.format not in FORMATS:
        raise Rejected(f"{wanted.format!r} is not a format: use one of {', '.join(FORMATS)}")
    known = mapping.attributes(connection)
    unknown = [name for name in wanted.columns if name not in {*known, *FIXED}]
    if unknown:
        raise Rejected(f"no attribute is called {', '.join(unknown)}: `muniment model` lists them")
    assets = register.all_assets(connection, home.scope, wanted.query)
    if wanted.format in LAYOUTS:
        if wanted.columns:
            raise Rejected(f"the columns of {wanted.format} are fixed by who reads it: leave out --columns")
        servers = (asset for asset in assets if asset.type in _SERVERS and asset.state != "retired")
        return Exported(*write_layout(servers, out, LAYOUTS[wanted.format]))
    used = register.filled(connection, home.scope, wanted.query)
    columns = {kind: _columns(known, set(names), wanted.columns) for kind, names in used.items()}
    everything = _columns(known, {name for names in used.values() for name in names}, wanted.columns)
    stamp = Stamp(
        wanted.format,
        clock.now(),
        register.fingerprint(connection, home.scope),
        home.scope.tenant,
        home.scope.engagement,
    )
    return Exported(_WRITERS[wanted.format](Content(assets, everything, columns, stamp), out))


def _columns(known: Mapping[str, object], used: set[str], asked: tuple[str, ...]) -> list[Column]:
    attributes: dict[str, Column] = {name: Column(name, _header(name), attribute) for name, attribute in known.items()}
    fixed = {name: Column(name, name, None) for name in FIXED}
    if not asked:
        return [*fixed.values(), *(column for name, column in attributes.items() if name in used)]
    chosen = [fixed[name] if name in fixed else attributes[name] for name in asked if name not in {"id", "version"}]
    return [fixed["id"], *chosen, fixed["version"]]


def _header(name: str) -> str:
    return str(harmless(f"{name} (value)" if name in FIXED else name))
