"""How assets stand to each other: what runs on what, stands in what, belongs to what.

Called by the doors. An asset holds the name of the other as its source wrote it; which asset that is, is found
when asked, so it follows every merge and rename. A name that several things bear is never guessed at.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from muniment import model, register
from muniment.base.tenancy import Scope

NEAR = ("virtual_center", "data_center", "site", "region", "cluster", "cloud_account")
"""Attributes that tell apart things of one name: a rack R1 is that of one's own site."""

_MOST = 1_000


@dataclass(frozen=True, slots=True)
class Related:
    """One relation of an asset: `asset` is None where the register cannot say which it is, `note` says why."""

    relation: str
    attribute: str
    name: str
    asset: UUID | None
    type: str | None
    note: str = ""


def related(connection: sa.Connection, scope: Scope, asset: register.Asset) -> list[Related]:
    """What an asset names, then what names it; the latter at most 1,000 for each relation."""
    found: list[Related] = []
    for relation in model.RELATIONS:
        found += _forward(connection, scope, relation, asset)
    for relation in model.RELATIONS:
        found += _backward(connection, scope, relation, asset)
    return list(dict.fromkeys(found))


def _forward(connection: sa.Connection, scope: Scope, relation: model.Relation, asset: register.Asset) -> list[Related]:
    found = []
    for name in _values(asset, relation.attribute):
        words = _spellings(name)
        bearers = register.bearing(connection, scope, relation.names, words, _MOST)
        bearers = [one for one in bearers if one.id != asset.id and _fits(relation, one)]
        exact = [one for one in bearers if name.strip().lower() in _terms(one, relation.names)]
        chosen = _nearest(asset, exact or bearers)
        if len(chosen) == 1:
            other = chosen[0]
            found.append(Related(relation.forward, relation.attribute, other.name, other.id, other.type))
        elif relation.attribute not in relation.names or chosen:
            note = f"{len(chosen)} assets are called so" if chosen else "no asset is called so"
            found.append(Related(relation.forward, relation.attribute, name, None, None, note))
    return found


def _backward(
    connection: sa.Connection, scope: Scope, relation: model.Relation, asset: register.Asset
) -> list[Related]:
    if not _fits(relation, asset):
        return []
    words = sorted(_terms(asset, relation.names))
    if not words:
        return []
    naming = register.bearing(connection, scope, [relation.attribute], words, _MOST)
    namesakes = [
        one for one in register.bearing(connection, scope, relation.names, words, _MOST) if _fits(relation, one)
    ]
    return [
        Related(relation.backward, relation.attribute, one.name, one.id, one.type)
        for one in naming
        if one.id != asset.id
        and not (relation.attribute in relation.names and _fits(relation, one))
        and [chosen.id for chosen in _nearest(one, namesakes)] == [asset.id]
    ]


def _fits(relation: model.Relation, asset: register.Asset) -> bool:
    return not relation.types or asset.type in relation.types


def _values(asset: register.Asset, attribute: str) -> list[str]:
    value = asset.values.get(attribute)
    return [str(one) for one in (value if isinstance(value, list) else [] if value is None else [value])]


def _terms(asset: register.Asset, names: Sequence[str]) -> set[str]:
    """The names of an asset, also without their domain."""
    return {word for name in names for value in _values(asset, name) for word in _spellings(value)}


def _spellings(name: str) -> list[str]:
    whole = name.strip().lower()
    short = whole.partition(".")[0]
    return [whole] if not short or short.isdigit() or " " in whole else list(dict.fromkeys((whole, short)))


def _nearest(asset: register.Asset, bearers: Sequence[register.Asset]) -> list[register.Asset]:
    """Of several things of one name those that agree on most of where they are; all where none is nearer."""
    if len(bearers) < 2:  # noqa: PLR2004 - nothing to choose
        return list(bearers)
    scores = [
        sum(bool(set(_values(asset, name)) & set(_values(one, name))) for name in NEAR if name in one.values)
        for one in bearers
    ]
    return [one for one, score in zip(bearers, scores, strict=True) if score == max(scores)]
