"""Only its owner can connect to an embedded server: tried as another user, and as the server's."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from muniment.base import embedded

if os.geteuid() != 0:
    pytest.skip("it takes root to become another user", allow_module_level=True)

NOBODY = 65534

# Imports as root, so that what is refused is not the reading of a program; then turns into the
# other user and tries everything: the command itself, and the socket with and without password.
INTRUDER = """
import json, os, sys
from pathlib import Path
import psycopg
from muniment.base import embedded, server_account, server_cluster
home, host, word, uid = Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
os.setgroups([]); os.setgid(uid); os.setuid(uid)

def tried(what, *given, **named):
    try:
        what(*given, **named)
    except BaseException as error:
        return f"{type(error).__name__}: {error}"
    return "let in"

def connect(**named):
    psycopg.connect(host=host, user="muniment", dbname="postgres", **named).close()

print(json.dumps({
    "command": tried(embedded.ensure, home),
    "stop": tried(embedded.stop, home),
    "password file": tried((home / "postgres" / "password").read_text),
    "data": tried(os.listdir, home / "postgres" / "data"),
    "no password": tried(connect),
    "wrong password": tried(connect, password="guess"),
    "right password": tried(connect, password=word),
}))
"""


@pytest.fixture(scope="module", params=["short", "long" * 30])
def home(request: pytest.FixtureRequest) -> Iterator[Path]:
    """A home below folders that everybody may enter; with the long name the socket is in /tmp."""
    top = Path(tempfile.mkdtemp())
    top.chmod(0o755)
    place = top / request.param
    yield place
    embedded.stop(place)
    shutil.rmtree(top)


def attempts(home: Path, uid: int) -> dict[str, str]:
    address = embedded.ensure(home)
    command = [sys.executable, "-c", INTRUDER, str(home), address.host, address.password, str(uid)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd="/")
    return dict(json.loads(done.stdout))


def test_another_user_gets_nowhere_even_with_the_password(home: Path) -> None:
    found = attempts(home, NOBODY)
    assert "let in" not in found.values()
    assert found["command"].startswith("Permanent: ")
    assert "set MUNIMENT_HOME" in found["command"]
    assert found["stop"].startswith("Permanent: ")
    assert "Permission denied" in found["right password"]


def test_a_process_of_the_servers_own_account_needs_the_password_and_cannot_read_it(
    home: Path,
) -> None:
    address = embedded.ensure(home)
    account = Path(address.host).stat().st_uid
    assert account not in {0, NOBODY}
    found = attempts(home, account)
    outside = home not in Path(address.host).parents
    reaches = {key for key, value in found.items() if value == "let in"}
    assert reaches == ({"right password"} if outside else set())
    if outside:
        assert "no password supplied" in found["no password"]
        assert "password authentication failed" in found["wrong password"]


def test_the_server_has_none_of_roots_powers_but_to_pass_closed_folders(home: Path) -> None:
    embedded.ensure(home)
    lines = Path(f"/proc/{embedded.status(home).pid}/status").read_text().splitlines()
    fields = dict(line.split(":\t", 1) for line in lines)
    assert set(fields["Uid"].split()) == {str((home / "postgres" / "data").stat().st_uid)}
    assert fields["Groups"].strip() == ""
    assert int(fields["CapEff"], 16) in {1 << 1, 1 << 2}  # DAC_OVERRIDE or DAC_READ_SEARCH
    assert fields["CapEff"] == fields["CapPrm"] == fields["CapAmb"]
    assert fields["NoNewPrivs"] == "1"


def started_by_root_without(home: Path, *capabilities: str) -> subprocess.CompletedProcess[str]:
    less = ",".join(f"-{one}" for one in capabilities)
    program = (
        "import sys; from pathlib import Path; from muniment.base import embedded;"
        " home = Path(sys.argv[1]); embedded.ensure(home); print(embedded.status(home).pid)"
    )
    return subprocess.run(
        ["setpriv", f"--bounding-set={less}", sys.executable, "-c", program, str(home)],
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_root_of_a_container_has_enough_powers(tmp_path: Path) -> None:
    home = tmp_path / "home"
    try:  # of what Docker takes from root, this one matters
        done = started_by_root_without(home, "dac_read_search", "sys_admin", "sys_ptrace")
        assert done.stdout == f"{embedded.status(home).pid}\n"
    finally:
        embedded.stop(home)


def test_a_root_without_the_needed_powers_is_told_what_to_do(tmp_path: Path) -> None:
    for lacking in (("setuid",), ("dac_read_search", "dac_override")):
        done = started_by_root_without(tmp_path / "home", *lacking)
        assert "Permanent" in done.stderr
        assert "set MUNIMENT_DATABASE_URL" in done.stderr
