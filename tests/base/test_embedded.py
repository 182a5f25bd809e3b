import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
import sqlalchemy as sa

from muniment.base import embedded, server_account
from muniment.base.errors import Permanent

ENSURE = (
    "import sys; from pathlib import Path; from muniment.base import embedded;"
    " home = Path(sys.argv[1]); embedded.ensure(home); print(embedded.status(home).pid)"
)


def connect(address: embedded.Address, **other: str) -> psycopg.Connection[tuple[object, ...]]:
    where = {"host": address.host, "user": address.user, "dbname": address.database}
    given = {**where, "password": address.password, **other}
    return psycopg.connect(**given, port=address.port, autocommit=True)


def wait_until(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def processes(home: Path) -> list[psutil.Process]:
    """The postmaster and the watcher of a home, whoever knows of them."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if any(str(home) in word for word in process.cmdline()):
                found.append(process)
    return found


def watcher_of(home: Path) -> psutil.Process:
    return next(one for one in processes(home) if "idle_stop" in " ".join(one.cmdline()))


def kill(process: psutil.Process) -> None:
    """Kill it and wait until it is dead, if only as a zombie that nobody has buried yet."""
    process.kill()

    def is_dead() -> bool:
        try:
            return process.status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True

    wait_until(is_dead)


@pytest.fixture
def new_home(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "home"
    yield place
    embedded.stop(place)
    shutil.rmtree(place, ignore_errors=True)


@pytest.fixture(scope="module")
def pattern(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    place = tmp_path_factory.mktemp("pattern") / "home"
    embedded.ensure(place)
    embedded.stop(place)
    yield place
    shutil.rmtree(place)


@pytest.fixture
def home(new_home: Path, pattern: Path) -> Path:
    """A home with a database in it that is not running: quicker to have than a new one."""
    subprocess.run(["cp", "-a", pattern, new_home], check=True)
    return new_home


def test_the_first_call_starts_a_server_and_the_next_attaches_to_it(new_home: Path) -> None:
    first = embedded.ensure(new_home)
    pid = embedded.status(new_home).pid
    assert embedded.ensure(new_home) == first
    assert embedded.status(new_home).pid == pid
    with connect(first) as connection:
        assert connection.info.server_version // 10_000 == 18
        connection.execute("CREATE EXTENSION vector")
        encoding = connection.execute("SHOW server_encoding").fetchone()
        collation = connection.execute(
            "SELECT datlocprovider::text, datlocale FROM pg_database WHERE datname = 'postgres'"
        ).fetchone()
    assert encoding == ("UTF8",)
    assert collation == ("b", "C.UTF-8")


def test_status_tells_what_is_there_and_starts_nothing(new_home: Path) -> None:
    nothing = embedded.Status(running=False, pid=None, version=None, data_bytes=0)
    assert embedded.status(new_home) == nothing
    assert not new_home.exists()
    embedded.ensure(new_home)
    running = embedded.status(new_home)
    assert running.running
    assert running.version is not None
    assert running.version.startswith("18.")
    assert running.data_bytes > 10_000_000
    embedded.stop(new_home)
    assert embedded.status(new_home).version == "18"
    assert embedded.status(new_home).pid is None


def test_stop_says_whether_a_server_ran_and_leaves_no_process(home: Path) -> None:
    assert not embedded.stop(home)
    embedded.ensure(home)
    assert embedded.stop(home)
    wait_until(lambda: processes(home) == [])
    assert not embedded.stop(home)
    embedded.ensure(home)
    assert embedded.status(home).running


def test_a_server_that_nobody_uses_stops_by_itself(home: Path) -> None:
    embedded.ensure(home, idle_seconds=1)
    wait_until(lambda: not embedded.status(home).running)
    wait_until(lambda: processes(home) == [])
    assert "no client for 1 seconds" in (home / "postgres" / "log").read_text()


def test_a_connected_client_keeps_the_server_however_long_it_is_silent(home: Path) -> None:
    address = embedded.ensure(home, idle_seconds=0.4)
    with connect(address) as connection:

        def visits() -> int:  # the watcher's own, one every tenth of a second
            row = connection.execute("SELECT sessions FROM pg_stat_database WHERE datid = 5")
            return int(str((row.fetchone() or (0,))[0]))

        begin = visits()
        wait_until(lambda: visits() >= begin + 8)
    wait_until(lambda: not embedded.status(home).running)


def test_a_call_counts_as_use_though_it_leaves_no_connection(home: Path) -> None:
    embedded.ensure(home, idle_seconds=3)
    pid = embedded.status(home).pid
    end = time.monotonic() + 4
    while time.monotonic() < end:
        embedded.ensure(home)
    assert embedded.status(home).pid == pid


def test_processes_that_come_at_once_get_one_server(new_home: Path) -> None:
    command = [sys.executable, "-c", ENSURE, str(new_home)]
    together = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    pids = {process.communicate(timeout=60)[0] for process in together}
    assert pids == {f"{embedded.status(new_home).pid}\n"}


def test_a_commands_output_ends_with_it_though_the_server_lives_on(home: Path) -> None:
    command = [sys.executable, "-c", ENSURE, str(home)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert done.stderr == ""
    assert int(done.stdout) == embedded.status(home).pid
    open_files = {file.path for one in processes(home) for file in one.open_files()}
    assert all(str(home) in path for path in open_files)
    assert all(os.getsid(one.pid) != os.getsid(0) for one in processes(home))


def test_committed_rows_survive_the_kill_of_the_server(home: Path) -> None:
    with connect(embedded.ensure(home)) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        kill(psutil.Process(embedded.status(home).pid))
    stale = home / "postgres" / "data" / "postmaster.pid"
    account = server_account.choose(stale.parent)
    with subprocess.Popen([*account.prefix, "sleep", "600"]) as other:
        lines = stale.read_text().splitlines()
        stale.write_text("\n".join([str(other.pid), *lines[1:]]))  # its number is another's now
        try:
            address = embedded.ensure(home)
        finally:
            other.kill()
    with connect(address) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_a_server_whose_watcher_was_killed_is_attached_to_and_still_stops_when_idle(
    home: Path,
) -> None:
    embedded.ensure(home)
    pid = embedded.status(home).pid
    kill(watcher_of(home))
    embedded.ensure(home, idle_seconds=1)
    assert embedded.status(home).pid == pid
    wait_until(lambda: not embedded.status(home).running)


def test_stop_reaches_a_server_whose_watcher_was_killed(home: Path) -> None:
    embedded.ensure(home)
    kill(watcher_of(home))
    assert embedded.stop(home)
    wait_until(lambda: processes(home) == [])


def test_a_start_after_all_was_killed_works(home: Path) -> None:
    address = embedded.ensure(home)
    before = embedded.status(home).pid
    kill(watcher_of(home))
    kill(psutil.Process(before))
    embedded.ensure(home)
    assert embedded.status(home).pid != before
    if home not in Path(address.host).parents:  # nobody was left to remove it
        shutil.rmtree(address.host)


def test_a_killed_server_leaves_no_socket_folder_outside_its_home(tmp_path: Path) -> None:
    home = tmp_path / ("long" * 30)
    address = embedded.ensure(home)
    assert home not in Path(address.host).parents
    kill(psutil.Process(embedded.status(home).pid))
    wait_until(lambda: not Path(address.host).exists())


@pytest.mark.parametrize("name", ["ein Käfer & mehr", "a,b", 'say "x"', "per%20cent?", "l" * 120])
def test_a_home_may_have_any_name(tmp_path: Path, name: str) -> None:
    home = tmp_path / name / "home"
    parents = [parent.stat() for parent in home.parents[1:]]
    address = embedded.ensure(home)
    try:
        engine = sa.create_engine(address.url(), poolclass=sa.NullPool)
        with engine.connect() as connection:
            assert connection.scalar(sa.text("SELECT current_user")) == "muniment"
        folder = Path(address.host).stat()
        assert folder.st_mode & 0o777 == 0o700
        assert (home / "postgres").stat().st_mode & 0o777 == 0o700
        after = [parent.stat() for parent in home.parents[1:]]
        assert [(one.st_mode, one.st_uid, one.st_gid) for one in after] == [
            (one.st_mode, one.st_uid, one.st_gid) for one in parents
        ]
    finally:
        embedded.stop(home)
    wait_until(lambda: home in Path(address.host).parents or not Path(address.host).exists())


def test_a_copied_home_has_a_server_of_its_own(tmp_path: Path) -> None:
    original, copy = tmp_path / ("abcd" * 30), tmp_path / ("efgh" * 30)
    embedded.ensure(original)  # its socket is in a folder outside, which the copy remembers too
    embedded.stop(original)
    subprocess.run(["cp", "-a", original, copy], check=True)
    try:
        first = embedded.ensure(original)
        second = embedded.ensure(copy)
        assert first.host != second.host
        assert embedded.status(original).pid != embedded.status(copy).pid
    finally:
        embedded.stop(original)
        embedded.stop(copy)


def test_a_socket_folder_that_was_cleaned_away_or_replaced_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "_HANGING", 0.2)
    home = tmp_path / ("long" * 30)
    address = embedded.ensure(home)
    try:
        shutil.rmtree(address.host)
        Path(address.host).mkdir(mode=0o755)
        again = embedded.ensure(home)
        assert again.host != address.host
        connect(again).close()
    finally:
        embedded.stop(home)


def test_a_home_removed_from_under_its_server_ends_it(home: Path) -> None:
    embedded.ensure(home, idle_seconds=1)
    gone = home.rename(home.with_name("gone"))
    wait_until(lambda: processes(home) == [])
    shutil.rmtree(gone)


def test_the_password_is_asked_for_and_shows_nowhere(home: Path) -> None:
    address = embedded.ensure(home)
    for wrong in ("", "guess"):
        with pytest.raises(psycopg.OperationalError, match="password"):
            connect(address, password=wrong)
    with pytest.raises(psycopg.OperationalError, match="password"):
        connect(address, user="postgres", password="")
    assert address.password not in repr(address)
    assert address.password not in (home / "postgres" / "log").read_text()
    assert (home / "postgres" / "password").stat().st_mode & 0o777 == 0o600
    found = processes(home)
    assert len(found) == 2
    for process in found:
        assert address.password not in " ".join(process.cmdline())
        assert address.password not in str(process.environ())


def test_the_callers_postgresql_variables_do_not_disturb(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = {
        "PGDATA": "/nowhere",
        "PGHOST": "db.invalid",
        "PGHOSTADDR": "127.0.0.1",
        "PGPASSWORD": "theirs",
        "PGSERVICE": "undefined",
        "PGOPTIONS": "-c search_path=theirs",
        "PGREQUIREPEER": "them",
        "PGPORT": "1",
    }
    for name, value in theirs.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("LC_ALL", "xx_XX.nonsense")
    with connect(embedded.ensure(home)) as connection:
        assert connection.execute("SHOW search_path").fetchone() == ('"$user", public',)


def test_a_full_disk_leaves_no_half_made_database(new_home: Path) -> None:
    limited = (  # a limit on the size of files fails initdb in the middle, like a full disk
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        " resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20)); " + ENSURE
    )
    done = subprocess.run([sys.executable, "-c", limited, str(new_home)], capture_output=True, text=True, check=False)
    assert "Permanent: the database could not be made" in done.stderr
    assert not list((new_home / "postgres").glob("data*"))
    embedded.ensure(new_home)
    assert embedded.status(new_home).running


def test_a_failing_start_quotes_what_postgresql_said(home: Path) -> None:
    embedded.ensure(home)
    embedded.stop(home)
    with (home / "postgres" / "data" / "postgresql.conf").open("a") as file:
        file.write("no_such_setting = 1\n")
    with pytest.raises(Permanent, match="no_such_setting"):
        embedded.ensure(home)


def test_data_of_another_version_is_refused_with_the_cure(home: Path) -> None:
    embedded.ensure(home)
    embedded.stop(home)
    (home / "postgres" / "data" / "PG_VERSION").write_text("17\n")
    with pytest.raises(Permanent, match=r"PostgreSQL 17.*restore into a new home"):
        embedded.ensure(home)


def test_a_lost_or_wrong_password_file_is_named(home: Path) -> None:
    embedded.ensure(home)
    (home / "postgres" / "password").write_text("wrong")
    with pytest.raises(Permanent, match="restore the file postgres/password"):
        embedded.ensure(home)
    embedded.stop(home)
    (home / "postgres" / "password").unlink()
    with pytest.raises(Permanent, match="password is missing"):
        embedded.ensure(home)


def test_a_link_in_place_of_the_servers_folder_is_refused(new_home: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    new_home.mkdir()
    (new_home / "postgres").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Permanent, match="set MUNIMENT_HOME"):
        embedded.ensure(new_home)


def test_the_log_stays_small(home: Path) -> None:
    embedded.ensure(home, idle_seconds=1)
    log = home / "postgres" / "log"
    with log.open("a") as file:
        file.write("x" * 99 + "\n" * 60_000 + "the end\n" + "y" * (5 << 20) + "\nnewest\n")
    wait_until(lambda: log.stat().st_size <= 2 << 20)
    assert "newest" in log.read_text()


def test_a_server_that_no_longer_answers_is_stopped_and_started_again(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "_HANGING", 0.2)
    address = embedded.ensure(home)
    before = embedded.status(home).pid
    (Path(address.host) / ".s.PGSQL.5432").unlink()
    connect(embedded.ensure(home)).close()
    assert embedded.status(home).pid != before


def test_the_shutdown_of_the_machine_stops_server_and_watcher(home: Path) -> None:
    embedded.ensure(home)
    watcher_of(home).terminate()
    wait_until(lambda: processes(home) == [])
    assert "database system is shut down" in (home / "postgres" / "log").read_text()
