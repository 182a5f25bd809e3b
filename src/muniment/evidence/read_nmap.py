"""Turns a host of an nmap scan into the columns of one record: addresses, names, system, open ports.

Called by `read_xml` for documents of nmap. What is guessed by nmap keeps its accuracy beside it; a
host that did not answer is no record.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from muniment.evidence.flatten import Json

ROOT: Final = "nmaprun"
_HARDWARE: Final = "mac"


def host(element: dict[str, Json]) -> dict[str, Json] | None:
    """Lay a `host` element out; None if it is down or nothing is known but that it was asked.

    Args:
        element: The element with its attributes and children (nmap.dtd 1.05).
    """
    status = _first(element, "status")
    if _text(status, "state") == "down":
        return None
    addresses = _all(element, "address")
    hardware = [one for one in addresses if _text(one, "addrtype") == _HARDWARE]
    names = _all(_first(element, "hostnames"), "hostname")
    system = _first(element, "os")
    match = max(_all(system, "osmatch"), key=_accuracy, default={})
    kind = max([*_all(match, "osclass"), *_all(system, "osclass")], key=_accuracy, default={})
    ports = [port for port in _all(_first(element, "ports"), "port") if _text(_first(port, "state"), "state") == "open"]
    ended = _moment(_text(element, "endtime") or _text(element, "starttime"))
    record: dict[str, Json] = {
        "ip addresses": [_text(one, "addr") for one in addresses if _text(one, "addrtype") != _HARDWARE],
        "mac addresses": [_text(one, "addr") for one in hardware],
        "mac vendor": next((_text(one, "vendor") for one in hardware if _text(one, "vendor")), None),
        "hostnames": list(dict.fromkeys(_text(one, "name") for one in names if _text(one, "name"))),
        "scan status": _text(status, "state"),
        "os": _text(match, "name") or None,
        "os accuracy": _text(match, "accuracy") or None,
        "os vendor": _text(kind, "vendor") or None,
        "os family": _text(kind, "osfamily") or None,
        "os generation": _text(kind, "osgen") or None,
        "device type": _text(kind, "type") or None,
        "open ports": [f"{_text(port, 'portid')}/{_text(port, 'protocol')}" for port in ports],
        "listening": [_service(port) for port in ports],
        "distance": _text(_first(element, "distance"), "value") or None,
        "last boot": _boot(_text(_first(element, "uptime"), "seconds"), ended),
        "last seen": ended.isoformat() if ended else None,
    }
    return {name: value for name, value in record.items() if value not in (None, "", [])}


def _service(port: dict[str, Json]) -> str:
    """Say what answers on a port: "22/tcp ssh OpenSSH 4.3"."""
    service = _first(port, "service")
    words = [f"{_text(port, 'portid')}/{_text(port, 'protocol')}"]
    words += [_text(service, name) for name in ("name", "product", "version")]
    return " ".join(word for word in words if word)


def _all(element: dict[str, Json], name: str) -> list[dict[str, Json]]:
    found = element.get(name)
    listed: Iterable[Json] = found if isinstance(found, list) else [found]
    return [one for one in listed if isinstance(one, dict)]


def _first(element: dict[str, Json], name: str) -> dict[str, Json]:
    return next(iter(_all(element, name)), {})


def _text(element: dict[str, Json], name: str) -> str:
    value = element.get(name)
    return value.strip() if isinstance(value, str) else ""


def _accuracy(element: dict[str, Json]) -> int:
    text = _text(element, "accuracy")
    return int(text) if text.isdecimal() and len(text) <= len("100") else 0


def _moment(seconds: str) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _boot(uptime: str, ended: datetime | None) -> str | None:
    """Give the last start: what nmap writes as text is in a time zone that it does not name."""
    try:
        return (ended - timedelta(seconds=int(uptime))).isoformat() if ended else None
    except (ValueError, OverflowError):
        return None
