"""Reads across domains: how sources weigh, the way of a value back to its raw cells, counts for reports.

Nothing here writes. `flows` and the doors call it; it may read every domain below.
"""

from muniment.graph.account import Change, Happened, account
from muniment.graph.feed import Entry, Feed, Hop, Standing, feed, is_cursor, resolve
from muniment.graph.feed_store import names as asset_names
from muniment.graph.health import CHECKED, WEIGHTS, Alert, Health, Part, alerts, health
from muniment.graph.likeness import ASSET_SPACE, Alike, alike, describe
from muniment.graph.likeness_store import Waits, count_waiting, gone_assets, waiting_assets
from muniment.graph.linked_by import linked_by
from muniment.graph.preview import Preview, Sample, preview
from muniment.graph.relations import Related, related
from muniment.graph.reliability import NEUTRAL, expected_reliabilities, in_force, reliabilities, ruling
from muniment.graph.store import confidences, contributions, disputes, filled, opponents, resting, since, states
from muniment.graph.types import Contribution, Dispute, Moved, Opponents, Resting, RestingValue, Rests, Since
from muniment.graph.waiting import Waiting, still_waits, waiting
from muniment.graph.why import Cell, Claim, Step, Why, behind, why

__all__ = [
    "ASSET_SPACE",
    "CHECKED",
    "NEUTRAL",
    "WEIGHTS",
    "Alert",
    "Alike",
    "Cell",
    "Change",
    "Claim",
    "Contribution",
    "Dispute",
    "Entry",
    "Feed",
    "Happened",
    "Health",
    "Hop",
    "Moved",
    "Opponents",
    "Part",
    "Preview",
    "Related",
    "Resting",
    "RestingValue",
    "Rests",
    "Sample",
    "Since",
    "Standing",
    "Step",
    "Waiting",
    "Waits",
    "Why",
    "account",
    "alerts",
    "alike",
    "asset_names",
    "behind",
    "confidences",
    "contributions",
    "count_waiting",
    "describe",
    "disputes",
    "expected_reliabilities",
    "feed",
    "filled",
    "gone_assets",
    "health",
    "in_force",
    "is_cursor",
    "linked_by",
    "opponents",
    "preview",
    "related",
    "reliabilities",
    "resolve",
    "resting",
    "ruling",
    "since",
    "states",
    "still_waits",
    "waiting",
    "waiting_assets",
    "why",
]
