"""One estate, scored twice: the register end to end, and the values chosen from claims as they are meant.

`trust.py` calls it. The claims and their truth are the generator's; how old each is, is read back from the
import. Other methods get the same claims in the same normal form.
"""

import dataclasses
from collections import Counter, defaultdict
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import outcome
import scoring
import truth_methods
from calibration import Diagram, calibration

from muniment import flows, generate, mapping, matching, model
from muniment.base import embedded, home, settings
from muniment.generate import Claim, Truth
from muniment.register.policy import half_life, kind

Key = tuple[str, str]

_SURE = 100.0


def given_mapping(folder: Path, assets: int, seed: int, dirt: Any) -> dict[str, Any]:
    """Make, import and score an estate."""
    generate.write_estate(generate.EstateSpec(assets=assets, seed=seed, dirt=dirt), folder / "estate")
    place = folder / "home"
    try:
        opened = home.open_home(settings.load({"home": str(place)}))
        files = tuple(sorted(path for path in (folder / "estate").iterdir() if path.is_file()))
        flows.import_files(opened, flows.Request(files))
        truth, result = generate.read_truth(folder / "estate"), outcome.read(opened)
        settled = flows.settled_share(opened)
        opened.scope.engine.dispose()
    finally:
        embedded.stop(place)
    scored = _chosen(truth, {row: result.records[record].observed for row, record in result.rows.items()})
    values = scoring.values(truth, result)["by_attribute"]
    others = scored["accuracy"]
    scored["accuracy"] = {"ours": others.pop("ours"), "register": values[""]["contested_accuracy"], **others}
    error, diagram = _register_calibration(truth, result)
    shares = {name: found["contested_accuracy"] for name, found in values.items() if name}
    return {
        "dirt": dirt,
        "seed": seed,
        **scored,
        "register_by_attribute": shares,
        "ece_register": error,
        "diagram_register": diagram,
        "enriched": _enriched(result),
        "settled": settled,
    }


def _kind(attribute: str) -> matching.Kind:
    known = model.attributes().get(attribute)
    return kind(known) if known else "exact"


def _chosen(truth: Truth, observed: dict[outcome.Place, str]) -> dict[str, Any]:
    """Values chosen from the claims, by us and by the others."""
    claims = [one for one in truth.claims if _single(truth, one) and (one.file, one.tab, one.row) in observed]
    sources, names = sorted({one.source for one in claims}), sorted({one.attribute for one in claims})
    objects = sorted({one.asset for one in claims})
    said: dict[Key, dict[str, str]] = defaultdict(dict)
    values: dict[tuple[str, str, str], Any] = {}
    days: dict[tuple[str, str, str], float] = {}
    by_name: dict[str, list[Claim]] = defaultdict(list)
    for one in claims:
        by_name[one.attribute].append(one)
        day = datetime.fromisoformat(observed[one.file, one.tab, one.row]).timestamp() / 86_400
        form = matching.form(_kind(one.attribute), str(one.value)).key
        if day >= days.get((one.asset, one.attribute, one.source), -1.0):
            said[one.asset, one.attribute][one.source] = form
            days[one.asset, one.attribute, one.source] = day
        values[one.asset, one.attribute, form] = one.value
    columns = [_column(by_name[name], name, (objects, sources), observed) for name in names]
    votes = matching.votes(
        columns, _prior(sources, names), np.array([half_life(model.attribute(name)) for name in names])
    )

    def right(key: Key, value: str) -> bool:
        return generate.same(key[1], values[(*key, value)], truth.assets[key[0]][key[1]])

    ours = _best(columns, objects, matching.discover(votes))
    told = np.zeros((len(sources), len(names), 2))
    for one in claims:
        wrong = not generate.same(one.attribute, one.value, truth.assets[one.asset][one.attribute])
        told[sources.index(one.source), names.index(one.attribute), int(wrong)] += _SURE
    knowing = _best(columns, objects, matching.discover(dataclasses.replace(votes, judged=told)))
    contested = [key for key in said if len(said[key]) > 1 and _differ(key, said[key], values)]
    methods = {
        "majority": truth_methods.majority(said),
        "newest": {key: each[max(each, key=lambda one: (days[(*key, one)], one))] for key, each in said.items()},
        "best source": truth_methods.best_source(said, right),
        "TruthFinder": truth_methods.truth_finder(said),
        "ACCU": truth_methods.accu(said),
        "CRH": truth_methods.crh(said),
    }
    accuracy = {"ours": _share([right(key, ours[key][0]) for key in contested])}
    accuracy |= {name: _share([right(key, each[key]) for key in contested]) for name, each in methods.items()}
    accuracy["told weights"] = _share([right(key, knowing[key][0]) for key in contested])
    accuracy["patterns"] = _patterns(contested, said, right)
    accuracy["ceiling"] = _share([any(right(key, one) for one in said[key].values()) for key in contested])
    judged = [(right(key, value), share) for key, (value, share) in ours.items()]
    per_attribute: dict[str, list[bool]] = defaultdict(list)
    for key in contested:
        per_attribute[key[1]].append(right(key, ours[key][0]))
    return {
        "contested": len(contested),
        "accuracy": accuracy,
        "by_attribute": {name: [len(each), _share(each)] for name, each in sorted(per_attribute.items())},
        "ece": calibration(judged)[0],
        "diagram": calibration(judged)[1],
    }


def _single(truth: Truth, one: Claim) -> bool:
    fact = truth.assets[one.asset].get(one.attribute)
    known = one.attribute in model.attributes() and fact is not None
    return known and one.value != "" and not isinstance(fact, tuple) and not isinstance(one.value, tuple)


def _best(columns: list[matching.Claims], objects: list[str], found: matching.Found) -> dict[Key, tuple[str, float]]:
    """What is chosen of each attribute of each object, and how sure."""
    chosen: dict[Key, tuple[str, float]] = {}
    start = 0
    for column in columns:
        size = len(column.key)
        part = slice(start, start + size)
        share, own, sure = found.probability[part], found.own[part], found.right[part]
        for place in np.lexsort((column.key, own, np.round(share, 9))).tolist():
            value = column.forms[column.key[place]].key
            chosen[objects[column.of_object[place]], column.name] = (value, float(sure[place]))
        start += size
    return chosen


def _differ(key: Key, said: dict[str, str], values: dict[tuple[str, str, str], Any]) -> bool:
    first = values[(*key, next(iter(said.values())))]
    return any(not generate.same(key[1], first, values[(*key, one)]) for one in said.values())


def _column(
    claims: list[Claim], name: str, order: tuple[list[str], list[str]], observed: dict[outcome.Place, str]
) -> matching.Claims:
    objects, sources = ({one: number for number, one in enumerate(listed)} for listed in order)
    texts = sorted({str(one.value) for one in claims})
    number = {text: place for place, text in enumerate(texts)}
    return matching.column(
        name,
        _kind(name),
        np.array([objects[one.asset] for one in claims], dtype=np.int64),
        np.array([sources[one.source] for one in claims], dtype=np.int64),
        (np.array([number[str(one.value)] for one in claims], dtype=np.int64), texts),
        np.array([datetime.fromisoformat(observed[one.file, one.tab, one.row]).timestamp() / 86_400 for one in claims]),
    )


def _prior(sources: list[str], names: list[str]) -> Any:
    kinds = {"lifecycle": "spreadsheet", "cloud": "aws"}
    known = [mapping.kind(kinds.get(source, source)) for source in sources]
    return np.array([[one.share_right(model.attribute(name).group) for name in names] for one in known])


def _patterns(contested: list[Key], said: dict[Key, dict[str, str]], right: Any) -> float:
    """The share right if, for each way in which sources side with each other, the best side were known."""
    sides: dict[tuple[str, frozenset[frozenset[str]]], Counter[frozenset[str]]] = defaultdict(Counter)
    for key in contested:
        groups: dict[str, set[str]] = defaultdict(set)
        for source, value in said[key].items():
            groups[value].add(source)
        pattern = (key[1], frozenset(frozenset(each) for each in groups.values()))
        sides[pattern][frozenset()] += 0
        for value, each in groups.items():
            sides[pattern][frozenset(each)] += right(key, value)
    return sum(max(each.values()) for each in sides.values()) / max(len(contested), 1)


def _share(right: list[bool]) -> float:
    return sum(right) / max(len(right), 1)


def _register_calibration(truth: Truth, result: outcome.Outcome) -> tuple[float, Diagram]:
    """Of the register's single values, whose asset is known: confidence against right."""
    judged = []
    for asset, held in scoring.owners(truth, result).items():
        if held not in result.assets:
            continue
        for attribute, proof in result.assets[held].provenance.items():
            fact, value = truth.assets[asset].get(attribute), result.assets[held].values.get(attribute)
            if fact is not None and not isinstance(fact, tuple) and value is not None and not isinstance(value, list):
                judged.append((generate.same(attribute, value, fact), float(proof["confidence"])))
    return calibration(judged)


def _enriched(result: outcome.Outcome) -> float:
    """Share of assets to which a second source adds or confirms something."""
    return sum(len(one.sources) > 1 for one in result.assets.values()) / max(len(result.assets), 1)
