"""Single keys from a terminal: read without Enter, put back as it was whatever happens.

Called by `review`; POSIX terminals only.
"""

import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from muniment.base.errors import Rejected

_ESCAPE = "\x1b"
_END = "\x04"


_SCRIPTS = (
    "`muniment review` needs a terminal to read keys from; scripts use `muniment mappings accept|reject|set`,"
    " `muniment conflicts --json` and `muniment resolve`"
)


def check(instead: str = _SCRIPTS) -> None:
    """See that there is a terminal; `instead` says what else to do where there is none.

    Raises:
        Rejected: there is none, or none that gives single keys.
    """
    try:
        import termios  # noqa: F401 - only whether it is there
    except ImportError as error:
        raise Rejected("single keys need a POSIX terminal: use WSL, or the commands for scripts") from error
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Rejected(instead)


@contextmanager
def single_keys() -> Iterator[None]:
    """A terminal that gives each key at once and does not show it; as before at the end."""
    import termios
    import tty

    number = sys.stdin.fileno()
    before = termios.tcgetattr(number)
    tty.setcbreak(number, termios.TCSADRAIN)
    try:
        yield
    finally:
        termios.tcsetattr(number, termios.TCSADRAIN, before)


@contextmanager
def _whole_lines() -> Iterator[None]:
    """Within `single_keys`: keys are shown again, and a line ends with Enter."""
    import termios

    number = sys.stdin.fileno()
    before = termios.tcgetattr(number)
    lines = [*before]
    lines[3] |= termios.ICANON | termios.ECHO
    termios.tcsetattr(number, termios.TCSADRAIN, lines)
    try:
        yield
    finally:
        termios.tcsetattr(number, termios.TCSADRAIN, before)


def key() -> str:
    """The next key, in lower case, within `single_keys`; q at the end of input, "" for keys such as arrows."""
    read = os.read(sys.stdin.fileno(), 1).decode(errors="replace")
    if read == _ESCAPE:
        _skip_sequence()
        return ""
    return "q" if read in ("", _END) else read.lower()


def _skip_sequence() -> None:
    """Read over the rest of what an arrow or function key sends: "[" or "O", then up to a final sign."""
    number, first = sys.stdin.fileno(), True
    while select.select([number], [], [], 0.02)[0]:
        sign = os.read(number, 1)
        if not sign or (not first and b"@" <= sign <= b"~") or (first and sign not in (b"[", b"O")):
            return
        first = False


def line(prompt: str) -> str:
    """A line that is typed and ended by Enter, within `single_keys`; "" where nothing is typed."""
    sys.stdout.write(prompt)
    sys.stdout.flush()
    with _whole_lines():
        return sys.stdin.readline().strip()
