"""Measures what people's corrections are worth: kept through every re-import, and taught to the rest.

`python bench/corrections.py` imports a generated estate twice, once with corrections in between and once without,
and compares the values that nobody corrected. It reads the truth for the corrections and the scores alone.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import outcome
import scoring

from muniment import flows, generate, register
from muniment.base import embedded, home, settings
from muniment.base.errors import Rejected
from muniment.base.home import Home
from muniment.generate import Truth

HERE = Path(__file__).parent
Pins = dict[tuple[str, str], Any]
"""Corrected values: (register asset, attribute) to what was said."""


@dataclass(frozen=True, slots=True)
class Errors:
    """Values that are wrong, of those that sources contest and nobody corrected, in the attributes corrected."""

    wrong: int
    values: int

    @property
    def rate(self) -> float:
        """Share of wrong ones."""
        return self.wrong / max(1, self.values)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run every seed, print the table and keep it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--assets", type=int, default=300)
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--dirt", default="high", choices=generate.LEVELS)
    parser.add_argument("--corrections", type=int, default=50)
    parser.add_argument("--out", type=Path, default=HERE / "results", help="folder for corrections.md")
    given = parser.parse_args(arguments)
    command = f"python bench/corrections.py --assets {given.assets} --seeds {given.seeds} --dirt {given.dirt}"
    lines = [
        "# What corrections are worth",
        "",
        f"`{command}` on {datetime.now(UTC):%Y-%m-%d}.",
        "",
        f"Of each estate {given.corrections} open conflicts, chosen at random, are resolved to the truth; then every",
        "file is imported again. Errors are of contested values of the same attributes on assets nobody corrected.",
        "",
        "| assets | seed | corrected | kept | errors without | errors with |",
        "|---:|---:|---:|---:|---:|---:|",
    ]
    for seed in (int(one) for one in given.seeds.split(",")):
        spec = generate.EstateSpec(assets=given.assets, seed=seed, dirt=given.dirt)
        lines.append(one_run(spec, given.corrections))
        print(lines[-1], file=sys.stderr, flush=True)
    text = "\n".join(lines) + "\n"
    print(text)
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "corrections.md").write_text(text, encoding="utf-8")


def one_run(spec: generate.EstateSpec, corrections: int) -> str:
    """One estate with and without corrections: a row of the table."""
    folder = Path(tempfile.mkdtemp(prefix="muniment-bench-"))
    places = (folder / "with", folder / "without")
    try:
        generate.write_estate(spec, folder / "estate")
        truth = generate.read_truth(folder / "estate")
        files = tuple(sorted(path for path in (folder / "estate").iterdir() if path.is_file()))
        taught, plain = (home.open_home(settings.load({"home": str(place)})) for place in places)
        for one in (taught, plain):
            flows.import_files(one, flows.Request(files))
        pins, touched, attributes = correct(taught, truth, corrections, Random(spec.seed))  # noqa: S311 - a seed
        for path in files:
            later = path.stat().st_mtime + timedelta(hours=1).total_seconds()
            os.utime(path, (later, later))
        for one in (taught, plain):
            flows.import_files(one, flows.Request(files))
        kept = sum(_value(taught, asset, attribute) == value for (asset, attribute), value in pins.items())
        scores = [errors(one, truth, touched, attributes) for one in (plain, taught)]
        for one in (taught, plain):
            one.scope.engine.dispose()
    finally:
        for place in places:
            embedded.stop(place)
        shutil.rmtree(folder)
    shown = " | ".join(f"{one.rate:.3f} ({one.wrong} of {one.values})" for one in scores)
    return f"| {spec.assets} | {spec.seed} | {len(pins)} | {kept / max(1, len(pins)):.0%} | {shown} |"


def correct(place: Home, truth: Truth, wanted: int, chance: Random) -> tuple[Pins, set[str], set[str]]:
    """Resolve conflicts to the truth; gives the pins, the true assets touched, the attributes concerned."""
    found = outcome.read(place)
    true_of = {ours: asset for asset, ours in scoring.owners(truth, found).items()}
    with place.scope.transaction() as connection:
        conflicts = register.list_conflicts(connection, place.scope, limit=None)
    conflicts.sort(key=lambda one: (one.attribute, one.asset))
    chance.shuffle(conflicts)
    pins: Pins = {}
    touched: set[str] = set()
    attributes: set[str] = set()
    for conflict in conflicts:
        asset = true_of.get(str(conflict.asset_id))
        fact = truth.assets.get(asset or "", {}).get(conflict.attribute)
        if len(pins) == wanted or asset is None or fact is None or isinstance(fact, tuple):
            continue
        try:
            flows.resolve(place, conflict.asset_id, conflict.attribute, str(fact))
        except Rejected:
            continue
        key = (str(conflict.asset_id), conflict.attribute)
        pins[key] = _value(place, *key)
        touched.add(asset)
        attributes.add(conflict.attribute)
    return pins, touched, attributes


def _value(place: Home, asset: str, attribute: str) -> Any:
    with place.scope.transaction() as connection:
        return json.dumps(register.get(connection, place.scope, UUID(asset)).values.get(attribute), sort_keys=True)


def errors(place: Home, truth: Truth, touched: set[str], attributes: set[str]) -> Errors:
    """How many contested values of the attributes are wrong, on assets that nobody corrected."""
    found = outcome.read(place)
    matched = scoring.owners(truth, found)
    said: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for claim in truth.claims:
        if claim.value != "" and claim.attribute in attributes and claim.asset not in touched:
            said[claim.asset, claim.attribute][str(claim.value)] += 1
    wrong = values = 0
    for (asset, attribute), claims in said.items():
        fact = truth.assets[asset].get(attribute)
        if len(claims) < 2 or fact is None or isinstance(fact, tuple) or asset not in matched:
            continue
        ours = found.assets[matched[asset]].values.get(attribute)
        values += 1
        wrong += ours is None or not generate.same(attribute, ours, fact)
    return Errors(wrong, values)


if __name__ == "__main__":
    main()
