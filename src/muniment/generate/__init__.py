"""The example estate: a seeded IT estate with known truth, and the conflicting exports real tools give.

A public benchmark as well as the demo's data. `write_estate` writes exports and truth, `read_truth` reads
the truth back, `truth_of` makes it without files; `majority_accuracy` and `oracle_ceiling` say what plain
voting reaches and what could be known at all. The rates of every kind of dirt are one frozen table (`DIRT`).
"""

from muniment.generate.dirt import DIRT, Dirt
from muniment.generate.dirt import tables as dirt_tables
from muniment.generate.score import majority_accuracy, oracle_ceiling, same
from muniment.generate.truth import read as read_truth
from muniment.generate.types import (
    DEFAULT_SOURCES,
    LEVELS,
    SOURCES,
    Ceiling,
    Claim,
    ColumnTruth,
    Dependency,
    EstateSpec,
    FileSummary,
    Level,
    Majority,
    RowTruth,
    Summary,
    Truth,
)
from muniment.generate.write import truth_of, write_estate

__all__ = [
    "DEFAULT_SOURCES",
    "DIRT",
    "LEVELS",
    "SOURCES",
    "Ceiling",
    "Claim",
    "ColumnTruth",
    "Dependency",
    "Dirt",
    "EstateSpec",
    "FileSummary",
    "Level",
    "Majority",
    "RowTruth",
    "Summary",
    "Truth",
    "dirt_tables",
    "majority_accuracy",
    "oracle_ceiling",
    "read_truth",
    "same",
    "truth_of",
    "write_estate",
]
