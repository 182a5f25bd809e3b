"""Operating-system strings into vendor, product, version, edition and family.

Called by `normalise.py`. Driven by operating_systems.toml, which people extend; must never hold a
product name itself.
"""

import re
import tomllib
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from muniment.model.types import Attribute, Context, Normalised, Scalar

_NOISE = re.compile(r"\(r\)|\(tm\)|\(c\)|[®™©]|\(?\b(?:64|32)[ -]?bits?\b\)?|\bx(?:64|86)(?:[_-]64)?\b|\bamd64\b")
_NUMBER = re.compile(r"\d+(?:\.\d+)*(?:/\d+)*")
_SERVICE_PACK = re.compile(r"(?:service pack|\bsp) ?(\d)")
_BUILD = re.compile(r"\bbuild[ -]?(\d[\d.]*)|\b(2\dh[12]|(?:15|16|17|18|19|20)(?:03|07|09|11))\b")
_LATER = re.compile(r"\bor (?:later|newer|above)\b|\band later\b")
_NOTHING_SAID = re.compile(r"^other(?: guest)?(?: os)?$|^unknown(?: os)?$|^not? os\b")
_LONGEST = 300

CLIENTS = "Microsoft Windows ([0-9]|XP|Vista|Me).*|Apple (macOS|iOS).*|Google (Android|ChromeOS).*"
"""Values of `os` that run on what people sit at, as a regular expression of the whole value (RE2)."""


@dataclass(frozen=True, slots=True)
class Product:
    """One row of the table: how to know an operating system and read its version."""

    match: re.Pattern[str]
    name: str
    vendor: str
    family: str
    version: re.Pattern[str] | None
    parts: int
    editions: tuple[tuple[str, re.Pattern[str]], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """The products in the order they are tried, and the keywords that give away a family."""

    products: tuple[Product, ...]
    keywords: tuple[tuple[str, re.Pattern[str]], ...]


@cache
def table() -> Table:
    """Read operating_systems.toml."""
    text = Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
    read = tomllib.loads(text)
    editions = {
        name: tuple((edition, re.compile(pattern)) for edition, pattern in entries.items())
        for name, entries in read["editions"].items()
    }
    return Table(
        products=tuple(
            Product(
                match=re.compile(entry["match"]),
                name=entry["name"],
                vendor=entry["vendor"],
                family=entry["family"],
                version=re.compile(entry["version"]) if "version" in entry else None,
                parts=entry.get("parts", 1),
                editions=editions.get(entry.get("editions", ""), ()),
            )
            for entry in read["product"]
        ),
        keywords=tuple((name, re.compile(text)) for name, text in read["keywords"].items()),
    )


def _version(product: Product, text: str, found: re.Match[str]) -> str:
    """Give the version as written, "" for none; alternatives ("4/5/6/7") keep their slashes."""
    if product.version is None:
        number = _NUMBER.search(text, found.end())
        return number[0] if number else ""
    match = product.version.search(text, found.start())
    if match is None:
        return ""
    parts = [part for part in match.groups() if part]
    if parts and parts[0].startswith("2k"):
        parts[0] = f"20{int(parts[0][2:]):02}"
    if len(parts) == 2 and parts[1].isdigit() and "suse" in product.name.lower():  # noqa: PLR2004
        parts[1] = f"sp{parts[1]}"
    return " ".join(parts).upper().replace("SP ", "SP")


def _short(product: Product, version: str) -> str:
    """Give the part of the version that stands in `os`."""
    if product.family == "macos" and version.startswith("10."):
        return ".".join(version.split(".")[:2])
    if not product.parts:
        named = {"XP": "XP", "VISTA": "Vista", "ME": "Me"}
        return named.get(version, version)
    first = version.split(" ", maxsplit=1)[0].split("(", maxsplit=1)[0].split("-", maxsplit=1)[0]
    return ".".join(first.split(".")[: product.parts])


@lru_cache(maxsize=8192)
def read_os(text: str) -> Normalised:
    """Read one operating-system string.

    Args:
        text: cleaned cell, one line.

    Returns:
        the canonical name as value; os_family, os_vendor, os_version, os_edition and os_build as
        far as they are said, as derived values. A string no row of the table knows is kept as it
        is, with its family when a keyword gives it away.
    """
    if len(text) > _LONGEST:
        return Normalised(problem=f"{len(text)} characters are no operating system: map the column")
    lowered = " ".join(_NOISE.sub(" ", text.lower()).split())
    if _NOTHING_SAID.match(lowered):
        return Normalised(note=f"placeholder {text!r} says nothing")
    for product in table().products:
        found = product.match.search(lowered)
        if found:
            return _reading(product, lowered, found)
    for family, keyword in table().keywords:
        if keyword.search(lowered):
            return Normalised((text,), {"os_family": (family,)}, "not in the table of operating systems")
    return Normalised((text,), note="not in the table of operating systems")


def _reading(product: Product, text: str, found: re.Match[str]) -> Normalised:
    version, note = _version(product, text, found), None
    if "/" in version:
        version, note = "", "names several versions; none is taken"
    elif _LATER.search(text):
        note = "says 'or later': the version is a lower bound"
    derived: dict[str, tuple[Scalar, ...]] = {"os_family": (product.family,)}
    if product.vendor:
        derived["os_vendor"] = (product.vendor,)
    if version:
        derived["os_version"] = (_short(product, version) if not product.parts else version,)
    for edition, pattern in product.editions:
        if pattern.search(text):
            derived["os_edition"] = (edition,)
            break
    if product.family in {"windows", "esxi"}:
        build = _BUILD.search(text, found.end())
        pack = _SERVICE_PACK.search(text)
        if build:
            derived["os_build"] = ((build[1] or build[2]).upper(),)
        elif pack:
            derived["os_build"] = (f"SP{pack[1]}",)
    value = " ".join(part for part in (product.name, _short(product, version)) if part)
    return Normalised((value,), derived, note)


def os_cell(_attribute: Attribute, text: str, _context: Context) -> Normalised:
    """Read a cell of `os`."""
    return read_os(text)


def os_version_cell(_attribute: Attribute, text: str, _context: Context) -> Normalised:
    """Read a cell of `os_version`, which often holds the whole operating system."""
    if len(text) > _LONGEST:
        return Normalised(problem=f"{len(text)} characters are no version: map the column")
    if not any(letter.isalpha() for letter in text):
        return Normalised((text,))
    whole = read_os(text)
    if "os_version" not in whole.derived:
        return Normalised((text,))
    derived = {name: value for name, value in whole.derived.items() if name != "os_version"}
    return Normalised(whole.derived["os_version"], {"os": whole.values, **derived}, whole.note)
