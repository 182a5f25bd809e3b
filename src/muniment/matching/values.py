"""When values say the same thing, and which of them says more: pure, one kind of value at a time.

`form` reads a text once; forms of equal keys are spellings of one value, `agreement` compares others.
Called for distinct values only, by `claims.py` and the register's fold. Never asks who says a value.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping
from ipaddress import ip_address
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, get_args

from muniment import model
from muniment.matching import values_names as names
from muniment.matching import values_numbers as numbers

Kind = Literal[
    "exact", "text", "company", "person", "people", "host", "addresses", "os", "version", "number", "size", "moment"
]
KINDS: tuple[Kind, ...] = get_args(Kind)

NEAR = 0.5
"""Most that a value supports another one that is only like it (ACCU's rho; Dong et al. 2009, 4.1)."""

_LIKE = 0.8
_SHORTEST = 5
_SHORTEST_TYPED = 4
_TYPED: frozenset[Kind] = frozenset({"text", "company", "person"})
_MINUTES_NEAR = 6.0
_NUMBERS_NEAR = 0.02
_LATER = re.compile(r"\bor (?:later|newer|above)\b|\band later\b", re.IGNORECASE)
_DIGITS = re.compile(r"\d+")


class Form(NamedTuple):
    """A value as it is compared.

    Attributes:
        key: forms of equal keys are one value, spelled differently.
        detail: how much it says; compared only between forms that agree.
        body: what `agreement` looks at.
    """

    key: str
    detail: float
    body: Any


def form(kind: Kind, text: str) -> Form:
    """Read a text as a value of a kind; what cannot be read so is compared as text."""
    return _READERS[kind](text) or _text(text)


def agreement(kind: Kind, one: Form, other: Form) -> float:
    """How far a value speaks for another: 1 where they can both be true, up to `NEAR` where they are alike."""
    if one.key == other.key:
        return 1.0
    if isinstance(one.body, str) or isinstance(other.body, str):
        return _texts(one, other) if isinstance(one.body, str) and isinstance(other.body, str) else 0.0
    compare = _COMPARERS.get(kind)
    return compare(one.body, other.body) if compare else 0.0


def slip(kind: Kind, one: Form, other: Form) -> bool:
    """Whether values that people type are one slip of the finger apart: a letter more, less, other, or two swapped."""
    from rapidfuzz.distance import OSA

    if kind not in _TYPED or _DIGITS.search(one.key + other.key):
        return False
    first, second = Counter(one.key.split("|")), Counter(other.key.split("|"))
    left, right = [*(first - second).elements()], [*(second - first).elements()]
    if len(left) != 1 or len(right) != 1 or min(len(left[0]), len(right[0])) < _SHORTEST_TYPED:
        return False
    return OSA.distance(left[0], right[0], score_cutoff=1) == 1


def same(kind: Kind, one: str, other: str) -> bool:
    """Whether two texts can both be true."""
    return agreement(kind, form(kind, one), form(kind, other)) >= 1.0


def says_more(kind: Kind, one: str, other: str) -> bool:
    """Whether two texts can both be true and the first says more than the second."""
    first, second = form(kind, one), form(kind, other)
    return agreement(kind, first, second) >= 1.0 and first.detail > second.detail


def _exact(text: str) -> Form:
    return Form(text.strip().casefold(), 0, None)


def _text(text: str) -> Form:
    key = names.text_key(text)
    return Form(key, 0, key)


def _company(text: str) -> Form:
    return Form(names.company_key(text), 0, (names.company_key(text), names.initials(text)))


def _person(text: str) -> Form | None:
    read = names.person(text)
    return Form("|".join((*read.words, read.account)), read.detail, read) if read else None


def _people(text: str) -> Form | None:
    read = names.people(text)
    if not read:
        return None
    return Form(";".join("|".join((*one.words, one.account)) for one in read), sum(one.detail for one in read), read)


def _host(text: str) -> Form:
    read = names.host(text)
    return Form(".".join(read).rstrip("."), float(bool(read.domain)), read)


def _addresses(text: str) -> Form | None:
    found = set()
    for part in re.split(r"[\s,;|\[\]\"']+", text):
        if part:
            try:
                found.add(str(ip_address(part.partition("/")[0].partition("%")[0])))
            except ValueError:
                return None
    return Form(",".join(sorted(found)), len(found), frozenset(found)) if found else None


def _version(text: str) -> Form | None:
    read = names.version(text)
    return Form(".".join(map(str, read)), len(read), read) if read else None


def _number(text: str) -> Form | None:
    read = numbers.number(text)
    if read is None:
        return None
    return Form(f"{read.value:.12g}{read.unit}", -math.log10(read.rounding), read)


def _size(text: str) -> Form | None:
    read = numbers.number(text)
    return Form(f"{read.value:.12g}", 0, read.value) if read else None


def _moment(text: str) -> Form | None:
    read = numbers.moment(text)
    if read is None:
        return None
    minute = None if read.minute is None else round(read.minute)
    return Form(f"{read.year}-{read.month}-{read.day} {minute}", read.detail, read)


class _System(NamedTuple):
    product: tuple[str, ...]
    family: str
    version: tuple[int, ...]
    later: bool
    edition: str


def _os(text: str) -> Form | None:
    read = model.normalise(model.attribute("os"), text)
    if not read.values:
        return None
    name, derived = str(read.values[0]), read.derived
    said = {key: str(derived[key][0]) for key in ("os_version", "os_edition", "os_family") if key in derived}
    digits = tuple(int(part) for part in _DIGITS.findall(said.get("os_version", ""))[:4])
    words = tuple(word for word in names.words(name) if not word[0].isdigit())
    later = bool(_LATER.search(text))
    system = _System(words, said.get("os_family", ""), digits, later, said.get("os_edition", ""))
    detail = len(words) + 2 * min(len(digits), 1) + 0.5 * len(digits) + bool(system.edition) - 1.5 * later
    key = " ".join((*words, ".".join(map(str, digits)), system.edition)) + "+" * later
    return Form(key, detail, system)


def _texts(one: Form, other: Form) -> float:
    """How alike two texts are: slips of the finger are, other numbers are not."""
    from rapidfuzz import fuzz

    first, second = one.key, other.key
    if min(len(first), len(second)) < _SHORTEST or _DIGITS.findall(first) != _DIGITS.findall(second):
        return 0.0
    ratio = fuzz.ratio(first, second) / 100
    return NEAR * (ratio - _LIKE) / (1 - _LIKE) if ratio > _LIKE else 0.0


def _companies(one: tuple[str, str], other: tuple[str, str]) -> float:
    if (one[1] and one[1] == other[0]) or (other[1] and other[1] == one[0]):
        return 1.0
    return _texts(Form(one[0], 0, None), Form(other[0], 0, None))


def _persons(one: names.Person, other: names.Person) -> float:
    if names.persons_agree(one, other):
        return 1.0
    return _texts(Form("".join(one.words), 0, None), Form("".join(other.words), 0, None))


def _lists(one: tuple[names.Person, ...], other: tuple[names.Person, ...]) -> float:
    """Share of the persons that both lists name; lists that differ are never quite the same."""
    fewer, more = sorted((one, other), key=len)
    left, shared = list(more), 0
    for each in fewer:
        match = next((candidate for candidate in left if names.persons_agree(each, candidate)), None)
        if match is not None:
            left.remove(match)
            shared += 1
    if shared == len(more):
        return 1.0
    return NEAR * shared / (len(more) + len(fewer) - shared)


def _sets(one: frozenset[str], other: frozenset[str]) -> float:
    if one <= other or other <= one:
        return 1.0
    return NEAR * len(one & other) / len(one | other)


def _hosts(one: names.Host, other: names.Host) -> float:
    return float(names.hosts_agree(one, other))


def _versions(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    shorter = min(len(one), len(other))
    return float(one[:shorter] == other[:shorter])


def _systems(one: _System, other: _System) -> float:
    if not _products(one, other) or (one.edition and other.edition and one.edition != other.edition):
        return 0.0
    if not one.version or not other.version or _versions(one.version, other.version):
        return 1.0
    low = min(one, other, key=lambda each: each.version)
    return 1.0 if low.later else 0.0


def _products(one: _System, other: _System) -> bool:
    fewer, more = sorted((one.product, other.product), key=len)
    general = one.family == other.family and fewer in {(one.family,), ("other", one.family)}
    return fewer == more or general or (bool(fewer) and more[: len(fewer)] == fewer)


def _numbers(one: numbers.Number, other: numbers.Number) -> float:
    if numbers.numbers_agree(one, other):
        return 1.0
    whole = one.rounding == other.rounding == 0.5  # noqa: PLR2004 - counts and years are never nearly right
    if whole or one.unit != other.unit:
        return 0.0
    apart = abs(one.value - other.value) / max(abs(one.value), abs(other.value))
    return NEAR * (1 - apart / _NUMBERS_NEAR) if apart < _NUMBERS_NEAR else 0.0


def _moments(one: numbers.Moment, other: numbers.Moment) -> float:
    if numbers.moments_agree(one, other):
        return 1.0
    apart = numbers.minutes_apart(one, other)
    timeless = numbers.moments_agree(one._replace(minute=None), other._replace(minute=None))
    bare = one.year is one.month is None or other.year is other.month is None
    if apart is None or not (timeless or bare):
        return 0.0
    return NEAR * (1 - apart / _MINUTES_NEAR) if apart < _MINUTES_NEAR else 0.0


_READERS: Mapping[Kind, Callable[[str], Form | None]] = MappingProxyType(
    {
        "exact": _exact,
        "text": _text,
        "company": _company,
        "person": _person,
        "people": _people,
        "host": _host,
        "addresses": _addresses,
        "os": _os,
        "version": _version,
        "number": _number,
        "size": _size,
        "moment": _moment,
    }
)
_COMPARERS: Mapping[Kind, Callable[[Any, Any], float]] = MappingProxyType(
    {
        "company": _companies,
        "person": _persons,
        "people": _lists,
        "host": _hosts,
        "addresses": _sets,
        "os": _systems,
        "version": _versions,
        "number": _numbers,
        "size": lambda one, other: float(numbers.sizes_agree(one, other)),
        "moment": _moments,
    }
)
