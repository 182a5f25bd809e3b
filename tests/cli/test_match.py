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


def test_all_candidates_are_printed_from_threshold_nothing_and_none_from_one(customers, capsys):
    def rows(*more):
        return list(
            csv.DictReader(io.StringIO(run(capsys, "match", "records", customers, "--format", "csv", *more).out))
        )

    assert len(rows("--threshold", "0")) > len(rows()) == 5
    assert rows("--ignore", "born", "--ignore", "given", "--threshold", "1") == []
    out = run(capsys, "match", "records", customers, "--threshold", "0", "--format", "csv").out
    numbers = [tuple(map(int, line.split(",")[:2])) for line in out.splitlines()[1:]]
    assert numbers == sorted(numbers)


def test_questions_are_a_file_that_is_filled_in_and_given_back(customers, tmp_path, capsys):
    out = run(capsys, "match", "records", customers, "--ask", "6", "--format", "csv").out
    asked = list(csv.DictReader(io.StringIO(out)))
    assert len(asked) == 6
    assert all(row["same"] == "" and row["left"].startswith("row: ") for row in asked)
    filled = tmp_path / "filled.csv"
    filled.write_text("left_row,right_row,same\n0,12,no\n3,7,yes\n4,5,\n")
    out = run(capsys, "match", "records", customers, "--judgements", filled, "--format", "csv").out
    found = {(row["left_row"], row["right_row"]) for row in csv.DictReader(io.StringIO(out))}
    assert ("0", "12") not in found
    assert ("3", "7") in found
    again = run(capsys, "match", "records", customers, "--judgements", filled, "--ask", "50", "--format", "csv").out
    pairs = {(row["left_row"], row["right_row"]) for row in csv.DictReader(io.StringIO(again))}
    assert not pairs & {("0", "12"), ("3", "7")}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("left_row,right_row\n1,2\n", "no column same"),
        ("left_row,right_row,same\n0,99,yes\n", "no pair of rows 0 and 99"),
        ("left_row,right_row,same\n0,12,perhaps\n", "says 'perhaps': say yes or no"),
        ("left_row,right_row,same\na,b,yes\n", "has no row numbers"),
        ("left_row,right_row,same\n0,12,yes\n12,0,no\n", "yes and no of rows 12 and 0"),
    ],
)
def test_a_judgement_that_cannot_be_understood_is_named(customers, tmp_path, text, message):
    from muniment.base.errors import Rejected
    from muniment.cli import app

    file = tmp_path / "judged.csv"
    file.write_text(text)
    with pytest.raises(Rejected, match=message):
        app.app(["match", "records", str(customers), "--judgements", str(file)], standalone_mode=False)


def test_why_two_rows_match_and_why_not_is_told_in_bits(customers, capsys):
    text = run(capsys, "match", "records", customers, "--explain", "12,0").out
    assert "the same: anna and anna" in text
    assert ": a match, probability" in text
    body = json.loads(run(capsys, "match", "records", customers, "--explain", "0,7", "--format", "json").out)
    assert not body["accepted"]
    assert body["total"] < 0
    assert [step for step in body["steps"] if step["comparison"] == "given" and step["bits"] < 0]
    assert run(capsys, "match", "records", customers, "--explain", "0,12", "--format", "svg").out.startswith("<svg")


def test_rows_that_cannot_be_read_and_empty_lines_do_not_shift_the_numbers(tmp_path, capsys):
    names = "anna bruno clara david elena felix greta henri irene jonas".split()  # noqa: SIM905
    lines = [f"{name},{name[::-1]}son,{1940 + 3 * place}-05-1{place}" for place, name in enumerate(names)]
    lines.insert(1, "one,too,many,cells")
    lines += ["", "short", *lines[6:9]]
    file = tmp_path / "ragged.csv"
    file.write_text("\n".join(["given,family,born", *lines]))
    done = run(capsys, "match", "records", file, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(done.out)))
    assert [(row["left_row"], row["right_row"]) for row in rows] == [("6", "12"), ("7", "13"), ("8", "14")]
    assert "2 rows could not be read" in done.err


def columns_of(capsys, *arguments):
    return list(csv.DictReader(io.StringIO(run(capsys, "match", "columns", *arguments, "--format", "csv").out)))


@pytest.fixture
def two_tables(tmp_path):
    one, other = tmp_path / "one.csv", tmp_path / "other.tsv"
    one.write_text("Sex;Ctry;DOB\nf;France;1980-01-02\nm;Italy;1975-05-06\nf;Spain;1990-11-12\n")
    other.write_text("birth_date\tgender\tcountry\tnote\n1991-01-01\tm\tItaly\t\n1977-07-07\tf\tFrance\t\n")
    return one, other


def test_every_column_gets_its_candidates_best_first(two_tables, capsys):
    rows = columns_of(capsys, *two_tables, "--top", 2)
    assert [row["rank"] for row in rows] == ["1", "2"] * 3
    best = {row["source_column"]: row["target_column"] for row in rows if row["rank"] == "1"}
    assert best == {"Sex": "gender", "Ctry": "country", "DOB": "birth_date"}
    assert all(row["reason"] and 0 <= float(row["probability"]) <= 1 for row in rows)


def test_columns_are_ranked_against_the_model_and_ignored_ones_are_left_out(tmp_path, capsys):
    file = tmp_path / "servers.csv"
    file.write_text("hostname,Serial Number,OS,remark\nweb01,CZ1234,Ubuntu 22.04,x\ndb01,CZ1235,RHEL 9,y\n")
    rows = columns_of(capsys, file, "model", "--top", 1, "--ignore", "remark")
    assert {row["source_column"]: row["target_column"] for row in rows} == {
        "hostname": "hostname",
        "Serial Number": "serial",
        "OS": "os",
    }


def test_columns_as_json_and_as_a_table_say_the_same_best(two_tables, capsys):
    body = json.loads(run(capsys, "match", "columns", *two_tables, "--format", "json").out)
    best = {row["source_column"]: row["target_column"] for row in body if row["rank"] == 1}
    shown = run(capsys, "match", "columns", *two_tables).out
    assert all(name in shown and target in shown for name, target in best.items())


def test_headers_that_repeat_or_are_missing_are_ranked_like_any(tmp_path, two_tables, capsys):
    file = tmp_path / "odd.csv"
    file.write_text(
        "country,country,,sex\nItaly,Rome,1980-01-01,f\nFrance,Paris,1981-01-01,m\nSpain,Oslo,1982-01-01,f\n"
    )
    rows = columns_of(capsys, file, two_tables[1], "--top", 1)
    assert len(rows) == 4
    assert {"country", "gender"} <= {row["target_column"] for row in rows}


def test_a_column_to_ignore_that_no_file_has_is_refused(two_tables):
    from muniment.base.errors import Rejected
    from muniment.cli import app

    with pytest.raises(Rejected, match="no file has a column 'nonsense'"):
        app.app(
            ["match", "columns", *map(str, two_tables), "--ignore", "nonsense"],
            standalone_mode=False,
        )


def test_what_a_file_says_is_never_obeyed_by_the_terminal_nor_printed_without_end(tmp_path, capsys):
    file = tmp_path / "hostile.csv"
    file.write_text("na\x1b[31mme,who,v\x07al\nx\x1b]0;t,a," + "z" * 50_000 + "\ny,b\u202e,c\n", encoding="utf-8")
    for command in (
        ["match", "columns", file, "model"],
        ["match", "claims", file, "--object", "who", "--source", "na\x1b[31mme"],
        ["match", "records", file],
    ):
        out = run(capsys, *command).out
        assert not set(out) & {"\x1b", "\x07", "\u202e"}
        assert len(out) < 5_000


def test_claims_of_which_none_can_be_used_give_no_value_and_no_source(tmp_path, capsys):
    file = tmp_path / "claims.csv"
    file.write_text("o,s,v\n,x,1\na,,1\n")
    assert "Sources: none" in run(capsys, "match", "claims", file, "--object", "o", "--source", "s").out
