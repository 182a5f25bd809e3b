"""Other ways to choose between claims, plainly from their papers, for comparison in `trust.py`.

All work on the same normalised values and the same claims; none sees the truth but `best_source`.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping

Claims = Mapping[tuple[str, str], Mapping[str, str]]
"""(object, attribute) -> source -> value."""
Choice = dict[tuple[str, str], str]


def majority(claims: Claims) -> Choice:
    """Most sources; of ties the first in the order of the values' digests, which is as good as drawing."""
    found = {}
    for key, said in claims.items():
        counts = Counter(said.values())
        found[key] = max(counts, key=lambda value: (counts[value], hash_of(key, value)))
    return found


def hash_of(key: tuple[str, str], value: str) -> int:
    """A number that tells nothing of the value."""
    import zlib

    return zlib.crc32(repr((key, value)).encode())


def best_source(claims: Claims, right: Callable[[tuple[str, str], str], bool]) -> Choice:
    """Per attribute the source that is right most often (told by the truth), then the next best, and so on."""
    hits: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for key, said in claims.items():
        for source, value in said.items():
            cell = hits[source, key[1]]
            cell[0] += right(key, value)
            cell[1] += 1
    share = {cell: (good + 1) / (every + 2) for cell, (good, every) in hits.items()}
    return {key: said[max(said, key=lambda source: (share[source, key[1]], source))] for key, said in claims.items()}


def truth_finder(claims: Claims, rounds: int = 20) -> Choice:
    """TruthFinder without implication (Yin, Han and Yu, KDD 2007): gamma 0.3, starting trust 0.9."""
    trust = {source: 0.9 for said in claims.values() for source in said}
    scores: dict[tuple[str, str], dict[str, float]] = {}
    for _ in range(rounds):
        total: dict[str, list[float]] = defaultdict(list)
        for key, said in claims.items():
            tau: dict[str, float] = defaultdict(float)
            for source, value in said.items():
                tau[value] += -math.log(max(1 - trust[source], 1e-9))
            scores[key] = {value: 1 / (1 + math.exp(-0.3 * amount)) for value, amount in tau.items()}
            for source, value in said.items():
                total[source].append(scores[key][value])
        trust = {source: sum(values) / len(values) for source, values in total.items()}
    return {key: max(score, key=lambda value: (score[value], hash_of(key, value))) for key, score in scores.items()}


def accu(claims: Claims, rounds: int = 20, alternatives: int = 10) -> Choice:
    """ACCU (Dong, Berti-Equille and Srivastava, VLDB 2009): vote count ln(n A / (1 - A)), start 0.8."""
    accuracy = {source: 0.8 for said in claims.values() for source in said}
    scores: dict[tuple[str, str], dict[str, float]] = {}
    for _ in range(rounds):
        total: dict[str, list[float]] = defaultdict(list)
        for key, said in claims.items():
            votes: dict[str, float] = defaultdict(float)
            for source, value in said.items():
                share = min(max(accuracy[source], 0.01), 0.99)
                votes[value] += math.log(alternatives * share / (1 - share))
            top = max(votes.values())
            mass = {value: math.exp(amount - top) for value, amount in votes.items()}
            unseen = max(0, alternatives + 1 - len(votes)) * math.exp(-top)
            every = sum(mass.values()) + unseen
            scores[key] = {value: amount / every for value, amount in mass.items()}
            for source, value in said.items():
                total[source].append(scores[key][value])
        accuracy = {source: sum(values) / len(values) for source, values in total.items()}
    return {key: max(score, key=lambda value: (score[value], hash_of(key, value))) for key, score in scores.items()}


def crh(claims: Claims, rounds: int = 20) -> Choice:
    """CRH with 0-1 loss (Li et al., SIGMOD 2014): weight -ln of the source's share of all losses."""
    weight = {source: 1.0 for said in claims.values() for source in said}
    found: Choice = {}
    for _ in range(rounds):
        loss: dict[str, list[float]] = defaultdict(list)
        for key, said in claims.items():
            votes: dict[str, float] = defaultdict(float)
            for source, value in said.items():
                votes[value] += weight[source]
            found[key] = max(votes, key=lambda value: (votes[value], hash_of(key, value)))
            for source, value in said.items():
                loss[source].append(float(value != found[key]))
        mean = {source: (sum(values) + 0.5) / (len(values) + 1) for source, values in loss.items()}
        most = max(mean.values())
        weight = {source: -math.log(amount / most) + 0.01 for source, amount in mean.items()}
    return found
