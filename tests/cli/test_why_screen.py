"""Every value explains itself on one screen, whatever people have done to the register before."""

import math

import pytest
from tests.conftest import Delivery, assets, deliver, machine

from muniment import generate
from muniment.cli import look, screen
from muniment.estate import Estate

WIDE, HIGH = 100, 60
"""A terminal of one hundred columns, and the lines of a screen."""


def merged(estate):
    estate.merge("app01", "app02", "same blade")


def split(estate):
    (sheet,) = [one.record.id for one in estate.records("app03") if one.source == "sheet"]
    estate.split("app03", [sheet], "two machines")


def resolved(estate):
    estate.resolve("app01", "memory_mib", "64 GB", reason="looked inside")
    estate.edit("app02", {"owner": "Cy Dow"}, reason="asked him")


def source_decides(estate):
    estate.change_source("sheet", authoritative=["owner", "memory_mib"])


def policy_changed(estate):
    estate.set_policy(
        "owner", "authoritative", ["sheet", "cmdb"], stale_after_days=30, reason="the plan is kept by hand"
    )
    estate.set_policy("memory_mib", "maximum")
    estate.set_policy(None, "newest", group="organisation")
    estate.apply_policy(reason="agreed with the client")


def withdrawn(estate):
    estate.withdraw_source("scan", reason="the wrong client")


CHANGES = (merged, split, resolved, source_decides, policy_changed, withdrawn)


def prove(home, capsys, step=1):
    """Every value of every asset (or of each fourth, say) through `why`, as printed; how many there were."""
    register, proved = Estate(home), 0
    for asset in assets(home)[::step]:
        for attribute in asset.values:
            proof = register.why(asset, attribute)
            assert proof.value == asset.values[attribute]
            assert proof.resolution or any(claim.wins and claim.cells for claim in proof.claims), (
                asset.name,
                attribute,
            )
            capsys.readouterr()
            look.print_proof(proof)
            lines = capsys.readouterr().out.splitlines()
            height = sum(max(1, math.ceil(len(line) / WIDE)) for line in lines)
            assert height <= HIGH, (asset.name, attribute, lines)
            proved += 1
    return proved


@pytest.mark.parametrize("change", [None, *CHANGES], ids=lambda change: change.__name__ if change else "fresh")
def test_every_value_explains_itself_on_one_screen(estate, tmp_path, monkeypatch, capsys, change):
    monkeypatch.setattr(screen, "_PIPE_WIDTH", WIDE)
    other = {**machine(1)["sheet"], "Memory MB": "8192", "Owner": "Bob Ray"}
    deliver(estate, tmp_path, [Delivery("sheet", 2, (other,))])
    if change:
        change(Estate(estate))
    assert prove(estate, capsys) >= 30


def test_every_value_of_an_estate_of_five_systems_fits_a_screen(home, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(screen, "_PIPE_WIDTH", WIDE)
    generate.write_estate(generate.EstateSpec(assets=40, seed=3, dirt="high"), tmp_path / "exports")
    files = [one for one in (tmp_path / "exports").iterdir() if one.is_file()]
    Estate(home).import_files(*files)
    assert prove(home, capsys, step=4) > 100
