"""The evidence for each pair of column and target as numbers, and for "none of them" too.

`columns.rank` weighs these numbers and puts them into words; `tools/fit_columns.py` fits the weights to the
same numbers. What a signal means is said at `PAIR` and `NOTHING`; nothing here decides.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from muniment.matching import detect, names
from muniment.matching.types import Column, Target

PAIR: Mapping[str, str] = MappingProxyType(
    {
        "exact": "the header is a name of the target (1: letter for letter)",
        "specific": 'and its words are rare among all names ("service tag", not "type")',
        "own": "that name is its own name or label, not a synonym",
        "early": "that name stands early among the synonyms of the target",
        "near": "the same words, whose-attribute words left out, where not exact",
        "leaf": "only the last step of a path is a name of the target",
        "words": "overlap of words where not exact",
        "close": "overlap of words above a half where not exact",
        "letters": "likeness of letters above .75 where not exact",
        "telling": "values are of the target's kind, and hardly any other kind looks like it",
        "alone": "the same, where the header says nothing of any target and the target is the plain one",
        "agree": "values are of the target's kind, a kind that many columns look like",
        "disagree": "values are not of the target's kind",
        "odd": "values are too special for a target of free text",
        "known": "values are among those the target may take",
        "foreign": "values are not among those an enum may take",
        "unit": "the unit in the header measures what the target holds",
        "misfit": "the unit in the header measures something else",
        "unique": "nearly unique values for an identifier",
        "grouped": "few different values for something that is no identifier but a fixed list",
        "scattered": "nearly unique values for something that groups",
        "repeated": "the same few values over and over for an identifier",
        "plain": "the target is the plain one of its kind (ip_address before gateway), values agree",
        "itself": "the header names what the table lists, and the target is its name",
        "other": "the header names what the table lists, or its guests, but the target means another",
        "part": "the table lists parts (disks, ports), the target describes a whole thing",
        "topic": "the table is about what the target describes (memory; databases: database_version)",
    }
)
"""Signal of a pair -> what it says; most are 0 to 1."""

NOTHING: Mapping[str, str] = MappingProxyType(
    {
        "always": "1",
        "empty": "no value at all",
        "prose": "values are sentences",
        "bare": "values are plain numbers or yes and no, which any column can hold",
    }
)
"""Signal for "none of them" -> what it says."""

_EXACT = 0.5
"""From this level on a header counts as a name of the target, and likeness says nothing more."""

_UNNAMED = 0.4
"""Below this overlap with every name of every target a header says nothing."""

_SURE = 20
"""Filled values from which on being unique or repeated means something; fewer count in proportion."""

_ITSELF: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        **dict.fromkeys(
            (
                *("vinfo", "vcpu", "vmemory", "vdisk", "vpartition", "vnetwork", "vcd", "vusb"),
                *("vsnapshot", "vtools", "vport", "dvport", "vfloppy"),
            ),
            ("vm", "virtual machine"),
        ),
        "vm": ("vm", "virtual machine"),
        "virtualmachine": ("vm", "virtual machine"),
        "vhost": ("host",),
        "host": ("host", "hostname"),
        "server": ("server", "host"),
        "vcluster": ("cluster",),
        "cluster": ("cluster",),
        "vdatastore": ("name", "datastore"),
        "application": ("application", "application name"),
        "device": ("device",),
        "asset": ("asset", "item"),
        "computer": ("computer",),
    }
)
"""What a table lists -> the headers that in such a table are the name of the listed thing itself."""

_PARTS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "vcpu": frozenset({"cpu"}),
        "vmemory": frozenset({"memory"}),
        **dict.fromkeys(
            (
                *("disk", "partition", "volume", "nic", "port", "snapshot", "usb", "hba", "interface"),
                *("vnetwork", "vswitch", "dvswitch", "vcd", "vtools", "vhealth", "vfileinfo"),
            ),
            frozenset[str](),
        ),
    }
)
"""What a table of parts lists -> words in the names of the targets it is about all the same."""

_WHOLE_GROUPS = frozenset({"hardware", "utilisation", "cost"})
_WHOLE_TARGETS = frozenset({"uuid", "asset_type", "subtype", "status", "tags", "depends_on"})

_HOSTS = frozenset({"host", "vhost"})
_GUESTS = frozenset({"vm", "vms", "vcpu", "vcpus", "vram"})
"""Words that in a table of hosts speak of the machines on them."""

_NAME_TARGETS = frozenset({"name"})
_THING_TARGETS = frozenset({"host", "application", "cluster", "hostname"})
_NAMING_TARGETS = frozenset(
    {"name", "hostname", "fqdn", "vm_id", "application", "application_id", "database_name", "instance_name", "cluster"}
)
_MACHINE_TARGETS = frozenset({"ip_address", "mac_address", "os", "cpu_count", "memory_mib", "serial"})
_SAME_NAME = 0.9
"""From this level on a header is a name of the target."""

_OWN_ROWS = 0.9
"""From this share of different values on, a machine in each row is the row's own."""

_IDENTIFIER_KINDS = frozenset({"hostname", "fqdn", "ip", "mac", "serial", "uuid", "text", "url"})
_PLAIN_WORDS = frozenset({"address"})


@dataclass(frozen=True, slots=True)
class Signals:
    """Signals of columns against targets.

    Attributes:
        pair: columns x targets x `PAIR`, in the order of its keys.
        nothing: columns x `NOTHING`.
        values: columns x targets, agreement of the values with the target: 1 all, 0 none, nan unknown.
    """

    pair: npt.NDArray[np.float64]
    nothing: npt.NDArray[np.float64]
    values: npt.NDArray[np.float64]


def read(columns: Sequence[Column], targets: tuple[Target, ...]) -> Signals:
    """Read all signals of columns (of one table) against targets."""
    things = [_things(column.table or "") for column in columns]
    near = names.index(targets).compare([column.name for column in columns], things)
    itself, other = _itself(columns, targets, near.exact)
    exact = np.maximum(near.exact, 0.95 * itself)
    loose = exact < _EXACT
    agree, known, has_known = _values(columns, targets)
    filled = np.array([column.profile.filled > 0 for column in columns], bool)[:, None]
    typed = np.array([kind_of(target) in detect.SUPPORT for target in targets])[None, :]
    telling = np.array([target.kind in detect.TELLING for target in targets])[None, :]
    listed = np.array([target.kind == "enum" and bool(target.values) for target in targets])[None, :]
    unnamed = (np.maximum(exact, near.words).max(axis=1, keepdims=True, initial=0.0) < _UNNAMED) * 1.0
    unit, misfit = _units(columns, targets)
    plain = np.array([_is_plain(target) for target in targets])[None, :]
    unique, repeated = _spread(columns)
    names_it = np.array([_identifies(target) for target in targets])[None, :]
    groups = np.array([target.kind in {"enum", "boolean", "percent"} for target in targets])[None, :]
    part, topic = _parts(things, targets)
    whole = 1.0 - part.max(axis=1, keepdims=True, initial=0.0)
    parts = {
        "exact": exact,
        "specific": near.exact * near.specific,
        "own": near.own,
        "early": near.early,
        "near": near.near * loose,
        "leaf": near.leaf * loose,
        "words": near.words * loose,
        "close": np.maximum(near.words - 0.5, 0.0) * 2 * loose,
        "letters": np.maximum(near.letters - 0.75, 0.0) * 4 * loose,
        "telling": agree * telling * filled,
        "alone": agree * telling * plain * filled * unnamed,
        "agree": agree * (typed & ~telling) * filled,
        "disagree": (1 - agree) * typed * filled,
        "odd": (1 - agree) * (~typed & ~listed) * filled,
        "known": known * has_known,
        "foreign": (1 - known) * listed * filled,
        "unit": unit,
        "misfit": misfit,
        "unique": unique * names_it * whole,
        "grouped": repeated * listed * known,
        "scattered": unique * groups,
        "repeated": repeated * names_it * whole,
        "plain": plain * agree * filled,
        "itself": itself,
        "other": other,
        "part": part,
        "topic": topic,
    }
    stacked = [np.broadcast_to(parts[name], exact.shape) for name in PAIR]
    values = np.where(listed, known, agree)
    return Signals(
        np.stack(stacked, axis=-1).astype(np.float64),
        _nothing(columns),
        np.where(filled, values, np.nan),
    )


def _values(
    columns: Sequence[Column], targets: tuple[Target, ...]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Return agreement with the kind, share of values the target knows, and which targets know any."""
    kinds = sorted({kind_of(target) for target in targets})
    by_kind = np.array(
        [[detect.agreement(column.profile.kinds, kind) for kind in kinds] for column in columns]
    ).reshape(len(columns), len(kinds))
    place = {kind: number for number, kind in enumerate(kinds)}
    agree = by_kind[:, [place[kind_of(target)] for target in targets]]
    takers: dict[str, list[int]] = {}
    for number, target in enumerate(targets):
        for value in target.values:
            takers.setdefault(_bare(value), []).append(number)
    known = np.zeros((len(columns), len(targets)))
    for row, column in enumerate(columns):
        total = sum(share for _, share in column.profile.common)
        for value, share in column.profile.common:
            for number in set(takers.get(_bare(value), ())):
                known[row, number] += share / total
    return agree, np.minimum(known, 1.0), np.array([bool(target.values) for target in targets])[None, :]


def kind_of(target: Target) -> str:
    """Return what the values of a target look like: its kind, or "version" for text named so."""
    if target.kind == "text" and "version" in names.read(target.name).words:
        return "version"
    return target.kind


def _bare(value: str) -> str:
    """Leave out what spellings differ in: case, spaces and punctuation; "powered on" is "poweredOn"."""
    return "".join(filter(str.isalnum, value.casefold())) or value


def _units(
    columns: Sequence[Column], targets: tuple[Target, ...]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    kinds = {"size": "size", "percent": "share", "money": "money"}
    held = [
        names.families([target.unit] if target.unit else ())
        | ({kinds[target.kind]} if target.kind in kinds else frozenset())
        for target in targets
    ]
    shape = (len(columns), len(targets))
    same, clash = np.zeros(shape), np.zeros(shape)
    for row, column in enumerate(columns):
        written = names.families(names.read(column.name).units)
        if written:
            same[row] = [bool(written & family) for family in held]
            clash[row] = 1 - same[row]
    return same, clash


def _spread(columns: Sequence[Column]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return how clearly values are unique, and how clearly they repeat; columns x 1 each."""
    unique, repeated = np.zeros((len(columns), 1)), np.zeros((len(columns), 1))
    for row, column in enumerate(columns):
        profile = column.profile
        if profile.filled > 1:
            share = (profile.distinct - 1) / (profile.filled - 1)
            sure = min(1.0, profile.filled / _SURE)
            unique[row] = sure * max(0.0, 5 * share - 4)
            repeated[row] = sure * max(0.0, 1 - 5 * share)
    return unique, repeated


def _itself(
    columns: Sequence[Column], targets: tuple[Target, ...], exact: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Tell where a header names what its table lists: the listed thing's name, or a rival reading."""
    shape = (len(columns), len(targets))
    itself, other = np.zeros(shape), np.zeros(shape)
    for row, column in enumerate(columns):
        words = names.read(column.name).words
        itself_here = listed_as(column.table or "")
        if _HOSTS & _things(column.table or "") and _GUESTS & set(words):
            other[row] = [target.group == "hardware" for target in targets]
        if " ".join(words) not in itself_here and not (words == ("host",) and _only_name(columns, targets, exact, row)):
            continue
        for number, target in enumerate(targets):
            itself[row, number] = target.name in _NAME_TARGETS
            other[row, number] = target.name in _THING_TARGETS
    return itself, other


def _only_name(
    columns: Sequence[Column], targets: tuple[Target, ...], exact: npt.NDArray[np.float64], row: int
) -> bool:
    """Whether a column of hosts is what names the machines of its table: each its own, and no other names them."""
    profile = columns[row].profile
    if profile.filled < 2 or profile.distinct < _OWN_ROWS * profile.filled:  # noqa: PLR2004
        return False
    said = np.delete(exact, row, axis=0).max(axis=0, initial=0.0) >= _SAME_NAME
    found = {target.name for target, known in zip(targets, said.tolist(), strict=True) if known}
    return bool(found & _MACHINE_TARGETS) and not found & _NAMING_TARGETS


def listed_as(table: str) -> frozenset[str]:
    """Return the headers that, in a table of this name, are the name of the thing the table lists."""
    return frozenset(header for thing in _things(table) for header in _ITSELF.get(thing, ()))


def _things(table: str) -> set[str]:
    """Return what the name of a table may say it lists: its words, and its pairs of words, in singular."""
    singular = [word.removesuffix("s") for word in names.read(table).words]
    return {*singular, *map("".join, pairwise(singular))}


def _parts(
    tables: Sequence[set[str]], targets: tuple[Target, ...]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Tell which targets do not fit rows that are parts of things, and which are the table's topic."""
    shape = (len(tables), len(targets))
    part, topic = np.zeros(shape), np.zeros(shape)
    words = [set(names.read(target.name).words) for target in targets]
    whole = np.array([t.group in _WHOLE_GROUPS or t.name in _WHOLE_TARGETS for t in targets])
    for row, things in enumerate(tables):
        topic[row] = [len(held) > 1 and bool(things & held) for held in words]
        about = things & _PARTS.keys()
        if about:
            same = np.array([any(_PARTS[thing] & held for thing in about) for held in words])
            part[row] = whole & ~same
            topic[row] = np.maximum(topic[row], whole & same)
    return part, topic


def _is_plain(target: Target) -> bool:
    words = set(names.read(target.name).words)
    return target.kind in detect.SUPPORT and words - _PLAIN_WORDS <= set(names.read(target.kind).words)


def _identifies(target: Target) -> bool:
    return target.group == "identity" and target.kind in _IDENTIFIER_KINDS


def _nothing(columns: Sequence[Column]) -> npt.NDArray[np.float64]:
    rows = []
    for column in columns:
        kinds = column.profile.kinds
        bare = max(kinds.get("number", 0.0), kinds.get("boolean", 0.0))
        rows.append((1.0, float(column.profile.filled == 0), kinds.get("words", 0.0), bare))
    return np.array(rows, np.float64).reshape(len(columns), len(NOTHING))
