"""The fold with the policy in force and weights learned from the evidence as it is; every change ends with it.

Called in the transaction that changed the evidence; decides nothing itself.
"""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from muniment import graph, mapping, register
from muniment.base.engine import Engine
from muniment.base.home import Home


def fold_stale(connection: sa.Connection, home: Home, bulk: Engine, cause: Mapping[str, Any]) -> register.Reconciled:
    """Learn the weights again (where they changed, all is stale), follow the policy, and fold what is stale."""
    attributes = mapping.attributes(connection)
    if register.stale_count(connection, home.scope):
        register.look_for_changes(connection, home.scope, bulk, attributes)
    expected = graph.expected_reliabilities(connection, attributes)
    learned = register.relearn(connection, home.scope, bulk, attributes, expected)
    policies = register.follow_policies(connection, home.scope, attributes)  # teaches nothing, so it comes after
    weights = graph.in_force(expected, learned)
    return register.reconcile(
        connection, home.scope, bulk, attributes, weights, cause, learned=learned, policies=policies
    )
