"""Prints docs/model.md: `python -m muniment.model > docs/model.md`.

Run by `make docs`; a test compares the page with it.
"""

import sys

from muniment.model.render import render_markdown

sys.stdout.write(render_markdown())
