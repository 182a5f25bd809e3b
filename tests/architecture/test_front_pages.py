"""Across folders only a folder's front page is imported; `muniment.base` may be entered by file."""

import ast
import importlib
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "muniment"
ENTERED_BY_FILE = "base"


def trespasses(source):
    """Every import under `source` (a folder `muniment`) that passes a front page by."""
    folders = {path.name for path in source.iterdir() if path.is_dir()}
    found = []
    for file in sorted(source.rglob("*.py")):
        place = file.relative_to(source)
        own = place.parts[0] if len(place.parts) > 1 else ""
        for line, module, name in imports(file, ("muniment", *place.parts[:-1])):
            parts = module.split(".")
            if parts[0] != "muniment" or len(parts) == 1:
                continue
            folder = parts[1]
            inside = len(parts) > 2 or bool(name)
            if folder in folders - {own, ENTERED_BY_FILE} and inside:
                found.append(f"{place.as_posix()}:{line}: {'.'.join([*parts, *name])}")
    return found


def imports(file, package):
    """Yield (line, module, imported name as a tuple) of each import; relative ones resolved."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name, ()) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*base, *filter(None, [node.module])])
            yield from ((node.lineno, module, (alias.name,)) for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            names = [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
            yield from ((node.lineno, name, ()) for name in names[:1])


def test_this_project_enters_folders_by_their_front_page():
    assert list(SOURCE.rglob("*.py"))
    assert trespasses(SOURCE) == []


@pytest.fixture
def plant(tmp_path):
    def write(path, code):
        source = tmp_path / "muniment"
        for folder in ("base", "model", "register", "cli"):
            (source / folder).mkdir(parents=True, exist_ok=True)
        (source / path).write_text(code, encoding="utf-8")
        return trespasses(source)

    return write


@pytest.mark.parametrize(
    "code",
    [
        "from muniment import model, register",
        "import muniment.model",
        "from muniment.base.errors import Rejected",
        "from muniment.base import db",
        "import muniment.base.db",
        "from muniment.register.types import Asset",
        "from . import store",
        "from .store import load",
        "import json, os.path",
        "from muniment import __version__",
    ],
)
def test_front_pages_base_and_the_own_folder_are_free(plant, code):
    assert plant("register/fold.py", code) == []


@pytest.mark.parametrize(
    ("code", "target"),
    [
        ("from muniment.model import types", "model.types"),
        ("from muniment.model.types import Attribute", "model.types.Attribute"),
        ("import muniment.model.types", "model.types"),
        ("import muniment.model.types as t", "model.types"),
        ("from ..model import types", "model.types"),
        ("from ..model.types import Attribute", "model.types.Attribute"),
        ("def f():\n    from muniment.model import types", "model.types"),
        ("import importlib\nimportlib.import_module('muniment.model.types')", "model.types"),
    ],
)
@pytest.mark.parametrize("path", ["register/fold.py", "cli/show.py"])
def test_passing_a_front_page_by_is_seen(plant, path, code, target):
    (line,) = plant(path, code)
    assert line.startswith(f"{path}:")
    assert line.endswith(f": muniment.{target}")


@pytest.mark.parametrize("folder", ["flows", "matching"])
def test_a_front_page_that_loads_names_late_gives_every_name_and_none_is_hidden_by_a_file(folder):
    page = importlib.import_module(f"muniment.{folder}")
    files = {path.stem for path in (SOURCE / folder).glob("*.py")}
    for name in page.__all__:
        assert getattr(page, name) is not None
    assert files & set(page.__all__) == set()
