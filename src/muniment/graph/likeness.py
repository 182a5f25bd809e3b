"""Assets that are alike: what of an asset is described to a model, and which assets are nearest to one or to words.

Called by flows. Only what stands in `DESCRIBED` is ever turned into vectors, so nothing else reaches an endpoint.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from muniment import memory, register
from muniment.base.embeddings import Vectors
from muniment.base.tenancy import Scope
from muniment.graph import likeness_store

ASSET_SPACE = "asset"
"""The kind of the spaces that hold assets."""

DESCRIBED = (
    "subtype", "os", "manufacturer", "model", "software_product", "software_vendor", "database_engine",
    "middleware", "runtime", "hypervisor", "container_image", "application", "business_service", "environment",
    "department", "business_unit", "project", "site", "data_center", "cluster", "region", "cloud_provider",
    "instance_type", "description", "tags",
)  # fmt: skip
"""What a description is made of, after type and name: what a thing is and is for. No person, address, key or number."""

_LISTED = 20
_SHARED = 8
_WORD = re.compile(r"[^\W\d_]{2,}")


@dataclass(frozen=True, slots=True)
class Alike:
    """An asset like another, or like words: how alike (cosine, at most 1), and words that both have."""

    asset: register.Asset
    similarity: float
    shared: tuple[str, ...]


def describe(name: str, asset_type: str, values: Mapping[str, Any]) -> str:
    """What a model is told of an asset: its type, name, system, product, place and purpose."""
    listed = [value if isinstance(value, list) else [value] for value in map(values.get, DESCRIBED)]
    parts = [asset_type, name, *(one for some in listed for one in some[:_LISTED] if one not in (None, ""))]
    return "; ".join(str(part).replace("_", " ") for part in parts)


def alike(
    connection: sa.Connection,
    scope: Scope,
    space: memory.Space,
    wanted: register.Asset | tuple[str, Vectors],
    limit: int,
    asset_type: str | None = None,
) -> list[Alike]:
    """The assets in use that are most like an asset, or like a text with its vector; the most alike first.

    Args:
        connection: of a tenant's transaction.
        scope: whose register.
        space: of assets of the engagement.
        wanted: the asset, or a text and its one vector.
        limit: how many.
        asset_type: only of this type.

    Raises:
        Rejected: the vector is of another model than the space.
    """
    if isinstance(wanted, tuple):
        text, vector = wanted
        near = likeness_store.nearest(connection, scope, space, vector, limit, asset_type=asset_type)
    else:
        text, mine = describe(wanted.name, wanted.type, wanted.values), str(wanted.id)
        stored = memory.vector_of(connection, space, mine)
        if stored is None:
            return []
        near = likeness_store.nearest(connection, scope, space, stored, limit, without=mine, asset_type=asset_type)
    found = [(register.get(connection, scope, asset_id), similarity) for asset_id, similarity in near]
    told = _telling(text)
    return [Alike(asset, similarity, _shared(told, asset)) for asset, similarity in found]


def _telling(text: str, asset_type: str = "") -> list[str]:
    """The words that say something, each once, in their order; those of the type are shown beside them."""
    return [word for word in dict.fromkeys(_WORD.findall(text.casefold())) if word not in asset_type]


def _shared(told: list[str], asset: register.Asset) -> tuple[str, ...]:
    has = set(_telling(describe(asset.name, asset.type, asset.values), asset.type))
    return tuple(word for word in told if word in has)[:_SHARED]
