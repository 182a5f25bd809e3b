"""An asset added by hand: the person is a source, and what they enter is evidence like any other.

Called by the doors. One act: a raw row in the lake, an import, a record; identity decides whether it is a new
asset or one that is known. `undo` withdraws it.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa

from muniment import evidence, identity, mapping, memory, model, register
from muniment.base import clock, ids, jobs
from muniment.base.engine import Engine
from muniment.base.errors import Rejected
from muniment.base.home import Home
from muniment.flows import derive
from muniment.flows.change import Changed, carry_out
from muniment.flows.progress import Progress, quiet
from muniment.flows.resolutions import read_value

if TYPE_CHECKING:
    import pyarrow as pa

KIND = "person"
TAB = "by hand"
_NAMES = "hostname, name, serial, uuid, asset_tag, cloud_id"
_MOST = 5


@dataclass(frozen=True, slots=True)
class Added:
    """What adding an asset did.

    `asset` is what the entry is part of now (None where it was only tried), `linked` whether that existed before.
    `alike` are other assets that bear one of its identifiers or names.
    """

    changed: Changed
    asset: register.Asset | None
    linked: bool
    alike: tuple[register.Recalled, ...]


@dataclass(slots=True)
class _Entry:
    """What is written on the way: the record that the entry became, and who was alike before."""

    record: UUID | None = None
    alike: list[register.Recalled] = field(default_factory=list)


def add_asset(
    home: Home,
    asset_type: str,
    values: Mapping[str, str],
    *,
    reason: str = "",
    dry_run: bool = False,
    progress: Progress = quiet,
) -> Added:
    """Add an asset by hand.

    Args:
        home: whose register.
        asset_type: what it is, such as `server`.
        values: attribute -> what a cell would say.
        reason: why, for whoever reads it later.
        dry_run: say what would change, keep nothing.
        progress: is told for whom the command waits.

    Raises:
        Rejected: nothing names the thing, a value is none of its attribute's, or the person added it before.
    """
    entry = _Entry()
    entered = {**values, "asset_type": asset_type}

    def act(connection: sa.Connection, bulk: Engine) -> UUID:
        known = mapping.attributes(connection)
        read = {name: read_value(known, name, text) for name, text in entered.items()}
        named = {name: given for name, given in read.items() if known[name].role != "none"}
        if not named:
            raise Rejected(f"nothing names the thing: set one of {_NAMES}, or another name or address")
        entry.alike = _alike(connection, home, named)
        source = _source(connection, home)
        layout = _layout(connection, home, source, entered)
        delivery = _deliver(connection, home, bulk, layout, entered)
        counts = derive.derive_import(connection, home, bulk, delivery, known, guarded=False)
        if not counts["new"]:
            raise Rejected(f"{_first(named)} was added by {source.name} before: `muniment edit` changes it")
        evidence.close_import(connection, delivery.id, "done", {})
        (key,) = bulk.rows("SELECT source_key FROM derived")["source_key"].to_pylist()
        records = evidence.known_records(connection, home.scope, source.id)
        entry.record = UUID(dict(zip(records["source_key"].to_pylist(), records["id"].to_pylist(), strict=True))[key])
        what = f"added {_first(named)} ({model.asset_types()[str(read['asset_type'][0])].label.lower()})"
        return memory.add_act(connection, home.scope, "add", what, reason, details={"imports": [str(delivery.id)]})

    payload = {"type": asset_type, "attributes": sorted(values), "reason": reason}
    changed = carry_out(home, "asset.added", act, payload, progress, dry_run=dry_run)
    if dry_run or entry.record is None:
        linked = changed.difference is not None and not changed.difference.created
        return Added(changed, None, linked, tuple(entry.alike))
    with home.scope.transaction() as connection:
        made = identity.asset_of_record(connection, entry.record)
        asset = register.get(connection, home.scope, made) if made else None
    others = tuple(one for one in entry.alike if asset is None or one.id != asset.id)
    return Added(changed, asset, asset is not None and asset.record_count > 1, others)


def _first(named: Mapping[str, tuple[model.Scalar, ...]]) -> str:
    for name in ("hostname", "name", "fqdn", *named):
        if named.get(name):
            return str(named[name][0])
    return ""


def _alike(
    connection: sa.Connection, home: Home, named: Mapping[str, tuple[model.Scalar, ...]]
) -> list[register.Recalled]:
    """The assets that bear one of the identifiers or names now, at most 5."""
    wanted = [(0, name, str(value)) for name, several in named.items() for value in several]
    found = register.bearers(connection, home.scope, wanted).get(0, {})
    chosen = sorted({asset for assets in found.values() for asset in assets})[:_MOST]
    return list(register.assets_now(connection, home.scope, chosen).values())


def _source(connection: sa.Connection, home: Home) -> evidence.Source:
    """The source that the person is; one of another kind that bears the name stays what it is."""
    actor = home.scope.actor
    for name in (actor, f"{actor} (by hand)"):
        found = evidence.find_source(connection, name)
        if found is None:
            return evidence.add_source(connection, home.scope, name, KIND)
        if found.kind == KIND:
            return found
    raise Rejected(f"sources called {actor!r} and '{actor} (by hand)' are no people: set MUNIMENT_ACTOR")


def _layout(
    connection: sa.Connection, home: Home, source: evidence.Source, entered: Mapping[str, str]
) -> evidence.Layout:
    """The layout of an entry with these attributes; all entries of a person are one family."""
    columns = tuple(sorted(entered))
    header = evidence.layout_of(_table(entered))
    for known in evidence.list_layouts(connection, source.id):
        if (known.tab, known.header_hash) == (TAB, header):
            return known
    layout = evidence.Layout(
        ids.new(), source.id, TAB, header, uuid.uuid5(source.id, TAB), columns, "hand", None, (),
        "what identifies the thing", detail=False, type_stated=False,
    )  # fmt: skip
    evidence.add_layout(connection, home.scope, layout)
    mapping.declare(connection, home.scope, layout.id, {name: entered[name] for name in columns})
    return layout


def _rows(entered: Mapping[str, str]) -> pa.Table:
    import pyarrow as pa

    cells = {name: pa.array([entered[name]], pa.string()) for name in sorted(entered)}
    return pa.table({"_line": pa.array([1], pa.int64()), "_payload": pa.array([None], pa.string()), **cells})


def _table(entered: Mapping[str, str]) -> evidence.Table:
    return evidence.Table(TAB, TAB, "hand", {}, tuple(sorted(entered)), _rows(entered), (), None)


def _deliver(
    connection: sa.Connection, home: Home, bulk: Engine, layout: evidence.Layout, entered: Mapping[str, str]
) -> evidence.Import:
    """The raw row in the lake and the import that brought it."""
    import hashlib

    rows, now = _rows(entered), clock.now()
    place = f"raw/{home.scope.tenant_id}/{now:%Y-%m}/{ids.new()}.parquet"
    stamped = evidence.stamped(bulk, rows, layout.columns)
    sha256 = hashlib.sha256("\x1f".join(f"{name}={entered[name]}" for name in layout.columns).encode()).hexdigest()
    home.lake.write(place, stamped, {"sha256": sha256, "file": TAB})
    flow = jobs.begin(connection, home.scope, "add", {"attributes": list(layout.columns)})
    jobs.finish(connection, flow, "done", {})
    delivery = evidence.Import(
        id=ids.new(), flow_id=flow, source_id=layout.source_id, layout_id=layout.id, file=f"added {TAB}", tab=TAB,
        sha256=sha256, size=sum(map(len, entered.values())), format="hand", details={"kind": KIND, "path": ""},
        full=False, full_reason="one thing, entered by hand", scope={}, waiting=None, observed_at=now, status="read",
        counts={"rows": 1, "rejected": 0, "joined": 0}, lake_path=place, actor=home.scope.actor, started_at=now,
        finished_at=None,
    )  # fmt: skip
    evidence.add_import(connection, home.scope, delivery)
    return delivery
