"""`python -m muniment.generate`: measures plain majority vote, or brings the table in docs/estate.md up to date.

Run by maintainers; prints Markdown. Nothing else of the program depends on it.
"""

import argparse
import sys
from pathlib import Path

from muniment.generate.dirt import tables
from muniment.generate.score import oracle_ceiling
from muniment.generate.types import DEFAULT_SOURCES, LEVELS, SOURCES, EstateSpec
from muniment.generate.write import truth_of

BEGIN, END = "<!-- rates: written by python -m muniment.generate docs -->", "<!-- end of rates -->"


def main() -> None:
    """Parse, measure or write, print."""
    parser = argparse.ArgumentParser(prog="python -m muniment.generate", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    docs = verbs.add_parser("docs", help="write the table of rates into a page")
    docs.add_argument("page", type=Path)
    measure = verbs.add_parser("majority", help="measure plain majority vote on generated estates")
    measure.add_argument("--assets", type=int, nargs="+", default=[300])
    measure.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    measure.add_argument("--dirt", choices=LEVELS, nargs="+", default=["high"])
    measure.add_argument("--all-sources", action="store_true", help="the cloud too")
    given = parser.parse_args()
    if given.verb == "docs":
        page: Path = given.page
        page.write_text(with_rates(page.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
        return
    sources = SOURCES if given.all_sources else DEFAULT_SOURCES
    rows = [
        measured(EstateSpec(assets, seed, sources, dirt))
        for dirt in given.dirt
        for assets in given.assets
        for seed in given.seeds
    ]
    sys.stdout.write("| dirt | assets | seed | single values | contested | majority right | stated at all |\n")
    sys.stdout.write("|---|---|---|---|---|---|---|\n" + "".join(rows))


def measured(spec: EstateSpec) -> str:
    """One row: how many values are contested, what the majority gets right, what anyone states."""
    truth = truth_of(spec)
    every, *rows = oracle_ceiling(truth)
    lists = {name for values in truth.assets.values() for name, value in values.items() if isinstance(value, tuple)}
    single = sum(row.values for row in rows if row.attribute not in lists)
    return (
        f"| {spec.dirt} | {spec.assets:,} | {spec.seed} | {single:,} | {every.contested:,} "
        f"| {every.majority / every.contested:.1%} | {every.contested_stated / every.contested:.1%} |\n"
    )


def with_rates(page: str) -> str:
    """The page with the present table of rates between its marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{tables()}\n{END}{after}"


if __name__ == "__main__":
    main()
