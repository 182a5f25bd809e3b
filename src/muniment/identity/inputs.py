"""What linking reads: the records of an engagement, their identifiers in one form, people's words on them.

`recompute` links by it, explanations score pairs by it. Reads only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa

from muniment import model
from muniment.base.engine import Engine
from muniment.base.tenancy import Scope
from muniment.identity import store
from muniment.identity.types import Reference

if TYPE_CHECKING:
    import pyarrow as pa

    from muniment import matching

_LABEL = "[a-z0-9]([a-z0-9_-]*[a-z0-9])?"
_FQDN = rf"{_LABEL}(\.{_LABEL})+"
_ATTRIBUTES = (
    "uuid", "cloud_id", "serial", "asset_tag", "vm_id", "mac_address", "ip_address", "fqdn",
    "hostname", "name", "application_id", "database_name", "instance_name", "host", "url",
)  # fmt: skip
_VIRTUAL_CARDS = "(00:50:56|00:0c:29|00:05:69|00:1c:14|08:00:27|00:15:5d|52:54:00|00:16:3e|00:1c:42).*"
"""Network cards of VMware, VirtualBox, Hyper-V, QEMU, Xen and Parallels, by their IEEE prefixes."""

_NAMING = ["source_id", "vm_id", "instance_name", "url", "software_product", "licence_key", "application"]
"""What names a thing besides the attributes with an identity role; a row with none of all these is no asset."""

_LOOSE = "machine"


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything `matching.link` takes, and whose numbers its records are.

    Attributes:
        found: per record number the id, source, source_id, source_key, list, asset_type, asset_id (or null).
        records: as `matching.link` takes them.
        identifiers: likewise.
        judgements: likewise.
    """

    found: pa.Table
    records: pa.Table
    identifiers: pa.Table
    judgements: list[matching.Judgement]

    def numbers(self) -> dict[str, int]:
        """Record numbers by record ids."""
        return {record_id: number for number, record_id in enumerate(self.found["id"].to_pylist())}


def naming() -> list[str]:
    """The attributes that name a thing: a record that claims none of them belongs to no asset."""
    return [name for name, item in model.attributes().items() if item.role != "none"] + _NAMING


def read(connection: sa.Connection, scope: Scope, engine: Engine, only: Sequence[str] | None = None) -> Inputs:
    """Read what the whole engagement is linked by, or what these of its records are."""
    import numpy as np
    import pyarrow as pa

    found = store.records(connection, scope, naming(), only)
    families = [_family(kind) for kind in found["asset_type"].to_pylist()]
    records = pa.table(
        {
            "record": pa.array(np.arange(found.num_rows), pa.int64()),
            "source": found["source"],
            "list": found["list"],
            "family": pa.array(families, pa.string()),
        }
    )
    identifiers = _identifiers(engine, store.identifiers(connection, scope, _ATTRIBUTES, only), found, families)
    references = {
        Reference(UUID(source_id), key): index
        for index, (source_id, key) in enumerate(
            zip(found["source_id"].to_pylist(), found["source_key"].to_pylist(), strict=True)
        )
    }
    return Inputs(found, records, identifiers, _judgements(connection, scope, references))


def _family(asset_type: str | None) -> str:
    return _LOOSE if asset_type is None else model.family(asset_type)


def _identifiers(engine: Engine, raw: pa.Table, found: pa.Table, families: list[str]) -> pa.Table:
    import numpy as np
    import pyarrow as pa

    engine.register(
        "found",
        found.select(["id"])
        .append_column("record", pa.array(np.arange(found.num_rows), pa.int64()))
        .append_column("family", pa.array(families, pa.string()))
        .append_column("asset_type", found["asset_type"]),
    )
    engine.register("raw_identifiers", raw)
    both = _column(engine, "uuid")
    spelt = [(value, min(model.uuid_byte_orders(value))) for value in both]
    engine.register(
        "spellings",
        pa.table(
            {
                "value": pa.array([pair[0] for pair in spelt], pa.string()),
                "canonical": pa.array([pair[1] for pair in spelt], pa.string()),
            }
        ),
    )
    engine.derive(  # a machine's name may be written short or with its domain, in any of these
        "names",
        "SELECT f.record, lower(trim(i.value)) AS value FROM raw_identifiers i JOIN found f ON f.id = i.id"
        " WHERE f.family = 'machine' AND i.attribute IN ('hostname', 'name', 'fqdn')",
    )
    engine.derive(
        "identifying",
        "SELECT f.record, f.family, CASE i.attribute WHEN 'database_name' THEN 'name'"
        "  WHEN 'host' THEN 'parent' WHEN 'instance_name' THEN 'instance' ELSE i.attribute END AS kind,"
        " CASE i.attribute WHEN 'uuid' THEN coalesce(s.canonical, i.value)"
        "  WHEN 'host' THEN split_part(lower(trim(i.value)), '.', 1)"
        "  WHEN 'url' THEN rtrim(regexp_replace(lower(trim(i.value)), '^[a-z]+://', ''), '/')"
        "  ELSE lower(trim(i.value)) END AS value"
        " FROM raw_identifiers i JOIN found f ON f.id = i.id"
        " LEFT JOIN spellings s ON i.attribute = 'uuid' AND s.value = i.value"
        " WHERE NOT (i.attribute = 'serial' AND i.value ILIKE 'VMWARE-%')"  # the uuid, written otherwise
        " AND CASE WHEN f.family = 'machine'"
        "  THEN i.attribute NOT IN ('hostname', 'name', 'fqdn', 'host', 'database_name', 'instance_name')"
        "  WHEN f.family = 'database' THEN i.attribute NOT IN ('hostname', 'fqdn', 'ip_address', 'mac_address')"
        "  ELSE i.attribute NOT IN ('host', 'instance_name', 'database_name') END"
        " AND (i.attribute <> 'url' OR f.asset_type = 'application')",
    )
    return engine.rows(
        "SELECT record, 'hostname' AS kind, split_part(value, '.', 1) AS value FROM names"
        f" WHERE regexp_full_match(split_part(value, '.', 1), '{_LABEL}') AND value NOT SIMILAR TO '[0-9.:]+'"
        f" UNION SELECT record, 'fqdn', value FROM names WHERE regexp_full_match(value, '{_FQDN}')"
        " AND value NOT SIMILAR TO '[0-9.]+' UNION SELECT record, kind, value FROM identifying"
        " UNION SELECT record, 'form', min(form) FROM (SELECT record, CASE"
        f"  WHEN kind = 'mac_address' AND value SIMILAR TO '{_VIRTUAL_CARDS}' THEN 'virtual'"
        "   WHEN kind = 'mac_address' AND value NOT SIMILAR TO '.[26ae].*' THEN 'physical'"
        "   WHEN kind = 'serial' AND value SIMILAR TO '[a-z0-9]{5,15}' THEN 'physical' END AS form"
        "  FROM identifying WHERE family = 'machine') WHERE form IS NOT NULL"
        " GROUP BY record HAVING count(DISTINCT form) = 1"
    )


def _column(engine: Engine, attribute: str) -> list[str]:
    found = engine.rows(f"SELECT DISTINCT value FROM raw_identifiers WHERE attribute = '{attribute}'")
    return [str(value) for value in found["value"].to_pylist()]


def _judgements(
    connection: sa.Connection, scope: Scope, references: Mapping[Reference, int]
) -> list[matching.Judgement]:
    """The judgements that count, oldest first; of two on one pair the later one does."""
    from muniment import matching

    latest: dict[tuple[int, int], bool] = {}
    for act in store.judgement_acts(connection, scope):
        if act.undone:
            continue
        for left, right, same in act.pairs:
            if left in references and right in references:
                a, b = sorted((references[left], references[right]))
                latest.pop((a, b), None)
                latest[a, b] = same
    return [matching.Judgement(a, b, same) for (a, b), same in latest.items()]
