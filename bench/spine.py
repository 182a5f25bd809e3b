"""Measures the whole flow on generated estates with known truth: mapping, identity, values, cost.

`make bench` runs it; `python bench/spine.py --quick` is the smallest run. Each estate is imported by a
process of its own into a fresh home; scores and tables are made afterwards. It must never tune anything.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import linking
import measure
import outcome
import report
import scoring

from muniment import generate
from muniment.base import embedded, home, settings

HERE = Path(__file__).parent


def main(arguments: Sequence[str] | None = None) -> None:
    """Run every size and seed asked for, print the tables, and keep them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--sizes", default="300,10000", help="assets per estate, comma between")
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--dirt", default="high", choices=generate.LEVELS)
    parser.add_argument("--quick", action="store_true", help="300 assets, seed 1, nothing is kept")
    parser.add_argument("--out", type=Path, default=HERE / "results", help="folder for spine.md and .json")
    given = parser.parse_args(arguments)
    sizes = [300] if given.quick else [int(one) for one in given.sizes.split(",")]
    seeds = [1] if given.quick else [int(one) for one in given.seeds.split(",")]
    runs = []
    for size in sizes:
        for seed in seeds:
            runs.append(one_run(generate.EstateSpec(assets=size, seed=seed, dirt=given.dirt)))
            print(f"{size} assets, seed {seed}: {report.line(runs[-1])}", file=sys.stderr, flush=True)
    command = " ".join(["python bench/spine.py", *(sys.argv[1:] if arguments is None else arguments)])
    text = report.document(runs, command, datetime.now(UTC).date(), given.dirt)
    print(text)
    if not given.quick:
        given.out.mkdir(parents=True, exist_ok=True)
        (given.out / "spine.md").write_text(text, encoding="utf-8")
        _write(given.out / "spine.json", command, given.dirt, [_kept(run) for run in runs])
        with_examples = tempfile.gettempdir() / Path("muniment-spine-examples.json")
        with_examples.write_text(json.dumps(runs, indent=1, default=str) + "\n", encoding="utf-8")
        print(f"Examples of each kind of mistake: {with_examples}", file=sys.stderr)


def _write(path: Path, command: str, dirt: str, runs: list[dict[str, Any]]) -> None:
    """As JSON, a line per run."""
    lines = ",\n".join(json.dumps(run, default=str) for run in runs)
    path.write_text(
        f'{{"command": {json.dumps(command)}, "dirt": "{dirt}", "runs": [\n{lines}\n]}}\n', encoding="utf-8"
    )


def _kept(run: dict[str, Any]) -> dict[str, Any]:
    """What the tables need of a run: its numbers, without examples."""
    numbers = {key: value for key, value in run["summary"].items() if isinstance(value, int | dict)}
    found = {key: {name: one for name, one in run[key].items() if not isinstance(one, list | dict)}
             for key in ("mapping", "identity")}  # fmt: skip
    values = {name: run["values"][name] for name in ("by_attribute", "lists")}
    return {**run, "summary": numbers, **found, "values": values}


def one_run(spec: generate.EstateSpec) -> dict[str, Any]:
    """Generate an estate, import it into a fresh home, score and measure; leaves nothing behind."""
    folder = Path(tempfile.mkdtemp(prefix="muniment-bench-"))
    place = folder / "home"
    try:
        generate.write_estate(spec, folder / "estate")
        return _measure(spec, folder / "estate", place)
    finally:
        embedded.stop(place)
        shutil.rmtree(folder)


def _measure(spec: generate.EstateSpec, estate: Path, place: Path) -> dict[str, Any]:
    files = sorted(path for path in estate.iterdir() if path.is_file())
    load, commit = os.getloadavg(), _commit()
    done = measure.run([sys.executable, str(HERE / "import_once.py"), str(place), *map(str, files)], place)
    took = json.loads(done.output.splitlines()[-1])
    opened = home.open_home(settings.load({"home": str(place)}))
    url = embedded.ensure(place).url(database="muniment")
    cost = {
        "seconds": {"command": done.seconds, "open": took["open"], "import": took["import"]},
        "phases": took["summary"]["seconds"],
        "rows_per_second": took["summary"]["rows_read"] / took["import"],
        "load_before": load[0],
        "cpu_seconds": done.cpu,
        "peak_bytes": done.peak,
        "peak_parts": dict(done.parts),
        "database_bytes": measure.database_bytes(url),
        "lake_bytes": measure.folder_bytes(place / "lake"),
        "export_bytes": sum(path.stat().st_size for path in files),
        "floor": measure.floor(files, url),
    }
    cost["ratio"] = took["import"] / cost["floor"]["total"]
    truth, result = generate.read_truth(estate), outcome.read(opened)
    opened.scope.engine.dispose()
    return {
        "assets": spec.assets,
        "seed": spec.seed,
        "commit": commit,
        "cost": cost,
        "summary": took["summary"],
        "mapping": scoring.mappings(truth, result),
        "identity": linking.identity(truth, result),
        "values": scoring.values(truth, result),
    }


def _commit() -> str:
    """The commit measured, "+" behind it when files differ from it; "" outside a checkout."""
    command = ["git", "-C", str(HERE), "describe", "--always", "--dirty=+"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip()


if __name__ == "__main__":
    main()
