"""Mapping: what each column of a source means, as a log of choices people can read and change.

`propose` asks `matching` for each new layout; `current` and `past` read the log; `kinds` holds
what is known of common exports. Knows no rows of the database but its own and memory's.
"""

from muniment.mapping.keys import choose_key, infer_type
from muniment.mapping.kinds import FILE_COLUMN, Kind, Tab, kind, kinds, recognise
from muniment.mapping.propose import Sheet, Thresholds, propose, targets
from muniment.mapping.store import (
    Act,
    acts,
    add_attribute,
    add_template,
    attributes,
    current,
    past,
    switch_template,
    templates,
)
from muniment.mapping.templates import (
    Difference,
    Template,
    compare,
    compare_templates,
    fitting,
    make,
    reading,
    shipped_templates,
    template,
)
from muniment.mapping.types import APPLIED, ColumnMapping
from muniment.mapping.verdict import Meaning, accept, assign_column, declare, reading_of, reject, undo

__all__ = [
    "APPLIED",
    "FILE_COLUMN",
    "Act",
    "ColumnMapping",
    "Difference",
    "Kind",
    "Meaning",
    "Sheet",
    "Tab",
    "Template",
    "Thresholds",
    "accept",
    "acts",
    "add_attribute",
    "add_template",
    "assign_column",
    "attributes",
    "choose_key",
    "compare",
    "compare_templates",
    "current",
    "declare",
    "fitting",
    "infer_type",
    "kind",
    "kinds",
    "make",
    "past",
    "propose",
    "reading",
    "reading_of",
    "recognise",
    "reject",
    "shipped_templates",
    "switch_template",
    "targets",
    "template",
    "templates",
    "undo",
]
