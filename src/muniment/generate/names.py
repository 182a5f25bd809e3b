"""Who gives names, addresses, serials and people to the things: allocators that never repeat.

Used by the builders while an estate is made. Every allocator draws from its own stream, so that one
part of the estate does not move when another grows.
"""

import random
from typing import NamedTuple

from muniment.generate import catalogue
from muniment.generate.catalogue import Site, Unit

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
DIGITS = "0123456789"
ALNUM = LETTERS + DIGITS
HEX = "0123456789abcdef"
ZONES = ("mgmt", "prod", "test", "dmz", "backup", "client")
PATTERNS = {
    "dell": ("??????1", "??????2", "??????3"),
    "hpe": ("CZJ#0#????", "CZJ#3#????", "CZ2#1#????", "MXQ#2#????", "MXQ#4#????"),
    "hp": ("5CG#1#????", "5CG#4#????", "CND#2#????"),
    "lenovo": ("J10?????", "J30?????", "J90?????"),
    "cisco": ("FCW220#????", "FDO231#????", "FCH214#????", "WZP242#????", "FCW253#????"),
    "fujitsu": ("YM@@######",),
    "juniper": ("PE37########",),
    "netapp": ("############",),
    "asset": ("#######",),
    "vm": ("#######",),
    "application": ("######",),
}
"""Shapes of serial numbers by vendor, and of the company's own numbers."""

_HOSTS_PER_NET = 240
_GAPLESS = 0.85
_NETS_PER_ZONE = 40


class Person(NamedTuple):
    """Somebody who owns or runs things."""

    name: str
    email: str


class Address(NamedTuple):
    """An address in the plan: the address, its network's name, its VLAN."""

    ip: str
    network: str
    vlan: str


def text(rng: random.Random, alphabet: str, length: int) -> str:
    """Some characters of an alphabet."""
    return "".join(rng.choices(alphabet, k=length))


class Names:
    """Gives host names by the business unit's convention, each once.

    Arguments:
        rng: the stream of numbers to skip: real numbering has gaps.
    """

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._next: dict[tuple[str, ...], int] = {}
        self._taken: set[str] = set()

    def host(self, unit: Unit, site: Site, environment: str, role: str) -> str:
        """The next free name, as the unit writes it (upper case where it does)."""
        letter = catalogue.ENVIRONMENT_LETTERS[environment]
        while True:
            shape = unit.pattern.format(site=site.code.lower(), env=letter, role=role, number=0)
            number = self._next.get((shape,), 0) + (1 if self._rng.random() < _GAPLESS else 2)
            self._next[(shape,)] = number
            name = unit.pattern.format(site=site.code.lower(), env=letter, role=role, number=number)
            if self.take(name):
                return name

    def plain(self, prefix: str, width: int = 2) -> str:
        """The next free name of a prefix and a number."""
        while True:
            number = self._next.get((prefix,), 0) + 1
            self._next[(prefix,)] = number
            name = f"{prefix}{number:0{width}d}"
            if self.take(name):
                return name

    def take(self, name: str) -> bool:
        """Whether the name was still free; it is taken now."""
        free = name.lower() not in self._taken
        self._taken.add(name.lower())
        return free


class Addresses:
    """Gives addresses by site and zone, each once, in networks of one VLAN each."""

    def __init__(self) -> None:
        self._given: dict[tuple[str, str], int] = {}

    def give(self, site: Site, zone: str) -> Address:
        """The next free address of a zone ("mgmt", "prod", ...) of a site."""
        index = self._given.get((site.code, zone), 0)
        self._given[(site.code, zone)] = index + 1
        net, host = divmod(index, _HOSTS_PER_NET)
        block, third = divmod(net, _NETS_PER_ZONE)
        position = ZONES.index(zone)
        first, second = site.network.split(".")
        ip = f"{first}.{int(second) + block}.{position * _NETS_PER_ZONE + third}.{host + 11}"
        vlan = 100 * (position + 1) + net
        return Address(ip, f"{site.code}-{zone.upper()}-{vlan}", str(vlan))


class Macs:
    """Gives hardware addresses by vendor prefix, each once."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._taken: set[str] = set()

    def give(self, oui: str, fourth: tuple[int, int] = (0, 255)) -> str:
        """A free address with this prefix; `fourth` bounds its fourth byte."""
        while True:
            rest = (self._rng.randint(*fourth), self._rng.randint(0, 255), self._rng.randint(0, 255))
            mac = oui + "".join(f":{part:02x}" for part in rest)
            if mac not in self._taken:
                self._taken.add(mac)
                return mac


class Serials:
    """Gives serial numbers in the vendors' patterns, each once."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._taken: set[str] = set()

    def give(self, pattern: str) -> str:
        """A free number of one of PATTERNS."""
        while True:
            serial = self._draw(pattern)
            if serial not in self._taken:
                self._taken.add(serial)
                return serial

    def _draw(self, pattern: str) -> str:
        """A number of the pattern: "?" stands for a letter or digit, "#" for a digit, "@" for a letter."""
        shape = self._rng.choice(PATTERNS[pattern])
        kinds = {"?": ALNUM, "#": DIGITS, "@": LETTERS}
        return "".join(self._rng.choice(kinds.get(sign, sign)) for sign in shape)


def hardware_uuid(rng: random.Random, pattern: str, serial: str) -> str:
    """The BIOS UUID of a physical machine; Dell spells the service tag in it ("DELL" is 44454c4c)."""
    if pattern == "dell":
        code = [f"{ord(letter):02x}" for letter in serial]
        return (
            f"4c4c4544-00{code[1]}-{code[2]}{code[3]}-80{code[4]}-"
            f"{code[5]}c04f{code[6]}{code[0]}{rng.randint(0, 255):02x}"
        )
    return random_uuid(rng)


def random_uuid(rng: random.Random, prefix: str = "") -> str:
    """A random UUID (version 4 unless a prefix says otherwise)."""
    digits = prefix + text(rng, HEX, 32 - len(prefix))
    digits = f"{digits[:12]}4{digits[13:16]}{rng.choice('89ab')}{digits[17:]}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def vmware_serial(uuid: str) -> str:
    """The serial number VMware derives from a VM's BIOS UUID, canonical (upper case, no spaces)."""
    digits = uuid.replace("-", "").upper()
    return f"VMWARE-{digits[:16]}-{digits[16:]}"


class People:
    """The people of the company; a person belongs to one business unit.

    Arguments:
        rng: the stream that draws them.
        count: how many people per business unit.
    """

    def __init__(self, rng: random.Random, count: int) -> None:
        pairs = [(first, last) for first in catalogue.FIRST_NAMES for last in catalogue.LAST_NAMES]
        rng.shuffle(pairs)
        ascii_of = str.maketrans({"ü": "ue", "ä": "ae", "ö": "oe"})
        self._rng = rng
        self._units: dict[str, list[Person]] = {}
        for position, unit in enumerate(catalogue.UNITS):
            domain = ".".join(unit.domain.split(".")[-2:])
            mine = pairs[position :: len(catalogue.UNITS)][:count]
            self._units[unit.name] = [
                Person(
                    f"{first} {last}",
                    f"{first}.{last}@{domain}".lower().translate(ascii_of),
                )
                for first, last in mine
            ]

    def of(self, unit: Unit) -> Person:
        """Somebody of a business unit."""
        return self._rng.choice(self._units[unit.name])

    def other(self, unit: Unit, person: str) -> Person:
        """Somebody else of a business unit."""
        return self._rng.choice([one for one in self._units[unit.name] if one.name != person])
