"""Which pairs of records a person should be asked about: those whose verdict teaches most, with both sides.

Called by the doors for `identity review`. Pairs that were judged, or that a person was unsure about, are not asked
again. Reads only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from muniment import evidence, identity, matching, memory, model
from muniment.base import engine as engines
from muniment.base.home import Home
from muniment.flows.identity_judge import UNSURE
from muniment.flows.identity_why import CaseTold, Linking, RecordName, cases_by_pair

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import sqlalchemy as sa

_TELLING = (
    "name", "hostname", "fqdn", "serial", "uuid", "cloud_id", "asset_tag", "mac_address", "ip_address", "vm_id",
    "manufacturer", "model", "os", "site", "environment", "owner", "memory_mib", "cpu_count", "host", "status",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Compared:
    """What both sides say of an attribute, as text ("" for nothing); `agree` is None where one is silent."""

    attribute: str
    left: str
    right: str
    agree: bool | None


@dataclass(frozen=True, slots=True)
class Question:
    """A pair of records to be judged: `together` is what identity thinks now."""

    left: RecordName
    right: RecordName
    together: bool
    probability: float
    waterfall: matching.Waterfall
    case: CaseTold | None
    values: tuple[Compared, ...]


def questions(home: Home, limit: int = 20) -> list[Question]:
    """The pairs whose verdict teaches most, the most telling first; none where nothing was linked or scored."""
    with home.scope.transaction() as connection, engines.bulk(memory_limit=home.settings["memory_limit"]) as engine:
        linking = Linking(connection, home, engine)
        chosen = _chosen(linking, _answered(connection, home, linking), limit)
        told = linking.waterfalls(chosen)
        linking.learn_names(number for pair in chosen for number in pair)
        named = [(linking.names[a], linking.names[b]) for a, b in chosen]
        found = cases_by_pair(connection, home, [one for pair in named for one in pair])
        records = {one.id: one for one in evidence.get_records(connection, [one.id for pair in named for one in pair])}
    return [
        Question(
            left, right, linking.cluster[pair[0]] == linking.cluster[pair[1]], told[pair].probability, told[pair],
            found.get(frozenset({left.id, right.id})), tuple(_side_by_side(records[left.id], records[right.id])),
        )
        for pair, (left, right) in zip(chosen, named, strict=True)
    ]  # fmt: skip


def _answered(connection: sa.Connection, home: Home, linking: Linking) -> set[tuple[int, int]]:
    """The pairs, by record numbers, that a person judged or was unsure about."""
    found = linking.given.found
    numbers = {
        identity.Reference(UUID(source), key): number
        for number, (source, key) in enumerate(
            zip(found["source_id"].to_pylist(), found["source_key"].to_pylist(), strict=True)
        )
    }
    pairs = [(one.left, one.right) for one in linking.given.judgements]
    for act in memory.list_acts(connection, home.scope):
        if act.kind == UNSURE and act.undone_at is None:
            left, right = (numbers.get(identity.Reference(UUID(s), key)) for s, key in act.details["pair"])
            if left is not None and right is not None:
                pairs.append((left, right))
    return {(min(pair), max(pair)) for pair in pairs}


def _chosen(linking: Linking, answered: set[tuple[int, int]], limit: int) -> list[tuple[int, int]]:
    import numpy as np
    import pyarrow.compute as pc

    pairs = linking.linked.pairs
    count = linking.given.found.num_rows
    left, right = (np.asarray(pairs[name].to_numpy(), np.int64) for name in ("a", "b"))
    known = np.array([a * count + b for a, b in sorted(answered)], np.int64)
    free = np.flatnonzero(~np.isin(left * count + right, known))
    if not len(free):
        return []
    words = [pc.binary_join(pairs[name], " ") for name in ("agreed", "differed")]
    pattern = pc.binary_join_element_wise(*words, "|").combine_chunks().dictionary_encode().indices
    clusters = np.array([linking.cluster[number] for number in range(count)], np.int64)
    best = matching.most_telling(
        left[free], right[free], _probabilities(linking, np.asarray(pairs["score"].to_numpy())[free]), limit,
        clusters=clusters, patterns=np.asarray(pattern.to_numpy(zero_copy_only=False), np.int64)[free],
    )  # fmt: skip
    return [(int(left[free[place]]), int(right[free[place]])) for place in best]


def _probabilities(linking: Linking, scores: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    import numpy as np

    distinct, back = np.unique(scores, return_inverse=True)
    return np.array([linking.model.probability(float(score)) for score in distinct])[back]


def _side_by_side(left: evidence.Record, right: evidence.Record) -> list[Compared]:
    """What both records say of attributes that tell things apart; those that neither mentions are left out."""
    known = model.attributes()
    found = []
    for attribute in _TELLING:
        sides = [[str(value) for value in one.claims.get(attribute, ())] for one in (left, right)]
        if attribute in known and any(sides):
            agree = bool({one.lower() for one in sides[0]} & {one.lower() for one in sides[1]}) if all(sides) else None
            found.append(Compared(attribute, ", ".join(sides[0]), ", ".join(sides[1]), agree))
    return found


def still_open(question: Question, verdicts: Sequence[tuple[UUID, UUID, str]]) -> bool:
    """Whether verdicts of this sitting leave a question open: what follows from them is not asked.

    Args:
        question: the next one.
        verdicts: (record, record, verdict) so far.
    """
    group: dict[UUID, UUID] = {}

    def top(one: UUID) -> UUID:
        while group.get(one, one) != one:
            one = group[one]
        return one

    for left, right, verdict in verdicts:
        if verdict == "same":
            group[top(left)] = top(right)
    ends = {top(question.left.id), top(question.right.id)}
    apart = any(verdict == "different" and {top(a), top(b)} == ends for a, b, verdict in verdicts)
    return len(ends) > 1 and not apart
