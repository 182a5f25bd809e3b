"""One number for a whole register: equal registers have equal fingerprints, whatever their ids.

A sha256 over the canonical export of assets, values, provenance and open conflicts, without ids,
times and the version log. Used by `muniment fingerprint` and by every test of what must hold.
"""

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from muniment.base import db
from muniment.base.tenancy import Scope
from muniment.register import store
from muniment.register.types import Asset, Conflict


def fingerprint(connection: sa.Connection, scope: Scope, *, with_ids: bool = False) -> str:
    """The fingerprint of the engagement's register, 64 hex digits.

    Args:
        connection: of a transaction of the tenant.
        scope: whose register.
        with_ids: also cover the assets' ids (tests of undo).
    """
    references = {
        row[0]: f"{row[1]}|{row[2]}"
        for row in connection.execute(
            sa.text(
                "SELECT r.id, s.name, r.row_hash FROM records r JOIN sources s ON s.id = r.source_id"
                " WHERE r.engagement_id = :engagement"
            ),
            {"engagement": scope.engagement_id},
        )
    }
    open_conflicts: dict[UUID, list[Any]] = defaultdict(list)
    for conflict in store.list_conflicts(connection, scope, limit=None):
        open_conflicts[conflict.asset_id].append(
            [conflict.attribute, conflict.kind, conflict.severity, _claims(conflict), conflict.hint]
        )
    lines = sorted(  # digests, so that a million assets are 32 MB and not their whole text
        hashlib.sha256(
            ((f"{asset.id} " if with_ids else "") + _line(asset, references, open_conflicts.get(asset.id, []))).encode()
        ).digest()
        for asset in store.all_assets(connection, scope)
    )
    return hashlib.sha256(b"".join(lines)).hexdigest()


def _line(asset: Asset, references: dict[UUID, str], conflicts: list[Any]) -> str:
    provenance = {attribute: _proof(proof, references) for attribute, proof in asset.provenance.items()}
    return db.dumps(
        [
            asset.type,
            asset.subtype,
            asset.state,
            asset.name,
            asset.confidence,
            list(asset.sources),
            asset.record_count,
            asset.values,
            provenance,
            conflicts,
        ]
    )


def _proof(proof: Mapping[str, Any], references: dict[UUID, str]) -> dict[str, Any]:
    """Provenance by what does not change: records by source and content, a person's word without id and date."""
    if "record" in proof:
        return {**proof, "record": references[UUID(proof["record"])]}
    return {key: value for key, value in proof.items() if key not in {"resolution", "at"}}


def _claims(conflict: Conflict) -> list[Any]:
    """Claims by what they say, not by the file that brought them: a delivery may come in several."""
    return [{name: value for name, value in claim.items() if name != "file"} for claim in conflict.claims]
