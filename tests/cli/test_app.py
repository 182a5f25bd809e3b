"""The real command in a process of its own, with an embedded server: exit codes, pipes, stop."""

import json
import os
import subprocess
import sys

import pytest
from tests.conftest import Delivery, machine

from muniment import __version__
from muniment.base import embedded


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Run `python -m muniment.cli` in a home of this file's own."""
    home = tmp_path_factory.mktemp("cli") / "home"
    kept = {key: value for key, value in os.environ.items() if not key.startswith("MUNIMENT_")}
    environment = {**kept, "MUNIMENT_HOME": str(home)}

    def command(*arguments):
        line = [sys.executable, "-m", "muniment.cli", *(str(argument) for argument in arguments)]
        return subprocess.run(line, env=environment, capture_output=True, text=True, check=False, timeout=120)

    yield command
    embedded.stop(home)


def test_from_files_to_a_proof_to_the_end_of_the_server(run, tmp_path):
    path = Delivery("cmdb", 1, tuple(machine(number)["cmdb"] for number in (1, 2))).write(tmp_path)
    done = run("import", path)
    assert (done.returncode, "Traceback" in done.stderr) == (0, False)
    assert "2 rows became 2 assets" in done.stdout
    found = run("assets", "--json")
    assert [asset["values"]["serial"] for asset in json.loads(found.stdout)] == [["CZC00001X"], ["CZC00002X"]]
    missing = run("show", "nobody")
    assert (missing.returncode, missing.stdout) == (3, "")
    assert missing.stderr == "error: no asset is called 'nobody': `muniment assets nobody` searches\n"
    assert run("stop").stdout == "stopped\n"
    assert json.loads(run("stop", "--json").stdout) == {"stopped": False}


def test_the_version_is_printed_without_a_home(run):
    done = run("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"muniment {__version__}\n", "")


def test_a_home_that_cannot_be_is_a_wrong_request_without_a_traceback(run, tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    done = run("--home", tmp_path / "file", "assets")
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr


def test_an_argument_that_is_no_text_is_refused_in_a_sentence(monkeypatch, capsys):
    from muniment.cli import app

    monkeypatch.setattr("sys.argv", ["muniment", "show", "\udcff"])
    with pytest.raises(SystemExit) as stopped:
        app.main()
    assert stopped.value.code == 2
    assert "is not UTF-8" in capsys.readouterr().err
