"""PostgreSQL servers that are not ours, to prove that a URL replaces the embedded one."""

import fcntl
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from muniment.base import embedded, server_account

OLDEST = 15
INSTALL_SECONDS = 300


def _installed() -> dict[int, Path]:
    """Folders of programs by major version, where the server and pgvector are both there."""
    folders = set(Path("/usr/lib/postgresql").glob("*/bin"))
    folders |= set(Path("/opt/homebrew/opt").glob("postgresql@*/bin"))
    if shutil.which("pg_config"):
        folders.add(Path(_say("pg_config", "--bindir")))
    found = {}
    for folder in folders:
        if (folder / "postgres").exists() and (folder / "pg_config").exists():
            shared = Path(_say(folder / "pg_config", "--sharedir"))
            major = int(_say(folder / "pg_config", "--version").split()[1].split(".")[0])
            if major >= OLDEST and (shared / "extension" / "vector.control").exists():
                found[major] = folder
    return found


def _say(*command: str | Path) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _install() -> None:
    """Install server and pgvector from the distribution; its own cluster must not start."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        pytest.skip("no PostgreSQL >= 15 with pgvector here, and it takes root and apt to get one")
    with Path(tempfile.gettempdir(), f"muniment-tests-apt-{os.geteuid()}").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        policy = Path("/usr/sbin/policy-rc.d")
        ours = not policy.exists()
        if ours:
            policy.write_text("#!/bin/sh\nexit 101\n")
            policy.chmod(0o755)
        try:
            _run("apt-get", "update", "-q")
            names = _say("apt-cache", "--names-only", "search", r"^postgresql-[0-9]+-pgvector$")
            majors = [int(line.split("-")[1]) for line in names.splitlines()]
            if max(majors, default=0) < OLDEST:
                pytest.skip("neither this system nor its distribution has pgvector for >= 15")
            name = f"postgresql-{max(majors)}"
            _run("apt-get", "install", "-qy", "--no-install-recommends", name, f"{name}-pgvector")
        finally:
            if ours:
                policy.unlink()


def _run(*command: str) -> None:
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        subprocess.run(command, env=quiet, capture_output=True, check=True, timeout=INSTALL_SECONDS)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        said = (error.stderr or b"").decode(errors="replace").strip().splitlines()[-3:]
        pytest.skip(f"{' '.join(command[:2])} failed, so no PostgreSQL of the system's: {said}")


def _system_programs() -> Path:
    found = _installed()
    if not found:
        _install()
        found = _installed()
    if not found:
        pytest.skip("no PostgreSQL >= 15 with pgvector was found or could be installed")
    return found[max(found)]


def _older_programs() -> Path:
    folder = embedded.binaries().parent.parent / "pginstall" / "bin"
    if not (folder / "postgres").exists():
        pytest.skip("the wheel of the embedded server has no second PostgreSQL in it any more")
    return folder


@pytest.fixture(scope="session", params=["system", "older"])
def own_server_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a superuser on a fresh cluster that is not ours, with pgvector at hand.

    Of the system's own PostgreSQL, and of an older one than the embedded (16) from its wheel.
    """
    programs = {"system": _system_programs, "older": _older_programs}[request.param]()
    account = server_account.choose_maker()
    folder = Path(tempfile.mkdtemp(prefix="muniment-own-"))
    data, word = folder / "data", secrets.token_hex(16)
    (folder / "password").write_text(word)
    account.own(folder)
    make = ["--username=chief", f"--pwfile={folder / 'password'}", "--auth=scram-sha-256"]
    make += ["--encoding=UTF8", "--locale=C", "--no-sync"]
    subprocess.run([*account.prefix, programs / "initdb", "-D", data, *make], capture_output=True, check=True)
    options = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={folder}"]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [*account.prefix, programs / "postgres", "-D", data, *options, "-c", "fsync=off"],
            stdout=log,
            stderr=log,
        )
    try:
        _wait_until_ready(process, folder, word)
        yield f"postgresql+psycopg://chief:{word}@/postgres?host={folder}"
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)
        shutil.rmtree(folder)


def _wait_until_ready(process: subprocess.Popen[bytes], folder: Path, word: str) -> None:
    end = time.monotonic() + 30
    while True:
        try:
            psycopg.connect(host=str(folder), user="chief", password=word, dbname="postgres").close()
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > end:
                pytest.fail((folder / "log").read_text())
            time.sleep(0.05)
        else:
            return
