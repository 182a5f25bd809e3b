"""The check of the lock file sees a missing, a wrong and an unhashed pin, and any address."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = """
[project]
dependencies = ["alpha>=2", "Beta.Lib[fast]>=1,<2"]
[dependency-groups]
dev = ["gamma"]
"""
ALPHA, BETA, GAMMA = (
    f"{pin} \\\n    --hash=sha256:00\n    # via muniment (pyproject.toml)\n"
    for pin in ("alpha==2.1 ; python_version > '3.11'", "beta-lib==1.9", "gamma==3")
)


@pytest.fixture(scope="module")
def lock_check():
    spec = importlib.util.spec_from_file_location("lock_check", ROOT / "tools" / "lock_check.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_lock_of_this_project_agrees(lock_check, capsys):
    assert lock_check.main() == 0, capsys.readouterr().out


def test_a_complete_lock_passes(lock_check):
    assert lock_check.problems(PROJECT, ALPHA + BETA + GAMMA) == []


def test_a_missing_pin_is_named(lock_check):
    assert lock_check.problems(PROJECT, ALPHA + BETA) == ["gamma: not in the lock"]


def test_a_pin_outside_the_asked_range_is_named(lock_check):
    lock = ALPHA + BETA.replace("1.9", "2.0") + GAMMA
    assert lock_check.problems(PROJECT, lock) == ["Beta.Lib[fast]>=1,<2: locked at 2.0"]


def test_one_wrong_pin_of_two_is_named(lock_check):
    lock = ALPHA + ALPHA.replace("2.1", "1.0") + BETA + GAMMA
    assert lock_check.problems(PROJECT, lock) == ["alpha>=2: locked at 1.0"]


def test_a_pin_without_a_hash_is_named(lock_check):
    assert lock_check.problems(PROJECT, ALPHA + "gamma==3\n" + BETA) == ["gamma==3: no hash"]


@pytest.mark.parametrize(
    "line", ["--index-url https://example.org/simple\n", "gamma @ file:///x.whl\n", "/opt/x.whl\n"]
)
def test_an_address_or_a_folder_is_refused(lock_check, line):
    found = lock_check.problems(PROJECT, ALPHA + BETA + GAMMA + line)
    assert found
    assert all("address or a folder" in problem for problem in found)
