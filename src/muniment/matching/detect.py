"""What one value looks like: a table of detectors, and which kinds of target each one speaks for.

`profile` runs the detectors over samples, `columns` reads the shares. Every detector is an RE2 pattern, so
hostile cells cost linear time; none of them normalises or judges a value, that is the model's work.
"""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

_OCTET = r"(25[0-5]|2[0-4]\d|1?\d?\d)"
_IPV4 = rf"({_OCTET}\.){{3}}{_OCTET}"
_LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?"
_DAY = r"(0?[1-9]|[12]\d|3[01])"
_MONTH = r"(0?[1-9]|1[0-2])"
_MONTH_NAME = r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?"
_DATE = (
    rf"((19|20)\d\d[-/.]{_MONTH}[-/.]{_DAY}|{_DAY}[/.-]{_MONTH}[/.-]((19|20)?\d\d)"
    rf"|{_MONTH}[/-]{_DAY}[/-]((19|20)?\d\d)|{_DAY}[- ]{_MONTH_NAME},?[- ](19|20)?\d\d"
    rf"|{_MONTH_NAME} {_DAY},? (19|20)\d\d)"
)
_CLOCK = r"([01]?\d|2[0-4]):[0-5]\d(:[0-5]\d([.,]\d+)?)?( ?[ap]m)?( ?(z|utc|gmt|[+-]\d\d:?\d\d))?"
_NUMBER = r"[+-]?((\d{1,3}([,' ]\d{3})+|\d+)([.,]\d+)?(e[+-]?\d+)?|\d{1,3}(\.\d{3})+(,\d+)?)"
_SYSTEMS = (
    r"windows|linux|red ?hat|rhel|ubuntu|debian|centos|suse|sles|esxi?|solaris|sunos|aix|mac ?os|os ?x"
    r"|darwin|freebsd|openbsd|netbsd|hp-?ux|fedora|rocky|almalinux|photon|ios[ -]xe|nx-?os|junos|fortios"
    r"|pan-?os|ontap|vmkernel|android|z/os|os/400"
)

DETECTORS: Mapping[str, str] = MappingProxyType(
    {
        "ip": _IPV4,
        "ipv6": r"\[?([0-9a-f]{0,4}:){2,7}([0-9a-f]{0,4}|" + _IPV4 + r")(%\w+)?\]?",
        "cidr": rf"({_IPV4}|[0-9a-f:]*::?[0-9a-f:]*)/\d{{1,3}}",
        "mac": r"([0-9a-f]{2}[:-]){5}[0-9a-f]{2}|([0-9a-f]{4}\.){2}[0-9a-f]{4}"
        r"|[0-9a-f]{0,11}[a-f][0-9a-f]{0,11}",
        "fqdn": rf"({_LABEL}\.)+[a-z][a-z0-9-]{{1,61}}\.?",
        "hostname": r"[a-z0-9_-]*([a-z][a-z_-]*[0-9-]|[0-9][0-9_-]*[a-z])[a-z0-9_-]*\$?",
        "label": r"[a-z0-9_.-]*[a-z][a-z0-9_.-]*",
        "uuid": r"\{?[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}\}?"
        r"|([0-9a-f]{2}[ -]){7}[0-9a-f]{2}[ -]{1,3}([0-9a-f]{2} ){7}[0-9a-f]{2}",
        "serial": r"(vmware-)?([0-9a-f]{2}[ -]){15}[0-9a-f]{2}"
        r"|[a-z0-9-]*([a-z]-?[0-9]|[0-9]-?[a-z])[a-z0-9-]*",
        "os": rf".*\b({_SYSTEMS})\b.*",
        "size": r"[\d.,]+ ?([kmgtp]i?b|bytes)",
        "integer": r"[+-]?(\d{1,3}([,' ]\d{3})+|\d+)(\.0+)?",
        "number": _NUMBER,
        "percent": r"(100|\d{1,2})([.,]\d+)? ?%?",
        "money": rf"(\p{{Sc}}|usd|eur|gbp|chf) ?{_NUMBER}|{_NUMBER} ?(\p{{Sc}}|usd|eur|gbp|chf)",
        "boolean": r"true|false|yes|no|y|n|t|f|on|off|enabled|disabled|x|ja|nein|oui|non|si|sí",
        "bit": r"[01](\.0+)?",
        "date": _DATE,
        "datetime": rf"{_DATE}[t, ]+{_CLOCK}",
        "email": r"([^<>@]*<)?[\w.!#$%&'*+/=?^`{|}~-]+@([\w-]+\.)+[\w-]{2,}>?",
        "url": r"[a-z][a-z0-9+.-]{1,20}://\S+|www\.\S+\.\S+",
        "path": r"[a-z]:\\.*|\\\\?[^\\]+\\.*|/([^/\s]+(/.*)?)?|\[[^\]]+\] .+",
        "version": r"v?\d+(\.\d+){1,4}([-+ ._]?[a-z0-9+._-]+)?",
        "digit": r".*\d.*",
        "code": r"[a-z]{1,8}[-_]?\d{1,12}([-_][a-z0-9]+)*|\d+-\d+",
        "person": r"\p{Lu}[\p{L}'.-]*(,? \p{Lu}[\p{L}'.-]*){1,3}",
        "pairs": r"[\w .:/-]+[=:][^;,=]*([;,] ?[\w .:/-]+[=:][^;,=]*)*;?",
        "words": r"\S+(\s+\S+){3,}",
    }
)
"""Detector -> RE2 pattern for a whole trimmed value; letter case counts only for `person`."""

_LENGTHS: Mapping[str, tuple[int, int]] = MappingProxyType(
    {"mac": (12, 17), "serial": (4, 60), "hostname": (2, 63), "fqdn": (4, 253), "ipv6": (3, 60)}
)
_NOT: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "ipv6": ("mac", "clock"),
        "mac": ("long hex",),
        "fqdn": ("version",),
        "hostname": ("version", "date", "uuid"),
        "serial": ("date",),
        "os": ("path", "url", "email"),
        "path": ("date",),
    }
)
_GUARDS: Mapping[str, str] = MappingProxyType({"clock": _CLOCK, "long hex": r"[0-9a-f]{13,}"})


def recognise(values: pa.Array) -> dict[str, npt.NDArray[np.bool_]]:
    """Tell for each value which detectors recognise it.

    Args:
        values: trimmed text without nulls, n values.

    Returns:
        Per detector a boolean vector of length n.
    """
    lengths = pc.utf8_length(values).to_numpy(zero_copy_only=False)
    raw = {name: _matches(values, pattern) for name, pattern in _GUARDS.items()}
    for name, pattern in DETECTORS.items():
        raw[name] = _matches(values, pattern, fold=name != "person")
    found = {}
    for name in DETECTORS:
        hits = raw[name]
        if name in _LENGTHS:
            low, high = _LENGTHS[name]
            hits = hits & (lengths >= low) & (lengths <= high)
        for other in _NOT.get(name, ()):
            hits = hits & ~raw[other]
        found[name] = hits
    return found


def _matches(values: pa.Array, pattern: str, *, fold: bool = True) -> npt.NDArray[np.bool_]:
    flags = "(?is)" if fold else "(?s)"
    hits = pc.match_substring_regex(values, f"{flags}^({pattern})$")
    result: npt.NDArray[np.bool_] = hits.to_numpy(zero_copy_only=False)
    return result


SUPPORT: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "ip": {"ip": 1.0, "ipv6": 1.0, "cidr": 0.8},
        "mac": {"mac": 1.0},
        "fqdn": {"fqdn": 1.0, "hostname": 0.4, "label": 0.3},
        "hostname": {"hostname": 1.0, "fqdn": 0.8, "label": 0.7, "ip": 0.3},
        "uuid": {"uuid": 1.0},
        "serial": {"serial": 1.0, "code": 0.9, "integer": 0.7, "uuid": 0.5, "label": 0.5},
        "os": {"os": 1.0},
        "size": {"size": 1.0, "number": 1.0},
        "integer": {"integer": 1.0},
        "number": {"number": 1.0},
        "percent": {"percent": 1.0},
        "money": {"money": 1.0, "number": 1.0},
        "boolean": {"boolean": 1.0, "bit": 0.9},
        "date": {"date": 1.0, "datetime": 1.0},
        "datetime": {"datetime": 1.0, "date": 0.9},
        "email": {"email": 1.0},
        "url": {"url": 1.0, "fqdn": 0.6},
        "version": {"version": 1.0, "digit": 1.0},
    }
)
"""Kind of target -> detector -> how far its share speaks for the kind (1: exactly what is expected).

"version" is no kind of the model: it is what is expected of a text target that is named a version.
"""

TELLING = frozenset({"ip", "mac", "fqdn", "uuid", "os", "email", "url"})
"""Kinds whose values can hardly be anything else, so that values alone say much."""

NOT_TEXT: Mapping[str, float] = MappingProxyType(
    {
        "ip": 1.0,
        "ipv6": 1.0,
        "mac": 1.0,
        "uuid": 1.0,
        "email": 0.7,
        "url": 0.8,
        "date": 1.0,
        "datetime": 1.0,
        "boolean": 0.9,
        "size": 0.8,
        "money": 0.8,
        "number": 0.5,
    }
)
"""Detector -> how far its share speaks against a target of free text (names can be numbers; never IPs)."""

SAID: Mapping[str, str] = MappingProxyType(
    {
        "ip": "IP addresses",
        "mac": "MAC addresses",
        "fqdn": "FQDNs",
        "hostname": "host names",
        "uuid": "UUIDs",
        "serial": "serial numbers or codes",
        "os": "operating systems",
        "size": "sizes",
        "integer": "whole numbers",
        "number": "numbers",
        "percent": "numbers from 0 to 100",
        "money": "amounts",
        "boolean": "yes or no",
        "date": "dates",
        "datetime": "points in time",
        "email": "email addresses",
        "url": "URLs",
        "version": "versions",
    }
)
"""Kind of target -> what its values are called in a reason."""


def agreement(kinds: Mapping[str, float], kind: str) -> float:
    """Say how far values agree with a kind of target: 0 (not at all) to 1 (all of them).

    Supporting detectors overlap, so the best of them counts, not their sum; text agrees by not being
    anything telling. The kind "enum" is judged by its values, not here, and counts as text.
    """
    if kind in SUPPORT:
        return max((share * kinds.get(name, 0.0) for name, share in SUPPORT[kind].items()), default=0.0)
    return 1.0 - max((against * kinds.get(name, 0.0) for name, against in NOT_TEXT.items()), default=0.0)
