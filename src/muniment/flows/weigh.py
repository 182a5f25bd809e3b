"""The fold with the weights in force, as every flow that changes evidence ends with it.

Called in the transaction that changed the evidence; decides nothing itself.
"""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from muniment import graph, mapping, register
from muniment.base.engine import Engine
from muniment.base.home import Home


def fold_stale(connection: sa.Connection, home: Home, bulk: Engine, cause: Mapping[str, Any]) -> register.Reconciled:
    """Fold what is stale with the weights in force."""
    attributes = mapping.attributes(connection)
    weights = graph.reliabilities(connection, attributes)
    return register.reconcile(connection, home.scope, bulk, attributes, weights, cause)
