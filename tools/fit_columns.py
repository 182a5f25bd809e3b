"""Fit the weights of column matching, and measure it on headers it was not fitted on.

Run by hand: `python tools/fit_columns.py [--fit]`; it writes nothing, `--fit` prints weights for
`matching/columns.py`. Reads third-party headers from MUNIMENT_DATA and their meanings from the tests' cases.
"""

import argparse
import csv
import json
import os
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from zlib import crc32

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import python_calamine as calamine
from scipy.optimize import minimize
from scipy.special import log_softmax, logsumexp

from muniment import matching, model
from muniment.matching import columns, signals

DATA = Path(os.environ.get("MUNIMENT_DATA", "../shared/data"))
LABELS = Path("tests/matching/cases/inventories.toml")
# The training table: every column of the inventories with its values and every header of the header gold
# without, each against all synonyms and against each half of them (by a hash), since half of the headers of
# the world are in no list; once more with a header that says nothing. Held out: headers whose hash says so.
HELD_OUT = 0.3
PENALTY = 0.0002
SHARES = (1.0, 0.5, 0.5, 0.25)
"""Weight of a column against all synonyms, against either half of them, and without its header."""

PRIOR: Mapping[str, float] = {
    "exact": 8.0,
    "specific": 1.0,
    "own": 2.0,
    "early": 0.5,
    "near": 3.0,
    "leaf": 2.0,
    "words": 3.0,
    "close": 3.0,
    "letters": 1.5,
    "telling": 3.5,
    "alone": 3.0,
    "agree": 1.5,
    "disagree": -4.0,
    "odd": -2.5,
    "known": 2.0,
    "foreign": -4.0,
    "unit": 1.0,
    "misfit": -3.0,
    "unique": 1.0,
    "grouped": 0.5,
    "scattered": -2.0,
    "repeated": -1.0,
    "plain": 1.0,
    "itself": 4.0,
    "other": -4.0,
    "part": -4.0,
    "topic": 0.5,
}
NOTHING_PRIOR: Mapping[str, float] = {"always": 6.0, "empty": 0.0, "prose": 0.0, "bare": 0.5}
"""What the weights were thought to be before any data; the fit is pulled to these."""

CORRESPONDENCES: Mapping[str, str] = {
    "vm_name/hostname": "name|hostname",
    "fqdn": "fqdn",
    "ip_address": "ip_address",
    "public_ip_address": "ip_address",
    "management_ip_address": "management_ip",
    "mac_address": "mac_address",
    "cpu_count": "cpu_count",
    "cpu_socket_count": "cpu_sockets|cpu_count",
    "cpu_core_count": "cpu_cores",
    "memory": "memory_mib",
    "operating_system": "os|os_vendor|hypervisor",
    "operating_system_family": "os_family",
    "operating_system_version": "os_version|os",
    "kernel_version": "os_kernel",
    "power_state": "power_state|status",
    "uuid": "uuid",
    "bios_uuid": "uuid",
    "source_record_id": "source_id|vm_id|cloud_id",
    "location": "site|data_center|region|rack|availability_zone|country|city|target_region|room",
    "cluster": "cluster",
    "hypervisor_host": "host",
    "storage": "storage_gib",
    "storage_provisioned": "storage_gib",
    "storage_used": "storage_used_gib",
    "created_at": "created_on|first_seen",
    "description": "description|notes",
    "folder": "folder",
    "hostname": "hostname|name|fqdn",
    "manufacturer": "manufacturer",
    "model": "model",
    "model_number": "model_number",
    "serial_number": "serial",
    "environment": "environment",
    "application": "application|name",
    "migration_wave": "wave",
    "cloud_account": "cloud_account|target_account",
    "migration_strategy": "migration_strategy",
    "target_size": "target_instance_type|instance_type",
    "size": "instance_type",
    "tags": "tags",
    "asset_name": "name",
    "asset_tag": "asset_tag",
    "asset_type": "asset_type|subtype|chassis|",
    "business_unit": "company|business_unit",
    "supplier": "supplier",
    "owner": "owner|user|company|",
    "owner_login": "user|owner",
    "purchase_date": "purchased_on",
    "purchase_cost": "purchase_cost",
    "end_of_life_date": "end_of_life_on",
    "status": "status",
    "firmware_version": "firmware_version",
    "business_service": "business_service",
    "software_version": "software_version|",
    "repository_url": "url|",
    "architecture": "architecture",
    "environment/service_level": "environment|service_level|",
    "tier/role": "",
    "contacts": "",
    "tag_key": "",
    "tag_value": "|tags",
    "record_type": "",
    "warranty_months": "|warranty_until",
    "is_virtual": "|virtualization",
    "asset_type/role": "asset_type|subtype|",
    "application+environment": "|application|environment|business_service",
    "dns_domain": "|fqdn",
}
"""Meaning in the header gold -> attributes of the model that are right for it ("" : none is)."""


@dataclass(frozen=True, slots=True)
class Case:
    """A table with what its columns mean: per column the right targets, "" for none."""

    name: str
    columns: tuple[matching.Column, ...]
    right: Mapping[str, frozenset[str]]


def inventories() -> Iterator[Case]:
    """Read the tables of the inventories that have labels."""
    labels = tomllib.loads(LABELS.read_text())
    for path in sorted((DATA / "inventories").glob("*/*")):
        for tab, rows in tables(path):
            key = f"{path.parent.name}:{tab}" if path.parent.name != "ansible_facts" else tab
            if key in labels and len(rows) > 1:
                yield made_case(path.name, tab, rows, labels[key])
    facts = _facts()
    yield made_case("ansible_facts", "ansible_facts", facts, labels["ansible_facts"])


def tables(path: Path) -> Iterator[tuple[str, list[list[str]]]]:
    """Read the tabs of a file as rows of text."""
    if path.suffix == ".csv":
        with path.open(newline="", encoding="utf-8-sig", errors="replace") as lines:
            yield path.name, list(csv.reader(lines))
    elif path.suffix == ".xlsx":
        book = calamine.CalamineWorkbook.from_path(str(path))
        for tab in book.sheet_names:
            yield tab, [[_cell(value) for value in row] for row in book.get_sheet_by_name(tab).to_python()]


def _cell(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _facts() -> list[list[str]]:
    hosts = []
    for path in sorted((DATA / "inventories/ansible_facts").glob("*.json")):
        text = path.read_text()
        facts = json.loads(text) if text.startswith("{") else {}
        hosts.append(dict(_flat(facts.get("ansible_facts", facts))))
    header = sorted({key for host in hosts for key in host})
    return [header, *[[host.get(key, "") for key in header] for host in hosts]]


def _flat(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        if all(isinstance(item, str) for item in value):
            yield path, ", ".join(value)
    else:
        yield path, "" if value is None else str(value)


def made_case(file: str, tab: str, rows: list[list[str]], labels: Mapping[str, str]) -> Case:
    """Profile a table and look its labels up."""
    header: dict[str, int] = {}
    for place, name in enumerate(rows[0]):
        header.setdefault(name, place)
    table = pa.table(
        {
            name: pa.array([row[place] if place < len(row) else "" for row in rows[1:]], pa.string())
            for name, place in header.items()
        }
    )
    profiled = matching.profile(table, list(header), table=tab.removesuffix(".csv"))
    right = {name: frozenset(_label(name, labels).split("|")) for name in header}
    return Case(f"{file}:{tab}", profiled, right)


def _label(name: str, labels: Mapping[str, str]) -> str:
    if name in labels:
        return labels[name]
    return next((labels[key] for key in labels if {"*", "?"} & set(key) and fnmatchcase(name, key)), "")


def header_gold() -> Iterator[Case]:
    """Read the header gold as tables without values."""
    blank = matching.Profile(0, 0, 0, {}, (0, 0.0, 0), (), (), value_list=False)
    tables: dict[str, dict[str, frozenset[str]]] = {}
    with (DATA / "columns/it/it_header_gold.csv").open(newline="") as lines:
        for row in csv.DictReader(lines):
            right = frozenset(CORRESPONDENCES[row["canonical"]].split("|"))
            tables.setdefault(row["source"], {})[row["header"]] = right
    labels = tomllib.loads(LABELS.read_text())
    with (DATA / "columns/it/rvtools_alias_pairs.csv").open(newline="") as lines:
        for row in csv.DictReader(lines):
            tab = row["sheet"].split()[0]
            shown = row["display_name"].casefold()
            known = next((text for key, text in labels[f"rvtools:{tab}"].items() if key.casefold() == shown), "")
            if shown != "dns name":
                tables.setdefault(f"alias:{tab}", {})[row["internal_name"]] = frozenset(known.split("|"))
    for source, headers in tables.items():
        tab = source.split(":")[-1]
        made = tuple(matching.Column(name, tab, blank) for name in headers)
        yield Case(source, made, headers)


def model_targets() -> tuple[matching.Target, ...]:
    """Turn the attributes of the model into targets."""
    return tuple(
        matching.Target(
            name=attribute.name,
            label=attribute.label,
            description=attribute.description,
            synonyms=attribute.synonyms,
            kind=attribute.type,
            unit=attribute.unit,
            multi=attribute.multi,
            values=frozenset(attribute.spellings),
            group=attribute.group,
            wider=attribute.wider,
        )
        for attribute in model.attributes().values()
    )


def halves(targets: Sequence[matching.Target]) -> Iterator[tuple[matching.Target, ...]]:
    """Return the targets with all synonyms, then with either half of the different synonyms."""
    yield tuple(targets)
    for side in (0, 1):
        yield tuple(
            replace(
                target,
                synonyms=tuple(text for text in target.synonyms if crc32(matching.name_key(text).encode()) % 2 == side),
            )
            for target in targets
        )


def held_out(header: str) -> bool:
    """Say by a fixed hash whether a header is kept out of the fit."""
    return crc32(matching.name_key(header).encode()) % 1000 < 1000 * HELD_OUT


@dataclass(frozen=True, slots=True)
class Examples:
    """Signals and answers of many columns: n x targets x signals, n x signals, n x (targets + none)."""

    pair: npt.NDArray[np.float32]
    nothing: npt.NDArray[np.float32]
    right: npt.NDArray[np.bool_]
    weight: npt.NDArray[np.float32]


def examples(cases: Sequence[Case], targets: Sequence[matching.Target]) -> Examples:
    """Collect the training table of all headers that are not held out."""
    place = {target.name: number for number, target in enumerate(targets)} | {"": len(targets)}
    pairs, nothings, rights, weights = [], [], [], []
    seen: dict[str, int] = {}
    for case in cases:
        for column in case.columns:
            seen[column.name] = seen.get(column.name, 0) + 1
    for case in cases:
        for variant, share in zip([*halves(targets), None], SHARES, strict=True):
            made = case.columns
            if variant is None:
                made = tuple(replace(c, name=f"f{number}", table=None) for number, c in enumerate(made))
            found = signals.read(made, variant or tuple(targets))
            for number, column in enumerate(case.columns):
                if held_out(column.name) or (variant is None and not column.profile.filled):
                    continue
                right = np.zeros(len(targets) + 1, bool)
                right[[place[name] for name in case.right[column.name]]] = True
                pairs.append(found.pair[number].astype(np.float32))
                nothings.append(found.nothing[number].astype(np.float32))
                rights.append(right)
                weights.append(share / np.sqrt(seen[column.name]))
    return Examples(np.stack(pairs), np.stack(nothings), np.stack(rights), np.array(weights, np.float32))


def fit(table: Examples) -> tuple[dict[str, float], dict[str, float]]:
    """Fit the conditional logit by maximum likelihood with a small pull to the prior and fixed signs."""
    against = {"disagree", "odd", "foreign", "misfit", "scattered", "repeated"}
    against |= {"other", "part"}
    bounds: list[tuple[float | None, float | None]] = [
        (None, 0.0) if name in against else (0.0, None) for name in signals.PAIR
    ]
    bounds += [(None, None)] * len(signals.NOTHING)
    size = len(signals.PAIR)

    def loss(weights: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        w = weights.astype(np.float32)
        scores = np.concatenate([table.pair @ w[:size], (table.nothing @ w[size:])[:, None]], axis=1)
        logs = log_softmax(scores.astype(np.float64), axis=1)
        good = logsumexp(np.where(table.right, logs, -np.inf), axis=1)
        total = table.weight.sum()
        chances = np.exp(logs)
        pull = chances - np.where(table.right, np.exp(logs - good[:, None]), 0.0)
        pull *= table.weight[:, None] / total
        slope = np.concatenate(
            [
                np.einsum("nt,nts->s", pull[:, :-1].astype(np.float32), table.pair),
                pull[:, -1] @ table.nothing,
            ]
        )
        value = -(good @ table.weight) / total + PENALTY / 2 * ((weights - prior) @ (weights - prior))
        return float(value), slope + PENALTY * (weights - prior)

    prior = np.array([PRIOR[name] for name in signals.PAIR] + [NOTHING_PRIOR[name] for name in signals.NOTHING])
    found = minimize(loss, prior, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 500})
    print(f"loss {loss(prior)[0]:.4f} -> {found.fun:.4f} after {found.nit} steps")
    rounded = [round(float(value), 2) for value in found.x]
    return (
        dict(zip(signals.PAIR, rounded[:size], strict=True)),
        dict(zip(signals.NOTHING, rounded[size:], strict=True)),
    )


@dataclass(slots=True)
class Tally:
    """Counts over proposals: columns, right ones, right and all automatic ones, and calibration."""

    seen: int = 0
    top: int = 0
    auto: int = 0
    auto_right: int = 0
    meant: int = 0
    covered: int = 0
    chances: list[tuple[float, bool]] = field(default_factory=list)

    def line(self, name: str) -> str:
        """Say the tally in one line."""
        ece = calibration_error(self.chances)
        middle = [pair for pair in self.chances if 0.05 < pair[0] < 0.95]  # noqa: PLR2004
        return (
            f"{name:34} n {self.seen:4}  top-1 {self.top / max(1, self.seen):.3f}"
            f"  auto {self.auto:4} right {self.auto_right / max(1, self.auto):.4f}"
            f" of mappable {self.covered / max(1, self.meant):.2f}"
            f"  ECE {ece:.3f}  (.05<p<.95: n {len(middle)}, ECE {calibration_error(middle):.3f})"
        )


def calibration_error(pairs: Sequence[tuple[float, bool]], bins: int = 10) -> float:
    """Return the expected calibration error over equal-width bins (Naeini et al. 2015)."""
    if not pairs:
        return 0.0
    chances = np.array([p for p, _ in pairs])
    right = np.array([r for _, r in pairs], float)
    spot = np.minimum((chances * bins).astype(int), bins - 1)
    gaps = [abs(chances[spot == b].mean() - right[spot == b].mean()) * (spot == b).sum() for b in set(spot)]
    return float(sum(gaps) / len(pairs))


def measure(
    cases: Iterable[Case], targets: Sequence[matching.Target], *, blind: bool, verbose: bool
) -> dict[str, Tally]:
    """Measure the weights in force; with `blind`, against each half of the synonyms in turn."""
    tallies: dict[str, Tally] = {}
    variants = list(halves(targets))[1:] if blind else [tuple(targets)]
    for case in cases:
        for variant in variants:
            ranking = matching.rank(case.columns, variant)
            proposals = matching.assign(ranking)
            for column in case.columns:
                part = "held out" if held_out(column.name) else "fitted"
                kind = "with values" if column.profile.rows else "headers only"
                right = case.right[column.name]
                best, proposal = ranking[column.name][0], proposals[column.name]
                for key in (f"{kind}, {part}", f"all, {part}"):
                    tally = tallies.setdefault(key, Tally())
                    tally.seen += 1
                    tally.top += best.target in right
                    tally.chances.append((best.probability, best.target in right))
                    tally.meant += "" not in right
                    tally.covered += "" not in right and proposal.state == "auto"
                    tally.auto += proposal.state == "auto"
                    tally.auto_right += proposal.state == "auto" and proposal.target in right
                if verbose and (best.target not in right or proposal.state != "auto"):
                    mark = "OK   " if best.target in right else "WRONG"
                    if best.target == "" == min(right):
                        continue
                    print(
                        f"{mark} {proposal.state:9} {case.name}: {column.name!r} -> {best.target!r}"
                        f" {best.probability:.2f}, right {'|'.join(sorted(right))!r}"
                    )
    return tallies


def main() -> None:
    """Fit if asked, and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--fit", action="store_true")
    parser.add_argument("--errors", action="store_true")
    given = parser.parse_args()
    if not (DATA / "columns").is_dir():
        sys.exit(f"{DATA} has no columns: set MUNIMENT_DATA to the folder of the third-party data")
    targets = model_targets()
    cases = [*inventories(), *header_gold()]
    if given.fit:
        pair, nothing = fit(examples(cases, targets))
        print("WEIGHTS", json.dumps(pair, indent=4))
        print("NOTHING_WEIGHTS", json.dumps(nothing, indent=4))
        columns.WEIGHTS, columns.NOTHING_WEIGHTS = pair, nothing
    for blind in (False, True):
        print("half of the synonyms" if blind else "all synonyms")
        for name, tally in sorted(measure(cases, targets, blind=blind, verbose=given.errors).items()):
            print("  " + tally.line(name))


if __name__ == "__main__":
    main()
