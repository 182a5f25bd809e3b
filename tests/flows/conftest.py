"""What tests of flows share: an import in a process of its own that kills itself at a chosen moment."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from muniment.base.home import Home

DRIVER = """
import json, os, signal, sys
from pathlib import Path
import alembic, ibis, pyarrow.csv, pyarrow.parquet, scipy.sparse.csgraph
import sqlalchemy as sa
from muniment import flows
from muniment.base import home, settings

def run(order):
    opened = home.open_home(settings.load(order["settings"]))
    trace = []
    def step(kind):
        if len(trace) == order["kill"]:
            os.kill(os.getpid(), signal.SIGKILL)
        trace.append(kind)
    engine = opened.scope.engine
    sa.event.listen(engine, "before_cursor_execute", lambda *_: step("statement"))
    sa.event.listen(engine, "commit", lambda _: step("commit"))
    paths = tuple(Path(path) for path in order["paths"])
    flows.import_files(opened, flows.Request(paths, source="cmdb"))
    Path(order["trace"]).write_text(json.dumps(trace))

for line in sys.stdin:
    child = os.fork()
    if child == 0:
        run(json.loads(line))
        os._exit(0)
    _, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status), flush=True)
"""

Start = Callable[[Home, tuple[Path, ...], int], list[str]]


@pytest.fixture(scope="session")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Import in a process that SIGKILLs itself before its n-th statement or commit (-1: never)."""
    trace = tmp_path_factory.mktemp("trace") / "trace.json"
    with subprocess.Popen(
        [sys.executable, "-c", DRIVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:

        def run(home: Home, paths: tuple[Path, ...], kill: int) -> list[str]:
            values = {name: str(value) for name, value in home.settings.values.items()}
            order = {
                "settings": {**values, "engagement": home.scope.engagement},
                "paths": [str(path) for path in paths],
                "kill": kill,
                "trace": str(trace),
            }
            process.stdin.write(json.dumps(order) + "\n")
            process.stdin.flush()
            code = int(process.stdout.readline())
            assert code == (-signal.SIGKILL if kill >= 0 else 0)
            return json.loads(trace.read_text()) if kill < 0 else []

        yield run
        process.stdin.close()
