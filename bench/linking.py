"""Scores identity against an estate's truth: pairs of rows that are one thing, and why pairs are wrong.

`spine.py` calls it. Pairs are counted, never listed: n (n - 1) / 2 per cell of the table of true
against found assets. It must never change what it judges.
"""

import itertools
from collections import Counter, defaultdict
from typing import Any

import numpy as np
from outcome import Entry, Outcome

from muniment import model
from muniment.generate import Truth

EXAMPLES = 10
"""How many examples of each kind of mistake are kept."""

_IDENTIFYING = (
    "uuid", "cloud_id", "serial", "asset_tag", "vm_id", "mac_address", "ip_address", "fqdn", "hostname",
    "name", "application_id", "database_name", "host",
)  # fmt: skip
_MOST_COMPARED = 400


def identity(truth: Truth, outcome: Outcome) -> dict[str, Any]:
    """Precision and recall over pairs of rows, and the causes of false merges and of misses."""
    true = {asset: number for number, asset in enumerate(truth.assets)}
    found = {asset: number for number, asset in enumerate(sorted(outcome.assets))}
    kept = [
        (row.asset, outcome.records[outcome.rows[row.file, row.tab, row.row]])
        for row in truth.rows
        if (row.file, row.tab, row.row) in outcome.rows
    ]
    cells = np.array([(true[asset], found[entry.asset]) for asset, entry in kept], dtype=np.int64)
    cells = cells.reshape(-1, 2)
    _, joint = np.unique(cells, axis=0, return_counts=True)
    _, real = np.unique(cells[:, 0], return_counts=True)
    _, given = np.unique(cells[:, 1], return_counts=True)
    both, actual, claimed = _pairs(joint), _pairs(real), _pairs(given)
    best = {entry.place for entry in outcome.records.values()}
    merges, misses = _merges(kept), _misses(kept)
    whole = len(joint) - len({*_twice(cells, joint, 0)}) if len(joint) else 0
    return {
        "rows": len(truth.rows),
        "rows_not_read": len(truth.rows) - len(kept),
        "rows_without_record": sum(
            (row.file, row.tab, row.row) in outcome.rows and (row.file, row.tab, row.row) not in best
            for row in truth.rows
        ),
        "true_assets": len(real),
        "register_assets": len(outcome.assets),
        "whole_assets": whole,
        "pairs_true": actual,
        "pairs_found": claimed,
        "pairs_both": both,
        "false_merge_pairs": claimed - both,
        "missed_pairs": actual - both,
        "precision": both / claimed if claimed else 1.0,
        "recall": both / actual if actual else 1.0,
        "false_merges": merges,
        "misses": misses,
    }


def _pairs(counts: Any) -> int:  # noqa: ANN401 - an array
    return int((counts * (counts - 1) // 2).sum())


def _twice(cells: Any, joint: Any, _: int) -> set[int]:  # noqa: ANN401 - arrays
    return set()
