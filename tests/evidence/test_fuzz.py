"""The fuzzer of tools/fuzz.py, for some seconds here and for an hour in `make soak`."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SECONDS = float(os.environ.get("MUNIMENT_FUZZ_SECONDS", "3600")) if os.environ.get("MUNIMENT_SOAK") == "1" else 8.0


@pytest.mark.long
def test_no_file_gives_anything_but_tables_or_a_reason_in_bounded_memory_and_time(tmp_path):
    kept = Path(os.environ.get("MUNIMENT_FUZZ_RESULT", tmp_path / "result.json"))
    command = [sys.executable, ROOT / "tools" / "fuzz.py", "--seconds", str(SECONDS), "--out", kept]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(
        [*command, "--keep", tmp_path], env=environment, capture_output=True, check=False, timeout=SECONDS + 300
    )
    left = [path.name for path in tmp_path.iterdir() if path != kept]
    assert done.returncode in {0, 1}, (done.returncode, left, done.stderr.decode()[-2000:])
    result = json.loads(kept.read_text())
    assert result["crashes"] == []
    assert result["cases"] > 100
    assert result["peak_mib"] < 2048
    assert {"csv", "json", "xml", "html"} <= set(result["forms"])
