"""The match model: what agreement and disagreement of each identifier weigh, as a value that can be kept.

`records` scores by one, `record_estimate` makes one from an estate, `identity` keeps its versions. Pure numbers:
everything is in bits, the base-2 logarithm of a likelihood ratio (Fellegi and Sunter, 1969).
"""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from itertools import pairwise
from typing import Any

from muniment.base.errors import Rejected
from muniment.matching import waterfall

_MOST_BITS = 1_000
_MOST_IN_BLOCK = 100_000
_PARTS = 2  # of a point of the calibration: bits, share


@dataclass(frozen=True, slots=True)
class Weight:
    """Bits for agreement and for disagreement on one kind of identifier."""

    group: str
    agree: float
    disagree: float


@dataclass(frozen=True, slots=True)
class MatchModel:
    """What decides that two records are one thing.

    Attributes:
        weights: per kind of identifier.
        prior: bits for two records that share a value, before anything else is known.
        threshold: total bits from which a pair is a match: higher than where its probability is .5, since a false merge
            costs more than a miss.
        shared_base: what a value loses that two things of one source carry.
        shared_name: likewise of a name: that two bear it says which two, that two bear a serial says it is worthless.
        shared_per_doubling: and with each doubling of their number; no agreement falls below 0.
        second_opinion: further agreements of one group (uuid and serial) are not independent: this share counts.
        nearly: a serial or tag one typing error away disagrees by this share of its cost (Damerau, 1964).
        same_list: cost of two rows of one list: a source lists a thing once, unless the rows are duplicates.
        ambiguous: a record that fits two things that are not the same needs this many bits more for one of them.
        outvoted: a disagreement on hardware between two groups stands unless all else between them, with it,
            totals this much.
        bridge: a link between two groups is weak below this total, where all else between them speaks against it.
        block_limit: a value carried by more records than this proposes no pairs.
        calibration: points (total, probability), between which the log odds of a match are interpolated: what share
            of the pairs of generated estates (seed 1, dirt high) with such totals were one thing.
        origin: `shipped`, or `estimated` from an estate.
        basis: what it was estimated from, for people.
    """

    weights: Mapping[str, Weight]
    prior: float = -4.0
    threshold: float = 0.0
    shared_base: float = 6.0
    shared_name: float = 3.0
    shared_per_doubling: float = 2.0
    second_opinion: float = 0.25
    nearly: float = 0.15
    same_list: float = 4.0
    ambiguous: float = 2.0
    outvoted: float = 0.0
    bridge: float = 3.0
    block_limit: int = 40
    calibration: tuple[tuple[float, float], ...] = (
        (-16, 0.001), (-10, 0.01), (-8, 0.03), (-7, 0.12), (-6, 0.34), (-4, 0.36), (-3, 0.5), (-1.5, 0.5), (-1, 0.65),
        (-0.5, 0.95), (0.5, 0.99), (4, 0.999), (8, 0.9999),
    )  # fmt: skip
    origin: str = "shipped"
    basis: Mapping[str, Any] = field(default_factory=dict)

    def probability(self, total: float) -> float:
        """That a pair is a match, from its total bits; beyond the calibration's ends a bit is a bit."""
        points = [(bits, math.log2(share / (1 - share))) for bits, share in self.calibration]
        (first, low), (last, high) = points[0], points[-1]
        if total <= first or total >= last:
            return waterfall.probability(low + total - first if total <= first else high + total - last)
        above = next(at for at, (bits, _) in enumerate(points) if bits > total)
        (left, start), (right, end) = points[above - 1], points[above]
        return waterfall.probability(start + (end - start) * (total - left) / (right - left))

    @property
    def digest(self) -> str:
        """Of all that decides; two models with the same digest make the same clusters."""
        said = {name: value for name, value in self.document().items() if name not in {"origin", "basis"}}
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()

    def document(self) -> dict[str, Any]:
        """As JSON, for `from_document`."""
        plain = {one.name: getattr(self, one.name) for one in fields(self)}
        weights = {kind: asdict(weight) for kind, weight in sorted(self.weights.items())}
        points = [list(point) for point in self.calibration]
        return {**plain, "weights": weights, "calibration": points, "basis": dict(self.basis)}

    def differences(self, other: "MatchModel") -> tuple[str, ...]:
        """What `other` says otherwise, a sentence each, the largest change of weight first."""
        said: list[tuple[float, str]] = []
        for kind, now in self.weights.items():
            then = other.weights[kind]
            moved = max(abs(then.agree - now.agree), abs(then.disagree - now.disagree))
            if moved:
                agree = f"agreement {now.agree:g} -> {then.agree:g}"
                differ = f"disagreement {-now.disagree:g} -> {-then.disagree:g} bits"
                said.append((moved, f"{kind}: {agree}, {differ}"))
        for one in fields(self):
            mine, theirs = getattr(self, one.name), getattr(other, one.name)
            if isinstance(mine, float) and mine != theirs:
                said.append((abs(theirs - mine), f"{one.name.replace('_', ' ')}: {mine:g} -> {theirs:g}"))
        return tuple(text for _, text in sorted(said, key=lambda one: (-one[0], one[1])))


SHIPPED = MatchModel({  # priors of the field: a serial is written on one chassis, a name is given again
    "uuid": Weight("hardware", 12, 6),
    "cloud_id": Weight("hardware", 12, 8),
    "serial": Weight("hardware", 9, 7),
    "asset_tag": Weight("hardware", 8, 5),
    "vm_id": Weight("hardware", 8, 0),
    "mac_address": Weight("network", 7, 2),
    "ip_address": Weight("network", 3, 0.5),
    "fqdn": Weight("name", 5.5, 2),
    "hostname": Weight("name", 5, 3),
    "application_id": Weight("hardware", 10, 6),
    "url": Weight("place", 7, 1),
    "form": Weight("hardware", 0, 5),
    "name": Weight("name", 5, 4),
    "parent": Weight("place", 2, 4),
    "instance": Weight("place", 2, 2),
})  # fmt: skip
"""The model that holds until a person applies another."""


def from_document(document: Mapping[str, Any]) -> MatchModel:
    """Read a model back.

    Raises:
        Rejected: it names other kinds of identifiers or other numbers than this version knows, or what it says is no
            number of bits.
    """
    given = dict(document)
    kinds = given.pop("weights", {})
    if not isinstance(kinds, Mapping):
        raise Rejected(
            "the match model is damaged: `weights` is no object; `muniment identity model estimate --json` prints one"
        )
    unknown = (set(given) - {one.name for one in fields(MatchModel)}) | set(kinds) ^ set(SHIPPED.weights)
    if unknown:
        raise Rejected(f"the match model does not fit this version of muniment: {', '.join(sorted(unknown))}")
    _check(given, kinds)
    weights = {kind: Weight(**kinds[kind]) for kind in SHIPPED.weights}
    points = tuple((float(bits), float(share)) for bits, share in given.pop("calibration", SHIPPED.calibration))
    return replace(SHIPPED, **{**given, "weights": weights, "calibration": points})


def _check(given: Mapping[str, Any], kinds: Mapping[str, Any]) -> None:
    """Refuse what no estimate gives, and what a database or a sum could not hold."""
    wrong = [kind for kind, weight in kinds.items() if not _is_weight(weight)]
    wrong += [
        one.name
        for one in fields(MatchModel)
        if one.name in given and isinstance(getattr(SHIPPED, one.name), float) and not _is_bits(given[one.name])
    ]
    limit = given.get("block_limit", SHIPPED.block_limit)
    wrong += [] if type(limit) is int and 0 < limit <= _MOST_IN_BLOCK else ["block_limit"]
    wrong += [] if _is_calibration(given.get("calibration", SHIPPED.calibration)) else ["calibration"]
    wrong += [] if isinstance(given.get("origin", ""), str) else ["origin"]
    basis = given.get("basis", {})
    try:
        json.dumps(basis, allow_nan=False)
    except ValueError:
        wrong.append("basis")
    else:
        wrong += [] if isinstance(basis, Mapping) else ["basis"]
    if wrong:
        raise Rejected(
            f"the match model is damaged at {', '.join(wrong)}: bits are numbers from -{_MOST_BITS:,} to "
            f"{_MOST_BITS:,}; `muniment identity model estimate --json` prints a model that holds"
        )


def _is_bits(value: Any) -> bool:
    return type(value) in {int, float} and -_MOST_BITS <= value <= _MOST_BITS


def _is_weight(value: Any) -> bool:
    return (
        isinstance(value, Mapping)
        and set(value) == {"group", "agree", "disagree"}
        and value["group"] in [weight.group for weight in SHIPPED.weights.values()]
        and _is_bits(value["agree"])
        and _is_bits(value["disagree"])
    )


def _is_calibration(value: Any) -> bool:
    """Points of rising bits, each with a share that has log odds."""
    return (
        isinstance(value, list | tuple)
        and len(value) > 1
        and all(
            isinstance(point, list | tuple) and len(point) == _PARTS and all(map(_is_bits, point)) for point in value
        )
        and all(0 < share < 1 for _, share in value)
        and all(one[0] < other[0] for one, other in pairwise(value))
    )
