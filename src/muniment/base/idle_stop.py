"""The watcher of an embedded server: starts it, reaps it, stops it when nobody uses it.

Run by `embedded.py` as a program of its own (`python -I -S idle_stop.py ...`), so it imports
nothing but small parts of the standard library and nothing of this package. It must never stop
a server that has a client, or one that a command has just been told to use.
"""

import contextlib
import fcntl
import os
import signal
import sys
import time
from pathlib import Path

COUNT = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
LOG_BYTES = 4 << 20
FAST_SECONDS = 60.0
_WAKERS = {signal.SIGCHLD, signal.SIGALRM, signal.SIGTERM, signal.SIGINT}
_TO_DEFAULT = (*_WAKERS, signal.SIGHUP, signal.SIGPIPE, signal.SIGQUIT)


class Watch:
    """One server under watch: started here as a child, or adopted after its watcher was killed.

    Args:
        folder: the server's folder, with `lock`, `running`, `password` and `log` in it.
        idle_seconds: stop after so long without a client and without a call of `ensure`.
        psql: the program that asks the server for its clients.
        socket: the socket folder; removed afterwards when it lies outside `folder`.
    """

    def __init__(self, folder: Path, idle_seconds: float, psql: str, socket: Path) -> None:
        self.folder = folder
        self.idle_seconds = idle_seconds
        self.psql = psql
        self.socket = socket
        self.pid = 0
        self.is_child = False

    def start(self, command: list[str], running: int) -> None:
        """Start the server; it and all its processes hold the lock behind `running`."""
        os.set_inheritable(running, True)  # noqa: FBT003 - takes no keyword
        self.pid = os.posix_spawn(command[0], command, os.environ, setsigmask=[], setsigdef=_TO_DEFAULT)
        os.close(running)
        self.is_child = True

    def adopt(self, pid: int) -> None:
        """Watch a running server that is nobody's child any more."""
        self.pid = pid

    def is_gone(self) -> bool:
        """Whether the server has ended; reaps it."""
        if self.is_child:
            return os.waitpid(self.pid, os.WNOHANG)[0] == self.pid
        with contextlib.ExitStack() as stack:
            try:
                file = os.open(self.folder / "running", os.O_RDWR)
                stack.callback(os.close, file)
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            except FileNotFoundError:
                return not _is_alive(self.pid)
        return True

    def has_clients(self) -> bool:
        """Whether anybody is connected; yes when the server does not say."""
        environment = {
            "PGPASSWORD": (self.folder / "password").read_text().strip(),
            "PGREQUIREAUTH": "scram-sha-256",
            "PGCONNECT_TIMEOUT": "5",
            "PGOPTIONS": "-c statement_timeout=5000",
        }
        command = [self.psql, "-XAtqw", "-p", "5432", "-U", "muniment", "-d", "postgres"]
        command += ["-h", str(self.socket), "-c", COUNT]
        read, write = os.pipe()
        with os.fdopen(read) as answer:
            try:
                asked = os.posix_spawn(
                    self.psql,
                    command,
                    environment,
                    file_actions=[(os.POSIX_SPAWN_DUP2, write, 1)],
                    setsigmask=[],
                    setsigdef=_TO_DEFAULT,
                )
            except FileNotFoundError:  # uninstalled meanwhile: then only calls of `ensure` count
                return False
            finally:
                os.close(write)
            text = answer.read()
        os.waitpid(asked, 0)
        return text.strip() != "0"

    def run(self) -> None:
        """Watch until the server is gone, stopping it when it is idle or when told to."""
        interval = min(max(self.idle_seconds / 4, 0.1), 30.0)
        used = time.time()
        while not self.is_gone():
            end = time.monotonic() + interval
            while (left := end - time.monotonic()) > 0:
                told = _wait(left)  # also ends for a child: the server, or a psql from before
                if self.is_gone():
                    return
                if told:
                    self.stop()
                    return
            try:
                self.trim_log()
                used = max(used, (self.folder / "lock").stat().st_mtime)
                if self.has_clients():
                    used = time.time()
                elif time.time() - used >= self.idle_seconds and self.stop_if_unused():
                    return
            except FileNotFoundError:  # the home was removed from under the server
                self.stop()
                return

    def stop_if_unused(self) -> bool:
        """Stop, unless somebody came meanwhile: `ensure` holds the lock while it attaches."""
        lock = os.open(self.folder / "lock", os.O_RDWR)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            return False
        if time.time() - os.fstat(lock).st_mtime < self.idle_seconds or self.has_clients():
            os.close(lock)
            return False
        say(f"no client for {self.idle_seconds:g} seconds: stopping")
        self.stop()
        return True  # the lock goes with this process, after all that it guards

    def stop(self) -> None:
        """Fast shutdown; immediate (safe, but with recovery at the next start) when that hangs."""
        for kind in (signal.SIGINT, signal.SIGQUIT):
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, kind)
            end = time.monotonic() + FAST_SECONDS
            while time.monotonic() < end:
                if self.is_gone():
                    return
                _wait(0.05)

    def trim_log(self) -> None:
        """Keep the newest part of a log that has become too big (it is open for appending)."""
        size = os.fstat(sys.stderr.fileno()).st_size
        if size > LOG_BYTES:
            with (self.folder / "log").open("rb") as file:
                file.seek(size - LOG_BYTES // 4)
                newest = file.read()
            os.ftruncate(sys.stderr.fileno(), 0)
            os.write(sys.stderr.fileno(), newest)


def say(text: str) -> None:
    """Write a line into the log."""
    sys.stderr.write(f"watcher: {text}\n")
    sys.stderr.flush()


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _wait(seconds: float) -> bool:
    """Wait for a child's end, the time, or the order to stop; True for the order."""
    signal.setitimer(signal.ITIMER_REAL, seconds)
    got = signal.sigwait(_WAKERS)
    signal.setitimer(signal.ITIMER_REAL, 0)
    return got in {signal.SIGTERM, signal.SIGINT}


def main(arguments: list[str]) -> None:
    """Detach, then watch: FOLDER IDLE_SECONDS PSQL SOCKET WATCHED_FD RUNNING_FD PID [COMMAND..].

    WATCHED_FD and RUNNING_FD are open, locked files: one says that a watcher lives, the other
    that a process of the server lives. PID 0 starts COMMAND; any other is adopted.
    """
    folder, idle_seconds, psql, socket, watched, running, pid = arguments[:7]
    for waker in (signal.SIGCHLD, signal.SIGALRM):
        signal.signal(waker, lambda *_: None)
    signal.pthread_sigmask(signal.SIG_BLOCK, _WAKERS)
    detached = os.fork()
    if detached:
        os.ftruncate(int(watched), 0)
        os.pwrite(int(watched), str(detached).encode(), 0)
        os._exit(0)
    os.set_inheritable(int(watched), False)  # noqa: FBT003 - takes no keyword
    watch = Watch(Path(folder), float(idle_seconds), psql, Path(socket))
    entry = os.open(socket, os.O_DIRECTORY)  # this folder and no other, whatever bears its name
    if int(pid):
        watch.adopt(int(pid))
    else:
        watch.start(arguments[7:], int(running))
    watch.run()
    if watch.folder not in watch.socket.parents:
        for name in (".s.PGSQL.5432", ".s.PGSQL.5432.lock"):  # left by a server that was killed
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name, dir_fd=entry)
        with contextlib.suppress(OSError):
            watch.socket.rmdir()


if __name__ == "__main__":
    main(sys.argv[1:])
