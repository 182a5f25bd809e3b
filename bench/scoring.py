"""Scores what an import made of an estate against the estate's truth: mappings and values.

`spine.py` calls it; `linking.py` beside it scores identity. Scores return plain JSON: numbers, and a few
examples of what went wrong. It must never change what it judges.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from outcome import Entry, Outcome

from muniment import generate, mapping
from muniment.generate import Claim, Truth

LISTS = ("hostname", "fqdn", "serial", "uuid", "ip_address", "mac_address")
"""Attributes of which one asset may have several that are scored as sets."""

EXAMPLES = 10
"""How many examples of each kind of mistake are kept."""


def mappings(truth: Truth, outcome: Outcome) -> dict[str, Any]:
    """How many columns were understood, per tier; and each one that was not."""
    counts: Counter[str] = Counter()
    wrong: list[dict[str, Any]] = []
    for column in truth.columns:
        attribute, state, probability = outcome.columns.get(
            (column.file, column.tab, column.column), (None, "unread", 0.0)
        )
        meanings = {one for one in (column.attribute, *column.also_accepted.split("|")) if one}
        tier = "applied" if state in mapping.APPLIED else "suggested" if state == "suggested" else "unmapped"
        if tier == "unmapped" or attribute is None:
            verdict = "missing" if column.attribute else "right"
        else:
            verdict = "right" if attribute in meanings else "wrong"
        counts[f"{tier} {verdict}"] += 1
        counts["meaning"] += bool(column.attribute)
        if tier == "applied" and verdict == "right" and not column.attribute:
            counts["applied extra"] += 1
        if verdict != "right" or tier == "suggested":
            wrong.append(
                {
                    "file": column.file,
                    "tab": column.tab,
                    "column": column.column,
                    "should": sorted(meanings),
                    "got": attribute,
                    "tier": tier,
                    "verdict": verdict,
                    "probability": round(probability, 3),
                }
            )
    applied = counts["applied right"] + counts["applied wrong"]
    with_meaning = counts["applied right"] - counts["applied extra"]
    return {
        "columns": len(truth.columns),
        "meaning": counts.pop("meaning"),
        **{key: counts[key] for key in sorted(counts) if key != "applied extra"},
        "auto_precision": counts["applied right"] / applied if applied else 1.0,
        "coverage": with_meaning / max(1, sum(bool(one.attribute) for one in truth.columns)),
        "top1": sum(_top(truth, outcome)) / max(1, sum(bool(one.attribute) for one in truth.columns)),
        "not_right": sorted(wrong, key=lambda one: (one["verdict"], one["tier"], one["file"], one["column"])),
    }


def _top(truth: Truth, outcome: Outcome) -> Iterable[bool]:
    for column in truth.columns:
        if column.attribute:
            got = outcome.columns.get((column.file, column.tab, column.column), (None, "", 0.0))
            yield got[0] in {column.attribute, *column.also_accepted.split("|")} and got[1] != "unmapped"


def owners(truth: Truth, outcome: Outcome) -> dict[str, str]:
    """The register asset of each true asset: the one that holds most of its rows."""
    shares: dict[str, Counter[str]] = defaultdict(Counter)
    for row in truth.rows:
        record = outcome.rows.get((row.file, row.tab, row.row))
        if record is not None:
            shares[row.asset][outcome.records[record].asset] += 1
    return {asset: min(held, key=lambda one: (-held[one], one)) for asset, held in shares.items()}


def values(truth: Truth, outcome: Outcome) -> dict[str, Any]:
    """How many single values are right: all, and those that sources contest, beside majority vote."""
    matched = owners(truth, outcome)
    said: dict[tuple[str, str], list[Claim]] = defaultdict(list)
    for claim in truth.claims:
        if claim.value != "" and claim.attribute in truth.assets[claim.asset]:
            said[claim.attribute, claim.asset].append(claim)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    examples: dict[str, list[dict[str, Any]]] = defaultdict(list)
    causes: dict[str, Counter[str]] = defaultdict(Counter)
    for (attribute, asset), claims in said.items():
        fact = truth.assets[asset][attribute]
        if isinstance(fact, tuple):
            continue
        ours = _ours(outcome, matched.get(asset), attribute)
        verdict = "missing" if ours is None else "right" if generate.same(attribute, ours, fact) else "wrong"
        contested = _contested(attribute, claims)
        for name in (attribute, ""):
            counts[name]["values"] += 1
            counts[name][verdict] += 1
            counts[name]["stated"] += any(generate.same(attribute, one.value, fact) for one in claims)
            counts[name]["contested"] += contested
            counts[name][f"contested {verdict}"] += contested
        if verdict != "right" and contested:
            why = "outvoted" if _heard(outcome, matched.get(asset), claims, fact) else "unheard"
            counts[attribute][why] += 1
            counts[""][why] += 1
        if verdict == "wrong":
            stated = {claim.source for claim in claims if generate.same(attribute, claim.value, fact)}
            chosen = _sources(outcome, matched[asset], attribute)
            causes[attribute][f"chose {'+'.join(chosen)}; right in {'+'.join(sorted(stated)) or 'none'}"] += 1
            if len(examples[attribute]) < EXAMPLES and (contested or len(examples[attribute]) < EXAMPLES // 2):
                examples[attribute].append(_example(truth, outcome, matched[asset], claims, ours))
    majority = {one.attribute: one for one in generate.oracle_ceiling(truth)}
    if counts[""]["contested"] != majority[""].contested:
        raise AssertionError("the contested values are not those of the majority vote")
    return {
        "by_attribute": {name: {**found, **_shares(found, majority[name])} for name, found in sorted(counts.items())},
        "lists": {name: _set(truth, outcome, matched, name) for name in LISTS},
        "wrong_by_cause": {name: dict(found.most_common(EXAMPLES)) for name, found in sorted(causes.items())},
        "wrong_examples": examples,
    }


def _ours(outcome: Outcome, asset: str | None, attribute: str) -> Any:
    """The register's value; of an asset without a name of its own, what it is called."""
    found = outcome.assets.get(asset or "")
    if found is None:
        return None
    if attribute == "asset_type":
        return found.type
    if attribute == "subtype":
        return found.subtype
    value = found.values.get(attribute)
    if value is None and attribute == "name":
        return found.name
    return value


def _sources(outcome: Outcome, asset: str, attribute: str) -> list[str]:
    proof = outcome.assets[asset].provenance.get(attribute, {})
    return [str(name) for name in proof.get("sources", ())] or ["(derived)"]


def _contested(attribute: str, claims: list[Claim]) -> bool:
    """Whether at least two sources state different values, as `generate` counts it."""
    first = claims[0].value
    return len({claim.source for claim in claims}) > 1 and any(
        not generate.same(attribute, first, claim.value) for claim in claims
    )


def _shares(found: Counter[str], vote: generate.Ceiling) -> dict[str, float | None]:
    """Accuracies; None where there is nothing to judge."""
    contested = found["contested"]
    return {
        "accuracy": found["right"] / found["values"],
        "ceiling": found["stated"] / found["values"],
        "contested_accuracy": found["contested right"] / contested if contested else None,
        "majority_accuracy": vote.majority / contested if contested else None,
        "contested_ceiling": vote.contested_stated / contested if contested else None,
    }


def _example(
    truth: Truth,
    outcome: Outcome,
    asset: str,
    claims: list[Claim],
    ours: Any,
) -> dict[str, Any]:
    attribute, true_asset = claims[0].attribute, claims[0].asset
    proof = outcome.assets[asset].provenance.get(attribute, {})
    return {
        "asset": true_asset,
        "register": asset,
        "truth": truth.assets[true_asset][attribute],
        "ours": ours,
        "rule": proof.get("rule"),
        "chosen_from": proof.get("sources"),
        "confidence": proof.get("confidence"),
        "rivals": proof.get("rivals"),
        "claims": [
            {
                "source": claim.source,
                "file": claim.file,
                "value": claim.value,
                "true": claim.correct,
                "kind": claim.kind,
                **_seen(outcome, asset, claim),
            }
            for claim in claims
        ],
    }


def _seen(outcome: Outcome, asset: str, claim: Claim) -> dict[str, Any]:
    """What became of a claim: whether its row is in the asset, and what its record says."""
    record = outcome.rows.get((claim.file, claim.tab, claim.row))
    if record is None:
        return {"record": "unread"}
    entry: Entry = outcome.records[record]
    return {
        "linked": entry.asset == asset,
        "observed": entry.observed,
        "read_as": entry.claims.get(claim.attribute),
    }


def _heard(outcome: Outcome, asset: str | None, claims: list[Claim], fact: Any) -> bool:
    """Whether a record of the asset says the truth: a source states it, it was linked and read."""
    for claim in claims:
        record = outcome.rows.get((claim.file, claim.tab, claim.row))
        if record is not None and outcome.records[record].asset == asset:
            said = outcome.records[record].claims.get(claim.attribute, ())
            if any(generate.same(claim.attribute, one, fact) for one in said):
                return True
    return False


def _set(truth: Truth, outcome: Outcome, matched: Mapping[str, str], attribute: str) -> dict[str, Any]:
    """Of a list: how much of what sources truly say is there, how much of it is true, is the first."""
    known: dict[str, set[str]] = defaultdict(set)
    for claim in truth.claims:
        if claim.attribute == attribute and claim.value != "":
            known[claim.asset].update(claim.value if isinstance(claim.value, tuple) else (str(claim.value),))
    counts: Counter[str] = Counter()
    for asset, stated in known.items():
        fact = truth.assets[asset].get(attribute)
        if not isinstance(fact, tuple):
            continue
        could = [one for one in fact if _in(attribute, one, stated)]
        ours = [str(one) for one in _ours(outcome, matched.get(asset), attribute) or ()]
        counts["stated"] += len(could)
        counts["found"] += sum(_in(attribute, one, ours) for one in could)
        counts["listed"] += len(ours)
        counts["true"] += sum(_in(attribute, one, fact) for one in ours)
        counts["assets"] += 1
        counts["first"] += bool(ours) and generate.same(attribute, ours[0], fact[0])
    return {
        **counts,
        "recall": counts["found"] / counts["stated"] if counts["stated"] else None,
        "precision": counts["true"] / counts["listed"] if counts["listed"] else None,
        "first_right": counts["first"] / counts["assets"] if counts["assets"] else None,
    }


def _in(attribute: str, one: str, others: Iterable[str]) -> bool:
    return any(generate.same(attribute, one, other) or generate.same(attribute, other, one) for other in others)
