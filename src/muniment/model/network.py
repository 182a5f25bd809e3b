"""Host names, domain names, IP and MAC addresses.

Called by `normalise.py` with one cleaned item at a time. Must never look anything up on a network.
"""

import re
from ipaddress import IPv6Address, ip_network

from muniment.model import placeholders
from muniment.model.types import Attribute, Context, Normalised, Scalar

_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_PORT = re.compile(r":\d{1,5}$")
_LONGEST_NAME = 253
_LONGEST_LABEL = 63
_LONGEST_ADDRESS = 100
_OCTETS = 4
_OCTET = 255
_FIRST_MULTICAST = 224
_LINK_LOCAL = (169, 254)
_NO_DOMAIN = "localdomain"

_MAC = re.compile(r"[0-9a-f]{2}(?::[0-9a-f]{2}){5}")
_MAC_PARTS = re.compile(r"[0-9a-f]{1,2}(?:[:-][0-9a-f]{1,2}){5}")
_MAC_SEPARATORS = re.compile(r"[-:. ]")
_HEX12 = re.compile(r"[0-9a-f]{12}")
_IN_BRACKETS = re.compile(r"\s*\([^()]*\)$")
_SCIENTIFIC = re.compile(r"\d(?:[.,]\d+)?e\+?\d{1,3}", re.IGNORECASE)


def _is_label(label: str) -> bool:
    if _LABEL.fullmatch(label):
        return True
    if not label or label.isascii() or len(label) > _LONGEST_LABEL:
        return False
    return label[0] != "-" != label[-1] and all(sign.isalnum() or sign in "-_" for sign in label)


def _no_name(text: str) -> Normalised:
    return Normalised(
        derived={"aliases": (text,)} if len(text) <= _LONGEST_NAME else {},
        problem=f"{text[:80]!r} is no host name: map the column to name or aliases",
    )


def _names(text: str) -> tuple[str, str] | None:
    """Split a machine's name into (short name, full name or ""), None when it is no name."""
    name = text.rpartition("\\")[2].rstrip(".").removesuffix("$").lower()
    if ":" in name:
        name = _PORT.sub("", name)
    if len(name) > _LONGEST_NAME:
        return None
    labels = name.split(".")
    if not all(map(_is_label, labels)):
        return None
    if len(labels) > 1 and labels[-1].isdigit():
        return None
    return labels[0], name if len(labels) > 1 else ""


def _address_instead(text: str) -> Normalised | None:
    if not (text[0].isdigit() or ":" in text):
        return None
    address, _, _ = read_ip(text)
    if address is None:
        return None
    return Normalised(derived={"ip_address": (address,)}, note="an address, not a name")


def hostname(_attribute: Attribute, text: str, _context: Context) -> Normalised:
    """Read a host name; a full name also gives `fqdn`, an address `ip_address`."""
    names = _names(text)
    if names is None:
        return _address_instead(text) or _no_name(text)
    short, full = names
    if short in placeholders.HOSTS:
        return Normalised(note=f"placeholder {text!r} says nothing")
    if not full:
        return Normalised((short,))
    if full.partition(".")[2] == _NO_DOMAIN:
        return Normalised((short,), note="the domain is a placeholder")
    return Normalised((short,), {"fqdn": (full,)})


def fqdn(_attribute: Attribute, text: str, _context: Context) -> Normalised:
    """Read a full name, which gives `hostname` too; a short one gives `hostname` only."""
    names = _names(text)
    if names is None:
        return _address_instead(text) or _no_name(text)
    short, full = names
    if short in placeholders.HOSTS:
        return Normalised(note=f"placeholder {text!r} says nothing")
    derived: dict[str, tuple[Scalar, ...]] = {"hostname": (short,)}
    if not full:
        return Normalised(derived=derived, note="a short name without a domain")
    if full.partition(".")[2] == _NO_DOMAIN:
        return Normalised(derived=derived, note="the domain is a placeholder")
    return Normalised((full,), derived)


def _ipv4(text: str) -> tuple[int, ...] | str | None:
    """Give the octets, a problem, or None when the text has not the shape of an IPv4 address."""
    parts = text.split(".")
    if len(parts) != _OCTETS:
        return None
    octets = []
    for part in parts:
        if not (part.isascii() and part.isdigit() and len(part) <= _OCTETS - 1):
            return None
        if part[0] == "0" and len(part) > 1:
            return f"{text!r} has octets with leading zeros, which some programs read as octal: write them without"
        octets.append(int(part))
    if max(octets) > _OCTET:
        return f"{text!r} has an octet above 255: correct it in the source"
    return tuple(octets)


def _judge_ipv4(octets: tuple[int, ...]) -> str | None:
    """Give the reason why an address says nothing about a machine, None when it does."""
    first = octets[0]
    if first in {0, 127}:
        return "the unspecified or loopback address"
    if first >= _FIRST_MULTICAST:
        return "a netmask, broadcast or multicast address"
    if octets[:2] == _LINK_LOCAL:
        return "a link-local address: the machine got none"
    return None


def _judge_ipv6(address: IPv6Address) -> str | None:
    if address.is_unspecified or address.is_loopback:
        return "the unspecified or loopback address"
    if address.is_multicast:
        return "a multicast address"
    if address.is_link_local:
        return "a link-local address: known on its own wire only"
    return None


def _bare_address(text: str) -> str:
    """Strip brackets, port and zone from an address."""
    text = text.partition("%")[0]
    if text.startswith("["):
        return text[1:].partition("]")[0]
    if text.count(":") == 1 and "." in text:
        return text.partition(":")[0]
    return text


def read_ip(text: str) -> tuple[str | None, str | None, str | None]:
    """Read one address.

    Returns:
        (compressed text or None, the reason why a valid address says nothing, the problem).
    """
    if len(text) > _LONGEST_ADDRESS:
        return None, None, f"{text[:40]!r}... is no IP address: map the column to something else"
    bare = _bare_address(text.partition("/")[0])
    if ":" not in bare:
        octets = _ipv4(bare)
        if isinstance(octets, tuple):
            reason = _judge_ipv4(octets)
            return (None, reason, None) if reason else (bare, None, None)
        return (
            None,
            None,
            octets or f"{text!r} is no IP address: correct it, or map the column to something else",
        )
    try:
        address = IPv6Address(bare)
    except ValueError:
        return (
            None,
            None,
            f"{text!r} is no IP address: correct it, or map the column to something else",
        )
    if address.ipv4_mapped:
        return read_ip(str(address.ipv4_mapped))
    reason = _judge_ipv6(address)
    return (None, reason, None) if reason else (address.compressed, None, None)


def ip(attribute: Attribute, text: str, _context: Context) -> Normalised:
    """Read an address with or without prefix length, port and zone; a prefix gives `subnet`."""
    address, reason, problem = read_ip(text)
    if address is None:
        note = f"placeholder {text!r}: {reason}" if reason else None
        return Normalised(note=note, problem=problem)
    prefix = text.partition("/")[2]
    if not prefix or attribute.name != "ip_address":
        return Normalised((address,))
    try:
        network = ip_network(f"{address}/{prefix.partition('%')[0]}", strict=False)
    except ValueError:
        return Normalised((address,), note=f"the prefix {prefix!r} was left out")
    if network.num_addresses == 1:
        return Normalised((address,))
    return Normalised((address,), {"subnet": (str(network),)})


def mac(_attribute: Attribute, text: str, _context: Context) -> Normalised:
    """Read a MAC address in any of the usual notations."""
    lowered = text.lower()
    if not _MAC.fullmatch(lowered):
        if len(lowered) > _LONGEST_ADDRESS:
            return Normalised(problem=f"{text[:40]!r}... is no MAC address: map the column again")
        lowered = _IN_BRACKETS.sub("", lowered).removeprefix("0x")
        if _MAC_PARTS.fullmatch(lowered):
            lowered = "".join(part.zfill(2) for part in re.split("[:-]", lowered))
        digits = _MAC_SEPARATORS.sub("", lowered)
        if not _HEX12.fullmatch(digits):
            return Normalised(problem=_mac_problem(text))
        lowered = ":".join(digits[at : at + 2] for at in range(0, 12, 2))
    if lowered in placeholders.MACS or len(set(lowered)) == 2:  # noqa: PLR2004 (one digit and ":")
        return Normalised(note=f"placeholder {text!r} says nothing")
    if int(lowered[1], 16) & 1:
        return Normalised(note=f"{text!r} is a group address, not an interface's")
    return Normalised((lowered,))


def _mac_problem(text: str) -> str:
    if _SCIENTIFIC.fullmatch(text):
        return f"{text!r} was rounded by a spreadsheet: format the column as text and export again"
    return f"{text!r} is no MAC address: it has to be 12 hexadecimal digits"
