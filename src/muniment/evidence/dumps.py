"""Reads the dump of a database, a list of objects of many types that refer to each other, as records of things.

Called by `read_json`. References are resolved to the names of what they point to; objects that are parts of a
thing become lists in it. What belongs to nothing (users, sessions, logs) is left out and counted, never stored.
"""

from __future__ import annotations

import functools
import tomllib
from collections import Counter
from dataclasses import dataclass, field
from importlib import resources
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from muniment.evidence.flatten import Json

_TYPE, _ID, _BODY = "model", "pk", "fields"
_LABELS: Final = ("name", "model", "label", "display", "address", "title", "prefix", "cid", "vid", "slug")
"""Members that name an object, best first."""
_HOUSEKEEPING: Final = ("created", "last_updated")
"""Members of a part that tell of its entry, not of the thing."""
_DEPTH: Final = 3
"""How deep parts of parts are laid into a thing: device, interface, address."""

_Key: TypeAlias = tuple[str, str]
"""Type and id of an object."""


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What is known of types, see dumps.toml."""

    records: frozenset[str]
    parts: Mapping[str, str]
    references: Mapping[str, str]


@functools.cache
def knowledge() -> Knowledge:
    """The table of types that ships with the program."""
    text = resources.files("muniment.evidence").joinpath("dumps.toml").read_text(encoding="utf-8")
    body = tomllib.loads(text)
    return Knowledge(frozenset(body["records"].split()), body["parts"], body["references"])


def is_dump(elements: list[Json]) -> bool:
    """Tell a list of objects that each say their type ("app.type"), id and values, as Django's dumpdata writes."""
    objects = [element for element in elements if isinstance(element, dict)]
    if not objects or len(objects) < len(elements):
        return False
    return all(
        {_TYPE, _BODY} <= element.keys() <= {_TYPE, _ID, _BODY}
        and isinstance(element[_BODY], dict)
        and "." in str(element[_TYPE])
        for element in objects
    )


def things(elements: list[Json]) -> tuple[dict[str, list[Json]], dict[str, int]]:
    """Give the things of a dump by type, in their order, and how many objects of which types were left out.

    Objects that are part of a thing or only named by one (a maker, a site) are not left out.
    """
    dump = _Dump()
    for element in elements:
        if isinstance(element, dict) and isinstance(body := element[_BODY], dict):
            dump.add(str(element[_TYPE]), str(element.get(_ID, "")), body)
    dump.find_parts()
    known = knowledge().records
    found: dict[str, list[Json]] = {}
    for (kind, number), body in dump.objects.items():
        if _short(kind) in known:
            found.setdefault(kind, []).append({_ID: number, **dump.laid_out(kind, number, body, _DEPTH)})
    left = Counter(kind for kind, _ in dump.objects if _short(kind) not in known and kind not in dump.used)
    return found, dict(left)


def _short(kind: str) -> str:
    return kind.rpartition(".")[2].replace("_", "").lower()


@dataclass(slots=True)
class _Dump:
    """The objects of a dump, and which are parts of which."""

    objects: dict[_Key, dict[str, Json]] = field(default_factory=dict)
    kinds: dict[str, list[str]] = field(default_factory=dict)
    parts: dict[_Key, dict[str, list[_Key]]] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    _targets: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)

    def add(self, kind: str, number: str, body: dict[str, Json]) -> None:
        """Take an object in."""
        self.objects[kind, number or f"#{len(self.objects)}"] = body
        known = self.kinds.setdefault(_short(kind), [])
        if kind not in known:
            known.append(kind)

    def find_parts(self) -> None:
        """Note for every part the thing, or the part of one, that it refers to."""
        for key, body in self.objects.items():
            name = self._part_name(key[0])
            if name is None:
                continue
            for _, target in self._references(key[0], body):
                if target[0] != key[0] and (_short(target[0]) in knowledge().records or self._part_name(target[0])):
                    self.parts.setdefault(target, {}).setdefault(name, []).append(key)
                    self.used.add(key[0])

    def laid_out(self, kind: str, number: str, body: dict[str, Json], depth: int) -> dict[str, Json]:
        """One object with the names of what it refers to, and its parts."""
        given: dict[str, Json] = {name: value for name, value in body.items() if not name.startswith("_")}
        for name, target in self._references(kind, body):
            self.used.add(target[0])
            given[name] = self._label(target)
            for inner, further in self._references(target[0], self.objects[target]):
                self.used.add(further[0])
                given[f"{name}.{inner}"] = self._label(further)
        for name, value in body.items():
            if isinstance(value, list) and value:
                given[name] = [self._label(target) for target in self._listed(kind, name, value)] or value
        if depth:
            for name, keys in self.parts.get((kind, number), {}).items():
                rows = [self._part(key, (kind, number), depth - 1) for key in keys]
                given[name] = [row["tag"] for row in rows if "tag" in row] if name == "tags" else list(rows)
        return given

    def _part(self, key: _Key, whole: _Key, depth: int) -> dict[str, Json]:
        """A part as it stands in its whole: what it says itself, without the way back."""
        back = {name for name, target in self._references(key[0], self.objects[key]) if target == whole}
        row = self.laid_out(*key, self.objects[key], depth)
        return {
            name: value
            for name, value in row.items()
            if value not in (None, "", [], {})
            and not back & {name, name.partition(".")[0]}
            and name not in _HOUSEKEEPING
        }

    def _part_name(self, kind: str) -> str | None:
        short = _short(kind)
        return next((name for ending, name in knowledge().parts.items() if short.endswith(ending)), None)

    def _references(self, kind: str, body: dict[str, Json]) -> Iterator[tuple[str, _Key]]:
        """The single references of an object: by a field of the target's name, or a pair of type and id."""
        for name, value in body.items():
            number = "object_id" if name == "content_type" else f"{name.removesuffix('_type')}_id"
            if name.endswith("_type") and number in body:
                target = self._typed(value, body[number])
                if target is not None:
                    yield name.removesuffix("_type"), target
            elif isinstance(value, str) and value:
                for target_kind in self._candidates(kind, name):
                    if (target_kind, value) in self.objects:
                        yield name, (target_kind, value)
                        break

    def _typed(self, value: Json, number: Json) -> _Key | None:
        """What {"x_type": ["app", "type"], "x_id": 7} refers to."""
        kind = ".".join(str(part) for part in value) if isinstance(value, list) else str(value)
        return (kind, str(number)) if (kind, str(number)) in self.objects else None

    def _listed(self, kind: str, name: str, value: list[Json]) -> list[_Key]:
        """The targets of a list of ids; none unless all are there."""
        for target in self._candidates(kind, name.removesuffix("s")):
            keys = [(target, str(one)) for one in value if isinstance(one, str)]
            if len(keys) == len(value) and all(key in self.objects for key in keys):
                self.used.add(target)
                return keys
        return []

    def _candidates(self, kind: str, name: str) -> tuple[str, ...]:
        """Types that a field may refer to, the likeliest first.

        "type" of a cluster is a clustertype, "device_type" a devicetype, "untagged_vlan" a vlan, "parent" a
        thing of its own type; types of the same application go first.
        """
        known = self._targets.get((kind, name))
        if known is None:
            short, field_name = _short(kind), name.replace("_", "").lower()
            told = knowledge().references
            words = [
                told.get(f"{short}.{name}") or told.get(name) or "",
                f"{short}{field_name}",
                field_name,
                name.rpartition("_")[2].lower(),
                short if name in {"parent", "lag", "bridge"} else "",
            ]
            app = kind.rpartition(".")[0]
            found = [one for word in words for one in sorted(self.kinds.get(word, ()), key=lambda k: (app not in k, k))]
            known = self._targets[kind, name] = tuple(dict.fromkeys(found))
        return known

    def _label(self, key: _Key) -> Json:
        body = self.objects[key]
        return next((body[name] for name in _LABELS if isinstance(body.get(name), str) and body[name]), key[1])
