"""Imports files into one home and prints what it took, as JSON on the last line.

`spine.py` runs it as a process of its own, so that its memory can be measured from outside. It uses
the front pages that the command line uses; it must never look at the truth.
"""

import json
import sys
import time
from pathlib import Path

BEGAN = time.monotonic()


def main(home_folder: str, *paths: str) -> None:
    """Open (and make) the home, import the paths in one flow, print seconds and summary."""
    from muniment import flows
    from muniment.base import home, settings

    opened = home.open_home(settings.load({"home": home_folder}))
    ready = time.monotonic()
    summary = flows.import_files(opened, flows.Request(tuple(Path(path) for path in paths)))
    done = time.monotonic()
    result = {"open": ready - BEGAN, "import": done - ready, "summary": summary.to_json()}
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
