"""Reads across domains: how sources weigh, and the way of a value back to its raw cells.

Nothing here writes. `flows` and the doors call it; it may read every domain below.
"""

from muniment.graph.preview import Preview, Sample, preview
from muniment.graph.relations import RELATIONS, Related, related
from muniment.graph.reliability import NEUTRAL, reliabilities
from muniment.graph.why import Cell, Claim, Step, Why, behind, why

__all__ = [
    "NEUTRAL",
    "RELATIONS",
    "Cell",
    "Claim",
    "Preview",
    "Related",
    "Sample",
    "Step",
    "Why",
    "behind",
    "preview",
    "related",
    "reliabilities",
    "why",
]
