"""How often each source is right about each attribute, as far as is known before learning.

Sources and their settings are evidence's, what is known of their kinds is mapping's; the register
and `why` see the numbers.
"""

from collections.abc import Mapping

import sqlalchemy as sa

from muniment import evidence, mapping, model, register

NEUTRAL = 0.8
"""The reliability a source has until someone sets it; another value shifts all its shares."""

AUTHORITY = 0.99


def reliabilities(connection: sa.Connection, attributes: Mapping[str, model.Attribute]) -> list[register.Reliability]:
    """The share of right values to expect of every source for every attribute."""
    found = []
    for source in evidence.list_sources(connection):
        kind = mapping.kind(source.kind)
        shift = source.reliability - NEUTRAL
        for attribute in attributes.values():
            sure = attribute.name in source.authoritative
            share = AUTHORITY if sure else kind.share_right(attribute.group) + shift
            found.append(register.Reliability(source.name, attribute.name, share, sure))
    return found
