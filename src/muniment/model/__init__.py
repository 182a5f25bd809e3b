"""The canonical model of an asset: attributes, types, states, and how raw cells become values.

Everything is data that people can read and extend (attributes.toml, asset_types.toml,
operating_systems.toml) plus pure functions. The model knows no source, no database and no record;
`normalise` never raises: what cannot be read comes back as a problem, what says nothing as a note.
"""

from muniment.model.catalogue import (
    asset_type_of,
    asset_types,
    attribute,
    attributes,
    family,
)
from muniment.model.identifiers import uuid_byte_orders
from muniment.model.normalise import join_readings, normalise
from muniment.model.operating_systems import CLIENTS
from muniment.model.own import own_attribute
from muniment.model.quantities import unit_in_header, units_times
from muniment.model.relations import NAMES, RELATIONS, Relation
from muniment.model.render import render_markdown
from muniment.model.secrets import HIDDEN, is_secret, masked
from muniment.model.syntax import parse, step_written, written
from muniment.model.transform import (
    Read,
    Stage,
    joined_columns,
    reader,
    referred_columns,
    speaks_when_empty,
    stages,
    validated,
)
from muniment.model.types import STATES, AssetType, Attribute, Context, Normalised, Policy, Scalar, fold
from muniment.model.vocabulary import CHECKS, READINGS, STEPS, schema

__all__ = [
    "CHECKS",
    "CLIENTS",
    "HIDDEN",
    "NAMES",
    "READINGS",
    "RELATIONS",
    "STATES",
    "STEPS",
    "AssetType",
    "Attribute",
    "Context",
    "Normalised",
    "Policy",
    "Read",
    "Relation",
    "Scalar",
    "Stage",
    "asset_type_of",
    "asset_types",
    "attribute",
    "attributes",
    "family",
    "fold",
    "is_secret",
    "join_readings",
    "joined_columns",
    "masked",
    "normalise",
    "own_attribute",
    "parse",
    "reader",
    "referred_columns",
    "render_markdown",
    "schema",
    "speaks_when_empty",
    "stages",
    "step_written",
    "unit_in_header",
    "units_times",
    "uuid_byte_orders",
    "validated",
    "written",
]
