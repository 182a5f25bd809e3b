"""The examples of docs/python.md, run in order in one session: they print what is shown."""

import doctest
import os
from pathlib import Path

import pytest

from muniment.base import embedded

ROOT = Path(__file__).parents[2]


def test_the_examples_of_the_python_page_do_what_they_show(tmp_path, monkeypatch):
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("MUNIMENT_")]:
        monkeypatch.delenv(name)
    page = ROOT / "docs" / "python.md"
    found = doctest.DocTestParser().get_doctest(
        page.read_text(encoding="utf-8").replace("\n```\n", "\n\n"), {}, page.name, str(page), 0
    )
    assert len(found.examples) > 30
    said: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    try:
        outcome = runner.run(found, out=said.append)
    finally:
        embedded.stop(tmp_path / "my-home")
    if outcome.failed:
        pytest.fail("".join(said))
