"""`muniment review` on a real pseudo-terminal: keys in, screen out, decisions in the register."""

import fcntl
import os
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator

import pytest
from tests.conftest import Delivery, deliver, fingerprint, machine

from muniment import graph, mapping, register
from muniment.base import settings
from muniment.base.home import Home

COMMAND = "from muniment.cli import main; main()"
PATIENCE = 60
STYLES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


class Terminal:
    """A terminal of 80 columns with the command in it."""

    def __init__(self, home: Home, *arguments: str, **environment: str) -> None:
        self.master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        scope = {"tenant": home.scope.tenant, "engagement": home.scope.engagement}
        given = {one.variable: str(scope.get(one.name) or home.settings[one.name] or "") for one in settings.SETTINGS}
        variables = {**os.environ, **{name: value for name, value in given.items() if value}, "TERM": "xterm"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", COMMAND, *arguments], stdin=slave, stdout=slave, stderr=slave,
            env={**variables, **environment}, start_new_session=True,
        )  # fmt: skip
        os.close(slave)
        self.raw = ""
        self.seen = 0

    def until(self, text: str) -> str:
        """What comes on the screen up to (and with) a text; from where the last look ended."""
        end = time.monotonic() + PATIENCE
        while text not in self.raw[self.seen :]:
            assert time.monotonic() < end, f"{text!r} did not come; the screen: {self.raw[self.seen :]}"
            if select.select([self.master], [], [], 0.2)[0]:
                try:
                    self.raw += os.read(self.master, 65_536).decode(errors="replace")
                except OSError:  # the other end is closed
                    assert text in self.raw[self.seen :], self.raw[self.seen :]
        begin = self.seen
        self.seen = self.raw.index(text, begin) + len(text)
        return self.raw[begin : self.seen]

    def press(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def end(self) -> int:
        return self.process.wait(PATIENCE)


@pytest.fixture
def terminal() -> Iterator[Callable[..., Terminal]]:
    opened: list[Terminal] = []

    def make(home: Home, *arguments: str, **environment: str) -> Terminal:
        opened.append(Terminal(home, *arguments, **environment))
        return opened[-1]

    yield make
    for one in opened:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()
        os.close(one.master)


@pytest.fixture
def disputed(estate, tmp_path):
    """An estate in which two machines have owners that are disputed, one in its environment too."""
    rows = [machine(number)["sheet"] for number in (1, 2)]
    rows = [{**row, "Owner": owner} for row, owner in zip(rows, ("Di Eck", "Jo Fin"), strict=True)]
    deliver(estate, tmp_path, [Delivery("sheet", 2, tuple(rows))])
    assert [one.asset for one in conflicts(estate)] == ["app01", "app02"]
    return estate


def conflicts(home: Home, state: str = "open") -> list[register.Conflict]:
    with home.scope.transaction() as connection:
        return register.list_conflicts(connection, home.scope, state=state)


def owner(home: Home, name: str) -> object:
    with home.scope.transaction() as connection:
        found = {one.name: one for one in register.all_assets(connection, home.scope)}
    return found[name].values.get("owner")


READY = "? help"


def test_conflicts_are_shown_with_evidence_settled_by_keys_and_undone(disputed, terminal):
    before = fingerprint(disputed, with_ids=True)
    sitting = terminal(disputed, "review", "--conflicts")
    first = STYLES.sub("", sitting.until(READY))
    assert "1 of 2 · " in first
    assert "owner of app01" in first
    assert "Ann Bell" in first
    assert "Di Eck" in first
    assert "sheet" in first
    assert max(map(len, first.splitlines())) <= 80
    chosen = {claim["value"]: number for number, claim in enumerate(conflicts(disputed)[0].claims, start=1)}
    sitting.press(str(chosen["Di Eck"]))
    assert "owner of app01 is Di Eck (act " in sitting.until("2 of 2")
    sitting.until(READY)
    assert owner(disputed, "app01") == "Di Eck"
    sitting.press("u")
    sitting.until("1 of 2")
    sitting.until(READY)
    assert fingerprint(disputed, with_ids=True) == before
    sitting.press("e")
    sitting.until("value: ")
    sitting.press("Someone Else\n")
    sitting.until("2 of 2")
    sitting.until(READY)
    sitting.press("a")
    sitting.until("2 answered")
    assert sitting.end() == 0
    assert owner(disputed, "app01") == "Someone Else"
    assert [one.asset for one in conflicts(disputed, "accepted")] == ["app02"]


def test_quitting_keeps_what_was_said_and_the_next_sitting_goes_on(disputed, terminal):
    sitting = terminal(disputed, "review")
    sitting.until(READY)
    sitting.press("s")
    sitting.until("2 of 2")
    sitting.until(READY)
    sitting.press("x")  # no key of ours
    sitting.press("?")
    assert "undo your last answer" in sitting.until("this help")
    sitting.press("r")
    said = sitting.until("1 skipped")
    assert "none is right: owner of app02 has no value" in said
    assert sitting.end() == 0
    assert owner(disputed, "app02") is None
    again = terminal(disputed, "review", NO_COLOR="1")
    shown = again.until(READY)
    assert "1 of 1" in shown
    assert "\x1b[3" not in shown
    again.press("q")
    assert "0 answered; 1 left: `muniment review` goes on" in again.until("goes on")
    assert again.end() == 0


def test_a_value_that_is_none_is_refused_and_asked_for_again(disputed, terminal):
    sitting = terminal(disputed, "review", "--conflicts")
    sitting.until(READY)
    sitting.press("e")
    sitting.until("value: ")
    sitting.press("n/a\n")
    sitting.until("error: ")
    sitting.press("u")
    sitting.until("nothing was answered in this sitting")
    sitting.press("\x1b[A\x04")  # an arrow is nothing, the end of input quits
    sitting.until("2 left")
    assert sitting.end() == 0
    assert len(conflicts(disputed)) == 2


def test_columns_are_shown_with_samples_and_reasons_and_take_another_meaning(home, door, terminal, tmp_path):
    rows = "\n".join(f"app{number:02d},CZC{number:05d}X,poweredOn,running" for number in range(1, 9))
    (tmp_path / "list.csv").write_text(f"hostname,serial,Powerstate,Guest state\n{rows}\n", encoding="utf-8")
    assert door(home)("import", tmp_path / "list.csv", "--source", "list").code == 0
    with home.scope.transaction() as connection:
        waits = graph.waiting(connection, home.scope, conflicts=False)
    names = [one.subject.column for one in waits]
    assert names
    sitting = terminal(home, "review", "--mappings")
    shown = STYLES.sub("", sitting.until(READY))
    assert f"column '{names[0]}' of list, 8 rows" in shown
    assert "samples: " in shown
    assert "because " in shown
    assert max(map(len, shown.splitlines())) <= 80
    sitting.press("e")
    sitting.until("attribute: ")
    sitting.press("description\n")
    sitting.until(f"{names[0]} means description (act ")
    if len(names) > 1:
        sitting.until(READY)
        sitting.press("q")
    assert sitting.end() == 0
    with home.scope.transaction() as connection:
        now = {one.column: one for one in mapping.current(connection)}
    assert (now[names[0]].attribute, now[names[0]].state) == ("description", "accepted")


def test_without_a_terminal_it_says_what_scripts_use(look):
    wrong = look("review")
    assert wrong.code == 2
    assert "`muniment review` needs a terminal to read keys from; scripts use `muniment mappings accept" in wrong.err
