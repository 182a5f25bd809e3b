"""Which column of one table is which of another: every pair weighed, ranked per column, with its reasons.

Called by `muniment match columns`. One model for any two tables, its weights in `shipped/columns.json`, fitted by
`tools/fit_columns.py`. It ranks, it assigns nothing: two columns may have the same best candidate. Pure.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.special import expit
from scipy.stats import rankdata

from muniment.matching import column_lexicon, column_names, column_profile, column_values, columns
from muniment.matching.types import NONE, Column, Target

Floats = npt.NDArray[np.float64]
Embed = Callable[[Sequence[str]], npt.NDArray[np.floating[Any]]]
"""Turns texts into vectors, one row each."""

_GAP = 6.0
_FEW = 4
_BESIDE = 3
_DEVIATIONS = 5.0


@dataclass(frozen=True, slots=True)
class ColumnMatch:
    """One candidate of a source column: `probability` that both hold the same thing, comparable over all pairs."""

    source: str
    target: str
    rank: int
    probability: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Side:
    """One table as it is compared: its columns with their profiles and their values."""

    columns: tuple[Column, ...]
    values: tuple[column_values.Values, ...]

    @property
    def headers(self) -> tuple[str, ...]:
        """The headers as written."""
        return tuple(column.name for column in self.columns)


def side(rows: pa.Table) -> Side:
    """Read one table for comparison."""
    profiled = column_profile.profile(rows, rows.column_names)
    limit = column_values.most([column.profile.distinct for column in profiled])
    values = tuple(column_values.read(rows.column(column.name), column.profile, limit) for column in profiled)
    return Side(profiled, values)


def match_columns(
    source: pa.Table, target: pa.Table, top: int = 10, embed: Embed | None = None
) -> tuple[ColumnMatch, ...]:
    """Rank the columns of a target table for each column of a source table.

    Args:
        source: a table, any Arrow types, with different column names.
        target: another.
        top: candidates per source column.
        embed: makes vectors of meaning, which are compared too; without it headers are compared by their words.

    Returns:
        The candidates of each source column in turn, the best first.
    """
    one, other = side(source), side(target)
    if not one.columns or not other.columns:
        return ()
    grid = signals(one, other, embed)
    chances = probabilities(grid)
    mine, theirs = one.headers, other.headers
    return tuple(
        ColumnMatch(
            mine[row],
            theirs[number],
            rank,
            float(chances[row, number]),
            _reasons(one, other, grid, row, number),
        )
        for row in range(len(mine))
        for rank, number in enumerate(_order(chances[row], theirs)[:top], 1)
    )


def match_targets(
    source: pa.Table, targets: Sequence[Target], top: int = 10, *, table: str | None = None
) -> tuple[ColumnMatch, ...]:
    """Rank known targets, such as the attributes of the model, for each column of a table.

    Args:
        source: a table, any Arrow types, with different column names.
        targets: what a column may mean.
        top: candidates per column.
        table: the name of the table or tab, which says what its rows are.
    """
    profiled = column_profile.profile(source, source.column_names, table=table)
    ranking = columns.rank(profiled, targets, shown=top + 1)
    return tuple(
        ColumnMatch(name, found.target, place, found.probability, found.reasons)
        for name, candidates in ranking.items()
        for place, found in enumerate([one for one in candidates if one.target != NONE][:top], 1)
    )


def _order(chances: Floats, headers: Sequence[str]) -> list[int]:
    return sorted(range(len(headers)), key=lambda number: (-chances[number], headers[number], number))


def signals(one: Side, other: Side, embed: Embed | None = None) -> dict[str, Floats]:
    """The evidence for every pair, each source x target; the weights of the model are per name.

    Powers and roots stand beside some so that a weighted sum can bend: much overlap of values is no more than some.
    """
    names = column_names.compare(one.headers, other.headers)
    values = column_values.compare(
        one.values,
        other.values,
        ([c.profile for c in one.columns], [c.profile for c in other.columns]),
        (one.headers, other.headers),
    )
    both = 2 * names.source * names.target / np.maximum(names.source + names.target, 1e-9)
    number = np.array([held.kind == "number" for held in one.values], float)[:, None]
    bare = np.array([held.kind == "empty" for held in other.values], float)[None, :]
    found = {
        "same": names.same,
        "source": names.source,
        "source2": names.source**2,
        "target": names.target,
        "target2": names.target**2,
        "both": both,
        "both2": both**2,
        "both4": both**4,
        "letters": names.letters,
        "last": names.last,
        "initials": names.initials,
        "known": values.known,
        "known2": values.known**2,
        "known_root": np.sqrt(values.known),
        "covers": values.covers,
        "covers_root": np.sqrt(values.covers),
        "close": values.close,
        "close2": values.close**2,
        "close_root": np.sqrt(values.close),
        "words": values.words,
        "words_root": np.sqrt(values.words),
        "numbers": values.numbers,
        "spread": values.spread,
        "spread4": values.spread**4,
        "kinds": values.kinds,
        "clash": values.clash,
        "unlisted": values.unlisted,
        "told": values.told,
        "telling": values.telling,
        "judged": values.judged,
        "close_both": values.close * both,
        "known_both": values.known * both,
        "value_name": np.sqrt(np.maximum(values.close, values.known) * both),
        "number_bare": np.broadcast_to(number * bare, both.shape),
        "number_bare_both": number * bare * both,
    }
    if embed is not None:
        near = _directions(one.headers, embed) @ _directions(other.headers, embed).T
        near = (near - near.mean()) / (near.std() + 1e-9) / _DEVIATIONS  # models differ in what they call alike
        found |= {"vector": near, "vector2": np.maximum(near, 0.0) ** 2, "vector_both": near * (1 - both)}
    return found


def _directions(headers: Sequence[str], embed: Embed) -> Floats:
    grid = np.asarray(embed([" ".join(column_lexicon.read(header)) for header in headers]), np.float64)
    result: Floats = grid / np.maximum(np.linalg.norm(grid, axis=1, keepdims=True), 1e-12)
    return result


@cache
def model() -> dict[str, Any]:
    """The fitted weights: of the signals, and of how a pair stands beside its rivals."""
    text = resources.files("muniment.matching").joinpath("shipped/columns.json").read_text(encoding="utf-8")
    read: dict[str, Any] = json.loads(text)
    return read


def probabilities(grid: dict[str, Floats], weights: dict[str, Any] | None = None) -> Floats:
    """How probable each pair is, by the weights of the model."""
    held = weights or model()["vectors" if "vector" in grid else "words"]
    beside = rivals(scores(grid, held))
    result: Floats = expit(
        held["beside_always"] + sum(weight * beside[name] for name, weight in held["beside"].items())
    )
    return result


def scores(grid: dict[str, Floats], weights: dict[str, Any]) -> Floats:
    """The log-odds of each pair by its own evidence."""
    total: Floats = weights["always"] + sum(weight * grid[name] for name, weight in weights["signals"].items())
    return total


def rivals(score: Floats) -> dict[str, Floats]:
    """How a score stands beside the best other score of its source and of its target."""
    score = np.round(score, 9)  # sums in another order, the same to the last bit
    mine, theirs = _gap(score), _gap(score.T).T
    place = rankdata(-score, method="min", axis=1)
    return {
        "score": score,
        "behind": np.minimum(mine, 0.0),
        "ahead": np.maximum(mine, 0.0),
        "behind_others": np.minimum(theirs, 0.0),
        "ahead_others": np.maximum(theirs, 0.0),
        "rank": 1.0 / place,
        "company": np.broadcast_to(_company(score), score.shape),
        "neighbours": np.broadcast_to(_neighbours(score), score.shape),
    }


def _company(score: Floats) -> Floats:
    """Per source column how sure the best pairs of the others are: tables about one thing, or hardly related."""
    best = expit(score).max(axis=1, initial=0.0)
    others = (best.sum() - best) / max(1, len(best) - 1)
    result: Floats = others[:, None]
    return result


def _neighbours(score: Floats) -> Floats:
    """Per target column how sure the best pair of those beside it is: what belongs together stands together."""
    best = expit(score).max(axis=0, initial=0.0)
    padded = np.pad(best, _BESIDE)
    steps = [padded[_BESIDE + step : _BESIDE + step + len(best)] for step in range(-_BESIDE, _BESIDE + 1) if step]
    result: Floats = np.max(steps, axis=0)[None, :]
    return result


def _gap(scores: Floats) -> Floats:
    """Each score less the best other score of its row, between -6 and 6."""
    if scores.shape[1] < 2:  # noqa: PLR2004
        return np.full_like(scores, _GAP / 2)
    ordered = np.sort(scores, axis=1)
    best, second = ordered[:, -1:], ordered[:, -2:-1]
    first = np.zeros_like(scores, bool)
    first[np.arange(len(scores)), scores.argmax(axis=1)] = True
    result: Floats = np.clip(scores - np.where(first, second, best), -_GAP, _GAP)
    return result


def _reasons(one: Side, other: Side, grid: dict[str, Floats], row: int, number: int) -> tuple[str, ...]:
    """The evidence for a pair in words, what speaks for it first."""
    said = {name: float(held[row, number]) for name, held in grid.items()}
    mine, theirs = one.values[row], other.values[number]
    reasons = [_name_said(said)]
    if not said["judged"]:
        blank = [name for name, held in (("source", mine), ("target", theirs)) if held.kind == "empty"]
        reasons.append(f"the {' and the '.join(blank)} has no values to judge by")
    elif mine.kind == theirs.kind == "number":
        reasons.append(f"numbers of the same range for {said['numbers']:.0%}")
    elif said["clash"]:
        reasons.append(f"values are of different kinds: {_SAID[mine.kind]} and {_SAID[theirs.kind]}")
    else:
        reasons += _values_said(said, mine, theirs)
    if said["told"] > 0:
        reasons.append("the target's name is said in the values")
    if said["telling"] > 0:
        reasons.append("the source's name is said in the target's values")
    return tuple(reasons)


_SAID = {"number": "numbers", "date": "dates", "listed": "a few repeated values", "text": "text", "empty": "none"}


def _name_said(said: dict[str, float]) -> str:
    if said["same"] >= 0.99:  # noqa: PLR2004
        return "the same name"
    if said["same"]:
        return "the same words, abbreviated or in another order"
    if said["initials"]:
        return "one name is the initials of the other"
    if said["both"] >= 0.3:  # noqa: PLR2004
        return f"names share words that mean the same ({said['both']:.0%})"
    return f"names are spelt {said['letters']:.0%} alike"


def _values_said(said: dict[str, float], mine: column_values.Values, theirs: column_values.Values) -> Sequence[str]:
    known = set(theirs.texts)
    shared = [number for number, text in enumerate(mine.texts) if text in known]
    if shared:
        such = ", ".join(mine.texts[number] for number in shared[:_FEW])
        return [f"{mine.shares[shared].sum():.0%} of values are values of the target, such as {such}"]
    if said["close"] >= 0.3:  # noqa: PLR2004
        return [f"values are like those of the target ({said['close']:.0%})"]
    return ["no value in common"]
