"""How much each source counts for each attribute, and the fold with these weights.

Sources are evidence's, what is known of their kinds is mapping's; the register only sees numbers.
"""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from muniment import evidence, mapping, register
from muniment.base.engine import Engine
from muniment.base.home import Home

_NEUTRAL = 0.8
"""The reliability a source has until someone sets it; another value shifts all its weights."""
_AUTHORITY = 0.99


def fold_stale(
    connection: sa.Connection, home: Home, bulk: Engine, cause: Mapping[str, Any]
) -> register.Reconciled:
    """Fold what is stale with the weights in force."""
    attributes = mapping.attributes(connection)
    weights = []
    for source in evidence.list_sources(connection):
        kind = mapping.kind(source.kind)
        shift = source.reliability - _NEUTRAL
        for attribute in attributes.values():
            sure = attribute.name in source.authoritative
            share = _AUTHORITY if sure else kind.share_right(attribute.group) + shift
            weights.append(register.Reliability(source.name, attribute.name, share, sure))
    return register.reconcile(connection, home.scope, bulk, attributes, weights, cause)
