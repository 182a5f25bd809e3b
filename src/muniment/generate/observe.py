"""What each source believes about each thing: coverage, age, neglect, mistakes.

Called by the exporters. A record depends only on the seed, the source and the thing, so that adding a
source changes no other. It holds canonical values; how a source writes them is `cells.py`.
"""

import random
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType
from typing import NamedTuple

from muniment.generate import mistakes, score
from muniment.generate.catalogue import OS_BY_NAME
from muniment.generate.dirt import (
    COVERAGE,
    DIRT,
    FRESHNESS,
    GROUP_OF,
    GROUPS,
    RETIRED_COVERAGE,
    SOURCE_RATES,
    Dirt,
)
from muniment.generate.types import Estate, Thing, Value, draws

COPIED = frozenset({"naming", "address", "identifier", "system", "capacity", "hardware", "placement", "governance"})
"""Groups that the hand-kept sheet took over where a row was copied from the CMDB."""

_KEPT = 0.8
_READS_ENCLOSURE = MappingProxyType({"discovery": 1.0, "servicenow": 0.6})
_HAS_PLACEHOLDERS = frozenset({"servicenow", "discovery", "lifecycle", "rvtools"})
_BOXES = frozenset({"physical", "hypervisor", "network", "storage", "device"})
_OTHER_FIRST = 0.2


class Seen(NamedTuple):
    """A value a source believes, and why it is off ("" when it is not)."""

    value: Value
    kind: str


@dataclass(frozen=True, slots=True)
class Record:
    """All that one row of a source can say.

    Attributes:
        thing: whom it is about.
        source: whose it is.
        copy: 0, or 1 for a duplicate.
        as_of: the day the source last looked; what it shows as "updated" or "last seen".
        seen: what it believes, by facet (an attribute, or "os@configured").
        rng: the draws for writing its cells.
        messy: chance that a cell has odd case, spaces or suffix.
        index: which interface of the thing the row is about, where rows are per interface.
    """

    thing: Thing
    source: str
    copy: int
    as_of: date
    seen: dict[str, Seen]
    rng: random.Random
    messy: float
    index: int = 0


class Observer:
    """Gives the records of every source about an estate.

    Arguments:
        estate: what there is to see.
    """

    def __init__(self, estate: Estate) -> None:
        self.estate = estate
        self._dirt: Dirt = DIRT[estate.spec.dirt]
        self._pools = mistakes.pools(estate.things)

    def records(self, source: str, *kinds: str) -> list[Record]:
        """A source's records about things of some kinds, in an order that tells nothing."""
        found = []
        for thing in self.estate.things:
            if thing.kind in kinds and self.lists(source, thing):
                found.append(self.record(source, thing))
                again = draws(self.estate.spec.seed, "again", source, thing.id)
                if again.random() < self._dirt.duplicate_rows:
                    found.append(self.record(source, thing, 1))
        draws(self.estate.spec.seed, "order", source, *kinds).shuffle(found)
        return found

    def lists(self, source: str, thing: Thing) -> bool:
        """Whether a source has the thing at all."""
        if "only" in thing.keep:
            return thing.keep["only"] == source
        share = COVERAGE[source].get(thing.kind, 0.0)
        if thing.values.get("status") == "retired":
            share *= RETIRED_COVERAGE[source]
        return draws(self.estate.spec.seed, "lists", source, thing.id).random() < share

    def record(self, source: str, thing: Thing, copy: int = 0) -> Record:
        """What a source believes about a thing; `copy` 1 is an older duplicate of the row."""
        rng = draws(self.estate.spec.seed, "record", source, thing.id, copy)
        as_of = self._looked(rng, source, copy)
        seen: dict[str, Seen] = {}
        for group, facets in GROUPS.items():
            missing, wrong, neglected = SOURCE_RATES[source].get(group, (1.0, 0.0, 0.0))
            late = rng.random() < neglected * self._dirt.neglected
            slip = rng.random() < wrong * self._dirt.wrong if group == "naming" else False
            for facet in facets:
                attribute = facet.partition("@")[0]
                if attribute not in thing.values:
                    continue
                empty = rng.random() < missing * self._dirt.missing
                mistaken = slip or (group != "naming" and rng.random() < wrong * self._dirt.wrong)
                one = self._present(rng, source, thing, attribute, as_of if not late else None)
                if mistaken:
                    one = Seen(*mistakes.make(rng, source, thing, attribute, one, self._pools))
                if attribute == "os" and source == "rvtools":
                    one = _coarse(one)
                if not empty:
                    seen[facet] = one
        if "name" in seen:
            seen.update(_named(thing, seen["name"]))
        if source == "lifecycle":
            self._copy(rng, thing, seen)
        return Record(thing, source, copy, as_of, seen, rng, self._dirt.messy_cells)

    def _looked(self, rng: random.Random, source: str, copy: int) -> date:
        """The day the source last looked at the thing."""
        fresh = FRESHNESS[source]
        lagging = rng.random() < fresh.lagging * self._dirt.lagging
        days = rng.randint(*(fresh.old if lagging else fresh.ordinary))
        if copy:
            days += rng.randint(90, 700)
        return self.estate.spec.today - timedelta(days=days)

    def _present(self, rng: random.Random, source: str, thing: Thing, attribute: str, as_of: date | None) -> Seen:
        """The value as of a day (None: before everything that happened), before mistakes."""
        value, kind = thing.values[attribute], ""
        for change in thing.changes:
            if attribute in change.old and (as_of is None or change.on > as_of):
                value, kind = change.old[attribute], change.kind
        if attribute == "serial":
            return self._serial(rng, source, thing, value)
        if (
            attribute == "uuid"
            and isinstance(value, tuple)
            and source == "discovery"
            and rng.random() < self._dirt.swapped_uuids
        ):
            return Seen((score.turned(value[0]), *value[1:]), "byte_order")
        if (
            attribute == "ip_address"
            and isinstance(value, tuple)
            and len(value) > 1
            and source != "rvtools"
            and rng.random() < _OTHER_FIRST
        ):
            value = (*value[1:], value[0])
        return Seen(value, kind)

    def _serial(self, rng: random.Random, source: str, thing: Thing, value: Value) -> Seen:
        """The serial number, or what firmware and people put in its place."""
        enclosure = thing.keep.get("enclosure_serial")
        if enclosure and rng.random() < _READS_ENCLOSURE.get(source, 0.0):
            return Seen((enclosure,), "shared_serial")
        holds = thing.kind in _BOXES and source in _HAS_PLACEHOLDERS
        if holds and rng.random() < self._dirt.placeholder_serials:
            return Seen("", "placeholder")
        return Seen(value, "")

    def _copy(self, rng: random.Random, thing: Thing, seen: dict[str, Seen]) -> None:
        """Take over most of what the CMDB believes, where the row of the sheet was copied from it."""
        if rng.random() >= self._dirt.copied_rows or not self.lists("servicenow", thing):
            return
        original = self.record("servicenow", thing).seen
        copied = [facet for facet in original if GROUP_OF[facet] in COPIED and rng.random() < _KEPT]
        seen.update(
            (facet, original[facet]) for facet in copied if original[facet].kind not in {"unit_slip", "placeholder"}
        )
        if "name" in seen:
            seen.update(_named(thing, seen["name"]))


def _coarse(one: Seen) -> Seen:
    """The system as the virtual platform names it, which for some has no version."""
    system = OS_BY_NAME.get(str(one.value))
    return Seen(system.coarse, "coarse") if system and system.coarse else one


def _named(thing: Thing, name: Seen) -> dict[str, Seen]:
    """The host names that go with a name, so that a record does not contradict itself."""
    if "hostname" not in thing.values or not isinstance(name.value, str):
        return {}
    domain = thing.text("fqdn").partition(".")[2]
    return {
        "hostname": Seen((name.value,), name.kind),
        "fqdn": Seen((f"{name.value}.{domain}",), name.kind),
    }
