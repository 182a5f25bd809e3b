import csv
import io
from pathlib import Path

import pytest
from tests.conftest import Delivery, assets, deliver, machine

from muniment import flows, generate, graph
from muniment.base.errors import NotFound

SOURCES = ("servicenow", "discovery", "monitoring")


def raw_tables(folder: Path) -> dict[str, list[dict[str, str]]]:
    """Rows of the CSV files, read by another reader than ours."""
    found = {}
    for path in folder.glob("*.csv"):
        written = path.read_bytes()
        try:
            text = written.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = written.decode("cp1252")
        delimiter = csv.Sniffer().sniff(text[:4096], ",;\t|").delimiter
        found[path.name] = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))
    return found


@pytest.fixture(scope="module")
def proven(make_home, tmp_path_factory):
    folder = tmp_path_factory.mktemp("exports")
    generate.write_estate(generate.EstateSpec(assets=40, seed=5, sources=SOURCES, dirt="high"), folder)
    paths = tuple(sorted(folder.glob("*.csv")))
    with make_home(tmp_path_factory.mktemp("proven")) as home:
        flows.import_files(home, flows.Request(paths))
        yield home, raw_tables(folder)


def test_every_value_leads_back_to_a_cell_of_a_file_as_it_was_written(proven):
    home, tables = proven
    found = assets(home)
    assert len(found) > 20
    proved = 0
    with home.scope.transaction() as connection:
        for asset in found:
            for attribute, value in asset.values.items():
                proof = graph.why(connection, home, asset, attribute)
                winners = [claim for claim in proof.claims if claim.wins]
                assert winners, (asset.name, attribute, value)
                for claim in winners:
                    assert claim.cells, (asset.name, attribute, value, claim.source_key)
                    for cell in claim.cells:
                        assert tables[cell.file][cell.row - 1][cell.column].strip() == cell.raw.strip()
                        proved += 1
                assert any(
                    given in (value if isinstance(value, list) else [value])
                    for claim in winners
                    for cell in claim.cells
                    for given in cell.gave
                ), (asset.name, attribute, value)
    assert proved > 300


def test_every_member_of_a_list_is_claimed_by_the_sources_named_for_it(proven):
    home, _ = proven
    with home.scope.transaction() as connection:
        for asset in assets(home):
            for attribute, proof in asset.provenance.items():
                for choice in proof.get("each", ()):
                    claims = graph.why(connection, home, asset, attribute).claims
                    saying = {claim.source for claim in claims if choice["value"] in claim.values}
                    assert saying >= set(choice["sources"])


def test_a_value_that_is_not_there_says_what_is(estate):
    asset = assets(estate)[0]
    with estate.scope.transaction() as connection:
        with pytest.raises(NotFound, match="no value for rack; it has environment"):
            graph.why(connection, estate, asset, "rack")
        with pytest.raises(NotFound, match="no attribute called colour"):
            graph.why(connection, estate, asset, "colour")


def test_a_proof_names_winner_rivals_rule_and_share(estate, tmp_path):
    row = {**machine(1)["sheet"], "Memory MB": "8192"}
    deliver(estate, tmp_path, [Delivery("sheet", 2, (row,))])
    asset = next(asset for asset in assets(estate) if asset.name == "app01")
    with estate.scope.transaction() as connection:
        proof = graph.why(connection, estate, asset, "memory_mib")
    claims = {claim.source: claim for claim in proof.claims}
    assert {name: claim.values for name, claim in claims.items()} == {"cmdb": (16384,), "sheet": (8192,)}
    assert [claim.wins for claim in proof.claims].count(True) == 1
    assert {choice["value"] for choice in proof.choices} == {16384, 8192}
    assert proof.rule == "confidence"
    assert proof.conflict
    cell = claims["sheet"].cells[0]
    assert (cell.file, cell.row, cell.line, cell.column, cell.raw) == ("sheet-2.csv", 1, 2, "Memory MB", "8192")
