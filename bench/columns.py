"""What columns mean, measured: any two tables, the columns of IT exports, second deliveries, calibration, learning.

Run it by hand: `python bench/columns.py`; it writes results/columns.md. Peers run beside us where they are installed
(see README.md). It tunes nothing; `tools/fit_column_pairs.py` fits, and says on what.
"""

import csv
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from rapidfuzz import fuzz, process

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tools"))

import fit_column_pairs as pairs  # noqa: E402 - the same reading of the answers as the fit
import fit_columns as meanings  # noqa: E402

from muniment import matching  # noqa: E402
from muniment.matching import column_pairs, names  # noqa: E402

Floats = npt.NDArray[np.float64]
GDC = meanings.DATA / "columns/gdc"
RESULTS = HERE / "results/columns.md"
PEERS = os.environ.get("MUNIMENT_PEERS_PYTHON", "")
PEER_SECONDS = float(os.environ.get("MUNIMENT_PEERS_SECONDS", "180"))
PEER_NAMES = (
    *("COMA (schema)", "COMA (instances)", "Cupid", "Distribution-based"),
    *("Jaccard-Levenshtein", "Similarity flooding"),
)


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the GDC with its right pairs."""

    name: str
    source: pa.Table
    target: pa.Table
    right: npt.NDArray[np.bool_]


def gdc_tables() -> list[Table]:
    """The five tables; right pairs whose column is not there are left out."""
    target = pairs.read(GDC / "target_full.csv")
    found = []
    for name in pairs.GDC:
        source = pairs.read(GDC / name / "source.csv")
        right = np.zeros((source.num_columns, target.num_columns), bool)
        with (GDC / name / "groundtruth.csv").open(newline="", encoding="utf-8") as lines:
            for row in csv.DictReader(lines):
                one, other = row["source"].strip(), row["target"].strip()
                if one in source.column_names and other in target.column_names:
                    right[source.column_names.index(one), target.column_names.index(other)] = True
        found.append(Table(name, source, target, right))
    return found


def ours(table: Table, *, blind: bool, local: bool = False) -> Floats:
    """Our probabilities; `blind`: by weights fitted without this table; `local`: with the vectors of a local model."""
    one, other = column_pairs.side(table.source), column_pairs.side(table.target)
    grid = column_pairs.signals(one, other, pairs.vectors if local else None)
    held = column_pairs.model()["vectors" if local else "words"]
    return column_pairs.probabilities(grid, held["without"][table.name] if blind else held)


def names_only(table: Table) -> Floats:
    """Headers by rapidfuzz."""
    one, other = ([" ".join(names.read(n).words) for n in t.column_names] for t in (table.source, table.target))
    result: Floats = process.cdist(one, other, scorer=fuzz.token_sort_ratio).astype(np.float64) / 100
    return result


def tf_idf(table: Table) -> Floats:
    """Cosine of character trigrams of header and values, weighted by rarity."""
    bags = []
    for rows in (table.source, table.target):
        for name in rows.column_names:
            values = [str(v) for v in rows[name].drop_null().unique().to_pylist()[:200]]
            text = " ".join([name, name, name, *values]).lower()
            bags.append({text[at : at + 3] for at in range(len(text) - 2)})
    place: dict[str, int] = {}
    for bag in bags:
        for gram in bag:
            place.setdefault(gram, len(place))
    grid = np.zeros((len(bags), len(place)), np.float32)
    for row, bag in enumerate(bags):
        grid[row, [place[gram] for gram in bag]] = 1
    grid *= np.log(len(bags) / grid.sum(axis=0))
    grid /= np.maximum(np.linalg.norm(grid, axis=1, keepdims=True), 1e-9)
    size = table.source.num_columns
    result: Floats = (grid[:size] @ grid[size:].T).astype(np.float64)
    return result


def peer(matcher: str) -> Callable[[Table], Floats]:
    """A matcher of valentine, in its own environment and process."""

    def run(table: Table) -> Floats:
        command = [PEERS, str(HERE / "column_peers.py"), matcher]
        command += [str(GDC / table.name / "source.csv"), str(GDC / "target_full.csv")]
        done = subprocess.run(command, capture_output=True, check=True, timeout=PEER_SECONDS)
        grid = np.zeros(table.right.shape)
        mine = {name: place for place, name in enumerate(table.source.column_names)}
        theirs = {name: place for place, name in enumerate(table.target.column_names)}
        for one, other, score in json.loads(done.stdout.splitlines()[-1]):
            grid[mine[one], theirs[other]] = score
        return grid

    return run


def general(tables: Sequence[Table]) -> list[str]:
    """The table of methods, with the calibration of ours."""
    methods: dict[str, Callable[[Table], Floats]] = {
        "**Muniment**, each table by weights fitted without it": lambda table: ours(table, blind=True),
        "Muniment, weights as shipped (they saw these tables)": lambda table: ours(table, blind=False),
    }
    if pairs.local_model() is not None:
        methods["**Muniment with a local model**, fitted without the table"] = lambda t: ours(t, blind=True, local=True)
    methods |= {"names only (rapidfuzz)": names_only, "tf-idf of header and values": tf_idf}
    if PEERS:
        methods |= {f"{name} (valentine)": peer(name) for name in PEER_NAMES}
    lines = ["| method | MRR | Recall@GT | per table | seconds |", "|---|---|---|---|---|"]
    for method, run in methods.items():
        began, ranks, recalls = time.monotonic(), [], []
        try:
            for table in tables:
                chances = run(table)
                ranks.append(pairs.reciprocal_rank(chances, table.right))
                recalls.append(pairs.recall_at_truth(chances, table.right))
        except (subprocess.TimeoutExpired, subprocess.CalledProcessError) as error:
            why = f"more than {PEER_SECONDS:.0f} s" if isinstance(error, subprocess.TimeoutExpired) else "it failed"
            lines.append(f"| {method} | - | - | {why} on {tables[len(ranks)].name} | |")
            continue
        each = " ".join(f"{rank:.2f}/{recall:.2f}" for rank, recall in zip(ranks, recalls, strict=True))
        seconds = time.monotonic() - began
        lines.append(f"| {method} | {np.mean(ranks):.3f} | {np.mean(recalls):.3f} | {each} | {seconds:.1f} |")
        print(lines[-1], flush=True)
    chances = np.concatenate([ours(table, blind=True).ravel() for table in tables])
    gap, count = pairs.calibration_error(chances, np.concatenate([table.right.ravel() for table in tables]))
    return [*lines, "", f"Calibration of the first row, pairs of .05 < p < .95: ECE {gap:.3f} (n = {count})."]


def meaning_of_it() -> list[str]:
    """What the columns of IT exports mean: ranking and assignment against the model."""
    targets = meanings.model_targets()
    cases = [*meanings.inventories(), *meanings.header_gold()]
    lines = ["| columns | n | top-1 | applied by itself | of them right | coverage | ECE, .05 < p < .95 |"]
    lines.append("|---|---|---|---|---|---|---|")
    for name, tally in sorted(meanings.measure(cases, targets, blind=False, verbose=False).items()):
        middle = [pair for pair in tally.chances if 0.05 < pair[0] < 0.95]
        lines.append(
            f"| {name} | {tally.seen} | {tally.top / tally.seen:.3f} | {tally.auto}"
            f" | {tally.auto_right / tally.auto:.4f} | {tally.covered / max(1, tally.meant):.2f}"
            f" | {meanings.calibration_error(middle):.3f} (n = {len(middle)}) |"
        )
    right = seen = 0
    held = [(form, target) for target in targets for form in (target.name, target.label, *target.synonyms)]
    for case in cases:
        for column in case.columns:
            if case.right[column.name] - {""}:
                found = process.extractOne(column.name.lower(), [form.lower() for form, _ in held], scorer=fuzz.ratio)
                right += held[found[2]][1].name in case.right[column.name]
                seen += 1
    lines.append(
        f"| rapidfuzz against all names and synonyms, columns with a meaning | {seen} | {right / seen:.3f} | | | | |"
    )
    return lines


def learning() -> list[str]:
    """Verdicts on columns of some tables, and what they are worth on others."""
    targets = meanings.model_targets()
    cases = [*meanings.inventories(), *meanings.header_gold()]
    halves = list(meanings.halves(targets))[1]  # half of the synonyms: a field whose words are not all known
    asked: dict[str, matching.Learned] = {}
    stream = [case for case in cases if crc32(case.name.encode()) % 2]
    tests = [case for case in cases if not crc32(case.name.encode()) % 2]
    lines = ["| verdicts | top-1 on other tables | applied by themselves | of them right | asked | columns |"]
    lines.append("|---|---|---|---|---|---|")
    verdicts = _verdicts(stream, halves)
    for count in (0, 10, 50, 200):
        for learned in verdicts[len(asked) : count]:
            asked[learned.column_key] = learned
        top = auto = good = waiting = seen = 0
        for case in tests:
            ranking = matching.rank(case.columns, halves, tuple(asked.values()))
            for name, proposal in matching.assign(ranking).items():
                right = case.right[name]
                seen += 1
                top += ranking[name][0].target in right
                auto += proposal.state == "auto"
                good += proposal.state == "auto" and proposal.target in right
                waiting += proposal.state == "suggested"
        given, rate = min(count, len(verdicts)), good / max(1, auto)
        lines.append(f"| {given} | {top / seen:.3f} | {auto} | {rate:.4f} | {waiting} | {seen} |")
    return lines


def _verdicts(stream: Sequence[meanings.Case], targets: Sequence[matching.Target]) -> list[matching.Learned]:
    """One verdict per header that waits or is left alone though it means something, as a person would come to them."""
    found: dict[str, matching.Learned] = {}
    for case in stream:
        proposals = matching.assign(matching.rank(case.columns, targets))
        for name, proposal in proposals.items():
            right = sorted(case.right[name] - {""})
            key = matching.name_key(name)
            if proposal.state != "auto" and right and key not in found:
                meant = proposal.target if proposal.target in right else right[0]
                found[key] = matching.Learned(key, meant, 1, 0)
    return list(found.values())


def second_delivery() -> list[str]:
    """Every CSV of the inventories twice: the first half of its rows, its questions answered, then the second half."""
    from muniment import flows
    from muniment.base import embedded, home, settings
    from muniment.estate import mappings as estate_mappings

    lines = ["| file | columns | asked at the first | asked at the second | reused |", "|---|---|---|---|---|"]
    with tempfile.TemporaryDirectory(prefix="muniment-bench-") as folder:
        place = Path(folder) / "home"
        opened = home.open_home(settings.load({"home": str(place)}))
        try:
            for path in sorted((meanings.DATA / "inventories").glob("*/*.csv")):
                text = path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
                if len(text) < 6 or any('"' in line for line in text):
                    continue
                middle = 1 + len(text) // 2
                deliveries = [[text[0], *text[1:middle]], [text[0], *text[middle:]]]
                asked: list[int] = []
                before: dict[str, str | None] = {}
                source = path.stem
                for number, rows in enumerate(deliveries):
                    file = Path(folder) / f"{path.stem}-2026-0{number + 1}.csv"
                    file.write_text("\n".join(rows) + "\n", encoding="utf-8")
                    flows.import_files(opened, flows.Request((file,), source=source))
                    held = estate_mappings.Mappings(opened)
                    if source not in {item.source for item in held.find()}:
                        break  # refused: no rows, or nothing that names a thing
                    waiting = held.find(source=source, waiting=True)
                    asked.append(len(waiting))
                    if number == 0:
                        for item in waiting:
                            held.accept(item.mapping.column, source=source)
                        before = {i.mapping.column: i.mapping.attribute for i in held.find(source=source)}
                    else:
                        after = {i.mapping.column: i.mapping.attribute for i in held.find(source=source)}
                        same = sum(after.get(column) == attribute for column, attribute in before.items())
                        lines.append(
                            f"| {path.name} | {len(after)} | {asked[0]} | {asked[1]} | {same / len(before):.0%} |"
                        )
        finally:
            embedded.stop(place)
    return lines


def speed() -> list[str]:
    """Wide files: 100 columns against the model, 500 columns against 1,000."""
    chance = np.random.default_rng(7)
    words = [form for target in meanings.model_targets() for form in (target.label, *target.synonyms)]
    lines = ["| what | rows | seconds | peak of the process so far, MiB |", "|---|---|---|---|"]
    wide = {}
    for number in range(100):
        wide[f"{words[number * 3 % len(words)]} {number}"] = [f"v{cell}" for cell in chance.integers(0, 900, 10_000)]
    table = pa.table(wide)
    matching.match_targets(table.slice(0, 10), meanings.model_targets())  # what is made once per process
    runs: list[tuple[str, Callable[[], object], int]] = [
        ("100 columns against the model", lambda: matching.match_targets(table, meanings.model_targets()), 10_000),
        ("500 columns against 1,000", lambda: matching.match_columns(_made(500, words), _made(1000, words)), 5_000),
    ]
    for name, run, rows in runs:
        began = time.monotonic()
        run()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        lines.append(f"| {name} | {rows:,} | {time.monotonic() - began:.2f} | {peak:,} |")
    return lines


def _made(count: int, words: Sequence[str]) -> pa.Table:
    chance = np.random.default_rng(count)
    kinds: list[Callable[[], list[str]]] = [
        lambda: [f"{word:x}" for word in chance.integers(0, 1 << 32, 5_000)],
        lambda: [f"{number:.2f}" for number in chance.normal(50, 9, 5_000)],
        lambda: [words[place] for place in chance.integers(0, len(words), 5_000)],
        lambda: [("yes", "no", "unknown")[place] for place in chance.integers(0, 3, 5_000)],
    ]
    return pa.table({f"{words[n % len(words)]} {n}": kinds[n % 4]() for n in range(count)})


def main() -> None:
    """Measure all, print it, and keep it."""
    if not GDC.is_dir():
        sys.exit(f"{GDC} is not there: set MUNIMENT_DATA to the folder of the third-party data")
    parts: Mapping[str, Callable[[], list[str]]] = {
        "Any two tables: five of the GDC against its 736 columns": lambda: general(gdc_tables()),
        "IT exports against the model": meaning_of_it,
        "The second delivery of a layout": second_delivery,
        "Learning from verdicts (half of the synonyms known)": learning,
        "Size": speed,
    }
    wanted = sys.argv[1:]
    text = [
        "# What columns mean",
        "",
        "Written by `python bench/columns.py`; what the rows are: [README](../README.md).",
        "",
    ]
    text.append(f"Load of the machine when it began: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.")
    for title, run in parts.items():
        if wanted and not any(word in title for word in wanted):
            continue
        began = time.monotonic()
        text += ["", f"## {title}", "", *run(), "", f"Took {time.monotonic() - began:.0f} s."]
        print("\n".join(text[-8:]), flush=True)
    if not wanted:
        RESULTS.write_text("\n".join(text) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
