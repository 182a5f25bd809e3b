"""`muniment match claims`: any table of claims, no home needed."""

import csv
import io
import json

import pytest

CLAIMS = """flight;site;departs;gate
AA1;one;6:15 pm;A1
AA1;two;18:15;A1
AA1;three;18:40;
AA2;one;7:00 am;B2
AA2;two;07:00;B3
AA2;three;09:00;B2
"""


@pytest.fixture
def table(tmp_path):
    file = tmp_path / "claims.csv"
    file.write_bytes(CLAIMS.encode("utf-16"))
    return file


def run(capsys, *arguments):
    from muniment.cli import app

    app.app([str(argument) for argument in arguments], standalone_mode=False)
    return capsys.readouterr()


def test_every_value_is_printed_with_its_confidence(table, capsys):
    out = run(capsys, "match", "claims", table, "--object", "flight", "--source", "site", "--format", "csv").out
    rows = list(csv.DictReader(io.StringIO(out)))
    found = {(row["object"], row["attribute"]): row["value"] for row in rows}
    assert found["AA1", "departs"] in {"6:15 pm", "18:15"}
    assert found["AA2", "gate"] == "B2"
    assert all(0 < float(row["confidence"]) <= 1 for row in rows)


def test_truth_is_compared_by_meaning(table, tmp_path, capsys):
    truth = tmp_path / "truth.csv"
    truth.write_text("flight,departs,gate\nAA1,2011-12-08 18:15,A1\nAA2,7:00a,B9\n")
    out = run(
        capsys, "match", "claims", table, "--object", "flight", "--source", "site", "--truth", truth, "--format", "json"
    ).out
    judged = {one["attribute"]: one for one in json.loads(out)["truth"]}
    assert judged["departs"]["right"] == 2
    assert judged["gate"]["right"] == 1


def test_a_long_table_names_its_attributes_in_rows(tmp_path, capsys):
    file = tmp_path / "long.csv"
    file.write_text("item,site,attribute,value\nx,a,colour,red\nx,b,colour,red\nx,c,colour,blue\nx,a,size,4\n")
    out = run(capsys, "match", "claims", file, "--object", "item", "--source", "site", "--format", "csv").out
    found = {(row["object"], row["attribute"]): row["value"] for row in csv.DictReader(io.StringIO(out))}
    assert found == {("x", "colour"): "red", ("x", "size"): "4"}


def test_sources_are_shown_with_number_and_interval(table, capsys):
    out = run(capsys, "match", "claims", table, "--object", "flight", "--source", "site").out
    assert " n = 2)" in out


def test_a_column_that_is_not_there_is_named_with_those_that_are(table):
    from muniment.base.errors import Rejected
    from muniment.cli import app

    with pytest.raises(Rejected, match="no column 'plane': it has 'flight', 'site'"):
        app.app(["match", "claims", str(table), "--object", "plane", "--source", "site"], standalone_mode=False)


@pytest.fixture
def customers(tmp_path):
    names = "anna bruno clara david elena felix greta henri irene jonas karla louis".split()  # noqa: SIM905
    rows = [f"{name};{name[::-1]}mann;19{40 + 4 * n}-0{1 + n % 9}-1{n % 10}" for n, name in enumerate(names)]
    file = tmp_path / "customers.csv"
    again = [row.replace("mann", "man") for row in rows[:5]]
    file.write_bytes("\r\n".join(["given;family;born", *rows, *again]).encode("utf-16"))
    return file


def test_duplicates_in_a_file_have_a_pair_and_a_cluster(customers, capsys):
    out = run(capsys, "match", "records", customers, "--format", "csv").out
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [(row["left_row"], row["right_row"]) for row in rows] == [(str(n), str(12 + n)) for n in range(5)]
    assert all(row["cluster"] == row["left_row"] and float(row["probability"]) >= 0.5 for row in rows)
    assert "+GIVEN" in rows[0]["key"]


def test_two_files_are_linked_without_clusters(customers, tmp_path, capsys):
    other = tmp_path / "other.csv"
    other.write_text("first name,born on,last name\nbruno,1944-02-11,onurbmann\nzoe,1999-01-01,eozmann\n")
    body = json.loads(run(capsys, "match", "records", other, customers, "--format", "json").out)
    assert {(pair["left_row"], pair["right_row"]) for pair in body["pairs"]} <= {(0, 1), (0, 13)}
    assert "clusters" not in body


def test_an_ignored_column_is_not_compared_and_must_exist(customers, capsys):
    from muniment.base.errors import Rejected
    from muniment.cli import app

    body = json.loads(run(capsys, "match", "records", customers, "--ignore", "born", "--format", "json").out)
    assert {one["column"] for one in body["compared"]} == {"given", "family"}
    assert len(body["clusters"]) == 17
    with pytest.raises(Rejected, match="no file has a column 'birth' to ignore: there are born, family, given"):
        app.app(["match", "records", str(customers), "--ignore", "birth"], standalone_mode=False)
