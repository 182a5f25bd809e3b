"""Turns the scores of the runs into Markdown: per size a table with a column per seed and the median.

`spine.py` calls it. It formats and compares with the goals; it must never compute a score.
"""

import statistics
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

Run = dict[str, Any]

PRECISION_GOAL, RECALL_GOAL, SECONDS_GOAL, LARGE = 0.999, 0.90, 60.0, 10_000
"""Goals: identity precision and recall, and seconds for an import of LARGE assets."""


def _percent(value: float) -> str:
    return f"{value * 100:.2f} %"


def _number(value: float) -> str:
    return f"{value:,.0f}"


def _seconds(value: float) -> str:
    return f"{value:.2f} s"


def _bytes(value: float) -> str:
    return f"{value / 2**20:.1f} MiB"


def _ratio(value: float) -> str:
    return f"{value:.1f}"


def _every(run: Run) -> Any:
    return run["values"]["by_attribute"][""]


ROWS: tuple[tuple[str, Callable[[Run], Any], Callable[[float], str]], ...] = (
    ("**Mapping**: columns", lambda run: run["mapping"]["columns"], _number),
    ("applied, right", lambda run: run["mapping"].get("applied right", 0), _number),
    ("applied, wrong", lambda run: run["mapping"].get("applied wrong", 0), _number),
    ("suggested, right", lambda run: run["mapping"].get("suggested right", 0), _number),
    ("suggested, wrong", lambda run: run["mapping"].get("suggested wrong", 0), _number),
    ("unmapped though it has a meaning", lambda run: run["mapping"].get("unmapped missing", 0), _number),
    ("rightly unmapped", lambda run: run["mapping"].get("unmapped right", 0), _number),
    ("precision of what is applied", lambda run: run["mapping"]["auto_precision"], _percent),
    ("coverage (applied and right)", lambda run: run["mapping"]["coverage"], _percent),
    ("first guess right, with suggestions", lambda run: run["mapping"]["top1"], _percent),
    ("**Identity**: true assets seen", lambda run: run["identity"]["true_assets"], _number),
    ("assets in the register", lambda run: run["identity"]["register_assets"], _number),
    ("true assets whole and pure", lambda run: run["identity"]["whole_assets"], _number),
    ("pairwise precision", lambda run: run["identity"]["precision"], lambda one: f"{one:.5f}"),
    ("pairwise recall", lambda run: run["identity"]["recall"], lambda one: f"{one:.5f}"),
    ("false-merge pairs", lambda run: run["identity"]["false_merge_pairs"], _number),
    ("missed pairs", lambda run: run["identity"]["missed_pairs"], _number),
    ("**Values**: single values", lambda run: _every(run)["values"], _number),
    ("right", lambda run: _every(run)["accuracy"], _percent),
    ("right: oracle ceiling", lambda run: _every(run)["ceiling"], _percent),
    ("missing", lambda run: _every(run).get("missing", 0) / _every(run)["values"], _percent),
    ("contested values", lambda run: _every(run)["contested"], _number),
    ("contested right: register", lambda run: _every(run)["contested_accuracy"], _percent),
    ("contested right: majority vote", lambda run: _every(run)["majority_accuracy"], _percent),
    ("contested right: oracle ceiling", lambda run: _every(run)["contested_ceiling"], _percent),
    ("contested wrong, truth linked and read", lambda run: _every(run).get("outvoted", 0), _number),
    ("contested wrong, truth not linked or read", lambda run: _every(run).get("unheard", 0), _number),
    ("first hostname right", lambda run: run["values"]["lists"]["hostname"]["first_right"], _percent),
    ("first FQDN right", lambda run: run["values"]["lists"]["fqdn"]["first_right"], _percent),
    ("first serial right", lambda run: run["values"]["lists"]["serial"]["first_right"], _percent),
    ("addresses found", lambda run: run["values"]["lists"]["ip_address"]["recall"], _percent),
    ("MAC addresses found", lambda run: run["values"]["lists"]["mac_address"]["recall"], _percent),
    ("**Cost**: rows", lambda run: run["summary"]["rows_read"], _number),
    ("read", lambda run: run["cost"]["phases"]["read"], _seconds),
    ("map", lambda run: run["cost"]["phases"]["map"], _seconds),
    ("derive", lambda run: run["cost"]["phases"]["derive"], _seconds),
    ("identify", lambda run: run["cost"]["phases"]["identify"], _seconds),
    ("reconcile", lambda run: run["cost"]["phases"]["reconcile"], _seconds),
    ("publish", lambda run: run["cost"]["phases"]["publish"], _seconds),
    ("import in all", lambda run: run["cost"]["seconds"]["import"], _seconds),
    ("home made and opened", lambda run: run["cost"]["seconds"]["open"], _seconds),
    ("whole command", lambda run: run["cost"]["seconds"]["command"], _seconds),
    ("processor time, all processes", lambda run: run["cost"]["cpu_seconds"], _seconds),
    ("load of the machine before", lambda run: run["cost"]["load_before"], _ratio),
    ("rows per second", lambda run: run["cost"]["rows_per_second"], _number),
    ("floor: files read", lambda run: run["cost"]["floor"]["read"], _seconds),
    ("floor: rows copied", lambda run: run["cost"]["floor"]["copy"], _seconds),
    ("import / floor", lambda run: run["cost"]["ratio"], _ratio),
    ("peak memory, all processes (PSS)", lambda run: run["cost"]["peak_bytes"], _bytes),
    ("exports", lambda run: run["cost"]["export_bytes"], _bytes),
    ("database", lambda run: run["cost"]["database_bytes"], _bytes),
    ("lake", lambda run: run["cost"]["lake_bytes"], _bytes),
)


def document(runs: Sequence[Run], command: str, day: date, dirt: str) -> str:
    """The whole page."""
    commits = ", ".join(sorted({run["commit"] for run in runs}))
    parts = [
        "# The spine on generated estates",
        f"`{command}` on {day}, commit {commits or 'unknown'}; five sources, dirt {dirt}.",
        "What the rows mean: [bench/README.md](../README.md).",
    ]
    for size in dict.fromkeys(run["assets"] for run in runs):
        of_size = [run for run in runs if run["assets"] == size]
        parts += [f"## {size:,} assets", _table(of_size), _attributes(of_size)]
    parts += ["## Goals", _goals(runs)]
    return "\n\n".join(parts) + "\n"


def line(run: Run) -> str:
    """A run in one line."""
    every, cost = _every(run), run["cost"]
    return (
        f"precision {run['identity']['precision']:.5f} recall {run['identity']['recall']:.5f},"
        f" contested {_percent(every['contested_accuracy'])} (majority {_percent(every['majority_accuracy'])}),"
        f" {cost['seconds']['import']:.1f} s"
    )


def _table(runs: Sequence[Run]) -> str:
    rows = [(label, [take(run) for run in runs], show) for label, take, show in ROWS]
    head = ["", *(f"seed {run['seed']}" for run in runs), "median"]
    lines = [_cells(head), _cells([":--", *["--:"] * (len(runs) + 1)])]
    for label, found, show in rows:
        known = [one for one in found if one is not None]
        middle = show(statistics.median(known)) if known else "n/a"
        lines.append(_cells([label, *("n/a" if one is None else show(one) for one in found), middle]))
    return "\n".join(lines)


def _attributes(runs: Sequence[Run]) -> str:
    """Per attribute with contested values, summed over the seeds."""
    names = sorted({name for run in runs for name in run["values"]["by_attribute"] if name})
    lines = [
        "Attributes with contested values, all seeds together:",
        "",
        _cells(["attribute", "values", "right", "missing", "contested", "register", "majority vote", "ceiling"]),
        _cells([":--", *["--:"] * 7]),
    ]
    for name in names:
        found = [run["values"]["by_attribute"].get(name, {}) for run in runs]
        contested = sum(one.get("contested", 0) for one in found)
        if not contested:
            continue
        values = sum(one["values"] for one in found if one)
        parts = [sum(one.get(key, 0) for one in found) for key in ("right", "missing", "contested right")]
        vote, ceiling = (
            sum((one.get(key) or 0.0) * one.get("contested", 0) for one in found)
            for key in ("majority_accuracy", "contested_ceiling")
        )
        lines.append(
            _cells(
                [
                    f"`{name}`",
                    _number(values),
                    _percent(parts[0] / values),
                    _percent(parts[1] / values),
                    _number(contested),
                    *(_percent(one / contested) for one in (parts[2], vote, ceiling)),
                ]
            )
        )
    return "\n".join(lines)


def _goals(runs: Sequence[Run]) -> str:
    lines = [_cells(["goal", "worst", ""]), _cells([":--", "--:", ":--"])]
    for size in dict.fromkeys(run["assets"] for run in runs):
        of_size = [run for run in runs if run["assets"] == size]
        precision = min(run["identity"]["precision"] for run in of_size)
        recall = min(run["identity"]["recall"] for run in of_size)
        lines += [
            _goal(
                f"{size:,} assets: identity precision >= {PRECISION_GOAL}",
                f"{precision:.5f}",
                precision >= PRECISION_GOAL,
            ),
            _goal(f"{size:,} assets: identity recall >= {RECALL_GOAL:.2f}", f"{recall:.5f}", recall >= RECALL_GOAL),
        ]
        if size == LARGE:
            seconds = max(run["cost"]["seconds"]["import"] for run in of_size)
            lines.append(
                _goal(
                    f"{size:,} assets: import well under {SECONDS_GOAL:.0f} s",
                    _seconds(seconds),
                    seconds < SECONDS_GOAL,
                )
            )
    return "\n".join(lines)


def _goal(text: str, found: str, met: bool) -> str:  # noqa: FBT001 - the verdict
    return _cells([text, found, "met" if met else "**not met**"])


def _cells(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
