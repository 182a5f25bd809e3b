"""Handing the register out: export, fingerprint."""

import csv
import io
import json

import pyarrow.parquet as pq
import pytest

HOSTILE = ["=1+1", "+1", "-1+cmd", "@SUM(A1)", "\tx", "plain"]


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_csv_has_one_row_per_asset_and_joins_lists(look):
    done = look("export")
    assert done.code == 0
    found = rows(done.raw.decode())
    assert [row["name (value)" if "name (value)" in row else "name"] for row in found][:1]
    assert [row["name"] for row in found] == ["app01", "app02", "app03", "app04"]
    assert found[0]["sources"] == "cmdb; scan; sheet"
    assert found[0]["memory_mib"] == "16384"


def test_json_and_parquet_keep_lists_and_types(look, tmp_path):
    body = json.loads(look("export", "--format", "json").raw)["assets"]
    assert [one["values"]["memory_mib"] for one in body] == [16384] * 4
    assert body[0]["values"]["serial"] == ["CZC00001X"]
    assert "memory_mib" in body[0]["provenance"]
    target = tmp_path / "register.parquet"
    assert "4 assets written to" in look("export", "--format", "parquet", "--output", target).out
    table = pq.read_table(target)
    assert table["value.serial"].to_pylist()[0] == ["CZC00001X"]
    assert table["value.memory_mib"].to_pylist() == [16384] * 4


def test_only_a_type_is_exported_where_asked(look):
    assert rows(look("export", "--type", "database").raw.decode()) == []
    assert len(rows(look("export", "--type", "server").raw.decode())) == 4


def test_a_file_is_not_overwritten_unasked(look, tmp_path):
    target = tmp_path / "register.csv"
    target.write_text("mine", encoding="utf-8")
    refused = look("export", "-o", target)
    assert refused.code == 2
    assert "exists: give another name, or --force" in refused.err
    assert target.read_text(encoding="utf-8") == "mine"
    assert look("export", "-o", target, "--force").code == 0
    assert len(rows(target.read_text(encoding="utf-8"))) == 4
    assert [path.name for path in tmp_path.iterdir()] == ["register.csv"]


def test_an_export_that_fails_leaves_nothing_behind(look, tmp_path):
    wrong = look("export", "--format", "xls", "-o", tmp_path / "register.xls")
    assert wrong.code == 2
    assert "'xls' is not a format: use one of csv, xlsx, json, jsonl, parquet, azure-migrate" in wrong.err
    assert "no attribute is called colour" in look("export", "--columns", "owner,colour").err
    nowhere = look("export", "-o", tmp_path / "gone" / "register.csv")
    assert nowhere.code == 2
    assert "cannot be written" in nowhere.err
    assert list(tmp_path.iterdir()) == []


def test_no_cell_of_the_csv_is_run_by_a_spreadsheet(fresh, tmp_path):
    path = tmp_path / "list.csv"
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(["Serial Number", "Hostname", "Description"])
        writer.writerows([f"SN0000{place}", f"host{place}", text] for place, text in enumerate(HOSTILE))
    fresh("import", path)
    fresh("mappings", "set", "Description", "description")
    found = rows(fresh("export").raw.decode())
    assert len(found) == len(HOSTILE)
    assert not [cell for row in found for cell in row.values() if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    said = {row["serial"]: row["description"] for row in found}
    assert [said[f"SN0000{place}"] for place in range(4)] == ["'=1+1", "'+1", "'-1+cmd", "'@SUM(A1)"]
    assert said["SN00004"].lstrip("'\t") == "x"
    assert said["SN00005"] == "plain"
    asis = {
        one["values"]["serial"][0]: one["values"]["description"]
        for one in fresh("export", "--format", "json").json["assets"]
    }
    assert asis["SN00000"] == "=1+1"


def test_conditions_and_columns_narrow_an_export_as_they_narrow_the_list(look):
    done = look("export", "app02", "--columns", "owner,serial")
    (row,) = rows(done.raw.decode())
    assert list(row) == ["id", "owner", "serial", "version"]
    assert row["owner"] == "Ann Bell"
    assert [one["name"] for one in rows(look("export", "--where", "serial=CZC00003X").raw.decode())] == ["app03"]
    assert len(look("export", "--source", "scan", "--format", "jsonl").raw.splitlines()) == 4
    assert rows(look("export", "--source", "nobody").raw.decode()) == []


def test_the_name_of_the_output_tells_the_format(look, tmp_path):
    for name, begins in {"a.xlsx": b"PK", "a.parquet": b"PAR1", "a.json": b'{"muniment"', "a.jsonl": b'{"id"'}.items():
        assert look("export", "-o", tmp_path / name).code == 0
        assert (tmp_path / name).read_bytes().startswith(begins)


def test_a_file_given_as_the_words_to_search_for_is_told_how_to_be_written(look):
    refused = look("export", "register.xlsx")
    assert refused.code == 2
    assert "export -o register.xlsx" in refused.err


def test_servers_that_a_migration_tool_could_not_take_are_named(look, tmp_path):
    done = look("export", "--format", "azure-migrate", "-o", tmp_path / "azure.csv")
    assert "0 assets written" in done.out
    assert "4 servers left out" in done.err
    assert "without Cores, such as app01" in done.err
    assert "leave out --columns" in look("export", "--format", "aws-mgn", "--columns", "owner").err


@pytest.mark.parametrize("ids", [[], ["--ids"]])
def test_the_fingerprint_is_one_number_that_does_not_change_by_reading(look, ids):
    first = look("fingerprint", *ids)
    assert first.code == 0
    assert len(first.out.strip()) == 64
    assert look("fingerprint", *ids).out == first.out
    assert look("fingerprint", *ids, "--json").json == {"fingerprint": first.out.strip(), "with_ids": bool(ids)}


def test_ids_are_in_the_fingerprint_only_where_asked(look):
    assert look("fingerprint").out != look("fingerprint", "--ids").out


def test_a_report_is_written_by_the_ending_of_its_name(change, tmp_path):
    done = change("report", "-o", tmp_path / "client.html")
    assert done.code == 0
    assert "Report on 4 assets" in done.out
    assert (tmp_path / "client.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert "exists: give another name" in change("report", "-o", tmp_path / "client.html").err
    later = change("report", "-o", tmp_path / "client.xlsx", "--since", "2026-01-01")
    assert (later.code, (tmp_path / "client.xlsx").read_bytes()[:2]) == (0, b"PK")
    assert "write a date such as" in change("report", "-o", tmp_path / "x.html", "--since", "lately").err
    assert "html or xlsx, not 'pdf'" in change("report", "-o", tmp_path / "client.pdf").err


def test_an_ending_that_is_no_format_is_refused(look, tmp_path):
    refused = look("export", "--output", tmp_path / "x.docx")
    assert refused.code == 2
    assert "--format" in refused.err
    assert look("export", "--format", "csv", "--output", tmp_path / "x.txt").code == 0
