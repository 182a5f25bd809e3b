"""Policies: which claim becomes the value, per attribute, group of attributes and asset type. No I/O.

A document of rules as a person writes it, checked; and which rule holds where: the engagement's before the
tenant's, an attribute's before its group's, one of an asset type before one of all. `policy_store` keeps them.
"""

from __future__ import annotations

import typing
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from muniment import model
from muniment.base.errors import Rejected

POLICIES: tuple[model.Policy, ...] = typing.get_args(model.Policy)
LISTS: tuple[model.Policy, ...] = ("union", "authoritative", "newest")
"""What can decide about attributes that can be many."""

ORDERED = ("size", "integer", "number", "percent", "money", "date", "datetime")
"""Types of attributes that have a smallest and a largest value."""

MODEL = "model"
SETTINGS = "source settings"
_FIELDS = ("policy", "attribute", "group", "type", "sources", "stale_after_days", "effective_from")
_MOST_RULES = 5_000
_MOST_SOURCES = 200
_MOST_DAYS = 36_500
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of a policy: what decides about an attribute (or all of a group), of assets of a type or of all.

    Attributes:
        policy: what decides.
        attribute: of which attribute; or
        group: of which group of attributes: all that the policy fits.
        type: only of assets of this type.
        sources: of `authoritative`, the first first.
        stale_after_days: of `authoritative`: a claim so much older than the newest one no longer outranks.
        effective_from: the day (UTC) from which it holds; None for always.
    """

    policy: model.Policy
    attribute: str | None = None
    group: str | None = None
    type: str | None = None
    sources: tuple[str, ...] = ()
    stale_after_days: int | None = None
    effective_from: date | None = None

    @property
    def place(self) -> tuple[str, str, str, str]:
        """What it is about; a document has one rule for each."""
        begins = self.effective_from.isoformat() if self.effective_from else ""
        return (self.attribute or "", self.group or "", self.type or "", begins)

    @property
    def about(self) -> str:
        """The same in words."""
        what = self.attribute or f"all of {self.group}"
        of = f" of {self.type}" if self.type else ""
        return what + of + (f" from {self.effective_from}" if self.effective_from else "")

    def __str__(self) -> str:
        ranked = f": {', then '.join(self.sources)}" if self.sources else ""
        stale = f"; stale after {self.stale_after_days} days" if self.stale_after_days is not None else ""
        return self.policy + ranked + stale

    def document(self) -> dict[str, Any]:
        """As JSON; what is not said is left out."""
        values: dict[str, Any] = {name: getattr(self, name) for name in _FIELDS}
        values["sources"] = list(self.sources)
        values["effective_from"] = self.effective_from.isoformat() if self.effective_from else None
        return {name: value for name, value in values.items() if value not in (None, [])}


@dataclass(frozen=True, slots=True)
class Layer:
    """The rules of an engagement or of its tenant, in one version; 0 is the empty one before the first."""

    owner: str
    version: int = 0
    rules: tuple[Rule, ...] = ()

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {"owner": self.owner, "version": self.version, "rules": [rule.document() for rule in self.rules]}


@dataclass(frozen=True, slots=True)
class Ruling:
    """The rule that decides about an attribute, and where it was said.

    `origin` is engagement, tenant, source settings or model; `version` that of the engagement's or tenant's policy.
    `ranks` are those of sources where ranking decides: 0 is the first, and several may share one.
    """

    rule: Rule
    origin: str
    version: int | None = None
    ranks: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Policies:
    """The rules that hold at a moment: the engagement's, then the tenant's."""

    layers: tuple[Layer, ...] = ()

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {"layers": [layer.document() for layer in self.layers]}

    @property
    def rules(self) -> tuple[tuple[Rule, ...], ...]:
        """Only what decides, without versions."""
        return tuple(layer.rules for layer in self.layers)

    @property
    def types(self) -> tuple[str, ...]:
        """The asset types that some rule is about."""
        return tuple(sorted({rule.type for layer in self.layers for rule in layer.rules if rule.type}))

    def ruling(self, attribute: model.Attribute, type_: str | None, deciding: Sequence[str] = ()) -> Ruling:
        """What decides about an attribute of assets of a type; `deciding`: sources whose settings claim it."""
        for layer in self.layers:
            found = _best(layer.rules, attribute, type_)
            if deciding and layer.owner == "tenant" and (found is None or found.attribute is None):
                break
            if found:
                ranks = {source: rank for rank, source in enumerate(found.sources)}
                return Ruling(found, layer.owner, layer.version, ranks)
        if deciding:
            said = Rule("authoritative", attribute.name, sources=tuple(sorted(deciding)))
            return Ruling(said, SETTINGS, None, dict.fromkeys(said.sources, 0))
        return Ruling(Rule(attribute.policy, attribute.name), MODEL)


def _best(rules: Iterable[Rule], attribute: model.Attribute, type_: str | None) -> Rule | None:
    fitting = [
        rule
        for rule in rules
        if (rule.attribute == attribute.name or (rule.group == attribute.group and not misfit(rule.policy, attribute)))
        and rule.type in (None, type_)
    ]
    return max(fitting, key=lambda one: (one.attribute is not None, one.type is not None, _begin(one)), default=None)


def _begin(rule: Rule) -> date:
    return rule.effective_from or date.min


def holding(rules: Iterable[Rule], today: date) -> tuple[Rule, ...]:
    """The rules that have begun, without those that a later one has replaced, in a fixed order."""
    newest: dict[tuple[str, ...], Rule] = {}
    for rule in sorted(rules, key=lambda one: one.place):
        if _begin(rule) <= today:
            newest[rule.place[:3]] = rule
    return tuple(newest.values())


def misfit(policy: model.Policy, attribute: model.Attribute) -> str:
    """Why a policy cannot decide about an attribute, with the cure; nothing where it can."""
    if attribute.multi and policy not in LISTS:
        return (
            f"{attribute.name} is a list, which {policy} cannot choose one value of: use union, authoritative or newest"
        )
    if policy == "union" and not attribute.multi:
        return (
            f"{attribute.name} has one value, so union cannot keep several: use confidence, newest or authoritative;"
            " a list needs an attribute of one's own (`muniment mappings set --new --multi`)"
        )
    if policy in ("minimum", "maximum") and attribute.type not in ORDERED:
        return (
            f"{attribute.name} is a {attribute.type}, which has no {policy}: it takes numbers, sizes and dates;"
            " use confidence, newest or most_reported"
        )
    return ""


def read_rules(
    document: Any, attributes: Mapping[str, model.Attribute], sources: Iterable[str] | None = None
) -> tuple[Rule, ...]:
    """The rules of a document, in a fixed order.

    Args:
        document: `{"rules": [{"attribute": "owner", "policy": "authoritative", "sources": ["hr"]}, ...]}`.
        attributes: the model with the tenant's own attributes.
        sources: the names of the sources there are; None takes any.

    Raises:
        Rejected: it is no policy; the message names the rule and the cure.
    """
    if not isinstance(document, Mapping) or set(document) - {"rules"} or not isinstance(document.get("rules"), list):
        raise Rejected('a policy is a JSON object with "rules", a list; `muniment policy export` writes one')
    if len(document["rules"]) > _MOST_RULES:
        raise Rejected(f"a policy has at most {_MOST_RULES:,} rules, this one {len(document['rules']):,}")
    known = None if sources is None else set(sources)
    found: dict[tuple[str, ...], Rule] = {}
    for number, body in enumerate(document["rules"], 1):
        try:
            rule = _rule(body)
            _check(rule, attributes, known)
        except Rejected as error:
            raise Rejected(f"rule {number}: {error}") from error
        if rule.place in found:
            raise Rejected(f"rule {number}: there is another one for {rule.about}: keep one of them")
        found[rule.place] = rule
    return tuple(found[place] for place in sorted(found))


def _rule(body: Any) -> Rule:
    if not isinstance(body, Mapping) or set(body) - set(_FIELDS):
        raise Rejected(f"a rule is a JSON object of {', '.join(_FIELDS)}")
    texts = {name: body.get(name) for name in ("policy", "attribute", "group", "type", "effective_from")}
    for name, value in texts.items():
        if value is not None and not isinstance(value, str):
            raise Rejected(f"{name} is a text")
    if texts["policy"] not in POLICIES:
        raise Rejected(f"{str(texts['policy'])[:_SHOWN]!r} is no policy: choose {', '.join(POLICIES)}")
    if (texts["attribute"] is None) == (texts["group"] is None):
        raise Rejected("it says either an attribute or a group of attributes")
    sources = body.get("sources", [])
    if not isinstance(sources, list) or not all(isinstance(one, str) for one in sources):
        raise Rejected("sources is a list of names, the first first")
    days = body.get("stale_after_days")
    if days is not None and (not isinstance(days, int) or isinstance(days, bool) or not 0 < days <= _MOST_DAYS):
        raise Rejected(f"stale_after_days is a whole number from 1 to {_MOST_DAYS:,}")
    begins = texts["effective_from"]
    try:
        begin = date.fromisoformat(begins) if begins else None
    except ValueError as error:
        raise Rejected(f"effective_from {str(begins)[:_SHOWN]!r} is no day: write 2027-01-01") from error
    policy = typing.cast("model.Policy", texts["policy"])
    return Rule(policy, texts["attribute"], texts["group"], texts["type"], tuple(sources), days, begin)


def _check(rule: Rule, attributes: Mapping[str, model.Attribute], sources: set[str] | None) -> None:
    """Whether everything it names exists and its parts go together.

    Raises:
        Rejected: not.
    """
    chosen = [one for one in attributes.values() if rule.attribute == one.name or rule.group == one.group]
    if not chosen:
        what, there = (
            ("attribute", "`muniment model` lists them")
            if rule.attribute
            else ("group", f"there is {', '.join(sorted({one.group for one in attributes.values()}))}")
        )
        raise Rejected(f"{(rule.attribute or rule.group or '')[:_SHOWN]!r} is no {what}: {there}")
    if rule.type is not None and rule.type not in model.asset_types():
        raise Rejected(f"{rule.type[:_SHOWN]!r} is no asset type: there is {', '.join(model.asset_types())}")
    if rule.type and rule.attribute == "asset_type":
        raise Rejected("the asset type itself is decided for all types alike: leave the type out")
    reasons = [misfit(rule.policy, one) for one in chosen]
    if all(reasons):
        raise Rejected(reasons[0] if rule.attribute else f"{rule.policy} fits no attribute of {rule.group}")
    if rule.policy == "authoritative":
        if not rule.sources or len(set(rule.sources)) != len(rule.sources) or len(rule.sources) > _MOST_SOURCES:
            raise Rejected(
                f"authoritative takes 1 to {_MOST_SOURCES} different sources, the first first: --sources hr,cmdb"
            )
        unknown = [name for name in rule.sources if sources is not None and name not in sources]
        if unknown:
            there = ", ".join(sorted(sources or ())) or "none yet"
            raise Rejected(
                f"no source is called {unknown[0][:_SHOWN]!r}; there is {there}. `muniment sources add` makes one"
            )
    elif rule.sources or rule.stale_after_days is not None:
        raise Rejected(f"{rule.policy} looks at all sources alike: sources and staleness belong to authoritative")


def differences(before: Sequence[Rule], after: Sequence[Rule]) -> tuple[str, ...]:
    """What one document says otherwise than another, as sentences."""
    old, new = ({rule.place: rule for rule in rules} for rules in (before, after))
    found = []
    for place in sorted({*old, *new}):
        one, other = old.get(place), new.get(place)
        if one is None and other is not None:
            found.append(f"{other.about}: now {other}")
        elif other is None and one is not None:
            found.append(f"{one.about}: no longer {one}")
        elif one is not None and one != other:
            found.append(f"{one.about}: {other} instead of {one}")
    return tuple(found)


def concerning(before: Policies, after: Policies, attributes: Mapping[str, model.Attribute]) -> tuple[str, ...]:
    """The attributes that are decided otherwise after than before, of assets of some type or of all."""
    types = (None, *sorted({*before.types, *after.types}))
    ways = [(type_, deciding) for type_ in types for deciding in ((), ("a source whose settings claim it",))]
    return tuple(
        name
        for name, attribute in attributes.items()
        if any(_decides(before.ruling(attribute, *way)) != _decides(after.ruling(attribute, *way)) for way in ways)
    )


def _decides(ruling: Ruling) -> tuple[Any, ...]:
    """What of a ruling the fold goes by."""
    return (ruling.rule.policy, ruling.rule.stale_after_days, dict(ruling.ranks))
