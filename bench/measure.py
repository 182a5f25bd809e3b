"""What an import costs: peak memory of all its processes, sizes on disk, and the floor below it.

`spine.py` calls it. The floor is what no import can be faster than: DuckDB (calamine for workbooks)
reading the same files, and PostgreSQL's COPY of the same cells. It must never time our own code.
"""

import json
import os
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import psycopg
import sqlalchemy as sa

SAMPLE_SECONDS = 0.2
_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Measured:
    """What one command printed and took; None where the system does not tell.

    Attributes:
        output: its standard output.
        seconds: by the clock.
        peak: most PSS of all processes at one moment, in bytes; `parts` says whose.
        cpu: processor seconds of all processes: what a quiet machine would take at least in all.
    """

    output: str
    seconds: float
    peak: int | None
    parts: Mapping[str, int]
    cpu: float | None


def run(command: Sequence[str], home: Path) -> Measured:
    """Run a command to its end and sample the memory of every process of its home.

    Memory is the proportional set size (PSS, shared pages divided among those that share them) of the
    command, of processes that name the home, and of their descendants.

    Raises:
        RuntimeError: it failed; with what it printed.
    """
    began, before = time.monotonic(), os.times()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    peak, parts = 0, dict[str, int]()
    while True:
        try:
            output, errors = process.communicate(timeout=SAMPLE_SECONDS)
            break
        except subprocess.TimeoutExpired:
            now = _memory(process.pid, str(home))
            if sum(now.values()) > peak:
                peak, parts = sum(now.values()), now
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} failed: {errors.strip()}")
    seconds, after = time.monotonic() - began, os.times()
    own = after.children_user + after.children_system - before.children_user - before.children_system
    server = _server_cpu(process.pid, str(home))
    return Measured(output, seconds, peak or None, parts, own + server if peak else None)


def _memory(first: int, home: str) -> dict[str, int]:
    """PSS in bytes now, of the command and of the rest; nothing where there is no /proc."""
    sums = {"import": 0, "database": 0}
    for pid, part in _processes(first, home).items():
        sums[part] += _pss(pid)
    return sums


def _server_cpu(first: int, home: str) -> float:
    """Processor seconds so far of the home's server and of those of its processes that have ended."""
    ticks = 0
    for pid in _processes(first, home):
        fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
        ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def _processes(first: int, home: str) -> dict[int, str]:
    """The processes of a command ("import") and of its home ("database"); none without /proc."""
    if not (_PROC / "self" / "smaps_rollup").exists():
        return {}
    parents: dict[int, int] = {}
    roots = {first}
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                if home.encode() in (entry / "cmdline").read_bytes():
                    roots.add(int(entry.name))
            except OSError:
                continue
    lines = {pid: _line(pid, parents) for pid in parents}
    return {pid: "import" if first in line else "database" for pid, line in lines.items() if line & roots}


def _line(pid: int, parents: Mapping[int, int]) -> set[int]:
    """A process and its ancestors."""
    line: set[int] = set()
    while pid in parents and pid not in line:
        line.add(pid)
        pid = parents[pid]
    return line


def _pss(pid: int) -> int:
    try:
        for line in (_PROC / str(pid) / "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        return 0
    return 0


def folder_bytes(folder: Path) -> int:
    """The size of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def database_bytes(url: str) -> int:
    """The size of a database, as PostgreSQL counts it."""
    with psycopg.connect(_plain(url)) as connection:
        row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
        assert row is not None
        return int(row[0])


def floor(files: Iterable[Path], url: str) -> dict[str, float]:
    """Seconds to read the files and to COPY their rows, one JSON document each, into a scratch table."""
    began = time.monotonic()
    batches = [rows for path in files for rows in _rows(path)]
    read = time.monotonic()
    with psycopg.connect(_plain(url)) as connection:
        connection.execute("CREATE TABLE public.floor (row jsonb)")
        with connection.cursor().copy("COPY public.floor (row) FROM STDIN") as copy:
            for batch in batches:
                copy.write("".join(row.replace("\\", "\\\\") + "\n" for row in batch))
        connection.commit()
        copied = time.monotonic()
        connection.execute("DROP TABLE public.floor")
    return {
        "read": read - began,
        "copy": copied - read,
        "total": copied - began,
        "rows": sum(map(len, batches)),
    }


def _rows(path: Path) -> Iterable[list[str]]:
    """The rows of each table of a file as JSON texts."""
    if path.suffix == ".xlsx":
        from python_calamine import CalamineWorkbook

        book = CalamineWorkbook.from_path(path)
        for name in book.sheet_names:
            cells = book.get_sheet_by_name(name).to_python()
            yield [json.dumps(row, default=str) for row in cells]
        return
    reader = "read_csv(?, all_varchar = true{})" if path.suffix == ".csv" else "read_json(?)"
    query = f"SELECT to_json(t)::VARCHAR FROM {reader} t"
    with duckdb.connect() as connection:
        try:
            found = connection.execute(query.format(""), [str(path)]).fetchall()
        except duckdb.InvalidInputException:  # not UTF-8
            found = connection.execute(query.format(", encoding = 'latin-1'"), [str(path)]).fetchall()
        yield [row[0] for row in found]


def _plain(url: str) -> str:
    return sa.make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
