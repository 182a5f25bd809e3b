"""Measures what a change of policy costs: simulate, apply and undo on a generated estate, by clock and memory.

Run by a developer: `python bench/policies.py --size 10000`; writes `results/policies.md`. Every step is the
command that people run. It must never look inside.
"""

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path

from measure import Measured, run

from muniment import generate

HERE = Path(__file__).parent
_MIB = 1_048_576
POLICY = (
    ("owner", "authoritative", "--sources", "servicenow"),
    ("memory_mib", "maximum"),
    ("os", "newest"),
    ("environment", "most_reported"),
)


def main() -> None:
    """Make the estate, import it, change its policy, take it back, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="muniment-bench-"))
    try:
        generate.write_estate(generate.EstateSpec(assets=given.size, seed=given.seed), folder / "estate")
        _write(given.size, given.seed, measured(folder / "home", folder / "estate"))
    finally:
        _muniment(folder / "home", "stop")
        shutil.rmtree(folder)


def measured(home: Path, estate: Path) -> list[tuple[str, Measured]]:
    """What each step printed and took."""
    done = [("import", run([sys.executable, str(HERE / "import_once.py"), str(home), str(estate)], home))]
    before = _muniment(home, "fingerprint", "--ids", "--json").output
    for rule in POLICY:
        _muniment(home, "policy", "set", *rule)
    steps = (("policy", "simulate"), ("policy", "apply"), ("undo",))
    done += [(" ".join(words), _muniment(home, *words, "--json")) for words in steps]
    if _muniment(home, "fingerprint", "--ids", "--json").output != before:
        raise RuntimeError("the register after the undo differs from the one before")
    return done


def _muniment(home: Path, *words: str) -> Measured:
    os.environ["MUNIMENT_HOME"] = str(home)
    return run([sys.executable, "-m", "muniment.cli", *words], home)


def _write(size: int, seed: int, done: list[tuple[str, Measured]]) -> None:
    load = os.getloadavg()[0]
    lines = [
        "# What a change of policy costs",
        "",
        f"Written by `bench/policies.py`: {size:,} assets, seed {seed}, {os.cpu_count()} processors, load {load:.1f}.",
        f"The policy has {len(POLICY)} rules; the register after `undo` had the fingerprint (with ids) of before.",
        "",
        "| step | seconds | processor seconds | peak memory, MiB |",
        "|---|---|---|---|",
    ]
    for name, one in done:
        peak = "n/a" if one.peak is None else f"{one.peak / _MIB:,.0f}"
        lines.append(f"| {name} | {one.seconds:.1f} | {'n/a' if one.cpu is None else f'{one.cpu:.1f}'} | {peak} |")
    text = "\n".join(lines) + "\n"
    (HERE / "results" / "policies.md").write_text(text, encoding="utf-8")
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
