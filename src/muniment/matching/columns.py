"""From profiled columns and targets to ranked candidates, and from those to one proposal per column.

Called by the mapping phase for each table. The weights are fitted by `tools/fit_columns.py`; learned pairs
outrank them. Pure: no database, no files, and no order of columns changes an answer.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import log
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment
from scipy.special import log_softmax, logsumexp

from muniment.matching import detect, names, signals
from muniment.matching.types import NONE, Candidate, Column, Learned, Proposal, State, Target

WEIGHTS: Mapping[str, float] = MappingProxyType(
    {
        "exact": 8.04,
        "specific": 3.06,
        "own": 1.3,
        "early": 3.01,
        "near": 2.53,
        "leaf": 1.11,
        "words": 4.81,
        "close": 4.08,
        "letters": 1.39,
        "telling": 2.31,
        "alone": 2.53,
        "agree": 1.08,
        "disagree": -5.28,
        "odd": -1.46,
        "known": 2.48,
        "foreign": -5.51,
        "unit": 0.0,
        "misfit": -3.11,
        "unique": 3.03,
        "grouped": 0.93,
        "scattered": -1.62,
        "repeated": -2.08,
        "plain": 0.72,
        "itself": 4.61,
        "other": -6.4,
        "part": -4.85,
        "topic": 0.75,
    }
)
"""Signal of a pair -> log-odds a full signal adds; what each signal says is in `signals.PAIR`. `exact` is 0.8
above its fit: against all synonyms, held-out columns given .75 to .9 were right 95 to 100 % of the time."""

NOTHING_WEIGHTS: Mapping[str, float] = MappingProxyType({"always": 8.13, "empty": -0.46, "prose": -0.74, "bare": 0.9})
"""The same for "none of them"; see `signals.NOTHING`."""

_SHOWN = 8
"""Candidates kept per column where nobody says otherwise."""

_REPEATED = 0.3
"""How often a second column means a single-valued target that another column has taken, by judgement."""

_EITHER = 0.8
"""Up to this share of what a wider target and its case have together, a header may mean either of them."""

_TIE = 1e-6
"""By how much the wider of two such targets comes first."""

_CONTRADICTED = 0.5
"""Below this agreement of its values with the target's kind, a pair is contradicted."""

_LOWEST_CAP = 0.3


def rank(
    columns: Sequence[Column], targets: Sequence[Target], learned: Sequence[Learned] = (), *, shown: int = _SHOWN
) -> dict[str, tuple[Candidate, ...]]:
    """Rank the possible meanings of each column, the best first, "none of them" among them.

    The model is a conditional logit (McFadden 1974): every pair gets a score, the weighted sum of its
    signals, and so does "none of them"; a softmax over the scores of one column is its probabilities.

    Args:
        columns: the profiled columns of one table, with different names.
        targets: everything a column may mean, with different names.
        learned: verdicts of people on pairs; of one `name_key` and target at most one.
        shown: candidates kept per column, besides learned pairs and "none of them".

    Returns:
        Column name -> its best candidates; always with the pairs people judged and with `NONE`.
    """
    ordered = sorted(columns, key=lambda column: column.name)  # sums of floats, the same bit for bit
    fixed = tuple(targets)
    if not ordered:
        return {}
    found = signals.read(ordered, fixed)
    scores = np.concatenate(
        [
            found.pair @ np.array([WEIGHTS[name] for name in signals.PAIR]),
            (found.nothing @ np.array([NOTHING_WEIGHTS[name] for name in signals.NOTHING]))[:, None],
        ],
        axis=1,
    )
    _cap(scores, found.values)
    verdicts = _verdicts(ordered, fixed, learned)
    for (row, number), verdict in verdicts.items():
        agree = found.values[row, number] if number < len(fixed) else np.nan
        _obey(scores[row], number, verdict, agree)
    chances = np.exp(log_softmax(scores, axis=1))
    by_name = {}
    for row, column in enumerate(ordered):
        judged = {number for place, number in verdicts if place == row}
        view = _View(column, fixed, names.index(fixed), found, row, verdicts)
        by_name[column.name] = _candidates(view, chances[row], judged, shown)
    return {column.name: by_name[column.name] for column in columns}


def _cap(scores: npt.NDArray[np.float64], agree: npt.NDArray[np.float64]) -> None:
    """Keep targets whose kind the values contradict out of reach of a good name, in place.

    Where fewer than half of the values look like the target, its probability is at most .3 (none do) to
    .55: a column of addresses named "Serial" holds no serial numbers. The logit alone lets a very good
    name outweigh any values, and a wrong automatic mapping costs more than a question.
    """
    rows, numbers = np.nonzero(agree < _CONTRADICTED)
    if len(rows):
        total = logsumexp(scores, axis=1)[rows]
        chance = np.exp(scores[rows, numbers] - total)
        for row, number in zip(rows[chance > _LOWEST_CAP], numbers[chance > _LOWEST_CAP], strict=True):
            cap = _LOWEST_CAP + 0.5 * agree[row, number]
            rest = logsumexp(np.delete(scores[row], number))
            scores[row, number] = min(scores[row, number], rest + log(cap / (1 - cap)))


def _verdicts(
    columns: Sequence[Column], targets: Sequence[Target], learned: Iterable[Learned]
) -> dict[tuple[int, int], Learned]:
    place = {target.name: number for number, target in enumerate(targets)} | {NONE: len(targets)}
    by_key: dict[str, list[Learned]] = {}
    for pair in learned:
        if pair.target in place and (pair.accepted or pair.rejected):
            by_key.setdefault(pair.column_key, []).append(pair)
    return {
        (row, place[pair.target]): pair
        for row, column in enumerate(columns)
        for pair in sorted(by_key.get(names.name_key(column.name), ()), key=_accepted_last)
    }


def _accepted_last(pair: Learned) -> tuple[int, str]:
    return pair.accepted - pair.rejected, pair.target


def _obey(scores: npt.NDArray[np.float64], number: int, verdict: Learned, agree: float) -> None:
    """Move one score so that its probability follows what people said, in place.

    More rejections than acceptances: at most .25 with one, less with more. More acceptances: at least
    .95 with one, rising to .995, unless its values now contradict the target. A draw changes nothing.
    """
    rest = logsumexp(np.delete(scores, number))
    net = verdict.accepted - verdict.rejected
    if net < 0:
        ceiling = 0.25 / -net
        scores[number] = min(scores[number], rest + log(ceiling / (1 - ceiling)))
    elif net > 0 and not agree < _CONTRADICTED:
        floor = min(0.995, 1 - 0.05 / net)
        scores[number] = max(scores[number], rest + log(floor / (1 - floor)))


@dataclass(frozen=True, slots=True)
class _View:
    """One column with all that is known of it, for putting candidates into words."""

    column: Column
    targets: tuple[Target, ...]
    index: names.NameIndex
    found: signals.Signals
    row: int
    verdicts: Mapping[tuple[int, int], Learned]


def _candidates(view: _View, chances: npt.NDArray[np.float64], judged: set[int], shown: int) -> tuple[Candidate, ...]:
    none = len(view.targets)
    # ties: the target named first in the alphabet, so that no order of targets decides
    order = sorted(range(none + 1), key=lambda n: (-chances[n], _name(view, n)))
    kept = {*order[:shown], none, *judged}
    return tuple(
        Candidate(
            view.column.name,
            _name(view, number),
            float(chances[number]),
            _reasons(view, number),
            multi=number == none or view.targets[number].multi,
            wider="" if number == none else view.targets[number].wider,
        )
        for number in order
        if number in kept
    )


def _name(view: _View, number: int) -> str:
    return view.targets[number].name if number < len(view.targets) else NONE


def _reasons(view: _View, number: int) -> tuple[str, ...]:
    """Put the evidence for a candidate into words, people's verdicts first."""
    said = [*_verdict_said(view.verdicts.get((view.row, number)))]
    if number == len(view.targets):
        if view.column.profile.filled == 0:
            said.append("the column is empty")
        return (*said, "this is how likely it is that no known attribute is meant")
    target = view.targets[number]
    signal = dict(zip(signals.PAIR, view.found.pair[view.row, number], strict=True))
    said += _name_said(view, number, signal)
    said += _values_said(view.column, target, signal)
    if signal["unit"]:
        said.append(f"the unit in the name is one of {target.label}")
    if signal["misfit"]:
        said.append(f"the unit in the name does not measure {target.label}")
    if signal["itself"]:
        listed = " ".join(names.read(view.column.name).words) in signals.listed_as(view.column.table or "")
        where = f'in "{view.column.table}" this is' if listed else "no other column is"
        said.insert(0, f"{where} the name of what is listed")
    if signal["other"]:
        said.append("here this means the listed thing itself")
    return tuple(said)


def _verdict_said(verdict: Learned | None) -> Iterable[str]:
    if verdict and verdict.accepted:
        yield f"you accepted this before ({_times(verdict.accepted)})"
    if verdict and verdict.rejected:
        yield f"you rejected this before ({_times(verdict.rejected)})"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _name_said(view: _View, number: int, signal: Mapping[str, float]) -> Iterable[str]:
    target, header = view.targets[number], view.column.name
    if signal["own"] >= 0.9:  # noqa: PLR2004
        yield f'name "{header}" is the name of {target.name}'
    elif max(signal["exact"], signal["near"], signal["leaf"], signal["words"], signal["letters"]) > 0.3:  # noqa: PLR2004
        nearest = view.index.said(header, number)
        if signal["exact"] >= 0.9:  # noqa: PLR2004
            yield f'name "{header}" is a synonym of {target.name}'
        else:
            yield f'name "{header}" is like "{nearest}", a name of {target.name}'


def _values_said(column: Column, target: Target, signal: Mapping[str, float]) -> Iterable[str]:
    profile = column.profile
    if not profile.filled:
        yield "there are no values to judge by"
        return
    kind = signals.kind_of(target)
    if kind in detect.SAID:
        share = signal["telling"] + signal["agree"]
        only = "only " if share < 0.5 else ""  # noqa: PLR2004
        yield f"{only}{share:.0%} of values look like {detect.SAID[kind]}"
    elif signal["odd"] > 0.3:  # noqa: PLR2004
        yield "the values are of a kind that has its own attributes"
    if target.values and (signal["known"] or target.kind == "enum"):
        yield f"{signal['known']:.0%} of values are known values of {target.name}"
    if signal["unique"] > 0.5:  # noqa: PLR2004
        yield "the values are nearly unique, as an identifier's are"
    if signal["scattered"] > 0.5:  # noqa: PLR2004
        yield "the values are nearly unique, and those of a group are not"


def assign(
    ranking: Mapping[str, Sequence[Candidate]],
    *,
    auto: float = 0.9,
    suggest: float = 0.6,
) -> dict[str, Proposal]:
    """Choose one meaning per column so that single-valued targets are taken once.

    Maximum-weight assignment over the columns of one table; a multi-valued target may be taken by any
    number of columns. A column that loses its best target takes its next if that is likely enough on its
    own, else the same target is suggested to a person, never applied. A header that may mean a target or a
    case of it ("Managed by": the owner or the administrator) means the wider one if no other column does.

    Args:
        ranking: what `rank` returned.
        auto: probability from which a proposal is applied without asking.
        suggest: probability from which a person is asked.

    Returns:
        Column name -> proposal, in the order of the ranking.
    """
    ranking = {column: _either(candidates) for column, candidates in ranking.items()}
    taken = _take(ranking)
    winners = {c.target: c.column for c in taken.values() if not c.multi}
    proposals = {}
    for column, candidates in ranking.items():
        best, got = candidates[0], taken[column]
        reasons: tuple[str, ...] = ()
        if got.target != best.target and best.target in winners:
            others = {t for t, winner in winners.items() if winner != column}
            candidates = _without(candidates, others)  # noqa: PLW2901
            reasons = (f'{best.target} went to column "{winners[best.target]}"',)
        proposals[column] = _proposal(candidates, best, reasons, (auto, suggest))
    return proposals


def _either(candidates: Sequence[Candidate]) -> Sequence[Candidate]:
    """Where a header may mean a target or a case of it, read either with the chance of both, the wider first."""
    by_target = {c.target: c for c in candidates}
    for case in candidates:
        wide = by_target.get(case.wider)
        if wide is None or wide.multi or case.multi:
            continue
        both = wide.probability + case.probability
        if case.probability <= _EITHER * both and wide.probability <= _EITHER * both:
            first = replace(wide, probability=both, reasons=(*wide.reasons, f"or its case {case.target}"))
            second = replace(case, probability=both * (1 - _TIE), reasons=case.reasons)
            rest = [c for c in candidates if c.target not in {wide.target, case.target}]
            return sorted([first, second, *rest], key=lambda c: -c.probability)
    return candidates


def _without(candidates: Sequence[Candidate], taken: set[str]) -> tuple[Candidate, ...]:
    """Weigh candidates anew, now that other columns have taken some targets.

    Taken does not mean impossible: exports repeat themselves ("OS according to the configuration file",
    "OS according to the VMware Tools"), so a taken target keeps `_REPEATED` of its odds; one that a case of
    it is read for leaves it all of them.
    """
    even = {c.target: c.probability * (1 - _TIE) for c in candidates if c.target in taken}
    left = {c.wider for c in candidates if c.wider in even and c.probability == even[c.wider]}
    odds = [c.probability * (c.target not in left) * (_REPEATED if c.target in taken else 1.0) for c in candidates]
    total = sum(odds)
    weighed = [replace(c, probability=o / total) for c, o in zip(candidates, odds, strict=True)]
    return tuple(sorted(weighed, key=lambda c: (-c.probability, c.target)))


def _proposal(
    candidates: Sequence[Candidate],
    wanted: Candidate,
    reasons: tuple[str, ...],
    thresholds: tuple[float, float],
) -> Proposal:
    """Turn the candidates of one column into its proposal; `wanted` is what it would be on its own."""
    auto, suggest = thresholds
    got = candidates[0]
    if got.target == wanted.target and reasons:  # a repetition: for a person to decide
        got, auto = wanted, 2.0
    state: State = "unmapped"
    if got.target != NONE and got.probability >= suggest:
        state = "auto" if got.probability >= auto else "suggested"
    else:
        got = next(c for c in candidates if c.target == NONE)
    others = [c for c in candidates if c.target not in {NONE, got.target}]
    runner_up = max(others, key=lambda c: c.probability, default=None)
    return Proposal(got.column, got.target, got.probability, (*reasons, *got.reasons), runner_up, state)


def _take(ranking: Mapping[str, Sequence[Candidate]]) -> dict[str, Candidate]:
    """Give each column one candidate, single-valued targets once, maximising the summed probability."""
    columns = sorted(ranking)
    wanted = sorted({c.target for found in ranking.values() for c in found if not c.multi})
    place = {target: number for number, target in enumerate(wanted)}
    gain = np.full((len(columns), len(wanted) + len(columns)), -1.0)
    held: dict[tuple[int, int], Candidate] = {}
    for row, column in enumerate(columns):
        own = len(wanted) + row  # a place of its own for what any number of columns may take
        for candidate in ranking[column]:
            spot = place.get(candidate.target, own)
            if candidate.probability > gain[row, spot]:
                gain[row, spot] = candidate.probability
                held[row, spot] = candidate
    rows, spots = linear_sum_assignment(gain, maximize=True)
    return {columns[row]: held[row, spot] for row, spot in zip(rows.tolist(), spots.tolist(), strict=True)}
