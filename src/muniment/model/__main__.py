"""Prints docs/model.md: `python -m muniment.model > docs/model.md`."""

import sys

from muniment.model.render import render_markdown

sys.stdout.write(render_markdown())
