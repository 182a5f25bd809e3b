"""Scores identity against an estate's truth: pairs of rows that are one thing, and why pairs are wrong.

`spine.py` calls it. Pairs are counted, never listed: n (n - 1) / 2 per cell of the table of true
against found assets. It must never change what it judges.
"""

import itertools
from collections import Counter, defaultdict
from collections.abc import Mapping
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

Parts = Mapping[str, Mapping[str, Mapping[str, int]]]
"""Of each whole (asset), the parts in it, and the rows of each of their records."""


def identity(truth: Truth, outcome: Outcome) -> dict[str, Any]:
    """Precision and recall over pairs of rows, and the causes of false merges and of misses."""
    kept = [
        (row.asset, outcome.records[outcome.rows[row.file, row.tab, row.row]])
        for row in truth.rows
        if (row.file, row.tab, row.row) in outcome.rows
    ]
    true = {asset: number for number, asset in enumerate(truth.assets)}
    found = {asset: number for number, asset in enumerate(sorted({entry.asset for _, entry in kept}))}
    cells = np.array([(true[asset], found[entry.asset]) for asset, entry in kept], dtype=np.int64)
    table, joint = np.unique(cells.reshape(-1, 2), axis=0, return_counts=True)
    _, spread, real = np.unique(table[:, 0], return_inverse=True, return_counts=True)
    _, mixed, given = np.unique(table[:, 1], return_inverse=True, return_counts=True)
    both = _pairs(joint)
    actual = _pairs(np.bincount(spread, weights=joint).astype(np.int64))
    claimed = _pairs(np.bincount(mixed, weights=joint).astype(np.int64))
    best = {entry.place for entry in outcome.records.values()}
    places = {(row.file, row.tab, row.row) for row in truth.rows}
    return {
        "rows": len(places),
        "rows_not_read": len(places - outcome.rows.keys()),
        "rows_without_record": len((places & outcome.rows.keys()) - best),
        "true_assets": len(real),
        "register_assets": len(outcome.assets),
        "whole_assets": int(((real[spread] == 1) & (given[mixed] == 1)).sum()),
        "pairs_true": actual,
        "pairs_found": claimed,
        "pairs_both": both,
        "false_merge_pairs": claimed - both,
        "missed_pairs": actual - both,
        "precision": both / claimed if claimed else 1.0,
        "recall": both / actual if actual else 1.0,
        "false_merges": _causes(_parts([(entry.asset, asset, entry.id) for asset, entry in kept]), outcome),
        "misses": _causes(_parts([(asset, entry.asset, entry.id) for asset, entry in kept]), outcome),
    }


def _pairs(counts: Any) -> int:
    return int((counts * (counts - 1) // 2).sum())


def _parts(rows: list[tuple[str, str, str]]) -> Parts:
    """Rows (whole, part, record) as a tree, of the wholes that have several parts."""
    tree: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for whole, part, record in rows:
        tree[whole][part][record] += 1
    return {whole: parts for whole, parts in tree.items() if len(parts) > 1}


def _causes(tree: Parts, outcome: Outcome) -> dict[str, Any]:
    """The pairs of parts by what their closest records agree and differ on, most row pairs first."""
    weights: Counter[str] = Counter()
    examples: dict[str, dict[str, Any]] = {}
    for whole, parts in tree.items():
        for (one, left), (other, right) in itertools.combinations(sorted(parts.items()), 2):
            a, b, agreed, differed = _closest(outcome, left, right)
            cause = (
                f"{' / '.join(sorted((a.source, b.source)))}: agree on {_words(agreed)}, differ on {_words(differed)}"
            )
            if a.id == b.id:
                cause = f"{a.source}: rows of one key"
            weights[cause] += sum(left.values()) * sum(right.values())
            if cause not in examples:
                examples[cause] = {"in": whole, "parts": [one, other], "records": [_show(a), _show(b)]}
    return {
        "assets": len(tree),
        "causes": [
            {"cause": cause, "row_pairs": pairs, "example": examples[cause]}
            for cause, pairs in weights.most_common(EXAMPLES)
        ],
        "by_disagreement": dict(
            _summed(weights).most_common(EXAMPLES)  # whatever the sources are
        ),
    }


def _summed(weights: Counter[str]) -> Counter[str]:
    sums: Counter[str] = Counter()
    for cause, pairs in weights.items():
        sums[cause.partition(": ")[2]] += pairs
    return sums


def _words(attributes: list[str]) -> str:
    return ", ".join(attributes) or "nothing"


def _closest(
    outcome: Outcome, left: Mapping[str, int], right: Mapping[str, int]
) -> tuple[Entry, Entry, list[str], list[str]]:
    """The two records of two parts that agree most, with what they agree and differ on."""
    shared = sorted(left.keys() & right.keys())
    if shared:
        entry = outcome.records[shared[0]]
        return entry, entry, [], []
    best: tuple[float, Entry, Entry, list[str], list[str]] | None = None
    pairs = itertools.product(sorted(left), sorted(right))
    for one, other in itertools.islice(pairs, _MOST_COMPARED):
        a, b = outcome.records[one], outcome.records[other]
        agreed, differed = _compare(a, b)
        score = len(agreed) - 0.5 * len(differed)
        if best is None or score > best[0]:
            best = (score, a, b, agreed, differed)
    assert best is not None
    return best[1:]


def _compare(a: Entry, b: Entry) -> tuple[list[str], list[str]]:
    agreed, differed = [], []
    for attribute in _IDENTIFYING:
        mine, theirs = ({str(one).lower() for one in entry.claims.get(attribute, ())} for entry in (a, b))
        if mine & theirs:
            agreed.append(attribute)
        elif mine and theirs:
            differed.append(attribute)
    families = {model.family(entry.asset_type) if entry.asset_type else "machine" for entry in (a, b)}
    if len(families) > 1:
        differed.append(f"family {'/'.join(sorted(families))}")
    return agreed, differed


def _show(entry: Entry) -> dict[str, Any]:
    return {
        "source": entry.source,
        "row": list(entry.place),
        "type": entry.asset_type,
        "key": entry.key,
        **{name: entry.claims[name] for name in _IDENTIFYING if name in entry.claims},
    }
