"""Attributes by which one asset names another, and what that says of the two.

Read by whoever follows relations. Which asset a name means is found in the register, never here.
"""

from dataclasses import dataclass

NAMES = ("name", "hostname", "fqdn", "aliases", "ip_address")
"""Attributes by which one asset names another."""


@dataclass(frozen=True, slots=True)
class Relation:
    """An attribute that names another asset: how it reads both ways, of which types the other is, by what.

    `needed`: whether the asset that names depends on the one named, rather than the other way round.
    """

    attribute: str
    forward: str
    backward: str
    types: tuple[str, ...]
    names: tuple[str, ...] = NAMES
    needed: bool = True


RELATIONS = (
    Relation("host", "runs on", "runs", ("server",)),
    Relation("cluster", "is in cluster", "has member", ("cluster",)),
    Relation("datastore", "is stored on", "stores", ("storage",)),
    Relation("rack", "stands in rack", "holds", ("other",)),
    Relation("application_id", "is part of", "consists of", ("application",), ("application_id",), needed=False),
    Relation("application", "is part of", "consists of", ("application",), needed=False),
    Relation("depends_on", "depends on", "is needed by", ()),
)
"""Attributes that are relations, in the order they are shown."""
