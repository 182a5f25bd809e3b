"""Compares claims with the truth: when a value is true, the majority's accuracy, the oracle ceiling.

Used while exports are made (is this claim true?), by the benchmark and by tests. Judges values that are
perfectly linked and normalised; never looks at an export.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from muniment.generate.types import Ceiling, Claim, Majority, Truth, Value

TOLERANT: Mapping[str, float] = MappingProxyType(
    {"memory_mib": 0.02, "storage_gib": 0.02, "storage_used_gib": 0.02, "cpu_speed_mhz": 0.02}
)
"""Sizes within this share of each other are the same value: tools round and leave out what firmware
reserves."""

_UUID_GROUPS = 4


def same(attribute: str, one: Value, other: Value) -> bool:
    """Whether two single values of an attribute say the same thing.

    Case never matters, a host's name may have its domain, a UUID either byte order, and sizes may
    differ by TOLERANT.
    """
    if one == other:
        return True
    if isinstance(one, int | float) and isinstance(other, int | float):
        return abs(one - other) <= TOLERANT.get(attribute, 0.0) * max(abs(one), abs(other))
    if not isinstance(one, str) or not isinstance(other, str):
        return False
    if one.casefold() == other.casefold():
        return True
    if attribute == "name":
        return _short(one) == _short(other)
    return attribute == "uuid" and turned(one) == other.lower()


def true(attribute: str, value: Value, truth: Mapping[str, Value]) -> bool:
    """Whether a claimed value is true of a thing; of several values, whether all of them are.

    Arguments:
        attribute: canonical attribute.
        value: the claim; "" (a placeholder) is never true.
        truth: the thing's true values by attribute.
    """
    fact = truth.get(attribute)
    if fact is None or value in {"", ()}:
        return False
    facts = fact if isinstance(fact, tuple) else (fact,)
    values = value if isinstance(value, tuple) else (value,)
    return all(any(same(attribute, one, known) for known in facts) for one in values)


def majority_accuracy(truth: Truth) -> Majority:
    """How often plain majority vote is right on contested values, expected over the draw of ties.

    A contested value is one attribute of one asset, single-valued, on which at least two sources state
    different values. Each source has one vote for every different value it states. Claims are taken by
    the true asset and in canonical form, so nothing is lost to linking or normalising.
    """
    every = oracle_ceiling(truth)[0]
    return Majority(every.contested, every.majority)


def oracle_ceiling(truth: Truth) -> tuple[Ceiling, ...]:
    """What could be known, all together first ("" as attribute) and then per attribute.

    Of every true value that any source says something about: how many at least one source states
    truly. The rest no method can know from these exports.
    """
    by_value: dict[tuple[str, str], list[Claim]] = {}
    for claim in truth.claims:
        if claim.value != "" and claim.attribute in truth.assets[claim.asset]:
            by_value.setdefault((claim.attribute, claim.asset), []).append(claim)
    sums: dict[str, list[float]] = {}
    for (attribute, asset), claims in by_value.items():
        fact = truth.assets[asset][attribute]
        row = sums.setdefault(attribute, [0.0] * 5)
        for place, amount in enumerate(_judge(attribute, fact, claims)):
            row[place] += amount
    rows = [_ceiling(attribute, row) for attribute, row in sorted(sums.items())]
    total = [sum(row[place] for row in sums.values()) for place in range(5)]
    return (_ceiling("", total), *rows)


def _ceiling(attribute: str, row: Iterable[float]) -> Ceiling:
    values, stated, contested, contested_stated, majority = row
    return Ceiling(attribute, int(values), int(stated), int(contested), int(contested_stated), majority)


def _judge(attribute: str, fact: Value, claims: list[Claim]) -> tuple[float, ...]:
    """One value: (1, stated, contested, contested and stated, chance that the majority is right)."""
    if isinstance(fact, tuple):
        said = {one for claim in claims for one in _members(claim.value)}
        stated = float(all(any(same(attribute, one, known) for one in said) for known in fact))
        return 1.0, stated, 0.0, 0.0, 0.0
    groups: list[tuple[Value, set[str]]] = []
    for claim in claims:
        for value, voters in groups:
            if same(attribute, value, claim.value):
                voters.add(claim.source)
                break
        else:
            groups.append((claim.value, {claim.source}))
    stated = float(any(same(attribute, value, fact) for value, _ in groups))
    sources = set().union(*(voters for _, voters in groups))
    if len(groups) == 1 or len(sources) == 1:
        return 1.0, stated, 0.0, 0.0, 0.0
    most = max(len(voters) for _, voters in groups)
    leaders = [value for value, voters in groups if len(voters) == most]
    right = sum(same(attribute, value, fact) for value in leaders) / len(leaders)
    return 1.0, stated, 1.0, stated, right


def _members(value: Value) -> tuple[Value, ...]:
    return value if isinstance(value, tuple) else (value,)


def _short(name: str) -> str:
    """A name without its domain."""
    return name.partition(".")[0].casefold()


def turned(uuid: str) -> str:
    """A UUID with the bytes of its first three fields in the other order, as before SMBIOS 2.6."""
    fields = uuid.lower().split("-", 3)
    if len(fields) < _UUID_GROUPS:
        return uuid
    pairs = ([field[n : n + 2] for n in range(0, len(field), 2)] for field in fields[:3])
    return "-".join((*("".join(reversed(one)) for one in pairs), fields[3]))
