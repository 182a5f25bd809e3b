"""Why two rows of tables are one thing, or are not: the evidence of `linkage` as a waterfall of bits.

Flows call it for `muniment match records --explain`. It weighs nothing: it shows what was weighed.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from muniment.matching.linkage import ACCEPTED, Matched
from muniment.matching.linkage_levels import in_words
from muniment.matching.waterfall import Step, Waterfall

_NAMES = {"words": "all words", "models": "model numbers"}
_SURE = 1e-9
_LONGEST = 60


def explain_rows(
    found: Matched,
    rows: tuple[int, int],
    cells: Sequence[Mapping[str, str | None]],
    threshold: float = ACCEPTED,
) -> Waterfall:
    """The evidence on two rows.

    Args:
        found: what `match_records` said, with this pair among `also` and no threshold.
        rows: the left and the right row; of one table in any order.
        cells: what the left and the right row say, by column.
        threshold: the probability from which a pair is a match.

    Raises:
        LookupError: the pair was not weighed.
    """
    one, other = rows
    if found.clusters is not None and one > other:
        one, other, cells = other, one, cells[::-1]
    places = np.flatnonzero((found.left == one) & (found.right == other))
    if not len(places):
        raise LookupError(f"rows {one} and {other} share nothing that could be weighed")
    place = int(places[0])
    steps = []
    for number, ((name, kind), theirs) in enumerate(zip(found.compared, found.others, strict=True)):
        words = in_words(kind, int(found.levels[number, place]))
        if theirs:
            words += f": {_shown(cells[0].get(name))} and {_shown(cells[1].get(theirs))}"
        shown = _NAMES.get(kind, name) if not theirs else name if theirs == name else f"{name} / {theirs}"
        steps.append(Step(shown, words, float(found.parts[number, place] / np.log(2))))
    prior = found.prior / float(np.log(2))
    chance = float(found.probability[place])
    bits = float(np.log2(max(chance, _SURE) / max(1 - chance, _SURE)))
    rest = bits - prior - sum(step.bits for step in steps)
    if abs(rest) > 0.05 and (_SURE < chance < 1 - _SURE or found.told[place]):  # noqa: PLR2004
        steps.append(Step("the rest", _rest(found, place, rest), rest))
    limit = float(np.log2(max(threshold, _SURE) / max(1 - threshold, _SURE)))
    return Waterfall(f"row {one}", f"row {other}", prior, tuple(steps), limit, chance)


def _rest(found: Matched, place: int, bits: float) -> str:
    """What changed a pair's probability beyond what its own two rows say."""
    if found.told[place]:
        return f"a person said that they are {'one thing' if found.told[place] > 0 else 'two things'}"
    if found.clusters is not None:
        return (
            "other rows of the cluster support it" if bits > 0 else "they are in two clusters, or evidence is doubled"
        )
    if found.exclusive:
        return "no other row comes near" if bits > 0 else "another row is a closer partner, or evidence is doubled"
    return "as often as such pairs are right"


def _shown(cell: str | None) -> str:
    text = " ".join((cell or "").split())
    return "nothing" if not text else text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
