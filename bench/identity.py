"""Measures linking alone on generated estates with known truth: pairs, the oracle's ceiling, calibration, time; traps.

`python bench/identity.py`. Estates are imported as far as identity; the register is not folded. It must never tune
anything.
"""

import argparse
import shutil
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import outcome
import pyarrow as pa
import sqlalchemy as sa
from calibration import calibration
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from muniment import flows, generate, identity, matching
from muniment.base import embedded, engine, home, settings

HERE = Path(__file__).parent
DOUBT = (0.05, 0.95)


class Enough(Exception):
    """Raised when identity is done: the fold is measured elsewhere."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run every seed, then the traps; print the table and keep it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--assets", type=int, default=10_000)
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--dirt", default="high", choices=generate.LEVELS)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder with inventories/")
    parser.add_argument("--out", type=Path, default=HERE / "results")
    given = parser.parse_args(arguments)
    seeds = [int(one) for one in given.seeds.split(",")]
    runs = []
    for seed in seeds:
        runs.append(one_run(generate.EstateSpec(assets=given.assets, seed=seed, dirt=given.dirt)))
        print(seed, runs[-1], flush=True)
    text = document(runs, seeds, given, traps(given.data / "inventories"))
    print(text)
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "identity.md").write_text(text, encoding="utf-8")


def one_run(spec: generate.EstateSpec) -> dict[str, Any]:
    """Generate an estate, import it as far as identity, and judge what was linked."""
    folder = Path(tempfile.mkdtemp(prefix="muniment-bench-"))
    try:
        generate.write_estate(spec, folder / "estate")
        files = tuple(sorted(path for path in (folder / "estate").iterdir() if path.is_file()))
        opened = linked_home(folder / "home", files)
        try:
            return judge(generate.read_truth(folder / "estate"), opened) | changed(opened)
        finally:
            opened.scope.engine.dispose()
    finally:
        embedded.stop(folder / "home")
        shutil.rmtree(folder)


def linked_home(place: Path, files: tuple[Path, ...]) -> home.Home:
    """A home into which files were imported as far as identity."""
    opened = home.open_home(settings.load({"home": str(place)}))

    def until_identity(phase: str, done: int, total: int | None, what: str = "") -> None:
        del done, total, what
        if phase == "reconcile":
            raise Enough

    try:
        flows.import_files(opened, flows.Request(files), until_identity)
    except Enough:
        return opened
    raise AssertionError("the import went on past identity")


def judge(truth: generate.Truth, opened: home.Home) -> dict[str, Any]:
    """Link what the home knows, and compare it with the truth."""
    with opened.scope.transaction() as connection, engine.bulk() as bulk:
        began = time.monotonic()
        given = identity.inputs_of(connection, opened.scope, bulk)
        read = time.monotonic() - began
    with engine.bulk() as bulk:
        began, work = time.monotonic(), time.process_time()
        linked = matching.link(bulk, given.records, given.identifiers)
        seconds, processor = time.monotonic() - began, time.process_time() - work
    rows = true_rows(truth, opened, given.numbers())
    found = linked.clusters["cluster"].to_pylist()
    doubtful = judged_pairs(rows, linked.pairs)
    error, _ = calibration(doubtful)
    return {
        "rows": len(rows),
        "records": len(found),
        "ours": pair_scores([(asset, found[at] if at >= 0 else -row - 1) for row, (asset, at) in enumerate(rows)]),
        "ceiling": pair_scores(ceiling(rows, given)),
        "cuts": dict(Counter(cut.reason for cut in linked.cuts)),
        "calibration": error,
        "doubtful": len(doubtful),
        "read": read,
        "seconds": seconds,
        "processor": processor,
    }


def changed(opened: home.Home) -> dict[str, Any]:
    """Give one record in a hundred another address, link what that concerns, then everything; taken back."""
    seconds, counted = [], []
    with opened.scope.transaction() as connection:
        connection.execute(
            sa.text(
                "UPDATE records SET claims = claims || jsonb_build_object('ip_address', jsonb_build_array("
                " '10.99.' || abs(hashtext(source_key)) % 250 || '.' || abs(hashtext(row_hash)) % 250)),"
                " claims_hash = md5(claims_hash) WHERE abs(hashtext(source_key || row_hash)) % 100 = 0"
                " AND claims ? 'ip_address' AND engagement_id = :engagement"
            ),
            {"engagement": opened.scope.engagement_id},
        )
        for statement in ("SELECT 1", "DELETE FROM linked_records"):
            connection.execute(sa.text(statement))
            with engine.bulk() as bulk:
                began = time.monotonic()
                done = identity.recompute(connection, opened.scope, bulk, "bench")
                seconds.append(time.monotonic() - began)
            counted.append((done.relinked, len(done.touched)))
        connection.rollback()
    return {
        "relinked": counted[0][0],
        "apart": counted[1][1],
        "follows": seconds[0],
        "scratch": seconds[1],
    }


def true_rows(truth: generate.Truth, opened: home.Home, numbers: dict[str, int]) -> list[tuple[str, int]]:
    """Of each row the true asset and its record's number, -1 where it names nothing.

    Tabs whose rows were joined to those of another tab are left out: their rows are no records.
    """
    result = outcome.read(opened)
    read = Counter(place[:2] for place in result.rows)
    written = Counter((row.file, row.tab) for row in truth.rows)
    return [
        (row.asset, numbers.get(result.rows[row.file, row.tab, row.row], -1))
        for row in truth.rows
        if read[row.file, row.tab] == written[row.file, row.tab]
    ]


def pair_scores(labelled: Sequence[tuple[str, int]]) -> dict[str, float]:
    """Precision, recall and F1 over pairs of rows (true asset, cluster)."""
    cells = Counter(labelled)
    true: Counter[str] = Counter()
    found: Counter[int] = Counter()
    for (asset, cluster), count in cells.items():
        true[asset] += count
        found[cluster] += count
    both, real, claimed = (sum(n * (n - 1) // 2 for n in one.values()) for one in (cells, true, found))
    return {
        "precision": both / claimed,
        "recall": both / real,
        "f1": 2 * both / (claimed + real),
        "false": claimed - both,
        "missed": real - both,
    }


def ceiling(rows: Sequence[tuple[str, int]], given: identity.Inputs) -> list[tuple[str, int]]:
    """What an oracle links: records of one asset that share any value, through others of it, and never a wrong pair."""
    asset_of = {at: asset for asset, at in rows if at >= 0}
    carriers: dict[tuple[str, str, str], int] = {}
    ends: list[tuple[int, int]] = []
    identifiers = given.identifiers.filter(pa.compute.not_equal(given.identifiers["kind"], "form"))
    for record, kind, value in zip(
        *(identifiers[name].to_pylist() for name in ("record", "kind", "value")), strict=True
    ):
        if record in asset_of:
            ends.append((carriers.setdefault((asset_of[record], kind, value), record), record))
    count = given.records.num_rows
    left, right = zip(*ends, strict=True)
    labels = connected_components(
        coo_matrix((np.ones(len(ends)), (left, right)), shape=(count, count)), directed=False
    )[1]
    return [(asset, int(labels[at]) if at >= 0 else -row - 1) for row, (asset, at) in enumerate(rows)]


def judged_pairs(rows: Sequence[tuple[str, int]], pairs: pa.Table) -> list[tuple[bool, float]]:
    """Whether pairs of doubtful probability are one thing, with that probability."""
    assets: dict[int, set[str]] = defaultdict(set)
    for asset, at in rows:
        if at >= 0:
            assets[at].add(asset)
    said = [
        (bool(assets[a] & assets[b]), matching.SHIPPED.probability(score))
        for a, b, score in zip(*(pairs[name].to_pylist() for name in ("a", "b", "score")), strict=True)
        if a in assets and b in assets
    ]
    return [one for one in said if DOUBT[0] < one[1] < DOUBT[1]]


def traps(inventories: Path) -> list[tuple[str, int, int]]:
    """Real exports in which names and placeholders invite false merges: (what, records, records in wrong company)."""
    found = []
    hosts = inventories / "ansible_facts"
    scans = [inventories / "nmap" / name for name in ("random-1.xml", "random-2.xml")]
    cases = [
        ("Ansible: one host per file, 7 share a name and a placeholder serial", tuple(sorted(hosts.glob("*.json")))),
        *((f"nmap {scan.name}: one host per row", (scan,)) for scan in scans),
    ]
    for what, files in cases:
        if not files or not files[0].exists():
            found.append((f"{what}: not here, left out", 0, 0))
            continue
        place = Path(tempfile.mkdtemp(prefix="muniment-bench-"))
        try:
            opened = linked_home(place / "home", files)
            with opened.scope.transaction() as connection, engine.bulk() as bulk:
                given = identity.inputs_of(connection, opened.scope, bulk)
                linked = matching.link(bulk, given.records, given.identifiers)
            sizes = Counter(linked.clusters["cluster"].to_pylist())
            opened.scope.engine.dispose()
            found.append((what, given.records.num_rows, sum(size for size in sizes.values() if size > 1)))
        finally:
            embedded.stop(place / "home")
            shutil.rmtree(place)
    return found


def document(runs: list[dict[str, Any]], seeds: list[int], given: Any, trapped: list[tuple[str, int, int]]) -> str:
    """The tables."""
    lines = [
        "# Linking on generated estates and traps",
        "",
        (
            f"`python bench/identity.py --assets {given.assets} --seeds {given.seeds}` on {datetime.now(UTC).date()};"
            f" dirt {given.dirt}."
        ),
        "",
        "What the rows mean: [bench/README.md](../README.md).",
        "",
        "|  | " + " | ".join(f"seed {seed}" for seed in seeds) + " |",
        "| :-- |" + " --: |" * len(seeds),
    ]
    rows: list[tuple[str, Any]] = [
        ("rows judged", lambda run: f"{run['rows']:,}"),
        ("records", lambda run: f"{run['records']:,}"),
        ("precision", lambda run: f"{run['ours']['precision']:.5f}"),
        ("recall", lambda run: f"{run['ours']['recall']:.5f}"),
        ("F1", lambda run: f"{run['ours']['f1']:.5f}"),
        ("F1: oracle ceiling", lambda run: f"{run['ceiling']['f1']:.5f}"),
        ("below the ceiling", lambda run: f"{run['ceiling']['f1'] - run['ours']['f1']:.5f}"),
        ("false pairs", lambda run: f"{run['ours']['false']:,}"),
        ("missed pairs", lambda run: f"{run['ours']['missed']:,}"),
        ("missed pairs: oracle", lambda run: f"{run['ceiling']['missed']:,}"),
        ("links cut", lambda run: ", ".join(f"{n} {why}" for why, n in sorted(run["cuts"].items()))),
        ("pairs with .05 < p < .95", lambda run: f"{run['doubtful']:,}"),
        ("calibration error on them", lambda run: f"{run['calibration']:.3f}"),
        ("reading identifiers", lambda run: f"{run['read']:.1f} s"),
        ("linking", lambda run: f"{run['seconds']:.1f} s"),
        ("linking: processor time", lambda run: f"{run['processor']:.1f} s"),
        ("1 % changed: records linked again", lambda run: f"{run['relinked']:,}"),
        ("1 % changed: assets that linking all would make otherwise", lambda run: f"{run['apart']:,}"),
        ("1 % changed: identity brought up to date", lambda run: f"{run['follows']:.1f} s"),
        ("1 % changed: from scratch", lambda run: f"{run['scratch']:.1f} s"),
    ]
    lines += [f"| {name} | " + " | ".join(show(run) for run in runs) + " |" for name, show in rows]
    lines += ["", "| trap | records | records merged falsely |", "| :-- | --: | --: |"]
    lines += [f"| {what} | {count} | {wrong} |" for what, count, wrong in trapped]
    worst = min(run["ours"]["precision"] for run in runs)
    gap = max(run["ceiling"]["f1"] - run["ours"]["f1"] for run in runs)
    doubt = max(run["calibration"] for run in runs)
    lines += [
        "",
        "| goal | worst |  |",
        "| :-- | --: | :-- |",
        f"| precision >= .999 | {worst:.5f} | {'met' if worst >= 0.999 else 'missed'} |",
        f"| F1 within .005 of the ceiling | {gap:.5f} | {'met' if gap <= 0.005 else 'missed'} |",
        f"| calibration error <= .05 | {doubt:.3f} | {'met' if doubt <= 0.05 else 'missed'} |",
        (
            f"| traps: 0 false merges | {sum(one[2] for one in trapped)} |"
            f" {'met' if not any(one[2] for one in trapped) else 'missed'} |"
        ),
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
