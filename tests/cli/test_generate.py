"""The generate command: what it writes, prints and refuses."""

import json

import pytest
import typer
from typer.testing import CliRunner

from muniment.base.errors import Rejected
from muniment.cli import generate as command


@pytest.fixture
def run():
    app = typer.Typer()
    app.command()(command.generate)

    def invoke(*arguments):
        return CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=True)

    return invoke


def test_it_writes_the_exports_and_says_what_to_do_next(run, tmp_path):
    result = run(tmp_path / "estate", "--assets", 60, "--sources", "lifecycle, cloud")
    assert result.exit_code == 0
    assert f"muniment import {tmp_path / 'estate'}" in result.output
    assert "majority right" in result.output
    assert {path.name for path in (tmp_path / "estate").iterdir()} == {
        "cloud_instances.json", "hardware_lifecycle.xlsx", "truth",
    }  # fmt: skip


def test_its_json_has_the_files_and_the_ceiling(run, tmp_path):
    printed = json.loads(run(tmp_path, "--assets", 60, "--no-claims", "--json").output)
    assert "claims.csv" not in {one["file"] for one in printed["files"]}
    assert printed["ceiling"][0]["values"] > 100
    assert printed["spec"]["assets"] == 60


def test_a_folder_that_is_not_empty_needs_force(run, tmp_path):
    (tmp_path / "mine.txt").write_text("keep", encoding="utf-8")
    refused = run(tmp_path, "--assets", 60)
    assert isinstance(refused.exception, Rejected)
    assert "--force" in str(refused.exception)
    assert run(tmp_path, "--assets", 60, "--force").exit_code == 0
    assert (tmp_path / "mine.txt").read_text(encoding="utf-8") == "keep"


@pytest.mark.parametrize("wrong", [["--dirt", "filthy"], ["--assets", "3"], ["--sources", "excel"]])
def test_what_cannot_be_made_is_refused_before_anything_is_written(run, tmp_path, wrong):
    assert isinstance(run(tmp_path / "estate", *wrong).exception, Rejected)
    assert not (tmp_path / "estate").exists()
