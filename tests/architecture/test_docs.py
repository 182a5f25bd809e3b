"""Docs fail the build: pages are current and linked, and shown commands print what is shown."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from muniment.base import embedded

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
TOURS = ("README.md", "docs/conflicts.md", "docs/guide.md", "docs/identity.md", "docs/policies.md", "docs/tour.md")
WORKBOOK = Path(os.environ.get("MUNIMENT_DATA", "../shared/data")) / "inventories/rvtools/kubev2v_example1.xlsx"
SHEET = re.compile(r"^```csv (\S+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)

BLOCK = re.compile(r"^```console\n(.*?)^```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#[^)]*)?\)")
VOLATILE = re.compile(r"\b[0-9a-f]{8,}(?:-[0-9a-f]+)*\b|\d[\d.,:-]*")


@dataclass(frozen=True)
class Step:
    """A command as the docs show it, and the lines they say it prints."""

    command: str
    output: list[str]


def steps(text):
    """The commands of the blocks that are run, in order; "```console (not run)" opens another."""
    found = []
    for block in BLOCK.findall(text):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            lines = part.replace("\\\n", " ").splitlines()
            if lines[0].startswith("muniment "):
                found.append(Step(lines[0], [line for line in lines[1:] if line.strip()]))
    return found


def difference(shown, printed):
    """The first shown line that is not printed in its place, or nothing; `...` stands for any."""
    rest = [_masked(line) for line in printed if line.strip()]
    skipping = False
    for line in shown:
        if line.strip() == "...":
            skipping = True
            continue
        masked = _masked(line)
        place = rest.index(masked) if masked in rest else None
        if place is None or (place and not skipping):
            return line
        rest = rest[place + 1 :]
        skipping = False
    if not shown or skipping or not rest:
        return None
    return f"(no more, but it also prints) {rest[0]}"


def _masked(line):
    return re.sub(r"\W*#\W*|[\s─━═-]+", " ", VOLATILE.sub("#", line)).strip()


def test_generated_pages_are_current():
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "docs.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_page_is_in_the_index():
    for index in (ROOT / "docs" / "README.md", ROOT / "docs" / "decisions" / "README.md"):
        linked = set(LINK.findall(index.read_text(encoding="utf-8")))
        pages = {page.name for page in index.parent.glob("*.md")} - {"README.md"}
        assert pages - linked == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page):
    links = LINK.findall(page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.fixture
def home(tmp_path):
    yield tmp_path / "home"
    embedded.stop(tmp_path / "home")


@pytest.mark.parametrize("tour", TOURS)
def test_the_commands_of_the_docs_do_what_they_show(tour, tmp_path, home):
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    if tour == "docs/tour.md":
        if not WORKBOOK.is_file():
            pytest.skip(f"no real workbook at {WORKBOOK}: set MUNIMENT_DATA")
        shutil.copyfile(WORKBOOK, tmp_path / "rvtools.xlsx")
    for name, sheet in SHEET.findall((ROOT / tour).read_text(encoding="utf-8")):
        (tmp_path / name).write_text(sheet, encoding="utf-8")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MUNIMENT_")}
    environment |= {
        "MUNIMENT_HOME": str(home),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "COLUMNS": "100",
        "NO_COLOR": "1",
    }
    shown = steps((ROOT / tour).read_text(encoding="utf-8"))
    assert shown
    for step in shown:
        done = subprocess.run(  # noqa: S602 - the docs are ours, and show redirections
            step.command,
            shell=True,
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"$ {step.command}\n{done.stdout}{done.stderr}"
        missing = difference(step.output, done.stdout.splitlines())
        assert missing is None, f"$ {step.command}\n{missing}\nIt printed:\n{done.stdout}"


DOCUMENT = """
Some words.

```console
$ make demo
made
$ muniment import a \\
    b
12 rows

$ muniment show web-01
```

```console (not run)
$ muniment forget
```
"""


def test_only_the_commands_of_muniment_in_blocks_that_are_run_are_steps():
    assert steps(DOCUMENT) == [
        Step("muniment import a      b", ["12 rows"]),
        Step("muniment show web-01", []),
    ]


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ([], ["anything"]),
        (["12 rows in 1.4 s"], ["9,812 rows in 22 s", ""]),
        (["id 0199aa11-22bb-7ccc"], ["id 0200ff11-0000-7abc"]),
        (["a", "...", "d"], ["a", "b", "c", "d"]),
        (["a", "..."], ["a", "b"]),
        (["name    os", "─────  ──"], ["name os", "── ───"]),
    ],
)
def test_output_that_differs_only_in_numbers_ids_and_widths_is_the_same(shown, printed):
    assert difference(shown, printed) is None


@pytest.mark.parametrize(
    ("shown", "printed", "missing"),
    [
        (["a"], [], "a"),
        (["12 rows"], ["12 columns"], "12 rows"),
        (["b", "a"], ["a", "b"], "b"),
        (["a", "c"], ["a", "b", "c"], "c"),
        (["a"], ["a", "b"], "(no more, but it also prints) b"),
    ],
)
def test_output_that_differs_in_words_is_not(shown, printed, missing):
    assert difference(shown, printed) == missing
