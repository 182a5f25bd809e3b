"""Runs the long suites in full and writes what they took to bench/results/soak.md: `make soak`.

The tests marked `long` run with MUNIMENT_SOAK=1, which lifts their bounds; `--only faults` runs one suite and
leaves what the page says of the others. The page is written also when a test fails, and says so; the exit code
is pytest's.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
SUITES = {
    "faults": ("tests/flows/test_faults.py", "Imports that go wrong half-way, at random"),
    "fuzz": ("tests/evidence/test_fuzz.py", "Damaged and made-up files thrown at every reader"),
    "hostile": ("tests/evidence/test_hostile.py", "Bombs and endless structures"),
    "inventories": ("tests/flows/test_inventories.py", "The largest real exports"),
    "estates": ("tests/generate/test_score.py", "Large generated estates"),
}
"""Name -> the file of its tests, and what it is."""

_SLOWEST = 3
_INTERRUPTED = 2
"""Pytest's exit code when a person stops it."""


def told(report: ET.Element, fuzz: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What the page keeps of one suite's run.

    Args:
        report: the root element that pytest writes (`testsuites`).
        fuzz: what the fuzzer found, where it ran.
    """
    cases = sorted(report.iter("testcase"), key=lambda case: -float(case.get("time", 0)))
    counts = {what: sum(_outcome(case) == what for case in cases) for what in ("passed", "failed", "skipped")}
    return {
        "measured": f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, {platform.system()} {platform.machine()},"
        f" Python {platform.python_version()}",
        "tests": len(cases),
        **counts,
        "seconds": round(sum(float(case.get("time", 0)) for case in cases), 1),
        "slowest": [[_name(case), round(float(case.get("time", 0)), 1)] for case in cases[:_SLOWEST]],
        "failures": [_name(case) for case in cases if _outcome(case) == "failed"],
        **({"fuzz": fuzz} if fuzz else {}),
    }


def page(kept: Mapping[str, Mapping[str, Any]]) -> str:
    """Turn what is known of each suite into the page; a suite that never ran is named as such."""
    lines = [
        "# Soak: the long suites in full",
        "",
        "Written by `make soak`, or suite by suite by `python tools/soak.py --only NAME`.",
        "",
        "| suite | tests | passed | failed | skipped | seconds | slowest test | measured |",
        "|:--|--:|--:|--:|--:|--:|:--|:--|",
    ]
    for name, (_, what) in SUITES.items():
        one = kept.get(name)
        if one is None:
            lines.append(f"| **{name}**: {what} | not run | | | | | | |")
            continue
        slowest = f"{one['slowest'][0][0]} ({one['slowest'][0][1]:,.1f} s)" if one["slowest"] else ""
        numbers = " | ".join(f"{one[key]:,}" for key in ("tests", "passed", "failed", "skipped"))
        measured = one["measured"] + ("; stopped before its end" if one.get("stopped") else "")
        lines.append(f"| **{name}**: {what} | {numbers} | {one['seconds']:,.0f} | {slowest} | {measured} |")
    failures = [f"- {suite}: {name}" for suite, one in kept.items() for name in one["failures"]]
    lines += ["", "Failed:", "", *failures] if failures else []
    fuzz = kept.get("fuzz", {}).get("fuzz")
    return "\n".join(lines) + "\n" + (fuzzed(fuzz) if fuzz else "")


def fuzzed(result: Mapping[str, Any]) -> str:
    """Turn what the fuzzer found into a section of the page."""
    forms = ", ".join(f"{form} {count:,}" for form, count in result["forms"].items())
    return (
        "\n## Fuzzing every reader\n\n"
        "| seconds | cases | read | refused with a reason | crashes | slowest case | peak memory |\n"
        "|---:|---:|---:|---:|---:|---:|---:|\n"
        f"| {result['seconds']:,.0f} | {result['cases']:,} | {result['read']:,} | {result['rejected']:,} "
        f"| {len(result['crashes'])} | {result['slowest']:.1f} s "
        f"| {result['peak_mib']:,} MiB ({result['base_mib']:,} MiB before the first case) |\n\n"
        f"Tables read by format: {forms}.\n"
    )


def _name(case: ET.Element) -> str:
    return str(case.get("name", "")).replace("_", " ")


def _outcome(case: ET.Element) -> str:
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed"
    return "skipped" if case.find("skipped") is not None else "passed"


def run(suite: str, folder: Path, seconds: float | None) -> tuple[int, dict[str, Any] | None]:
    """Run one suite; gives pytest's exit code and what is told of it."""
    report, found = folder / f"{suite}.xml", folder / "fuzz.json"
    full = {"MUNIMENT_SOAK": "1", "MUNIMENT_FUZZ_RESULT": str(found)}
    if seconds is not None:
        full["MUNIMENT_FUZZ_SECONDS"] = str(seconds)
    command = [sys.executable, "-m", "pytest", "-m", "long", SUITES[suite][0], f"--junitxml={report}", "--no-cov"]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **full}, check=False)
    if not report.exists():
        return done.returncode, None
    fuzz = json.loads(found.read_text(encoding="utf-8")) if suite == "fuzz" and found.exists() else None
    one = told(ET.parse(report).getroot(), fuzz)  # noqa: S314 - pytest wrote it a moment ago
    return done.returncode, {**one, "stopped": True} if done.returncode == _INTERRUPTED else one


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the suites asked for and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--only", choices=SUITES, action="append", help="one suite; repeat for several")
    parser.add_argument("--seconds", type=float, help="how long the fuzzer runs; an hour unless told")
    parser.add_argument("--out", type=Path, default=ROOT / "bench" / "results", help="folder for soak.md and .json")
    given = parser.parse_args(arguments)
    place = given.out / "soak.json"
    kept = json.loads(place.read_text(encoding="utf-8")) if place.exists() else {}
    worst = 0
    with tempfile.TemporaryDirectory() as folder:
        for suite in given.only or SUITES:
            code, one = run(suite, Path(folder), given.seconds)
            worst = worst or code
            if one is not None:
                kept[suite] = one
                given.out.mkdir(parents=True, exist_ok=True)
                place.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
                (given.out / "soak.md").write_text(page(kept), encoding="utf-8")
    print(f"Written: {given.out / 'soak.md'}")
    return worst


if __name__ == "__main__":
    sys.exit(main())
