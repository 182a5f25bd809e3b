"""`muniment match records` against Splink with settings written by hand, on tables with known pairs.

Run it by hand: `python bench/records.py`; it writes results/records.md and .json. Gold and id columns are
removed before either sees a table; each run is a process of its own, so that peaks do not mix.
"""

import csv
import json
import os
import re
import resource
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from record_tables import MADE, as_task

Pair = tuple[int, int]

DATA = Path(os.environ.get("MUNIMENT_DATA", Path(__file__).parents[2] / "shared/data")) / "linkage"
RESULTS = Path(__file__).parent / "results"
THRESHOLDS = (0.001, 0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999, 0.9999)
LOW, HIGH = 0.05, 0.95
"""Calibration is measured between these."""

TUNED_ON = ("fake_1000", "abt_buy", "dblp_acm", "febrl3", "winter_product")
"""Tables that were looked at while constants were chosen: their numbers are no test of what is new."""


@dataclass
class Task:
    """Tables without ids, true pairs, and pairs known to be different (None: all others are)."""

    left: list[dict[str, str]]
    right: list[dict[str, str]] | None
    same: set[Pair]
    different: set[Pair] | None = None

    def score(self, found: Iterable[Pair]) -> tuple[float, float, float]:
        """Precision, recall and F1; where only some pairs are judged, on those."""
        pairs = set(found)
        hits = len(pairs & self.same)
        wrong = len(pairs - self.same) if self.different is None else len(pairs & self.different)
        precision, recall = hits / max(1, hits + wrong), hits / max(1, len(self.same))
        return precision, recall, 2 * precision * recall / max(1e-12, precision + recall)

    def judged(self, pair: Pair) -> bool:
        """Whether the truth about a pair is known."""
        return self.different is None or pair in self.same or pair in self.different


def _read(path: str, sign: str = ",") -> list[dict[str, str]]:
    with (DATA / path).open(encoding="utf-8", errors="replace", newline="") as file:
        rows = csv.DictReader(file, delimiter=sign)
        return [{(key or "").strip(): (value or "").strip() for key, value in row.items()} for row in rows]


def _one(path: str, gold: str, *drop: str) -> Task:
    """One file; rows of one gold value are one thing."""
    rows, groups = _read(path), defaultdict[str, list[int]](list)
    for number, row in enumerate(rows):
        groups[re.sub(r"-(org|dup.*)$", "", row[gold])].append(number)
    same = {(a, b) for group in groups.values() for at, a in enumerate(group) for b in group[at + 1 :]}
    return Task([{key: row[key] for key in row if key not in {gold, *drop}} for row in rows], None, same)


def _two(left: str, right: str, truth: str, sign: str) -> Task:
    sides = [_read(left, sign), _read(right, sign)]
    places = [{row["id"]: number for number, row in enumerate(side)} for side in sides]
    for side in sides:
        for row in side:
            del row["id"]
    with (DATA / truth).open(encoding="utf-8") as file:
        said = [re.split(r"[|%,]", line.strip()) for line in file]
    known = {
        (places[0][row[0]], places[1][row[1]]): row[2:] != ["FALSE"]
        for row in said
        if row[0] in places[0] and row[1] in places[1] and row[0] != "D1"
    }
    same = {pair for pair, yes in known.items() if yes}
    return Task(sides[0], sides[1], same, set(known) - same or None)


TASKS: Mapping[str, Any] = {
    "febrl1": lambda: _one("febrl/dataset1.csv", "rec_id"),
    "febrl2": lambda: _one("febrl/dataset2.csv", "rec_id"),
    "febrl3": lambda: _one("febrl/dataset3.csv", "rec_id"),
    "fake_1000": lambda: _one("splink/fake_1000.csv", "cluster", "unique_id"),
    "abt_buy": lambda: _two("pyjedai/D2/abt.csv", "pyjedai/D2/buy.csv", "pyjedai/D2/gt.csv", "|"),
    "dblp_acm": lambda: _two("pyjedai/D4/dblp.csv", "pyjedai/D4/acm.csv", "pyjedai/D4/gt.csv", "%"),
    "winter_product": lambda: _two(
        "winter_product/products_left.csv",
        "winter_product/products_right.csv",
        "winter_product/gs_products_training.csv",
        ",",
    ),
}


TASKS_MADE: Mapping[str, Any] = {name: (lambda name=name: as_task(name, Task)) for name in MADE}
EXCLUSIVE = ("abt_buy", "dblp_acm")
"""Tables in which each side lists a thing once: Splink's pairs are also shown with the best partner only."""

COUNTS = (0, 10, 50, 200)


def _tables(task: Task) -> list[Any]:
    import pyarrow as pa

    return [
        pa.table({key: pa.array([row[key] or None for row in side], pa.string()) for key in side[0]})
        for side in (task.left, task.right)
        if side is not None
    ]


def _pairs(found: Any) -> dict[Pair, float]:
    pairs = zip(found.left.tolist(), found.right.tolist(), strict=True)
    return dict(zip(pairs, found.probability.tolist(), strict=True))


def ours(task: Task, _name: str) -> dict[Pair, float]:
    """What `muniment match records` says, with all candidates."""
    from muniment import matching

    return _pairs(matching.match_records(*_tables(task), threshold=0.0))


def settled(found: Mapping[Pair, float], task: Task, name: str) -> dict[Pair, float]:
    """Splink's pairs with one partner at most where that is known, else with the clusters its pairs make."""
    import numpy as np
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    if name in EXCLUSIVE:
        taken: tuple[set[int], set[int]] = (set(), set())
        kept: dict[Pair, float] = {}
        for (one, other), chance in sorted(found.items(), key=lambda item: (-item[1], item[0])):
            if one not in taken[0] and other not in taken[1]:
                kept[one, other] = chance
                taken[0].add(one)
                taken[1].add(other)
        return kept
    if task.right is not None:
        return dict(found)
    likely = np.array([pair for pair, chance in found.items() if chance >= 0.5]).reshape(-1, 2)
    size = len(task.left)
    graph = coo_matrix((np.ones(len(likely)), likely.T), shape=(size, size))
    groups = defaultdict[int, list[int]](list)
    for row, group in enumerate(connected_components(graph, directed=False)[1].tolist()):
        groups[group].append(row)
    within = {(a, b) for rows in groups.values() for at, a in enumerate(rows) for b in rows[at + 1 :]}
    low = {pair: min(chance, 0.499) for pair, chance in found.items() if pair not in within}
    return low | {pair: max(found.get(pair, 0.5), 0.5) for pair in within}


def learning(name: str) -> list[dict[str, Any]]:
    """F1 after so many verdicts on the pairs that teach most, asked in rounds and answered by the truth."""
    import numpy as np

    from muniment import matching

    task: Task = TASKS[name]()
    tables = _tables(task)
    verdicts: dict[Pair, bool] = {}
    shown = []
    for count, following in zip(COUNTS, (*COUNTS[1:], None), strict=True):
        found = matching.match_records(*tables, threshold=0.0, verdicts=verdicts)
        taken = [pair for pair, chance in _pairs(found).items() if chance >= 0.5]
        rest = Task([], None, task.same - set(verdicts), task.different and task.different - set(verdicts))
        fresh = [pair for pair in taken if pair not in verdicts]
        shown.append({"data": name, "verdicts": count, "f1": task.score(taken)[2], "f1_unasked": rest.score(fresh)[2]})
        if following is None:
            break
        pairs = list(zip(found.left.tolist(), found.right.tolist(), strict=True))
        open_ = np.array([at for at, pair in enumerate(pairs) if pair not in verdicts and task.judged(pair)])
        size = len(task.left) + len(task.right or ())
        told = matching.most_telling(
            found.left[open_],
            found.right[open_] + (0 if task.right is None else len(task.left)),
            found.probability[open_],
            following - count,
            clusters=np.arange(size) if found.clusters is None else found.clusters,
            patterns=found.patterns()[open_],
        )
        verdicts |= {pairs[open_[at]]: pairs[open_[at]] in task.same for at in told.tolist()}
    return shown


def _settings(name: str) -> tuple[list[Any], list[Any], list[Any]]:
    """Comparisons, blocking rules and rules to train by, as Splink's documentation would have them."""
    import splink.comparison_library as cl
    from splink import block_on

    if name.startswith("febrl"):  # docs: examples/duckdb/febrl3
        compared = [
            cl.NameComparison("given_name"),
            cl.NameComparison("surname"),
            cl.DateOfBirthComparison("date_of_birth", input_is_string=True, datetime_format="%Y%m%d"),
            cl.DamerauLevenshteinAtThresholds("soc_sec_id", [2]),
            cl.ExactMatch("street_number").configure(term_frequency_adjustments=True),
            cl.DamerauLevenshteinAtThresholds("postcode", [2]),
        ]
        keys = [
            ("soc_sec_id",), ("given_name", "surname"), ("date_of_birth",), ("postcode", "street_number"),
            ("address_1",), ("surname", "postcode"),
        ]  # fmt: skip
        return compared, [block_on(*key) for key in keys], [block_on("given_name"), block_on("date_of_birth")]
    if name == "fake_1000":  # docs: the tutorial
        compared = [
            cl.NameComparison("first_name"),
            cl.NameComparison("surname"),
            cl.LevenshteinAtThresholds("dob", 1),
            cl.ExactMatch("city").configure(term_frequency_adjustments=True),
            cl.EmailComparison("email"),
        ]
        keys = [("first_name", "city"), ("surname",), ("dob",), ("email",), ("first_name",)]
        return compared, [block_on(*key) for key in keys], [block_on("first_name", "surname"), block_on("dob")]
    exploded = block_on("tokens", arrays_to_explode=["tokens"])
    words = cl.ArrayIntersectAtSizes("tokens", [8, 6, 4, 3, 2, 1])
    if name == "dblp_acm":
        compared = [
            cl.JaroWinklerAtThresholds("title", [0.95, 0.88, 0.75]),
            cl.JaroWinklerAtThresholds("authors", [0.95, 0.88, 0.75]),
            cl.ExactMatch("year"),
        ]
        return compared, [block_on("title"), block_on("authors"), exploded], [block_on("title"), block_on("authors")]
    title = "name" if name == "abt_buy" else "title"
    compared = [cl.JaroWinklerAtThresholds(title, [0.92, 0.8, 0.7]), words, cl.ExactMatch("model")]
    if name == "winter_product":
        compared.append(cl.ExactMatch("brand").configure(term_frequency_adjustments=True))
    first = block_on(f"substr({title}, 1, 6)")
    return compared, [block_on("model"), first, exploded], [block_on("model"), first]


def splink(task: Task, name: str) -> dict[Pair, float]:
    """What Splink says: u from random pairs, m by EM over two rules, prior from a deterministic rule."""
    import duckdb
    import pandas as pd
    from splink import DuckDBAPI, Linker, SettingsCreator

    api = DuckDBAPI(connection=duckdb.connect())
    tables = [
        api.register(pd.DataFrame([_enriched(row, place) for place, row in enumerate(side)]), table_name=f"side_{at}")
        for at, side in enumerate((task.left, task.right))
        if side is not None
    ]
    compared, blocked, trained = _settings(name)
    settings = SettingsCreator(
        link_type="dedupe_only" if task.right is None else "link_only",
        comparisons=compared,
        blocking_rules_to_generate_predictions=blocked,
    )
    linker = Linker(tables if len(tables) > 1 else tables[0], settings)
    linker.training.estimate_probability_two_random_records_match(blocked[0:2], recall=0.7)
    linker.training.estimate_u_using_random_sampling(max_pairs=2e6, seed=1)
    for rule in trained:
        linker.training.estimate_parameters_using_expectation_maximisation(rule)
    said = linker.inference.predict(threshold_match_probability=0.001).as_pandas_dataframe()  # type: ignore[no-untyped-call]
    found: dict[Pair, float] = {}
    columns = (said[key].tolist() for key in ("unique_id_l", "unique_id_r", "match_probability"))
    swapped = task.right is not None and len(said) and str(said["source_dataset_l"].iloc[0]) == "side_1"
    for one, other, chance in zip(*columns, strict=True):
        pair = (other, one) if swapped or (task.right is None and one > other) else (one, other)
        found[pair] = max(chance, found.get(pair, 0.0))
    return found


def _enriched(row: Mapping[str, str], number: int) -> dict[str, Any]:
    """What an expert would prepare: lower case, nulls, the words of the title, its last model number."""
    plain: dict[str, Any] = {key: value.lower() or None for key, value in row.items()}
    title = str(plain.get("title") or plain.get("name") or "")
    models = [word for word in re.findall(r"[a-z0-9-]{4,}", title) if re.search(r"\d.*\d", word)]
    stop = {"the", "and", "for", "with", "of", "in", "a", "an", "on", "to", "-", "black", "white"}
    tokens = sorted(set(re.findall(r"[a-z0-9-]+", title)) - stop)
    return {**plain, "unique_id": number, "tokens": tokens, "model": models[-1].replace("-", "") if models else None}


METHODS = {"muniment": ours, "splink": splink}


def measure(method: str, name: str) -> list[dict[str, Any]]:
    """Run one method on one task, in this process."""
    task: Task = {**TASKS, **TASKS_MADE}[name]()
    began = time.monotonic(), time.process_time()
    found = METHODS[method](task, name)
    seconds, busy = time.monotonic() - began[0], time.process_time() - began[1]
    shown = [_scored(task, found, method, name)]
    if method == "splink":
        shown.append(_scored(task, settled(found, task, name), "splink, settled", name))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return [{**one, "seconds": seconds, "cpu_seconds": busy, "peak_mb": peak} for one in shown]


def _scored(task: Task, found: Mapping[Pair, float], method: str, name: str) -> dict[str, Any]:
    at_half = task.score(pair for pair, chance in found.items() if chance >= 0.5)
    best = max((task.score(p for p, chance in found.items() if chance >= limit)[2], limit) for limit in THRESHOLDS)
    middle = [(c, pair in task.same) for pair, c in found.items() if LOW < c < HIGH and task.judged(pair)]
    return {
        "data": name, "method": method, "precision": at_half[0], "recall": at_half[1], "f1": at_half[2],
        "best_f1": best[0], "best_threshold": best[1],
        "wrong": sum(chance >= 0.5 and pair not in task.same for pair, chance in found.items()),
        "rows": [len(task.left), len(task.right or ())], "pairs": len(task.same), "middle": middle,
        "calibration_error": _error(middle), "calibration_n": len(middle),
    }  # fmt: skip


def _error(middle: list[tuple[float, bool]]) -> float | None:
    """Expected calibration error over ten equal bins."""
    bins = defaultdict[int, list[tuple[float, bool]]](list)
    for chance, true in middle:
        bins[int(chance * 10)].append((chance, true))
    gaps = [abs(sum(c for c, _ in one) - sum(t for _, t in one)) for one in bins.values()]
    return sum(gaps) / len(middle) if middle else None


def _report(results: list[dict[str, Any]], learned: list[dict[str, Any]]) -> str:
    real = [one for one in results if one["data"] in TASKS]
    lines = [
        "# Records: `muniment match records` against Splink",
        "",
        "Written by `bench/records.py`. Threshold .5 for all; *best* is the best of fixed thresholds. Splink has",
        "settings written by hand for each table; ours has none. *Splink, settled*: its pairs with each row's best",
        "partner only where each side lists a thing once, else in the clusters they make; the same run. CPU seconds",
        "beside the clock's: other programs ran too.",
        "",
        "| data | method | precision | recall | F1 | best F1 (at) | seconds (CPU) | peak MB |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {one['data']} | {one['method']} | {one['precision']:.4f} | {one['recall']:.4f} | {one['f1']:.4f}"
        f" | {one['best_f1']:.4f} ({one['best_threshold']:g}) | {one['seconds']:.1f} ({one['cpu_seconds']:.1f})"
        f" | {one['peak_mb']:.0f} |"
        for one in real
    ]
    return "\n".join([*lines, "", *_notes(), "", *_calibration(real), "", *_learning(learned), "", *_made(results), ""])


def _notes() -> list[str]:
    return [
        f"Constants were chosen while looking at {', '.join(TUNED_ON)}, and at made tables of dirty persons;",
        "none was chosen on febrl1 and febrl2. In abt_buy and dblp_acm each side lists a thing once.",
        "winter_product: only the judged pairs (116 same, 255 different) count.",
    ]


def _calibration(real: list[dict[str, Any]]) -> list[str]:
    lines = [
        "## Calibration",
        "",
        f"Expected calibration error over ten bins, pairs with {LOW} < p < {HIGH}; n is their number.",
        "",
        "| data | muniment (n) | splink (n) |",
        "|---|---|---|",
    ]
    told: dict[str, dict[str, str]] = defaultdict(dict)
    every: dict[str, list[Any]] = defaultdict(list)
    for one in real:
        error = "n/a" if one["calibration_error"] is None else f"{one['calibration_error']:.3f}"
        told[one["data"]][one["method"]] = f"{error} ({one['calibration_n']})"
        every[one["method"]] += [tuple(pair) for pair in one["middle"]]
    lines += [f"| {name} | {said.get('muniment', '')} | {said.get('splink', '')} |" for name, said in told.items()]
    pooled = [f"{_error(every[method]) or 0:.3f} ({len(every[method])})" for method in ("muniment", "splink")]
    return [*lines, f"| all pairs together | {pooled[0]} | {pooled[1]} |"]


def _learning(learned: list[dict[str, Any]]) -> list[str]:
    lines = [
        "## Learning from verdicts",
        "",
        "F1 after so many verdicts on the pairs that `--ask` chose, in brackets on the pairs nobody was asked about.",
        "Answered by the truth; of winter_product only judged pairs are asked, all that match among 200 (hence 0).",
        "",
        "| data | " + " | ".join(map(str, COUNTS)) + " |",
        "|---|" + "---|" * len(COUNTS),
    ]
    for name in TASKS:
        mine = [one for one in learned if one["data"] == name]
        lines.append(f"| {name} | " + " | ".join(f"{one['f1']:.4f} ({one['f1_unasked']:.4f})" for one in mine) + " |")
    return lines


def _made(results: list[dict[str, Any]]) -> list[str]:
    lines = [
        "## Made tables",
        "",
        "Of `bench/record_tables.py`, no settings; where there is no pair, *wrong* is all that counts.",
        "",
        "| table | rows | pairs | precision | recall | F1 | wrong | seconds (CPU) | peak MB |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for one in results:
        if one["data"] in TASKS_MADE:
            rows = " and ".join(f"{count:,}" for count in one["rows"] if count)
            shares = [f"{one[key]:.4f}" if one["pairs"] else "-" for key in ("precision", "recall", "f1")]
            lines.append(
                f"| {one['data']} | {rows} | {one['pairs']:,} | {' | '.join(shares)} | {one['wrong']}"
                f" | {one['seconds']:.1f} ({one['cpu_seconds']:.1f}) | {one['peak_mb']:.0f} |"
            )
    return lines


def _run(*words: str) -> Any:
    done = subprocess.run([sys.executable, __file__, *words], capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"{' '.join(words)} failed: {done.stderr[-600:]}", file=sys.stderr)
        return []
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Run everything, each in a process of its own, and write the table."""
    if len(sys.argv) == 3:
        print(json.dumps(learning(sys.argv[2]) if sys.argv[1] == "learning" else measure(*sys.argv[1:])))
        return
    results, learned = [], []
    for method, name in [
        *((method, name) for name in TASKS for method in METHODS),
        *(("muniment", n) for n in TASKS_MADE),
    ]:
        results += _run(method, name)
        print(method, name, [round(one["f1"], 4) for one in results[-2:]], flush=True)
    for name in TASKS:
        learned += _run("learning", name)
        print(name, [round(one["f1"], 4) for one in learned[-len(COUNTS) :]], flush=True)
    report = _report(results, learned)
    for one in results:
        del one["middle"]
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "records.json").write_text(json.dumps({"results": results, "learning": learned}, indent=1) + "\n")
    (RESULTS / "records.md").write_text(report)
    print(report)


if __name__ == "__main__":
    main()
