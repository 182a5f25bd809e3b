"""The commands that the README promises are there, listed, and say plainly what is missing."""

import importlib.util
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def make(*arguments):
    return subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_make_alone_lists_every_command():
    done = make()
    assert done.returncode == 0, done.stderr
    listed = {line.split()[1] for line in done.stdout.splitlines()}
    assert listed >= {"demo", "test", "soak", "lint", "bench", "serve", "clean", "help"}


def test_serve_says_that_it_is_not_there_yet():
    done = make("serve")
    assert done.returncode == 2
    assert "no web service yet" in done.stderr


def soak():
    found = importlib.util.spec_from_file_location("soak", ROOT / "tools" / "soak.py")
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def test_every_long_test_belongs_to_a_suite_that_can_be_run_by_name():
    mark = "pytest.mark." + "long"
    files = {
        str(path.relative_to(ROOT)) for path in (ROOT / "tests").rglob("test_*.py") if mark in path.read_text("utf-8")
    }
    assert files == {file for file, _ in soak().SUITES.values()}


def test_the_page_of_the_soak_names_what_did_not_run_and_what_failed():
    ran = {"measured": "today", "tests": 3, "passed": 2, "failed": 1, "skipped": 0, "seconds": 4.0,
           "slowest": [["one", 2.0]], "failures": ["the third"], "stopped": True}  # fmt: skip
    page = soak().page({"faults": ran})
    assert "| 3 | 2 | 1 | 0 | 4 | one (2.0 s) | today; stopped before its end |" in page
    assert page.count("not run") == len(soak().SUITES) - 1
    assert "- faults: the third" in page
