"""The gates of `make lint` catch what they are there for: each is planted in a real file."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCSTRING = '"""What is here.\n\nWho calls it; what it must never do.\n"""\n'


@pytest.fixture
def plant(tmp_path):
    """Writes files into a small checkout and returns what the gates say about it."""

    def write(files, settings=""):
        for name, text in {"pyproject.toml": settings, **files}.items():
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        done = subprocess.run(
            [sys.executable, ROOT / "tools" / "gates.py", tmp_path],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stderr == ""
        lines = done.stdout.splitlines()[:-1]
        assert done.returncode == (1 if lines else 0)
        return lines

    return write


def test_a_clean_file_passes(plant):
    assert plant({"src/muniment/model/dates.py": DOCSTRING + "X = 1\n"}) == []


def test_a_file_of_501_lines_is_too_long(plant):
    body = DOCSTRING + "X = 1\n" * 496
    assert plant({"src/muniment/a.py": body}) == []
    assert plant({"src/muniment/a.py": body + "X = 1\n"}) == [
        "src/muniment/a.py: 501 lines, at most 500: split it [files]"
    ]


def test_a_function_of_61_lines_is_too_long(plant):
    body = DOCSTRING + "class A:\n    def f(self):\n" + "        x = 1\n" * 59
    assert plant({"src/muniment/a.py": body}) == []
    assert plant({"src/muniment/a.py": body + "        x = 1\n"}) == [
        "src/muniment/a.py:A.f: 61 lines, at most 60: split it [functions]"
    ]


def test_nine_parameters_are_too_many(plant):
    body = DOCSTRING + "def f(a, b, /, c, d, *, e, f, g{}): ...\n"
    assert plant({"src/muniment/a.py": body.format(", **h")}) == []
    assert plant({"src/muniment/a.py": body.format(", h, **i")}) == [
        "src/muniment/a.py:f: 9 parameters, at most 8: give it a type [parameters]"
    ]


@pytest.mark.parametrize("text", ["X = 1\n", '"""One line."""\n', '"""a\n\nb\nc\nd\ne\nf\n"""\n'])
def test_a_module_opens_with_two_to_five_lines(plant, text):
    (line,) = plant({"src/muniment/a.py": text})
    assert "2 to 5 are due" in line


@pytest.mark.parametrize(
    "path",
    ["core/a.py", "date_utils.py", "model/helpers.py", "flow_manager.py", "a_v2.py", "new_a.py"],
)
def test_a_path_that_says_nothing_is_refused(plant, path):
    (line,) = plant({f"src/muniment/{path}": DOCSTRING})
    assert line.endswith("[names]")


@pytest.mark.parametrize("code", ["class ImportManager: ...", "class EnhancedFold: ...", "def fold_v2(): ..."])
def test_a_definition_that_says_nothing_is_refused(plant, code):
    (line,) = plant({"src/muniment/a.py": f"{DOCSTRING}{code}\n"})
    assert line.endswith("[names]")


def test_names_that_only_contain_such_a_word_pass(plant):
    body = DOCSTRING + "class Serviceable: ...\ndef score_cores(): ...\n"
    assert plant({"src/muniment/servicenow.py": body}) == []


@pytest.mark.parametrize("kinds", ["", " Exception", " BaseException", " (ValueError, Exception)"])
def test_a_wide_except_is_refused_outside_the_job_runner(plant, kinds):
    body = f"{DOCSTRING}try:\n    X = 1\nexcept{kinds}:\n    X = 2\n"
    (line,) = plant({"src/muniment/flows/a.py": body, "src/muniment/base/jobs.py": body})
    assert line.startswith("src/muniment/flows/a.py: line 7: catches everything")


@pytest.mark.parametrize(
    "words",
    [
        ("see /wo", "rk/main"),
        ("in /ro", "ot/.cache"),
        ("/ho", "me/ann/x"),
        ("Clau", "de wrote this"),
        ("made by Chat", "GPT"),
        ("as an ", "AI"),
        ("in this ses", "sion"),
        ("fa", "rm-tool"),
    ],
)
def test_words_about_anything_but_the_project_are_refused(plant, words):
    (line,) = plant({"docs/guide.md": "# Guide\n\n" + "".join(words) + "\n"})
    assert line.startswith("docs/guide.md: line 3: ")
    assert line.endswith("[words]")


def test_words_are_found_in_untracked_files_but_not_in_ignored_ones(plant, tmp_path):
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    text = "Clau" + "de"
    found = plant({".gitignore": "out/\n", "out/a.txt": text, "b.txt": text})
    assert [line.split(":")[0] for line in found] == ["b.txt"]


def test_a_named_exception_is_honoured_and_reported_once_it_is_not_needed(plant):
    body = DOCSTRING + "def f(a, b, c, d, e, f, g, h, i): ...\n"
    settings = '[tool.muniment.gates]\nparameters = ["src/muniment/a.py:f"]\n'
    assert plant({"src/muniment/a.py": body}, settings) == []
    assert plant({"src/muniment/a.py": DOCSTRING}, settings) == [
        "pyproject.toml: exception parameters: 'src/muniment/a.py:f' is not needed: delete it"
    ]
