"""Which account PostgreSQL runs as when root asks: it refuses to run as root itself.

Called by `embedded.py` before it runs `initdb` and `postgres`. Must never change the owner or
the mode of a folder it did not make: parents closed to others are passed by a capability.
"""

import os
import pwd
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from muniment.base.errors import Permanent

# Numbers that neither distributions nor systemd give to anybody ("unused" in
# https://systemd.io/UIDS-GIDS/), below 65536 so that rootless containers map them too.
UNUSED_ACCOUNTS = range(60906, 61184)
_CURE = "run muniment as an ordinary user, or set MUNIMENT_DATABASE_URL"
_SYSTEM_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
# capabilities(7), bits in <linux/capability.h>
_NEEDED = {"CAP_CHOWN": 0, "CAP_KILL": 5, "CAP_SETGID": 6, "CAP_SETUID": 7}
_DAC_OVERRIDE, _DAC_READ_SEARCH = 1, 2


@dataclass(frozen=True, slots=True)
class Account:
    """Who runs a program, and the command line that turns root into it (empty if already)."""

    uid: int
    gid: int
    prefix: tuple[str, ...] = ()

    def own(self, path: Path) -> None:
        """Give a file, or a folder with all in it, that we have just made to this account."""
        if self.prefix:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)
            for place, folders, files in os.walk(path):
                for name in (*folders, *files):
                    os.chown(Path(place) / name, self.uid, self.gid, follow_symlinks=False)


def choose(data: Path) -> Account:
    """The account that runs the cluster in `data`: its owner when it exists.

    An ordinary user is it himself. For root it is an unused number of its own, not `nobody`,
    whose processes others may be running; it gets one capability, to pass folders that are
    closed to others, and none of root's other powers.

    Raises:
        Permanent: root, where no such account can be had.
    """
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    if not data.exists():
        return _lowered(_unused(), _unused())
    owner = data.stat()
    if owner.st_uid == 0:
        raise Permanent(f"PostgreSQL refuses data of root: chown -R {_unused()} {data}")
    return _lowered(owner.st_uid, owner.st_gid)


def choose_maker() -> Account:
    """The account that makes a cluster: `initdb` insists on one that has a name.

    Raises:
        Permanent: root, where no such account can be had.
    """
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    named = [entry for entry in pwd.getpwall() if entry.pw_uid != 0]
    if not named:
        raise Permanent(f"PostgreSQL does not run as root, and there is no other user: {_CURE}")
    user = next((entry for entry in named if entry.pw_name == "nobody"), named[0])
    return _lowered(user.pw_uid, user.pw_gid)


def _lowered(uid: int, gid: int) -> Account:
    setpriv = shutil.which("setpriv", path=_SYSTEM_PATH)
    if not sys.platform.startswith("linux") or setpriv is None:
        raise Permanent(f"PostgreSQL does not run as root, and setpriv is missing: {_CURE}")
    capability = _passage()
    prefix = (
        setpriv,
        f"--reuid={uid}",
        f"--regid={gid}",
        "--clear-groups",
        "--no-new-privs",
        f"--inh-caps=+{capability}",
        f"--ambient-caps=+{capability}",
        "--securebits=+no_setuid_fixup",  # else access(2), by which initdb finds postgres, ignores the capability
    )
    return Account(uid, gid, prefix)


def _unused() -> int:
    taken = {entry.pw_uid for entry in pwd.getpwall()}
    return next(number for number in UNUSED_ACCOUNTS if number not in taken)


def _passage() -> str:
    """The least capability of this root that passes closed folders."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    permitted = int(next(line for line in lines if line.startswith("CapPrm:")).split()[1], 16)
    lacking = [name for name, bit in _NEEDED.items() if not permitted & 1 << bit]
    if lacking:
        raise Permanent(f"PostgreSQL does not run as root, which lacks {lacking} here: {_CURE}")
    if permitted & 1 << _DAC_READ_SEARCH:
        return "dac_read_search"
    if permitted & 1 << _DAC_OVERRIDE:
        return "dac_override"  # the default set of Docker lacks the smaller one
    raise Permanent(f"this root may neither search nor override folders of others: {_CURE}")
