"""How often each source is right about each attribute: what is expected, and what was learned.

Sources and their settings are evidence's, what is known of their kinds is mapping's, what their claims teach
is the register's; the fold, `sources` and `why` see the numbers.
"""

import dataclasses
from collections.abc import Mapping

import sqlalchemy as sa

from muniment import evidence, mapping, model, register
from muniment.base.tenancy import Scope

NEUTRAL = 0.8
"""The reliability a source has until someone sets it; another value shifts all its shares."""

AUTHORITY = 0.99


def reliabilities(
    connection: sa.Connection, scope: Scope, attributes: Mapping[str, model.Attribute]
) -> list[register.Reliability]:
    """The share of right values of every source for every attribute, as the register weighs them now."""
    return in_force(expected_reliabilities(connection, attributes), register.current_reliability(connection, scope))


def ruling(connection: sa.Connection, scope: Scope, attribute: model.Attribute, type_: str | None) -> register.Ruling:
    """The policy by which the register chose the values of an attribute, of assets of a type."""
    said = [one.name for one in evidence.list_sources(connection) if attribute.name in one.authoritative]
    return register.policies_followed(connection, scope).ruling(attribute, type_, said)


def in_force(expected: list[register.Reliability], learned: register.Learned) -> list[register.Reliability]:
    """What is learned in the place of what was expected; who decides alone, keeps deciding."""
    return [
        dataclasses.replace(one, share_right=share, interval=(low, high), learned_from=count)
        if not one.authoritative and (one.source, one.attribute) in learned.shares
        else one
        for one in expected
        for share, low, high, count in [learned.shares.get((one.source, one.attribute), (0.0, 0.0, 0.0, 0))]
    ]


def expected_reliabilities(
    connection: sa.Connection, attributes: Mapping[str, model.Attribute]
) -> list[register.Reliability]:
    """The share of right values to expect of every source for every attribute, before anything is learned."""
    found = []
    for source in evidence.list_sources(connection):
        kind = mapping.kind(source.kind)
        shift = source.reliability - NEUTRAL
        for attribute in attributes.values():
            sure = attribute.name in source.authoritative
            share = AUTHORITY if sure else kind.share_right(attribute.group) + shift
            found.append(register.Reliability(source.name, attribute.name, share, sure))
    return found
