"""The ground: model, settings; and what hostile text does to a terminal (nothing)."""

import csv

import pytest

ESCAPE = "\x1b[31mred\x1b[0m\x1b]0;title\x07"


def test_the_model_is_listed_and_searched(look):
    everything = look("model", "--json").json
    assert len(everything) > 150
    found = look("model", "serial number", "--json").json
    assert "serial" in {one["name"] for one in found}
    assert len(found) < len(everything)
    assert {one["group"] for one in look("model", "--group", "cost", "--json").json} == {"cost"}
    assert "spellings" not in found[0]


def test_the_model_is_shown_as_a_table(look):
    assert "memory_mib" in look("model", "memory").out
    assert "none." in look("model", "no such words").out


def test_settings_are_shown_with_their_origin_and_nothing_secret(look, estate_home):
    rows = {row["name"]: row for row in look("--engagement", "move", "settings", "--json").json}
    assert rows["database_url"]["value"] == "(set)"
    assert (rows["engagement"]["value"], rows["engagement"]["origin"]) == ("move", "command line")
    assert rows["actor"]["origin"] == "MUNIMENT_ACTOR"
    assert rows["home"]["value"] == str(estate_home.settings.home)
    url = estate_home.settings["database_url"]
    shown = look("settings")
    assert "(set)" in shown.out
    assert url not in shown.out
    assert url not in look("settings", "--json").out


@pytest.mark.parametrize("arguments", [["--help"], [], ["import", "--help"], ["mappings", "set", "--help"]])
def test_help_is_there_at_every_level(look, arguments):
    shown = look(*arguments)
    assert "Usage:" in shown.out + shown.err


def test_an_unknown_command_or_option_is_a_wrong_request(look):
    assert look("conquer").code == 2
    assert look("assets", "--colour").code == 2


def test_hostile_text_is_shown_and_never_obeyed(fresh, tmp_path):
    path = tmp_path / "list[bold].csv"
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(["Serial Number", "Hostname", "Description", "Owner", f"Odd {ESCAPE}"])
        writer.writerow(["SN00001", "host1", f"[red]{ESCAPE}[/red]", "[link=http://x]Ann[/link]", f"v{ESCAPE}"])
    said = [fresh("import", path)]
    fresh("mappings", "set", "Description", "description")
    fresh("mappings", "set", "Owner", "owner")
    commands = (
        ["assets"], ["show", "host1"], ["why", "host1", "description"], ["history", "host1"], ["imports"], ["rejects"],
        ["mappings"], ["sources"], ["problems"], ["conflicts"], ["show", f"no{ESCAPE}"], ["why", "host1", ESCAPE],
        ["mappings", "reject", f"no{ESCAPE}"],
    )  # fmt: skip
    said += [fresh(*command) for command in commands]
    for answer in said:
        assert "\x1b" not in answer.out + answer.err
        assert "\x07" not in answer.out + answer.err
    shown = fresh("why", "host1", "description").out
    assert "[red]" in shown
    assert "[/red]" in shown
    assert "\\x1b[31m" in shown
    assert "[link=http://x]Ann" in fresh("show", "host1").out
