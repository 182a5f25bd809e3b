#!/bin/sh
# Makes or refreshes the virtual environment: sh tools/setup.sh .venv
# Called by the Makefile when requirements.lock or pyproject.toml is newer than the last setup.
# Everything comes from requirements.lock, checked by hash. PYTHON=... chooses the interpreter.
set -eu

venv=${1:-.venv}
uv_version=0.13.8

usable() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        usable "$PYTHON" && { echo "$PYTHON"; return; }
        echo "PYTHON=$PYTHON is no Python 3.11 or newer. Point it at one." >&2
        return 1
    fi
    for candidate in python3.13 python3.12 python3.11 python3 python; do
        usable "$candidate" && { echo "$candidate"; return; }
    done
    echo "No Python 3.11 or newer found. Install one (Debian, Ubuntu: apt-get install python3" >&2
    echo "python3-venv; macOS: brew install python@3.12) or say where it is: make PYTHON=/path" >&2
    return 1
}

if ! usable "$venv/bin/python"; then
    python=$(find_python)
    echo "Making $venv with $("$python" --version)"
    rm -rf "$venv"
    if ! "$python" -m venv "$venv"; then
        rm -rf "$venv"
        echo "$python cannot make virtual environments. On Debian and Ubuntu:" >&2
        echo "apt-get install python3-venv" >&2
        exit 1
    fi
fi

echo "Installing the locked packages into $venv"
export PIP_DISABLE_PIP_VERSION_CHECK=1
py="$venv/bin/python"
if "$py" -m pip install --quiet "uv==$uv_version" &&
    "$py" -m uv pip install --quiet --compile-bytecode --python "$py" -r requirements.lock &&
    "$py" -m uv pip install --quiet --python "$py" --no-deps -e .; then
    exit 0
fi
echo "uv did not manage it (no wheel for this platform, or another package index): using pip"
"$py" -m pip install --quiet --require-hashes -r requirements.lock
"$py" -m pip install --quiet --no-deps -e .
