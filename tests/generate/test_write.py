"""The written estate: the same bytes every time, and a truth that fits the files."""

import csv
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from muniment import generate, model
from muniment.base.errors import Rejected

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "estate"
DIALECTS = {"discovery_scan.csv": (";", "cp1252"), "discovery_databases.csv": (";", "cp1252")}
PLANTED = {
    "renamed", "reimaged", "readdressed", "reassigned_address", "resized", "upgraded", "owner_left",
    "reorganised", "moved", "promoted", "reassessed", "retired", "placeholder", "shared_serial",
    "byte_order", "unit_slip", "decimal_unit", "swapped_date", "typo", "other", "misread", "coarse",
    "partial",
}  # fmt: skip


@pytest.fixture(scope="module")
def spec():
    return generate.EstateSpec(assets=300, seed=3, sources=generate.SOURCES, dirt="high")


@pytest.fixture(scope="module")
def folder(spec, tmp_path_factory):
    place = tmp_path_factory.mktemp("estate")
    generate.write_estate(spec, place)
    return place


@pytest.fixture(scope="module")
def truth(folder):
    return generate.read_truth(folder)


def files(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def exported(folder):
    """Every table of the exports: (file, tab) -> rows as dictionaries of text, by header."""
    found = {}
    for path in sorted(folder.iterdir()):
        if path.suffix == ".csv":
            delimiter, encoding = DIALECTS.get(path.name, (",", "utf-8"))
            with path.open(encoding=encoding, newline="") as stream:
                found[path.name, ""] = list(csv.DictReader(stream, delimiter=delimiter))
        elif path.suffix == ".jsonl":
            lines = path.read_text(encoding="utf-8").splitlines()
            found[path.name, ""] = [json.loads(line) for line in lines]
        elif path.suffix == ".xlsx":
            book = CalamineWorkbook.from_path(path)
            for tab in book.sheet_names:
                header, *rows = book.get_sheet_by_name(tab).to_python()
                found[path.name, tab] = [dict(zip(header, row, strict=True)) for row in rows]
        elif path.suffix == ".json":
            answer = json.loads(path.read_text(encoding="utf-8"))
            found[path.name, ""] = [one for group in answer["Reservations"] for one in group["Instances"]]
    return found


def test_the_same_spec_gives_the_same_bytes_in_another_process(tmp_path):
    script = (
        "import sys; from pathlib import Path; from muniment import generate;"
        "generate.write_estate(generate.EstateSpec(60, 9, generate.SOURCES, 'high'), Path(sys.argv[1]))"
    )
    for name, hashes in (("one", "1"), ("other", "2")):
        environment = {**os.environ, "PYTHONHASHSEED": hashes}
        subprocess.run([sys.executable, "-c", script, tmp_path / name], check=True, env=environment)
    assert files(tmp_path / "one") == files(tmp_path / "other")


def test_another_seed_gives_another_estate(tmp_path):
    for seed in (1, 2):
        generate.write_estate(generate.EstateSpec(60, seed), tmp_path / str(seed))
    one, other = files(tmp_path / "1"), files(tmp_path / "2")
    assert one.keys() == other.keys()
    assert {name for name in one if one[name] == other[name]} == {"truth/.no-import", "truth/columns.csv"}


def test_adding_a_source_changes_no_other_export(folder, spec, tmp_path):
    fewer = generate.EstateSpec(spec.assets, spec.seed, ("lifecycle", "monitoring"), spec.dirt)
    generate.write_estate(fewer, tmp_path)
    full, part = files(folder), files(tmp_path)
    exports = [name for name in part if not name.startswith("truth")]
    assert len(exports) == 3
    assert all(part[name] == full[name] for name in exports)


def test_the_shipped_example_is_what_its_command_makes(tmp_path):
    generate.write_estate(generate.EstateSpec(assets=300, seed=7, dirt="medium"), tmp_path, claims=False)
    assert files(EXAMPLE) == files(tmp_path)
    assert sum(map(len, files(EXAMPLE).values())) < 2_000_000


def test_every_exported_row_and_only_those_have_a_thing(folder, truth):
    tables = exported(folder)
    rows = Counter((row.file, row.tab) for row in truth.rows)
    assert rows == {table: len(content) for table, content in tables.items()}
    assert len(set(truth.rows)) == len(truth.rows)
    assert {row.asset for row in truth.rows} <= truth.assets.keys()
    for (file, tab), count in rows.items():
        numbers = [row.row for row in truth.rows if (row.file, row.tab) == (file, tab)]
        assert sorted(numbers) == list(range(1, count + 1))


def test_every_exported_column_has_a_meaning_and_only_known_attributes_occur(folder, truth):
    known = set(model.attributes())
    for column in truth.columns:
        assert {column.attribute, *column.also_accepted.split("|")} - {""} <= known
    for table, content in exported(folder).items():
        named = [column.column for column in truth.columns if (column.file, column.tab) == table]
        assert len(named) == len(set(named))
        if not table[0].endswith("cloud_instances.json"):
            assert {header for row in content for header in row} <= set(named)


def test_the_truth_knows_only_attributes_of_the_model(truth):
    known = set(model.attributes())
    assert {attribute for values in truth.assets.values() for attribute in values} <= known


def test_a_claim_is_correct_exactly_when_its_values_are_the_assets(truth):
    assert len(truth.claims) > 10_000
    for claim in truth.claims:
        fact = truth.assets[claim.asset].get(claim.attribute, ())
        facts = fact if isinstance(fact, tuple) else (fact,)
        values = claim.value if isinstance(claim.value, tuple) else (claim.value,)
        agree = all(any(generate.same(claim.attribute, one, known) for known in facts) for one in values)
        assert claim.correct == (agree and claim.value != "")
        assert claim.correct or claim.kind


def test_every_planted_case_is_there(truth):
    assert {claim.kind for claim in truth.claims} - {""} <= PLANTED
    larger = generate.truth_of(generate.EstateSpec(assets=1500, seed=3, dirt="high"))
    assert {claim.kind for claim in larger.claims} - {""} == PLANTED
    per_row = Counter(row.asset for row in truth.rows if row.file == "servicenow_cmdb_ci_hardware.csv")
    assert max(per_row.values()) > 1  # duplicate rows
    sources = {}
    for claim in truth.claims:
        sources.setdefault(claim.asset, set()).add(claim.source)
    assert sum(len(found) == 1 for found in sources.values()) > 2  # things only one source knows


def test_cells_read_by_the_model_say_what_the_claims_say(folder, truth):
    claims = {}
    for claim in truth.claims:
        claims.setdefault((claim.file, claim.tab, claim.row, claim.attribute), []).append(claim.value)
    units = {"ram": "MB", "disk_space": "GB", "mem_total_mb": "MB", "disk_total_gb": "GB"}
    read = wrong = 0
    meanings = {}
    for column in truth.columns:
        meanings.setdefault((column.file, column.tab), []).append(column)
    for (file, tab), rows in exported(folder).items():
        scan, sheet = file.startswith("discovery"), file.startswith("hardware")
        for column in meanings[file, tab]:
            unit = model.unit_in_header(column.column) or units.get(column.column)
            context = model.Context(decimal_comma=scan, day_first=True if scan else False if sheet else None, unit=unit)
            for number, row in enumerate(rows, 1):
                said = claims.get((file, tab, number, column.attribute))
                cell = str(row.get(column.column, ""))
                if not said or not cell or column.attribute in {"notes", "installed_on"}:
                    continue
                found = model.normalise(model.attribute(column.attribute), cell, context).values
                wanted = [value if isinstance(value, tuple) else (value,) for value in said if value != ""]
                read += 1
                wrong += not any(
                    len(found) == len(one)
                    and all(any(generate.same(column.attribute, a, b) for b in found) for a in one)
                    for one in wanted or [()]
                )
    assert read > 15_000
    assert wrong / read < 0.005  # a person's name with the last name first is read as it stands


def test_without_claims_the_rest_can_still_be_read(tmp_path):
    summary = generate.write_estate(generate.EstateSpec(60, 1), tmp_path, claims=False)
    truth = generate.read_truth(tmp_path)
    assert truth.claims == ()
    assert len(truth.rows) == summary.rows
    assert not (tmp_path / "truth" / "claims.csv").exists()


def test_the_truth_reads_back_as_it_was_made(spec, truth):
    assert truth == generate.truth_of(spec)


def test_a_folder_without_truth_is_rejected(tmp_path):
    with pytest.raises(Rejected, match="muniment generate"):
        generate.read_truth(tmp_path)


def test_the_summary_counts_what_is_in_the_files(folder, spec, tmp_path):
    summary = generate.write_estate(spec, tmp_path)
    assert sum(one.rows for one in summary.files if one.source != "truth") == summary.rows
    assert {one.file: one.size for one in summary.files if one.source == "truth"} == {
        path.name: path.stat().st_size for path in (folder / "truth").iterdir() if path.suffix
    }
    assert sum(summary.types.values()) == spec.assets
