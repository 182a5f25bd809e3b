"""Templates: shipped and own ones, applied whole where they fit, told where they no longer do."""

import json

import pytest
from tests.conftest import machine

from muniment import mapping, model

ROWS = [{**machine(number)["cmdb"], "Zug": f"R{number}", "Since": f"2024-01-{number:02d}"} for number in range(1, 7)]


def write(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [",".join(rows[0]), *(",".join(row.values()) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def column(run, source, name):
    listed = run("mappings", "--source", source, "--json").json
    return next(one for one in listed if one["column"] == name)


@pytest.fixture
def made(fresh, tmp_path):
    """A home with a template `ours` of a list in which two columns were set by hand."""
    fresh("import", write(tmp_path / "list.csv", ROWS), "--source", "list")
    fresh("mappings", "set", "Zug", "rack", "--transform", "strip prefix R", "--source", "list")
    fresh("mappings", "set", "Since", "installed_on", "--source", "list")
    done = fresh("templates", "make", "ours", "--source", "list")
    assert done.code == 0, done.err
    assert "ours version 1" in done.out
    return fresh


def test_a_template_that_fits_is_applied_whole_and_named_as_the_reason(made, tmp_path):
    done = made("import", write(tmp_path / "b" / "other.csv", ROWS), "--source", "elsewhere", "--json").json
    assert done["files"][0]["template"] == "ours version 1"
    zug = column(made, "elsewhere", "Zug")
    assert (zug["attribute"], zug["state"], zug["reasons"]) == ("rack", "auto", ["template ours version 1"])
    assert zug["transform"]["steps"] == [{"do": "strip", "prefix": "R"}]


def test_a_template_that_no_longer_fits_says_which_columns_differ(made, tmp_path):
    rows = [{key: cell for key, cell in row.items() if key != "OS"} for row in ROWS]
    changed = [{**row, "Since": "a while ago", "Colour": "blue"} for row in rows]
    path = write(tmp_path / "c" / "changed.csv", changed)
    told = "new: colour; gone: os; changed in kind: since (was date, is text)"
    assert told in made("templates", "check", path, "ours").out.replace("\n", " ")
    done = made("import", path, "--source", "third", "--json").json
    assert "template" not in done["files"][0]
    assert done["files"][0]["no_longer_fits"] == [f"ours version 1: {told}"]
    assert any(told in step for step in done["next_steps"])


def test_a_template_that_is_off_is_not_applied_until_it_is_on_again(made, tmp_path):
    assert "ours is off" in made("templates", "off", "ours").out
    done = made("import", write(tmp_path / "d" / "off.csv", ROWS), "--source", "off", "--json").json
    assert "template" not in done["files"][0]
    made("templates", "on", "ours")
    done = made("import", write(tmp_path / "e" / "on.csv", ROWS), "--source", "on", "--json").json
    assert done["files"][0]["template"] == "ours version 1"


def test_a_template_is_exported_brought_in_as_another_and_compared(made, tmp_path):
    document = made("templates", "export", "ours").json
    document["columns"]["zug"]["attribute"] = "room"
    del document["columns"]["since"]
    path = tmp_path / "ours.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    assert "theirs version 1" in made("templates", "import", path, "--name", "theirs").out
    told = made("templates", "diff", "ours", "theirs").out
    assert "gone: since" in told
    assert "zug (was rack, is room)" in told
    assert "ours version 2" in made("templates", "import", path).out
    assert "no difference" in made("templates", "diff", "ours", "theirs").out
    assert "room" in made("templates", "show", "ours").out
    assert {"ours", "theirs", "servicenow-cmdb"} <= {one["name"] for one in made("templates", "--json").json}


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ("[]", "a template is a JSON object"),
        ('{"name": "x"}', "needs columns"),
        ('{"name": "../x", "columns": {"a": {}}}', "is no name of a template"),
        ('{"name": "x", "columns": {"a": {"attribute": "colour"}}}', "'colour' is no attribute"),
        ('{"name": "x", "columns": {"a": {"code": "1"}}}', "it takes attribute, beside, content, transform"),
        ('{"name": "x", "columns": {"a": {"transform": {"evil": 1}}}}', "a transform has no 'evil'"),
        ('{"name": "servicenow-cmdb", "columns": {"a": {}}}', "is a shipped template"),
        ("{", "is no template"),
    ],
)
def test_what_is_no_template_is_refused(look, tmp_path, document, told):
    path = tmp_path / "x.json"
    path.write_text(document, encoding="utf-8")
    wrong = look("templates", "import", path)
    assert wrong.code == 2
    assert told in wrong.err


def test_shipped_templates_know_kinds_and_attributes():
    for one in mapping.shipped_templates().values():
        assert mapping.kind(one.kind).name == one.kind
        assert set(one.needs) <= set(one.columns)
        named = {body.get("attribute") for body in one.columns.values()} - {None}
        assert named <= set(model.attributes())
