"""How often resolved values are right: the register and `match claims` against other ways to choose.

`python bench/trust.py` generates estates (three seeds, three levels of dirt), tables of claims of twenty kinds and
reads the movie fusion set where it is; writes results/trust.md and .json. Nothing here tunes what it measures.
"""

import argparse
import json
import math
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import claim_sets
import hard_claims
import movie_set
import numpy as np
import pyarrow as pa
import truth_methods
from calibration import calibration
from estate_claims import given_mapping

from muniment import matching

HERE = Path(__file__).parent
Scores = dict[str, Any]
Key = tuple[str, str]


def main() -> None:
    """Run everything, print the tables and keep them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--assets", type=int, default=300)
    parser.add_argument("--dirt", default="low,medium,high")
    parser.add_argument("--out", type=Path, default=HERE / "results")
    given = parser.parse_args()
    seeds = [int(one) for one in given.seeds.split(",")]
    results: dict[str, Any] = {"sets": [], "estates": []}
    for seed in seeds:
        results["sets"] += [
            {"seed": seed, **resolve(one)} for one in (*claim_sets.every(seed), *hard_claims.every(seed))
        ]
    movie = movie_set.load()
    if movie is None:
        print("the movie fusion set is not here: left out (MUNIMENT_DATA)", file=sys.stderr)
    else:
        results["sets"].append({"seed": 0, **resolve(movie)})
    for dirt in given.dirt.split(","):
        for seed in seeds:
            with tempfile.TemporaryDirectory(prefix="muniment-trust-") as folder:
                found = given_mapping(Path(folder), given.assets, seed, dirt)
            results["estates"].append(found)
            print(f"estate {dirt} {seed}: {found['accuracy']}", file=sys.stderr, flush=True)
    command = " ".join(["python bench/trust.py", *sys.argv[1:]])
    text = report(results, command)
    print(text)
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "trust.md").write_text(text, encoding="utf-8")
    (given.out / "trust.json").write_text(json.dumps({"command": command, **results}, indent=1) + "\n")


def resolve(one: claim_sets.ClaimSet) -> Scores:
    """Our accuracy and that of the others on the contested values of one table of claims."""
    objects, sources = (pa.array([row[place] for row in one.rows]) for place in (0, 1))
    cells = {name: pa.array([row[2].get(name) for row in one.rows], pa.string()) for name in one.attributes}
    found = matching.resolve(objects, sources, cells)
    claims: dict[Key, dict[str, str]] = defaultdict(dict)
    true: dict[Key, set[str]] = defaultdict(set)
    for name, source, said in one.rows:
        for attribute, text in said.items():
            if attribute in found.kinds and not matching.is_missing(text):
                form = matching.form(found.kinds[attribute], text).key
                claims[name, attribute][source] = form
                if text in one.right[name, attribute]:
                    true[name, attribute].add(form)
    ours: dict[Key, tuple[bool, float]] = {}
    for attribute, (numbers, values, shares) in found.rows.items():
        for number, value, share in zip(numbers.tolist(), values, shares.tolist(), strict=True):
            key = (found.objects[number], attribute)
            ours[key] = (value in one.right[key], share)
    judged = {key for key in claims if key in one.truth}
    contested = sorted(key for key in judged if len(set(claims[key].values())) > 1)

    def right(key: Key, value: str) -> bool:
        return value in true[key]

    others = compare(claims, right)
    accuracy = {"ours": float(np.mean([ours[key][0] for key in contested]))}
    accuracy |= {name: float(np.mean([right(key, each[key]) for key in contested])) for name, each in others.items()}
    accuracy["ceiling"] = float(np.mean([bool(true[key]) for key in contested]))
    return {
        "name": one.name,
        "contested": len(contested),
        "accuracy": accuracy,
        "ece": calibration([ours[key] for key in sorted(judged)])[0],
    }


def compare(claims: Mapping[Key, Mapping[str, str]], right: Callable[[Key, str], bool]) -> dict[str, Any]:
    """What the other methods choose."""
    return {
        "majority": truth_methods.majority(claims),
        "best source": truth_methods.best_source(claims, right),
        "TruthFinder": truth_methods.truth_finder(claims),
        "ACCU": truth_methods.accu(claims),
        "CRH": truth_methods.crh(claims),
    }


def report(results: Mapping[str, Any], command: str) -> str:
    """The tables as Markdown."""
    lines = ["# Trust: how often resolved values are right", ""]
    lines += [f"`{command}` on {datetime.now(UTC).date()}. Shares of contested values that are right.", ""]
    lines += [
        "## Tables of claims (`muniment match claims`)",
        "",
        *_table(results["sets"], lambda one: str(one["name"])),
    ]
    lines += [
        "",
        "The best source and the last columns are told by the truth; nobody can know them.",
        "",
        "## Estates",
        "",
        *_table(results["estates"], lambda one: str(one["dirt"])),
        "",
        "`register` is everything end to end: columns mapped, rows linked, nobody asked. `ours` gets the claims as",
        "they are meant and rightly linked, and so do the others. `ceiling`: a source states the truth at all;",
        "`patterns`: the best choice by who agrees with whom, told on the same data (most patterns are met once);",
        "`told weights`: our choice, if it were told how often each source is right about each attribute.",
        "Enriched or confirmed: assets to which a second source adds something. Settled by groups: the share of the",
        "open conflicts that decisions about groups of them would settle.",
        "",
        "| dirt | seed | ECE given claims | ECE register | enriched or confirmed | conflicts | settled by groups |",
        "|:--|--:|--:|--:|--:|--:|--:|",
    ]
    lines += [
        f"| {one['dirt']} | {one['seed']} | {one['ece']:.4f} | {one['ece_register']:.4f} | {one['enriched']:.1%}"
        f" | {one['settled'][1]:,} | {one['settled'][0] / max(one['settled'][1], 1):.1%} |"
        for one in results["estates"]
    ]
    lines += ["", "Reliability of the register's confidences: mean confidence, share right, values, per bin.", ""]
    lines += ["| dirt | seed | bins |", "|:--|--:|:--|"]
    for one in results["estates"]:
        bins = "; ".join(f"{mean:.2f} {share:.2f} ({count:,})" for mean, share, count in one["diagram_register"])
        lines.append(f"| {one['dirt']} | {one['seed']} | {bins} |")
    lines += ["", "## Estates by attribute", "", "| attribute | contested | given claims | register (mean) |"]
    lines += ["|:--|--:|--:|--:|", *_by_attribute(results["estates"])]
    return "\n".join([*lines, ""])


def _by_attribute(estates: list[Scores]) -> list[str]:
    lines = []
    for name in sorted({name for one in estates for name in one["by_attribute"]}):
        found = [one["by_attribute"][name] for one in estates if name in one["by_attribute"]]
        total = sum(count for count, _ in found)
        share = sum(count * right for count, right in found) / total
        ends = [one["register_by_attribute"].get(name) for one in estates]
        known = [end for end in ends if end is not None]
        lines.append(f"| `{name}` | {total:,} | {share:.3f} | {sum(known) / max(len(known), 1):.3f} |")
    return lines


def _table(rows: list[Scores], name: Callable[[Scores], str]) -> list[str]:
    """One line per group of rows, all seeds together; our number with its 95 % interval."""
    groups: dict[str, list[Scores]] = defaultdict(list)
    for row in rows:
        groups[name(row)].append(row)
    if not rows:
        return ["(none)"]
    methods = list(rows[0]["accuracy"])
    lines = ["| | contested | " + " | ".join(methods) + " | ECE |", "|:--|--:|" + "--:|" * (len(methods) + 1)]
    for group, listed in groups.items():
        total = sum(row["contested"] for row in listed)
        shares = [sum(row["accuracy"][one] * row["contested"] for row in listed) / max(total, 1) for one in methods]
        half = 1.96 * math.sqrt(max(shares[0] * (1 - shares[0]), 1e-9) / max(total, 1))
        cells = [f"{shares[0]:.3f} ± {half:.3f}", *(f"{share:.3f}" for share in shares[1:])]
        ece = float(np.mean([row["ece"] for row in listed]))
        lines.append(f"| {group} | {total:,} | " + " | ".join(cells) + f" | {ece:.3f} |")
    return lines


if __name__ == "__main__":
    main()
