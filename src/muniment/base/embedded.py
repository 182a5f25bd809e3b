"""The embedded PostgreSQL: started on demand, shared by processes, stopped when idle.

Called by `home.py` (and `muniment database`). The binaries come from a wheel, the supervision
is ours: see docs/decisions/0002-embedded-server.md. Must never open a folder to others, trust
a connection without a password, or stop a server that somebody uses.
"""

import contextlib
import enum
import fcntl
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import psycopg

from muniment.base import idle_stop, server_cluster
from muniment.base.errors import Permanent, Retryable
from muniment.base.server_cluster import PORT, USER, binaries

DATABASE = "postgres"
_PATIENCE = 60.0  # seconds to wait for a server that says nothing
_HANGING = 10.0  # seconds after which a server that runs but does not answer is stopped
_POLL = 0.02


@dataclass(frozen=True, slots=True)
class Address:
    """Where the server answers; valid while somebody is connected, or for `idle_seconds`."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    database: str

    def url(self, database: str | None = None, user: str | None = None, password: str | None = None) -> str:
        """The address for SQLAlchemy, with the password in it: never print it."""
        name, word = quote(user or self.user), quote(password or self.password, safe="")
        host = quote(self.host, safe="")
        base = quote(database or self.database, safe="")
        return f"postgresql+psycopg://{name}:{word}@/{base}?host={host}&port={self.port}"


@dataclass(frozen=True, slots=True)
class Status:
    """What is known of a home's server without starting it.

    Args:
        running: whether any process of it lives.
        pid: its first process, when running.
        version: "18.4" when it answers, else the major version of the data, None without data.
        data_bytes: what the data folder takes on disk.
    """

    running: bool
    pid: int | None
    version: str | None
    data_bytes: int


class _State(enum.Enum):
    """What a server says to a connection."""

    READY = enum.auto()
    STARTING = enum.auto()
    DOWN = enum.auto()


# What lies in <home>/postgres: `data`, `password`, `log`, `socket` (or elsewhere: `socket-folder`
# says where), and three files that are only locked. `lock` is held while attaching (shared) or
# starting and stopping (exclusive); its time is that of the last `ensure`. `watched` is locked
# for the life of the watcher, `running` for the life of any process of the server: the kernel
# frees both at any kind of death, so no process id left in a file is ever believed.


def ensure(home: Path, *, idle_seconds: float = 900) -> Address:
    """Make sure that the home's server runs and answers; attach to it or start it.

    Any number of processes may call this at once. The address holds as long as somebody is
    connected and for `idle_seconds` after the last call, so call it again (5 ms) before
    connecting later. Variables of libpq (PGHOST, PGSERVICE, PGOPTIONS ...) are taken out of
    this process's environment: they are meant for another server, and libpq lets some of them
    overrule what a program asks for.

    Args:
        home: the home folder; made, closed to others, if it does not exist.
        idle_seconds: counts when this call starts the server; it stops that long after the last
            client left and the last call of `ensure`.

    Raises:
        Permanent: it cannot run here; the message says why and ends with the last log lines.
        Retryable: it did not answer in time.
    """
    for name in [name for name in os.environ if name.startswith("PG")]:
        del os.environ[name]
    folder = _open_folder(home)
    with _locked(folder, fcntl.LOCK_SH) as lock:
        os.utime(lock)
        address = _address(folder)
        if address and _is_held(folder / "watched") and _is_held(folder / "running"):
            state = _ask(address)
            if state is _State.READY:
                return address
    with _locked(folder, fcntl.LOCK_EX) as lock:
        os.utime(lock)
        return _bring_up(folder, idle_seconds)


def stop(home: Path) -> bool:
    """Stop the home's server (fast shutdown: clients are disconnected) and wait for its end.

    Returns:
        Whether one ran.

    Raises:
        Permanent: the home is another user's, or the server was started in another container.
        Retryable: it did not end in time.
    """
    folder = _folder(home)
    if not _is_made(folder):
        return False
    with _locked(folder, fcntl.LOCK_EX):
        if not _is_held(folder / "running"):
            return False
        _order_stop(folder)
        end = time.monotonic() + idle_stop.FAST_SECONDS + _PATIENCE
        while _is_held(folder / "running") or _is_held(folder / "watched"):
            if time.monotonic() > end:
                raise Retryable(f"the server in {folder} does not stop: see {folder / 'log'}", 60)
            time.sleep(_POLL)
    return True


def status(home: Path) -> Status:
    """What is known of the home's server; starts nothing and does not count as use."""
    folder = _folder(home)
    if not _is_made(folder):
        return Status(running=False, pid=None, version=None, data_bytes=0)
    with _locked(folder, fcntl.LOCK_SH):
        running = _is_held(folder / "running")
    version_file = folder / "data" / "PG_VERSION"
    version = version_file.read_text().strip() if version_file.exists() else None
    address = _address(folder) if running else None
    if address:
        with contextlib.suppress(psycopg.OperationalError), _connect(address) as connection:
            version = ".".join(str(part) for part in divmod(connection.info.server_version, 10_000))
    size = 0
    for path, _, names in os.walk(folder / "data"):
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                size += (Path(path) / name).lstat().st_blocks * 512
    return Status(running, _postmaster(folder) if running else None, version, size)


def _folder(home: Path) -> Path:
    return home.expanduser().resolve() / "postgres"


def _open_folder(home: Path) -> Path:
    folder = _folder(home)
    try:
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        info = folder.lstat()
        if not stat.S_ISDIR(info.st_mode) or info.st_uid != os.geteuid():
            raise PermissionError(0, "it belongs to another user")
        if info.st_mode & 0o077:
            folder.chmod(0o700)
    except OSError as error:
        raise _not_ours(folder, error) from error
    return folder


def _is_made(folder: Path) -> bool:
    try:
        return (folder / "lock").exists()
    except PermissionError as error:
        raise _not_ours(folder, error) from error


def _not_ours(folder: Path, error: OSError) -> Permanent:
    return Permanent(f"{folder} cannot be used ({error.strerror}): set MUNIMENT_HOME to a folder of yours")


@contextlib.contextmanager
def _locked(folder: Path, how: int) -> Iterator[int]:
    try:
        lock = _open_private(folder / "lock")
    except OSError as error:
        raise _not_ours(folder, error) from error
    try:
        fcntl.flock(lock, how)
        yield lock
    finally:
        os.close(lock)


def _open_private(path: Path, flags: int = 0) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | flags, 0o600)


def _claim(path: Path) -> int | None:
    """The open file with its lock taken, or None when another process has it."""
    file = _open_private(path)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        return None
    return file


def _is_held(path: Path) -> bool:
    file = _claim(path)
    if file is None:
        return True
    os.close(file)
    return False


def _address(folder: Path) -> Address | None:
    """Where the server must be, if that is still the folder that was made for it.

    A socket folder outside the home could have been cleaned away, and made again by another.
    """
    try:
        host = (folder / "socket-folder").read_text(encoding="utf-8")
        password = (folder / "password").read_text(encoding="ascii").strip()
        owner = (folder / "data").stat().st_uid
        info = Path(host).lstat()
    except FileNotFoundError:
        return None
    if (info.st_mode, info.st_uid) != (stat.S_IFDIR | 0o700, owner):
        return None
    return Address(host, PORT, USER, password, DATABASE)


def _connect(address: Address) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(
        host=address.host,
        port=address.port,
        user=address.user,
        password=address.password,
        dbname=address.database,
        connect_timeout=10,
        autocommit=True,
    )


def _ask(address: Address) -> _State:
    try:
        _connect(address).close()
    except psycopg.OperationalError as error:
        text = str(error)
        if "password authentication failed" in text:
            raise Permanent(
                f"the server at {address.host} does not take the password in its home:"
                " restore the file postgres/password from a backup of the home"
            ) from error
        if "starting up" in text or "not yet accepting" in text or "recovery" in text:
            return _State.STARTING
        full = "too many clients" in text or "connection slots" in text
        return _State.READY if full else _State.DOWN
    return _State.READY


def _bring_up(folder: Path, idle_seconds: float) -> Address:
    """Attach or start, under the exclusive lock."""
    launched = False
    begun = time.monotonic()
    hanging_at, end = begun + _HANGING, begun + _PATIENCE
    while time.monotonic() < end:
        held = _is_held(folder / "running")
        address = _address(folder) if held else None
        state = _ask(address) if address else _State.DOWN
        if address and state is _State.READY:
            if not _is_held(folder / "watched"):  # it was killed, and the server lives on
                _spawn(folder, idle_seconds, adopted=_postmaster(folder))
            return address
        if state is _State.STARTING:  # recovery after a crash takes as long as it takes
            hanging_at, end = time.monotonic() + _HANGING, time.monotonic() + _PATIENCE
        elif not held and launched:
            raise Permanent(f"PostgreSQL did not start: {_last_lines(folder)}")
        elif not held and not _is_held(folder / "watched"):
            try:  # the files left by the one before are of the dead now
                command = server_cluster.prepare(folder)
            except OSError as error:
                raise Permanent(f"the database in {folder} cannot be started: {error}") from error
            launched = _spawn(folder, idle_seconds, command=command)
        elif held and not launched and time.monotonic() > hanging_at:
            _order_stop(folder)
        time.sleep(_POLL)
    raise Retryable(f"the server in {folder} does not answer: {_last_lines(folder)}", 10)


def _spawn(folder: Path, idle_seconds: float, *, command: list[str] | None = None, adopted: int = 0) -> bool:
    """Start the watcher, with a server to start or one to adopt; it detaches by itself.

    Returns:
        Whether it was started; not when another one is just ending, or the server is.
    """
    with contextlib.ExitStack() as stack:
        log = _open_private(folder / "log", os.O_APPEND)
        stack.callback(os.close, log)
        passed = [_claim(folder / name) for name in (("watched", "running") if command else ("watched",))]
        files = [file for file in passed if file is not None]
        for file in files:
            stack.callback(os.close, file)
        if len(files) < len(passed) or not (command or adopted):
            return False
        done = subprocess.run(  # noqa: S603 - our own program
            [
                sys.executable,
                "-I",
                "-S",
                str(Path(idle_stop.__file__)),
                str(folder),
                str(idle_seconds),
                str(binaries() / "psql"),
                (folder / "socket-folder").read_text(encoding="utf-8"),
                str(files[0]),
                str(files[-1]),
                str(adopted),
                *(command or []),
            ],
            env=server_cluster.environment(),
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            pass_fds=files,
            umask=0o077,
            check=False,
        )
    if done.returncode:
        raise Permanent(f"the watcher of PostgreSQL did not start: {_last_lines(folder)}")
    return True


def _order_stop(folder: Path) -> None:
    """Tell the watcher to stop the server; a server without one gets one first."""
    watched = _is_held(folder / "watched")
    if not watched and not _spawn(folder, 0, adopted=_postmaster(folder)):
        return
    try:
        watcher = int((folder / "watched").read_text())
        command = Path(f"/proc/{watcher}/cmdline")
        if sys.platform == "linux" and os.fsencode(folder) not in command.read_bytes():
            raise ProcessLookupError
        os.kill(watcher, signal.SIGTERM)
    except (ValueError, OSError) as error:
        if _is_held(folder / "watched"):
            raise Permanent(f"the server in {folder} was started in another container: stop it there") from error


def _postmaster(folder: Path) -> int:
    """The process id of the running server, 0 when it has not written it yet."""
    try:
        return int((folder / "data" / "postmaster.pid").read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return 0


def _last_lines(folder: Path) -> str:
    try:
        with (folder / "log").open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - 8192))
            lines = file.read().decode("utf-8", "replace").splitlines()
    except FileNotFoundError:
        lines = []
    return " / ".join(lines[-5:]) or "nothing was logged"
