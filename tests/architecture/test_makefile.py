"""The commands that the README promises are there, listed, and say plainly what is missing."""

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
