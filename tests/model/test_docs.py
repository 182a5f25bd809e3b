"""docs/model.md is the model."""

import subprocess
import sys
from pathlib import Path

from muniment import model

PAGE = Path(__file__).parents[2] / "docs" / "model.md"


def test_the_page_is_what_the_model_renders():
    assert PAGE.read_text(encoding="utf-8") == model.render_markdown(), (
        "regenerate it: .venv/bin/python -m muniment.model > docs/model.md"
    )


def test_the_command_that_regenerates_the_page_prints_it():
    done = subprocess.run([sys.executable, "-m", "muniment.model"], capture_output=True, check=True)
    assert done.stdout.decode() == model.render_markdown()


def test_the_page_names_every_attribute_type_and_state():
    page = model.render_markdown()
    for name in (*model.attributes(), *model.asset_types()):
        assert f"`{name}`" in page
    for state in model.STATES:
        assert state in page
