"""How a table differs from an earlier delivery of the same table: its columns, and what their cells look like.

Called by `flows` when a source delivers again. Pure: two Arrow tables in, findings out. Differences that chance
explains are no findings: every share is tested against the sizes of both deliveries.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from scipy import stats

from muniment.matching.column_profile import profile
from muniment.matching.types import Profile

SHIFTED = 0.25
"""Population stability index from which a distribution counts as another one (Siddiqi, Credit Risk Scorecards,
Wiley 2006, section 7)."""

_SURE = 0.999
_EMPTIER = 0.2
_MOST_ROWS = 20_000
_BINS = 10
_CATEGORIES = 50
_FEW = 5
_SHARE, _APART = 0.8, 0.5
_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_KINDS = (
    ("UUIDs", ("uuid",)), ("MAC addresses", ("mac",)), ("IP addresses", ("ip", "ipv6", "cidr")),
    ("e-mail addresses", ("email",)), ("URLs", ("url",)), ("dates", ("date", "datetime")),
    ("numbers", ("integer", "number")), ("sizes", ("size", "percent", "money")), ("yes or no", ("boolean",)),
)  # fmt: skip
_TEXT = "text"


@dataclass(frozen=True, slots=True)
class ColumnDrift:
    """How one column differs from the earlier delivery; pairs are (before, after).

    `index` is the population stability index and `limit` what it must exceed to be no chance; both None where
    values are too various or too few to compare. `quantiles` are at 5, 25, 50, 75 and 95 %. `findings` say in
    words what is worth a look.
    """

    column: str
    state: str
    kind: tuple[str | None, str | None]
    empty: tuple[float, float]
    distinct: tuple[int, int]
    quantiles: tuple[tuple[float, ...], tuple[float, ...]] | None
    index: float | None
    limit: float | None
    findings: tuple[str, ...]


def drift(before: pa.Table, after: pa.Table) -> list[ColumnDrift]:
    """Compare two deliveries of one table, column by column: those of the later one first, then those gone.

    Args:
        before: the earlier raw rows, columns of the source only.
        after: the later ones.
    """
    old, new = _some(before), _some(after)
    then = {one.name: one.profile for one in profile(old, old.column_names)}
    now = {one.name: one.profile for one in profile(new, new.column_names)}
    found = []
    for name, look in now.items():
        if name in then:
            found.append(_compare(name, (then[name], look), (old.column(name), new.column(name))))
        else:
            found.append(_only(name, "new", look))
    return found + [_only(name, "gone", look) for name, look in then.items() if name not in now]


def stability_index(before: npt.ArrayLike, after: npt.ArrayLike) -> tuple[float, float]:
    """The population stability index of counts per bin, and the value that chance exceeds once in a thousand times.

    Where nothing changed, the index is distributed as chi-square with bins - 1 degrees of freedom, times
    1/n + 1/m (Yurdakul, Statistical Properties of Population Stability Index, 2018). Empty bins count half a row.
    """
    counts = np.array([before, after], np.float64)
    bins = counts.shape[1]
    shares = (counts + 0.5) / (counts.sum(axis=1, keepdims=True) + 0.5 * bins)
    index = float(((shares[1] - shares[0]) * np.log(shares[1] / shares[0])).sum())
    chance = float(stats.chi2.ppf(_SURE, max(bins - 1, 1)) * (1 / counts[0].sum() + 1 / counts[1].sum()))
    return index, chance


def _some(rows: pa.Table) -> pa.Table:
    """All rows, or evenly spread ones of a large table."""
    if rows.num_rows <= _MOST_ROWS:
        return rows
    return rows.take(pa.array(np.linspace(0, rows.num_rows - 1, _MOST_ROWS).astype(np.int64)))


def _only(name: str, state: str, look: Profile) -> ColumnDrift:
    kind, empty = _kind(look), _empty(look)
    said = (f"{state}: {kind}" if state == "new" else "gone") if look.filled else f"{state}, without a value"
    if state == "gone":
        return ColumnDrift(name, state, (kind, None), (empty, 1.0), (look.distinct, 0), None, None, None, (said,))
    return ColumnDrift(name, state, (None, kind), (1.0, empty), (0, look.distinct), None, None, None, (said,))


def _compare(name: str, looks: tuple[Profile, Profile], cells: tuple[pa.ChunkedArray, pa.ChunkedArray]) -> ColumnDrift:
    then, now = looks
    kinds, empty = (_kind(then), _kind(now)), (_empty(then), _empty(now))
    findings = []
    if kinds[0] != kinds[1] and min(then.filled, now.filled) >= _FEW and _apart(then.kinds, now.kinds, kinds):
        findings.append(f"was {kinds[0]}, is {kinds[1]}")
    if abs(empty[1] - empty[0]) >= _EMPTIER and _unlikely(then, now):
        findings.append(f"empty in {empty[1]:.0%}, before in {empty[0]:.0%}")
    if then.distinct >= _FEW and now.distinct == 1 and now.filled >= 2 * _FEW:
        findings.append(f"says the same in every row, before {then.distinct:,} different values")
    quantiles, bins = _bins(kinds, looks, cells)
    index = limit = None
    if bins is not None:
        index, chance = stability_index(*bins)
        limit = max(SHIFTED, chance)
        if index > limit:
            middle = f": half are below {quantiles[1][2]:g}, before {quantiles[0][2]:g}" if quantiles else ""
            findings.append(f"other values than before (stability index {index:.2f}, limit {limit:.2f}){middle}")
    return ColumnDrift(
        name, "same", kinds, empty, (then.distinct, now.distinct), quantiles, index, limit, tuple(findings)
    )


def _kind(look: Profile) -> str:
    for name, detectors in _KINDS:
        if max(look.kinds.get(one, 0.0) for one in detectors) >= _SHARE:
            return name
    return _TEXT


def _apart(then: Mapping[str, float], now: Mapping[str, float], kinds: tuple[str, str]) -> bool:
    """Whether the shares of the old or of the new kind really moved, and not just over the border."""
    detectors = dict(_KINDS)
    return any(
        abs(max(now.get(one, 0.0) for one in detectors[kind]) - max(then.get(one, 0.0) for one in detectors[kind]))
        >= _APART
        for kind in kinds
        if kind != _TEXT
    )


def _empty(look: Profile) -> float:
    return round(1 - look.filled / look.rows, 4) if look.rows else 1.0


def _unlikely(then: Profile, now: Profile) -> bool:
    """Whether chance makes such different shares of empty cells less than once in a thousand times."""
    table = [[then.filled, then.rows - then.filled], [now.filled, now.rows - now.filled]]
    sums = np.array(table).sum(axis=0)
    if not sums.all() or not then.rows or not now.rows:
        return False
    return bool(stats.chi2_contingency(table).pvalue < 1 - _SURE)


_Bins = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]
_Pair = tuple[tuple[float, ...], tuple[float, ...]]


def _bins(
    kinds: tuple[str, str], looks: tuple[Profile, Profile], cells: tuple[pa.ChunkedArray, pa.ChunkedArray]
) -> tuple[_Pair | None, _Bins | None]:
    """Counts per bin of both deliveries: deciles of the earlier numbers, or its most frequent words."""
    if kinds == ("numbers", "numbers"):
        old, new = (_numbers(column) for column in cells)
        if min(len(old), len(new)) < _FEW:
            return None, None
        quantiles = tuple(tuple(float(x) for x in np.quantile(one, _QUANTILES)) for one in (old, new))
        edges = np.unique(np.quantile(old, np.linspace(0, 1, _BINS + 1)[1:-1]))
        binned = tuple(
            np.bincount(np.searchsorted(edges, one, side="left"), minlength=len(edges) + 1).astype(np.float64)
            for one in (old, new)
        )
        return (quantiles[0], quantiles[1]), (binned[0], binned[1])
    then, now = looks
    if not then.filled or now.filled < _FEW or not 1 <= then.distinct <= min(_CATEGORIES, then.filled // 2):
        return None, None
    shares = [dict(one.common) for one in looks]
    words = sorted(shares[0])[: _BINS * 2]
    counts = [np.array([shares[n].get(word, 0.0) for word in words]) * looks[n].filled for n in (0, 1)]
    rest = [max(looks[n].filled - counts[n].sum(), 0.0) for n in (0, 1)]
    return None, (np.append(counts[0], rest[0]), np.append(counts[1], rest[1]))


def _numbers(cells: pa.ChunkedArray) -> npt.NDArray[np.float64]:
    text = pc.replace_substring_regex(pc.utf8_trim_whitespace(cells.cast(pa.string())), r"[,' ]", "")
    plain = text.filter(pc.match_substring_regex(text, r"^[+-]?\d{1,15}(\.\d{1,15})?$"))
    found: npt.NDArray[np.float64] = plain.cast(pa.float64()).to_numpy()
    return found
