#!/bin/sh
# Removes what the other commands made: .venv, .demo and the caches. Called by `make clean`.
# Stops the database of the demo home first; never touches any other home.
set -eu

if [ -d .demo ] && [ -x .venv/bin/muniment ]; then
    MUNIMENT_HOME=$PWD/.demo .venv/bin/muniment stop >/dev/null ||
        echo "The server of .demo could not be told to stop; without its files it stops by itself."
fi
rm -rf .venv .demo .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
rm -rf dist build .coverage .coverage.* htmlcov
find src tests bench tools -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
echo "Clean."
