"""The one thing a person means by a word: an asset, a record, an act, an import, an attribute.

Called by `estate`; every miss says what there is instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from muniment import identity, model, register
from muniment.base import ids, tenancy
from muniment.base.errors import NotFound, Rejected
from muniment.base.tenancy import Scope


def asset(connection: sa.Connection, scope: Scope, text: str, as_of: datetime | None = None) -> register.Asset:
    """The one asset that goes by a name, an id, the end of an id, or any exact value; as it was, if so asked.

    Raises:
        NotFound: nothing is called so, or it was not there then.
        Rejected: several are; the message lists them with their ids.
    """
    found = register.find_by_name(connection, scope, text)
    if not found and as_of:  # it may have gone since
        past = register.find(connection, scope, register.Query(where=(("name", text),), as_of=as_of))
        found = [one.id for one in past]
    if not found:
        try:
            found = [identity.current_asset(connection, scope, UUID(text))]
        except ValueError:
            raise NotFound(f"no asset is called {text!r}: `muniment assets {text[:20]}` searches") from None
    if len(found) > 1:
        assets = [register.get(connection, scope, asset_id) for asset_id in found]
        listed = "; ".join(f"{one.name} ({one.type}) {ids.short(one.id)}" for one in assets)
        raise Rejected(f"{text!r} may be any of {len(assets)}: {listed}. Give the id")
    try:
        return register.get(connection, scope, found[0], as_of)
    except NotFound:
        if as_of is None:
            raise
        when = f"{as_of:%Y-%m-%d %H:%M}"
        raise NotFound(
            f"{text!r} was not in the register at {when} (UTC): `muniment history` tells since when"
        ) from None


def by_end(known: Iterable[UUID], text: str, what: str) -> UUID:
    """The one id that ends with a text.

    Raises:
        NotFound: none does, or several do; `what` says of what kind and where they are listed.
    """
    wanted = text.strip().lower()
    found = {one for one in known if wanted and str(one).endswith(wanted)}
    if len(found) != 1:
        raise NotFound(f"{text!r} is {'no' if not found else 'more than one'} {what}")
    return found.pop()


def attribute(known: Mapping[str, model.Attribute], name: str) -> str:
    """The name of an attribute that exists.

    Raises:
        Rejected: it does not; the message names close ones.
    """
    if name in known:
        return name
    close = tenancy.closest(name, known)
    hint = f"; {close}" if close.startswith("close") else ""
    raise Rejected(f"{name}: no such attribute{hint}: `muniment model` lists them")


def asset_type(name: str | None) -> None:
    """Check that a type exists, where one is named.

    Raises:
        Rejected: it does not; the message lists them.
    """
    if name is not None and name not in model.asset_types():
        raise Rejected(f"type {name}: there is none; use one of {', '.join(model.asset_types())}")


def conditions(known: Mapping[str, model.Attribute], where: Mapping[str, str]) -> Sequence[tuple[str, str]]:
    """Attributes (or `type`, `state`) and the values they must have.

    Raises:
        Rejected: there is no such attribute.
    """
    return [
        (name if name in {"type", "state", "tag"} else attribute(known, name), value) for name, value in where.items()
    ]
