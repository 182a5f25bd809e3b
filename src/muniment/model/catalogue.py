"""The attributes and asset types of the model, read from the two TOML files beside this module.

Called by every folder above, and by `render.py`. Read once per process (a few milliseconds); must
never need more than the standard library, because reading commands start with it.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from muniment.base.errors import Rejected
from muniment.model.types import AssetType, Attribute, fold

_UNIT_AT_END = re.compile(r" \[([^\]]+)\]$")
_LONGEST_PHRASE = 6
_WORDS_READ = 16
_PUNCTUATION = re.compile(r"[^\w/.:]+")


def _listed(text: str) -> list[str]:
    return [item for part in text.split("\n") for raw in part.split(" | ") if (item := raw.strip())]


def _file(name: str) -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name(name).read_text(encoding="utf-8"))


def _attribute(group: str, name: str, entry: Mapping[str, Any]) -> Attribute:
    synonyms, units = [], {}
    for synonym in _listed(entry.get("synonyms", "")):
        unit = _UNIT_AT_END.search(synonym)
        text = synonym[: unit.start()] if unit else synonym
        synonyms.append(text)
        if unit:
            units[fold(text)] = unit[1]
    multi = entry.get("multi", False)
    values = entry.get("values", {})
    return Attribute(
        name=name,
        label=entry["label"],
        group=group,
        description=entry["description"],
        type=entry.get("type", "text"),
        unit=entry.get("unit"),
        multi=multi,
        role=entry.get("role", "none"),
        severity=entry.get("severity", "medium"),
        pii=entry.get("pii", "none"),
        policy=entry.get("policy", "union" if multi else "confidence"),
        values=tuple(values),
        spellings=MappingProxyType(spellings(values)),
        synonyms=tuple(dict.fromkeys(synonyms)),
        synonym_units=MappingProxyType(units),
        wider=entry.get("wider", ""),
    )


def spellings(values: Mapping[str, str]) -> dict[str, str]:
    """Turn an enum's `{canonical: "spelling | spelling"}` into `{folded spelling: canonical}`."""
    found = {fold(value): value for value in values}
    for value, text in values.items():
        for spelling in _listed(text):
            found.setdefault(fold(spelling), value)
    return found


@cache
def attributes() -> Mapping[str, Attribute]:
    """Give all canonical attributes by name, in the order of their groups."""
    found = {
        name: _attribute(group, name, entry)
        for group, entries in _file("attributes.toml").items()
        for name, entry in entries.items()
    }
    types = {phrase: pair[0] for phrase, pair in _type_spellings().items()}
    found["asset_type"] = replace(found["asset_type"], values=tuple(asset_types()), spellings=MappingProxyType(types))
    return MappingProxyType(found)


def attribute(name: str) -> Attribute:
    """Give one canonical attribute.

    Raises:
        Rejected: the model has no attribute of that name.
    """
    found = attributes().get(name)
    if found is None:
        raise Rejected(f"the model has no attribute {name!r}: `muniment model` lists them")
    return found


@cache
def _types_file() -> Mapping[str, Mapping[str, Any]]:
    return _file("asset_types.toml")


@cache
def asset_types() -> Mapping[str, AssetType]:
    """Give all asset types by name."""
    return MappingProxyType(
        {
            name: AssetType(
                name=name,
                label=entry["label"],
                description=entry["description"],
                family=entry["family"],
                subtypes=tuple(entry["subtypes"]),
                synonyms=tuple(_listed(entry["synonyms"])),
            )
            for name, entry in _types_file().items()
        }
    )


def _phrases(name: str, text: str) -> Iterable[str]:
    for spelling in (name, *_listed(text)):
        phrase = _phrase(spelling)
        yield phrase
        yield f"{phrase}s"
        yield f"{phrase}es"


def _phrase(text: str) -> str:
    return " ".join(_PUNCTUATION.sub(" ", fold(text)).split())


@cache
def _type_spellings() -> Mapping[str, tuple[str, str | None]]:
    found: dict[str, tuple[str, str | None]] = {}
    for name, entry in _types_file().items():
        for phrase in _phrases(name, entry["synonyms"]):
            found.setdefault(phrase, (name, None))
    for name, entry in _types_file().items():
        for subtype, text in entry["subtypes"].items():
            for phrase in _phrases(subtype, text):
                found.setdefault(phrase, (name, subtype))
    return found


@lru_cache(maxsize=8192)
def _type_of_phrase(phrase: str) -> tuple[str, str | None] | None:
    table = _type_spellings()
    words = phrase.split()[:_WORDS_READ]
    # the head of a noun phrase stands last ("server rack" is a rack); the longest phrase says most
    for end in range(len(words), 0, -1):
        for start in range(max(0, end - _LONGEST_PHRASE), end):
            found = table.get(" ".join(words[start:end]))
            if found is not None:
                return found
    return None


def asset_type_of(raw: str) -> tuple[str, str | None] | None:
    """Read the asset type and subtype off a cell such as "cmdb_ci_win_server" or "Laptop".

    Args:
        raw: the cell, or any text that names a kind of thing.

    Returns:
        (type, subtype or None), or None when the text names no known kind.
    """
    return _type_of_phrase(_phrase(raw[:200]))


def family(asset_type: str) -> str:
    """Give the family of an asset type; assets of different families are never the same thing.

    Raises:
        Rejected: there is no such asset type.
    """
    found = asset_types().get(asset_type)
    if found is None:
        raise Rejected(f"there is no asset type {asset_type!r}: it is one of {', '.join(asset_types())}")
    return found.family
